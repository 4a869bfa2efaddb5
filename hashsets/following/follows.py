"""Which foreign servers and folders sets follow: made and ended by people; when each is due, and what failed."""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from http import HTTPStatus

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from hashsets import events, generations, import_checks
from hashsets.following import secrets
from hashsets.models import Category, Generation, HashSet, Mirrored, Remote
from hashsets.remotes import BY_ID, Connector, Source
from workbench import audit
from workbench.errors import BadInput, NotFound, WorkbenchError
from workbench.models import User

LONGEST_PAUSE = 3_600  # seconds between two tries of one that fails
JITTER = 0.1  # of the time between two askings, so that not all come at once
EVERY = (60, 86_400)  # seconds, least and most


class FollowsAlready(WorkbenchError):
    """This set follows a server or folder already. End that first."""

    code = "follows-already"
    status = HTTPStatus.CONFLICT


class NotEmpty(WorkbenchError):
    """This set holds entries that came otherwise. Follow a server with a set that is empty."""

    code = "set-not-empty"
    status = HTTPStatus.CONFLICT


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person gives: a connector's id and what that asks for. `code`: the category of records that name none."""

    kind: str
    place: str
    secret: str = field(default="", repr=False)
    every: int = 300
    code: str = ""


def follow(hash_set: HashSet, *, by: User, wish: Wish) -> Remote:
    """Have a set follow a server or folder from now on. The secret goes into a file, and nowhere else.

    Raises BadInput, AddressRefused, FollowsAlready, NotEmpty, SetRetired, LivesByVotes.
    """
    _require_sound(hash_set, wish)
    remote = Remote(
        set=hash_set, kind=wish.kind, place=wish.place, every=wish.every, code=wish.code, by=by, by_name=by.name
    )
    with secrets.keeping(wish.secret) as remote.secret:
        _begin(remote)
    return remote


def _require_sound(hash_set: HashSet, wish: Wish) -> None:
    """Raise BadInput or AddressRefused for what cannot be followed, whatever answers there."""
    connector = BY_ID.get(wish.kind)
    if connector is None:
        raise BadInput(noop("There is no connector %(kind)s. We have %(all)s."), kind=wish.kind, all=", ".join(BY_ID))
    if not EVERY[0] <= wish.every <= EVERY[1]:
        raise BadInput(noop("Ask every 60 to 86,400 seconds."))
    if wish.code and not connector.asks.category:
        raise BadInput(noop("Records of this source name their categories themselves. Leave the category out."))
    if wish.code and not Category.objects.filter(scheme=hash_set.scheme_id, code=wish.code).exists():
        raise BadInput(noop("The scheme of this set has no category %(code)s."), code=wish.code)
    connector.check(Source(wish.place, secrets.one_line(wish.secret)))


@transaction.atomic
def _begin(remote: Remote) -> None:
    """The row and the event."""
    locked = generations.lock(remote.set)
    _require_free(locked, remote.kind)
    remote.save()
    audit.record(
        events.REMOTE_FOLLOWED, by=remote.by, on=remote, agency=locked.owner_id, set=locked.name, kind=remote.kind,
        place=remote.place, every=remote.every, secret=bool(remote.secret), category=remote.code,
    )  # fmt: skip


def _require_free(hash_set: HashSet, kind: str) -> None:
    if Remote.objects.filter(set=hash_set, ended_at=None).exists():
        raise FollowsAlready
    import_checks.check_set(hash_set)
    newest = Generation.objects.filter(set=hash_set, number=hash_set.generation).first()
    if newest and newest.entries and not BY_ID[kind].releases:
        raise NotEmpty


def source(remote: Remote) -> Source:
    """Where its connector reads. Raises BadInput when its secret is gone."""
    return Source(remote.place, secrets.read(remote.secret), settings.DROP_SECONDS, str(settings.LISTS))


@transaction.atomic
def leave(remote: Remote, *, by: User, reason: str) -> None:
    """Follow it no more; the set stays as it is, the secret is deleted. Raises BadInput without a reason, NotFound."""
    if not reason.strip():
        raise BadInput(noop("Say why the set follows it no more."))
    if not Remote.objects.filter(pk=remote.pk, ended_at=None).update(ended_at=timezone.now()):
        raise NotFound
    Mirrored.objects.filter(remote=remote).delete()
    audit.record(
        events.REMOTE_LEFT, by=by, on=remote, agency=remote.set.owner_id, reason=reason.strip()[:400],
        set=remote.set.name, kind=remote.kind, place=remote.place,
    )  # fmt: skip
    transaction.on_commit(partial(secrets.forget, remote.secret))


def free_sets(user: User, connector: Connector) -> QuerySet[HashSet]:
    """Sets of the person's agency that may follow such a source, by name."""
    followed = Remote.objects.filter(ended_at=None).values("set")
    own = HashSet.objects.filter(owner=user.agency_id, retired_at=None, receives_offers=False).exclude(pk__in=followed)
    return (own if connector.releases else own.filter(generation=0)).order_by("name")


def of_set(hash_set: HashSet) -> Remote:
    """What the set follows. Raises NotFound."""
    rows = Remote.objects.filter(set=hash_set, ended_at=None).select_related("set__owner", "set__scheme", "by")
    found: Remote | None = rows.first()
    if found is None:
        raise NotFound(noop("%(name)s follows no server or folder."), name=hash_set.name)
    return found


def due() -> list[int]:
    """Ids of those to be asked now. One query."""
    ready = Remote.objects.filter(ended_at=None, paused="", due_at__lte=timezone.now(), set__retired_at=None)
    return list(ready.order_by("due_at").values_list("pk", flat=True))


def is_held(remote: Remote) -> bool:
    """Whether somebody stopped it, or ended it."""
    return not Remote.objects.filter(pk=remote.pk, ended_at=None, paused="").exists()


def standing_still() -> list[Remote]:
    """Those that wait for a person."""
    return list(Remote.objects.filter(ended_at=None).exclude(paused="").select_related("set").order_by("pk"))


def note_success(remote: Remote, *, more: bool) -> None:
    """It was asked and answered; `more`: it has more to tell, so it is due at once."""
    wait = 0.0 if more else remote.every * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 no secret
    now = timezone.now()
    done = {} if more else {"pulled_at": now}
    Remote.objects.filter(pk=remote.pk).update(
        due_at=now + timedelta(seconds=wait), asked_at=now, failing_since=None, failure="", failure_code="", failures=0,
        **done,
    )  # fmt: skip


@transaction.atomic
def note_failure(remote: Remote, error: WorkbenchError, *, by: User | None) -> None:
    """It failed: try again later, or stand still until a person looks. An event when that is news."""
    words, now = error.english[:300], timezone.now()
    wait = max(error.seconds, min(remote.every * 2 ** min(remote.failures, 10), LONGEST_PAUSE))
    Remote.objects.filter(pk=remote.pk, failing_since=None).update(failing_since=now)
    Remote.objects.filter(pk=remote.pk).update(
        asked_at=now,
        failure=words,
        failure_code=error.code,
        failures=F("failures") + 1,
        due_at=now + timedelta(seconds=wait),
    )
    if error.permanent:
        Remote.objects.filter(pk=remote.pk, paused="").update(paused=words)
    if error.permanent or not remote.failure:
        audit.record(
            events.REMOTE_FAILED, by=by, on=remote, agency=remote.set.owner_id, outcome="refused", reason=words,
            set=remote.set.name, kind=remote.kind, code=error.code, stands_still=error.permanent,
        )  # fmt: skip
    remote.failure = words
