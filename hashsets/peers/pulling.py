"""Reading a peer's set into its mirror, page by page (sharing.md section 4).

A page is stored in the transaction that moves the checkpoint, and what a last page completes comes into force in that
very transaction. So a reader killed anywhere asks for the same page again, and ends with the same set.
"""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from time import monotonic

from django.db import DataError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_noop as noop

from hashsets import events, settling, wire
from hashsets.models import Peer, Subscription
from hashsets.peers import pages, pairing, terms, watchdog
from hashsets.peers.errors import FeedWentBack, KeyChanged, SignatureRefused
from hashsets.peers.node import Node
from hashsets.peers.pages import Page
from hashsets.settling import SequenceWentBack, TooMuchCollected
from workbench import audit
from workbench.errors import WorkbenchError
from workbench.outbound import Answer
from workbench.outbound_errors import AnswerUnreadable

PAGE = 5_000  # entries asked for at once
LEASE = timedelta(seconds=180)  # of whoever reads a set, from each page on; longer than one request may take
MOST_ROUNDS = 3  # in a circle of links, in which we would go for ever
RETRY = 60  # seconds after a failure, at most
FREE = Q(lease_until=None) | Q(lease_until__lt=Now())
SECONDS = 900.0  # after which a worker gives others their turn, and goes on later where it was
STOPS = (FeedWentBack, SequenceWentBack, SignatureRefused, TooMuchCollected)  # a person must look


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one asking brought. `generation`: of the mirror, None when nothing changed."""

    pages: int = 0
    records: int = 0
    put_aside: int = 0
    generation: int | None = None
    failure: str = ""


class _Superseded(Exception):
    """Somebody else read the same page first."""


def due() -> list[int]:
    """Ids of the subscriptions to be asked for now. One query."""
    rows = Subscription.objects.filter(FREE, paused="", due_at__lte=Now(), peer__state=Peer.State.PAIRED)
    return list(rows.exclude(peer__url="").order_by("due_at").values_list("pk", flat=True))


def hurry(peer: Peer) -> list[int]:
    """Make everything that is read of a peer due now; the subscriptions' ids."""
    running = Subscription.objects.filter(peer=peer, paused="")
    running.update(due_at=Now())
    return list(running.values_list("pk", flat=True))


def pull(subscription_id: int, *, now: bool = False) -> Pulled | None:
    """Ask a peer for what changed in one of its sets, until there is no more; None when that is not due.

    `now`: before its time. Safe to run twice, at once, and to be killed. What goes wrong is noted and told, not raised.
    """
    with _claimed(subscription_id, now=now) as subscription:
        if subscription is None:
            return None
        try:
            return _read_all(subscription)
        except _Superseded:
            return None
        except WorkbenchError as error:
            return _failed(subscription, error)


@contextmanager
def _claimed(subscription_id: int, *, now: bool) -> Iterator[Subscription | None]:
    """The subscription, ours alone inside the block by its lease; afterwards it is due again in its time."""
    rows = Subscription.objects.filter(FREE, pk=subscription_id, paused="")
    taken = (rows if now else rows.filter(due_at__lte=Now())).update(lease_until=Now() + LEASE)
    if not taken:
        yield None
        return
    wanted = Subscription.objects.select_related("peer__organisation", "peer__agency", "set__scheme", "by")
    subscription = wanted.get(pk=subscription_id)
    try:
        yield subscription
    finally:
        jitter = subscription.every * random.uniform(-0.1, 0.1)  # noqa: S311 so that readers do not come all at once
        Subscription.objects.filter(pk=subscription_id, due_at__lte=Now()).update(
            due_at=Now() + timedelta(seconds=subscription.every + jitter)
        )
        Subscription.objects.filter(pk=subscription_id).update(lease_until=None)


def _read_all(subscription: Subscription) -> Pulled:
    pairing.require_paired(subscription.peer)
    told, places, until = Pulled(), Counter[str](), monotonic() + SECONDS
    with Node.of(subscription.peer) as node:
        while (asked := _ask(node, subscription)) is not None:
            told = _stored(subscription, node, *asked, told)
            if asked[0].delta_link:
                break
            places[subscription.checkpoint] += 1
            if places[subscription.checkpoint] > MOST_ROUNDS:
                raise FeedWentBack
            if monotonic() > until:
                Subscription.objects.filter(pk=subscription.pk).update(due_at=Now() + timedelta(seconds=1))
                return told
    Peer.objects.filter(pk=subscription.peer_id).update(seen_at=Now(), failing_since=None, failure="")
    Subscription.objects.filter(pk=subscription.pk).update(pulled_at=Now())
    return told


