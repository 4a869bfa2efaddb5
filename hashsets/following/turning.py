"""What people do with a following while it is there: ask at once, pause, go on, begin anew."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from hashsets import events
from hashsets.models import Remote
from workbench import audit
from workbench.errors import BadInput, NotFound
from workbench.models import User


@transaction.atomic
def ask(remote: Remote, *, by: User) -> None:
    """Have it asked now, whenever it is due. One that stands still goes on. Raises NotFound where it ended."""
    resume(remote, by=by)
    _change(remote, due_at=timezone.now())
    _record(events.REMOTE_ASKED, remote, by)


@transaction.atomic
def pause(remote: Remote, *, by: User, reason: str) -> None:
    """Ask it no more until somebody resumes it; a pull on its way ends behind its page. Raises BadInput, NotFound."""
    if not reason.strip():
        raise BadInput(noop("Say why it is paused."))
    _change(remote, paused=reason.strip()[:300], paused_by_name=by.name)
    _record(events.REMOTE_PAUSED, remote, by, reason=reason.strip()[:300])


@transaction.atomic
def resume(remote: Remote, *, by: User) -> None:
    """Go on with one that stands still, now. Nothing where it does not."""
    paused = Remote.objects.filter(pk=remote.pk, ended_at=None).exclude(paused="")
    if paused.update(paused="", paused_by_name="", failures=0, due_at=timezone.now()):
        _record(events.REMOTE_RESUMED, remote, by, why=remote.paused)
        remote.paused = remote.paused_by_name = ""


@transaction.atomic
def restart(remote: Remote, *, by: User, reason: str) -> None:
    """Fetch everything again, from now on. What is in force stays until all of it has come. Raises BadInput, NotFound.

    A pull that is on its way stores nothing more.
    """
    if not reason.strip():
        raise BadInput(noop("Say why everything is fetched again."))
    resume(remote, by=by)
    _change(remote, due_at=timezone.now(), checkpoint="", pulled_at=None)
    _record(events.REMOTE_RESTARTED, remote, by, reason=reason.strip()[:300])


def _change(remote: Remote, **values: Any) -> None:
    if not Remote.objects.filter(pk=remote.pk, ended_at=None).update(**values):
        raise NotFound
    remote.refresh_from_db()


def _record(verb: str, remote: Remote, by: User, **details: Any) -> None:
    audit.record(verb, by=by, on=remote, agency=remote.set.owner_id, set=remote.set.name, kind=remote.kind, **details)
