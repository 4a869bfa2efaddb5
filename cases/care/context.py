"""What the top bar needs of care: the meter of people who review."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from cases.care import state, words
from workbench import access


def meter(request: HttpRequest) -> dict[str, Any]:
    """`meter`: what words.meter says, asked for by the first page that shows it; empty for all others."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not access.has(user, "care.own"):
        return {}
    return {"meter": SimpleLazyObject(lambda: words.meter(state.of(user)))}
