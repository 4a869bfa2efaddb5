"""How long a sign-in lasts: 10 minutes without a person's act, 12 hours in all (security.md 5.7)."""

import hashlib
import time
from contextlib import AbstractContextManager

from django.conf import settings
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest

from workbench import audit
from workbench.models import User

BEGAN, SEEN = "began", "seen"  # seconds since the epoch, in the session
NOTED_EVERY = 30  # seconds; a write per request would be too many
# Asked by pages on their own: no sign that somebody is there.
BY_THEMSELVES = frozenset({"cases:progress", "cases:progress_stream", "cases:api_changes", "hashsets:import_progress"})


def as_source(request: HttpRequest) -> AbstractContextManager[None]:
    """Name the request's session and address for every event recorded inside the block.

    Twelve hex digits stand for the session, never its key.
    """
    key = request.session.session_key or ""
    digest = hashlib.sha256(key.encode()).hexdigest()[:12] if key else ""
    return audit.source(digest, request.META.get("REMOTE_ADDR", ""))


def begin(*, request: HttpRequest, **_signal: object) -> None:
    """A sign-in begins now; said with the sign-in itself, so that no later request has to write it down."""
    request.session[BEGAN] = request.session[SEEN] = int(time.time())


def still_valid(request: HttpRequest, view: str) -> bool:
    """Whether the sign-in goes on; otherwise it is ended and logged. Notes the person's presence."""
    now = int(time.time())
    began = request.session.setdefault(BEGAN, now)
    seen = request.session.setdefault(SEEN, now)
    if now - began > settings.SESSION_HOURS * 3600 or now - seen > settings.LOCK_AFTER_MINUTES * 60:
        _end(request)
        return False
    if view not in BY_THEMSELVES and now - seen >= NOTED_EVERY:
        request.session[SEEN] = now
    return True


@transaction.atomic
def _end(request: HttpRequest) -> None:
    user = request.user
    if isinstance(user, User):
        audit.record(audit.SESSION_ENDED, by=user, on=user)
    logout(request)
