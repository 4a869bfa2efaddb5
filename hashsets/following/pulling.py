"""Pulls what a set follows: asks its connector, stores page after page, notes how it went.

Whoever pulls holds a database lock that ends with his connection. Killed anywhere, the next pull goes on behind the
last page that is in force.
"""

import logging
from collections.abc import Iterator
from http import HTTPStatus
from time import monotonic

from django.utils.translation import gettext_noop as noop

from hashsets import sets
from hashsets.following import follows, mirroring, releasing
from hashsets.following.applying import Applied
from hashsets.models import Remote
from hashsets.remotes import BY_ID, CheckpointWentBack, Connector, Page
from workbench import jobs
from workbench.errors import BadInput, WorkbenchError
from workbench.models import User

log = logging.getLogger(__name__)

LOCK_SPACE = 0x52454D4F  # advisory locks of pulls; the second number is the remote's
RECORDS_AT_ONCE = 20_000  # of one version: a million records are not a thousand versions
SECONDS = 300.0  # after which a worker gives others their turn


class PullRunning(WorkbenchError):
    """Somebody is asking this server right now. Wait until that is done."""

    code = "pull-running"
    status = HTTPStatus.CONFLICT
    permanent = False


def pull(remote_id: int, *, seconds: float = SECONDS) -> Applied:
    """Take what is new, for about so long; what it came to. How it went is noted with the remote.

    Raises PullRunning, and whatever went wrong, after noting it.
    """
    with jobs.alone(LOCK_SPACE, remote_id) as ours:
        if not ours:
            raise PullRunning
        remote = Remote.objects.select_related("set__owner", "set__scheme", "by__agency").get(pk=remote_id)
        total = Applied()
        try:
            more = _pull(remote, total, until=monotonic() + seconds)
        except WorkbenchError as error:
            log.warning("%s is not followed: %s", remote.set, error.english)
            follows.note_failure(remote, error, by=remote.by)
            raise
        follows.note_success(remote, more=more)
        return total


def _pull(remote: Remote, total: Applied, *, until: float) -> bool:
    """Take pages until there are none, or the time is up: then True."""
    by, connector = remote.by, BY_ID[remote.kind]
    _require_right(remote, by)
    pages = _forward(connector, remote.checkpoint, connector.pull(follows.source(remote), remote.checkpoint))
    for some in _together(pages, until):
        if some[0].release:
            total.add(releasing.replace(remote, some[0], by=by))
        else:
            total.add(mirroring.apply(remote, some, by=by))
        if monotonic() > until or follows.is_held(remote):
            return True
    return False


def _forward(connector: Connector, checkpoint: str, pages: Iterator[Page]) -> Iterator[Page]:
    """The pages; raises CheckpointWentBack at one that leads back without beginning anew."""
    place = connector.position(checkpoint)
    for page in pages:
        ahead = connector.position(page.checkpoint)
        if ahead < place and not page.anew:
            raise CheckpointWentBack
        place = ahead
        yield page


def _together(pages: Iterator[Page], until: float) -> Iterator[list[Page]]:
    """Pages that make one version; what came before an error is stored before it is raised."""
    waiting: list[Page] = []
    failed: WorkbenchError | None = None
    try:
        for page in pages:
            if waiting and (page.anew or page.release):
                yield waiting
                waiting = []
            waiting.append(page)
            if page.complete or page.release or _records(waiting) >= RECORDS_AT_ONCE or monotonic() > until:
                yield waiting
                waiting = []
    except WorkbenchError as error:
        failed = error
    if waiting:
        yield waiting
    if failed:
        raise failed


def _records(pages: list[Page]) -> int:
    return sum(len(page.records) + len(page.removed) for page in pages)


def _require_right(remote: Remote, by: User) -> None:
    """Raise unless who had the set follow it may still do so."""
    if not by.is_active:
        raise BadInput(
            noop(
                "%(name)s, who had this set follow the server, has no account any more. Have somebody who may leave "
                "it and follow it anew."
            ),
            name=by.name,
        )
    sets.own(by, "set.follow", remote.set.public_id)
