"""What the frame of every page needs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _

from workbench import access, decoders, keyboard, languages
from workbench.models import Role


def frame(request: HttpRequest) -> dict[str, Any]:
    """`shell`: product, keys, agency, roles in words, what weakens the decoders; `may`: what navigation shows."""
    user = getattr(request, "user", None)
    words = languages.script(translation.get_language() or languages.OF_MACHINES)
    if user is None or not user.is_authenticated:
        return {"shell": {"product": settings.PRODUCT, "words": words, "keys": keyboard.as_json(None)}}
    held = sorted(access.roles(user))
    return {
        "shell": {
            "product": settings.PRODUCT,
            "words": words,
            "keys": keyboard.as_json(user),
            "agency": user.agency.name,
            "roles": [str(role) for role in held],
            "role_text": ", ".join(str(role.label) for role in held) or _("No role"),
            "warning": decoders.warning(),
            "advice": decoders.advice() if Role.ADMIN in held else "",
        },
        "may": Permissions(user),
    }


class Permissions:
    """`{% if may.case__create %}`: two underscores stand for the dot of a permission's name."""

    def __init__(self, user: Any) -> None:
        self._user = user

    def __getitem__(self, name: str) -> bool:
        return access.has(self._user, name.replace("__", "."))
