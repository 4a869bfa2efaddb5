"""Every request: safe headers, a signed-in person, errors as answers, the source of audit events."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import resolve
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_noop as noop

from workbench import denials, languages, sessions
from workbench.errors import BadInput, WorkbenchError
from workbench.views.errors import answer, wants_json

Next = Callable[[HttpRequest], HttpResponseBase]
OPEN_VIEWS = frozenset({"workbench:signin", "workbench:setup", "workbench:health"})
PUBLIC_API = ("api:", "odata:")  # their views ask for a token, and know no session (workbench/api/base.py)
MOST_OF = {"api": settings.API_BYTES, "odata": 8 * 1024 * 1024}  # bytes of a body; sharing.md section 4
SERVED = frozenset({HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.NOT_MODIFIED})
OF_API = "A request may have at most {most:,} bytes. Send it in parts."
MOST_FROM_STRANGERS = 64 * 1024  # bytes; a name and a password fit, nothing that could fill the disk


class SafeHeaders:
    """Isolation headers on everything; nothing but static files may be kept by a browser or proxy."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Add the headers of security.md 4.2."""
        response = self.get_response(request)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), browsing-topics=()")
        if response.status_code not in SERVED or not request.path.startswith(settings.STATIC_URL):
            patch_cache_control(response, no_store=True, private=True)
        return response


class Language:
    """Answers in the language of whoever asks; machines are answered in English."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Stays active until the next request: what is streamed is made after this returns."""
        language = languages.of(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        response.setdefault("Content-Language", translation.get_language() or languages.OF_MACHINES)
        return response

    def process_view(self, request: HttpRequest, _view: object, _args: object, _kwargs: object) -> None:
        """The public API's callers are scripts."""
        if resolve(request.path_info).view_name.startswith(PUBLIC_API):
            translation.activate(languages.OF_MACHINES)


class SignedInOnly:
    """Asks for a sign-in on every view but the few open ones, and names the source of events."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Redirect pages to the sign-in; answer the API with 401."""
        with sessions.as_source(request):
            return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: object, _args: object, _kwargs: object) -> HttpResponse | None:
        """Refuse before the view runs."""
        view = resolve(request.path_info).view_name
        if view.startswith(PUBLIC_API):
            most = MOST_OF[view.partition(":")[0]]
            return answer(request, TooLarge(OF_API.format(most=most))) if _length(request) > most else None
        if view in OPEN_VIEWS and not request.user.is_authenticated and _length(request) > MOST_FROM_STRANGERS:
            return answer(request, TooLarge())
        if view in OPEN_VIEWS or (request.user.is_authenticated and sessions.still_valid(request, view)):
            return None
        if wants_json(request):
            return answer(request, SignInFirst())
        return redirect(settings.LOGIN_URL)


def _length(request: HttpRequest) -> int:
    """Bytes of the request's body, as announced; no server in front of us passes on more."""
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdecimal() else 0


class TooLarge(WorkbenchError):
    """This is more than a sign-in needs."""

    code = "too-large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class SignInFirst(WorkbenchError):
    """Sign in first, then send the request again."""

    code = "sign-in-first"
    status = HTTPStatus.UNAUTHORIZED


class ErrorsAsAnswers:
    """Turns our errors into the one error shape (API) or the error page."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on; errors arrive in process_exception."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: object, _args: object, _kwargs: object) -> HttpResponse | None:
        """Refuse what no text field can hold; names of files are bytes, and travel as base64.

        The body of a call of the public API is JSON, which its shapes look into; nothing of it goes to the disk.
        """
        by_token = resolve(request.path_info).view_name.startswith(PUBLIC_API)
        if any(
            "\0" in value
            for fields in ([request.GET] if by_token else [request.GET, request.POST])
            for _name, values in fields.lists()
            for value in values
        ):
            return answer(request, BadInput(noop("A field of this request holds a character that no text has.")))
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a WorkbenchError; anything else is Django's."""
        if not isinstance(error, WorkbenchError):
            return None
        if error.refuses:
            denials.note(request, error)
        return answer(request, error)
