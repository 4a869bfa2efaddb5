"""A refusal is an event: who asked for what, and was told no."""

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.urls import resolve

from workbench import audit
from workbench.errors import WorkbenchError
from workbench.models import User


@transaction.atomic
def note(request: HttpRequest, error: WorkbenchError) -> None:
    """Record it; the refused view's own transaction is over by now. Of nobody's requests nothing is kept."""
    if isinstance(user := request.user, User):
        asked = resolve(request.path_info)
        on = " ".join(f"{name}:{value}" for name, value in asked.kwargs.items() if isinstance(value, UUID))
        audit.record(
            audit.DENIED, by=user, on=user, reason=error.english, outcome="refused",
            route=asked.view_name, code=error.code, asked=on,
        )  # fmt: skip