def _ask(node: Node, subscription: Subscription) -> tuple[Page, int] | None:
    """The next page, and the set's highest number if it says so (else 0); None when nothing changed.

    Begins anew where the peer cannot go on from the checkpoint.
    """
    for _again in range(2):
        headers = {"prefer": f"odata.track-changes, odata.maxpagesize={PAGE}", "odata-maxversion": "4.0"}
        if subscription.checkpoint and not subscription.baseline and not subscription.collected:
            headers["if-none-match"] = f'"{subscription.seq}"'
        link = subscription.checkpoint or f"HashSets({subscription.remote_set})/Media"
        answer = node.get(link, headers=headers)
        if not _is_over(answer):
            break
        _restart(subscription)
    if answer.status == HTTPStatus.NOT_MODIFIED:
        return None
    answer.require(HTTPStatus.OK)
    head = watchdog.head(subscription, answer)
    page: Page = answer.json(Page)
    if not page.following or node.target(answer.link(page.following)) == subscription.checkpoint == link:
        raise AnswerUnreadable(noop("The page does not say where to go on, so nothing of it was stored."))
    return page, head


def _is_over(answer: Answer) -> bool:
    """Whether the peer knows no way on from where we are: too long ago, or its words for places are others now."""
    lost = answer.status == HTTPStatus.BAD_REQUEST and b'"bad-place"' in answer.body
    return lost or answer.status == HTTPStatus.GONE


def _stored(subscription: Subscription, node: Node, page: Page, head: int, told: Pulled) -> Pulled:
    """Keep a page with its checkpoint, and put in force what it completes; in one transaction.

    A baseline shows the set as it stood at the head of its first page; the last page of a delta tells all up to its.
    """
    told_of = pages.records(page)
    found = [record for record in told_of if not isinstance(record, wire.Odd)]
    watchdog.check_order(subscription, found)
    tells = head if not subscription.checkpoint or (page.delta_link and not subscription.baseline) else 0
    collected = max([subscription.collected, tells, *(record.seq for record in found)])
    checkpoint = node.target(page.following)
    generation = None
    with transaction.atomic():
        _move(subscription, checkpoint, collected)
        staged = settling.stage(subscription, told_of)
        if page.delta_link:
            generation = _settle(subscription, max(collected, subscription.seq))
    subscription.checkpoint, subscription.collected = checkpoint, 0 if page.delta_link else collected
    return Pulled(
        told.pages + 1,
        told.records + staged.taken,
        told.put_aside + staged.put_aside,
        generation or told.generation,
    )


def _move(subscription: Subscription, checkpoint: str, collected: int) -> None:
    """Move the checkpoint on from where this page began; it is stored by nobody else then. Raises _Superseded."""
    moved = Subscription.objects.filter(pk=subscription.pk, checkpoint=subscription.checkpoint).update(
        checkpoint=checkpoint, collected=collected, lease_until=Now() + LEASE
    )
    if not moved:
        raise _Superseded


def _settle(subscription: Subscription, seq: int) -> int | None:
    try:
        with transaction.atomic():
            made = settling.settle(subscription, seq=seq, snapshot=subscription.baseline, by=subscription.by)
    except DataError as error:  # as of one digest under more entries than there are numbers for
        raise FeedWentBack(noop("The set cannot be kept as it is: %(error)s."), error=str(error)[:150]) from error
    Subscription.objects.filter(pk=subscription.pk).update(collected=0)
    return made.number if made else None


@transaction.atomic
def _restart(subscription: Subscription) -> None:
    """The peer cannot tell what changed since: what was collected is void, and the whole set is read again."""
    terms.forget_place(subscription)
    subscription.save(update_fields=["checkpoint", "collected", "baseline"])
    peer = subscription.peer
    audit.record(
        events.EXCHANGE_RESTARTED, by=None, on=subscription, agency=peer.agency_id, peer=peer.organisation.name,
        set=subscription.set.name, seq=subscription.seq,
    )  # fmt: skip


def _failed(subscription: Subscription, error: WorkbenchError) -> Pulled:
    """Note why it went wrong: what a person must look at stops the reading, the rest is tried again."""
    said = error.english[:300]
    if isinstance(error, KeyChanged):
        pairing.key_changed(subscription.peer)
    elif isinstance(error, STOPS):
        _pause(subscription, said, forgotten=isinstance(error, TooMuchCollected))
    Peer.objects.filter(pk=subscription.peer_id, failing_since=None).update(failing_since=Now())
    Peer.objects.filter(pk=subscription.peer_id).update(failure=said)
    wait = max(min(subscription.every, RETRY), error.seconds)
    Subscription.objects.filter(pk=subscription.pk).update(due_at=Now() + timedelta(seconds=wait))
    return Pulled(failure=said)


@transaction.atomic
def _pause(subscription: Subscription, said: str, *, forgotten: bool) -> None:
    """Read it no more until a person looks. `forgotten`: what was collected goes, too, and it begins anew then."""
    subscription.paused, peer = said, subscription.peer
    if forgotten:
        terms.forget_place(subscription)
        subscription.save(update_fields=["checkpoint", "collected", "baseline"])
    subscription.save(update_fields=["paused"])
    audit.record(
        events.EXCHANGE_PAUSED, by=None, on=subscription, agency=peer.agency_id, peer=peer.organisation.name,
        set=subscription.set.name, why=said, outcome="refused",
    )  # fmt: skip
