"""In which language somebody reads: their own choice, else the first of their browser's that is offered."""

from functools import lru_cache

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import translation

from workbench import audit
from workbench.errors import BadInput
from workbench.models import User
from workbench.words import noop

BROWSERS = ""  # no choice: what the browser asks for
OF_MACHINES = "en"  # of the public API, the log, exports and the command line (decision 0018)


def offered() -> list[tuple[str, str]]:
    """Codes and names, each name in its own language."""
    return list(settings.LANGUAGES)


def of(request: HttpRequest) -> str:
    """The language of the answer to a page's request."""
    user = request.user
    chosen = user.language if isinstance(user, User) else BROWSERS
    return chosen if chosen in dict(offered()) else translation.get_language_from_request(request)


@transaction.atomic
def choose(user: User, language: str) -> None:
    """Keep a person's language; the same again is no event. Raises BadInput where it is not offered."""
    if language != BROWSERS and language not in dict(offered()):
        raise BadInput(noop("Winnow does not speak this language yet. Choose one of the list."))
    if language == user.language:
        return
    before, user.language = user.language, language
    user.save(update_fields=["language"])
    audit.record(audit.LANGUAGE_CHOSEN, by=user, on=user, before=before or "browser", after=language or "browser")


@lru_cache
def script(language: str) -> str:
    """The address of the language's texts for scripts; empty where there are none, as for English.

    They are written at a start of changed code; a process reads the folder once.
    """
    folder = settings.DATA_DIR / "static" / "words"
    found = sorted(path.name for path in folder.glob(f"{translation.to_locale(language)}.*.js"))
    return f"{settings.STATIC_URL}words/{found[-1]}" if found else ""
