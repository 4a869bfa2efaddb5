"""Sending our opinions to the peers whose sets they are on: in batches that may be sent twice and count once.

The Idempotency-Key of a batch is in its rows before anything leaves. Whoever is killed afterwards sends the same batch
again under the same key, and is answered as the first time.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

import msgspec
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils.translation import gettext_noop as noop

from hashsets import events, outgoing, wire
from hashsets.models import Outgoing, Peer, Subscription
from hashsets.outgoing import Row
from hashsets.peers import pairing
from hashsets.peers.errors import KeyChanged
from hashsets.peers.node import Node
from workbench import audit, jobs
from workbench.errors import WorkbenchError
from workbench.outbound import Answer
from workbench.outbound_errors import AnswerRefused, AnswerUnreadable
from workbench.visible import visible

BATCH = 1_000  # opinions of one request
MOST_CONFLICTS = 3  # answers of a peer that a batch went out before in other words
WORDS = frozenset({"created", "merged", "unchanged", "conflict", "rejected"})  # of a status; sharing.md section 4
SPACE = 0x50555348  # advisory locks of who sends for a subscription
ITEMS = outgoing.OPINIONS.format(more="", which="o.key = %(key)s AND o.state = 'waiting' AND v.withdrawn_after IS NULL")
ANSWERED = """
UPDATE hashsets_outgoing o SET state = n.state, answer = n.answer
FROM unnest(%s::bigint[], %s::text[], %s::jsonb[]) AS n (vote, state, answer)
WHERE o.subscription_id = %s AND o.vote_id = n.vote
"""
# An opinion that a later one of ours replaced before it left.
REPLACED = """
UPDATE hashsets_outgoing o SET state = 'sent', answer = '{"status": "replaced"}' FROM hashsets_vote v
WHERE o.subscription_id = %s AND o.state = 'waiting' AND o.key IS NULL AND v.id = o.vote_id AND NOT v.current
"""
# What the peer calls the entry of a vote: its own word when it took it, else our mirror's.
NAME_OF = f"""
SELECT coalesce(o.answer ->> 'EntryID', (
  SELECT m.public_id::text FROM hashsets_entry m WHERE m.set_id = s.set_id AND m.removed_in IS NULL AND (
    m.sha256 = e.sha256 OR (m.sha256 IS NULL OR e.sha256 IS NULL) AND m.ident = e.ident)
  ORDER BY (m.md5, m.sha1, m.sha256) IS NOT DISTINCT FROM (e.md5, e.sha1, e.sha256) DESC LIMIT 1))
FROM hashsets_outgoing o JOIN hashsets_subscription s ON s.id = o.subscription_id
JOIN hashsets_vote v ON v.id = o.vote_id
{outgoing.LAST}
WHERE o.subscription_id = %s AND o.vote_id = %s
"""  # noqa: S608 only constants


class Result(msgspec.Struct):
    """What the peer made of one opinion."""

    status: str
    entry_id: str = msgspec.field(name="EntryID", default="")
    trust: str = msgspec.field(name="Trust", default="")
    code: str = ""


class Results(msgspec.Struct):
    """What it made of a batch, in its order."""

    results: list[Result]
    head_seq: int = msgspec.field(name="HeadSeq", default=0)


@dataclass(slots=True)
class Pushed:
    """What was sent, by what the peer said of it."""

    batches: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    failure: str = ""


def due() -> list[int]:
    """Ids of subscriptions with opinions that wait, of peers that can be asked now. One query."""
    waiting = Outgoing.objects.filter(subscription=OuterRef("pk"), state=Outgoing.State.WAITING)
    rows = Subscription.objects.filter(
        Exists(waiting), set__retired_at=None, peer__state=Peer.State.PAIRED, push_at__lte=Now()
    )
    return list(rows.exclude(peer__url="").values_list("pk", flat=True))


def push(subscription_id: int) -> Pushed | None:
    """Send what waits; None where another worker is at it. What goes wrong is noted and tried again, not raised."""
    with jobs.alone(SPACE, subscription_id) as ours:
        if not ours:
            return None
        rows = Subscription.objects.select_related("peer__organisation", "peer__agency", "set__scheme")
        subscription, told = rows.get(pk=subscription_id), Pushed()
        try:
            _send_all(subscription, told)
        except WorkbenchError as error:
            _failed(subscription, error)
            told.failure = error.english
        return told


def _send_all(subscription: Subscription, told: Pushed) -> None:
    pairing.require_paired(subscription.peer)
    with connection.cursor() as cursor:
        cursor.execute(REPLACED, [subscription.pk])
    with Node.of(subscription.peer) as node:
        conflicts = 0
        while batch := _batch(subscription):
            conflicts += not _send(node, subscription, batch, told)
            if conflicts > MOST_CONFLICTS:  # else who always answers so would hold a worker for ever
                raise AnswerRefused
        while (row := _waiting(subscription, taken_back=True).order_by("vote_id").first()) is not None:
            _retract(node, subscription, row, told)
    Peer.objects.filter(pk=subscription.peer_id).update(seen_at=Now(), failing_since=None, failure="")


def _waiting(subscription: Subscription, *, taken_back: bool) -> Any:
    rows = Outgoing.objects.filter(subscription=subscription, state=Outgoing.State.WAITING)
    return rows.filter(vote__withdrawn_after__isnull=not taken_back)


def _batch(subscription: Subscription) -> UUID | None:
    """The key of the next batch: one that was begun, else a fresh one. None when nothing waits. Commits the key."""
    rows = _waiting(subscription, taken_back=False)
    begun: UUID | None = rows.exclude(key=None).order_by("vote_id").values_list("key", flat=True).first()
    if begun is not None:
        return begun
    key, votes = uuid4(), list(rows.order_by("vote_id").values_list("vote_id", flat=True)[:BATCH])
    return key if rows.filter(vote_id__in=votes).update(key=key) else None


def _send(node: Node, subscription: Subscription, key: UUID, told: Pushed) -> bool:
    """Send a batch; False where it has to go out again under a new key."""
    votes, items = _items(subscription, key)
    body = msgspec.json.encode({"items": items})
    answer = node.post(f"HashSets({subscription.remote_set})/Contribute", body, {"idempotency-key": str(key)})
    if answer.status == HTTPStatus.CONFLICT:  # it went out before in other words: under a new key it is a repetition
        Outgoing.objects.filter(subscription=subscription, key=key).update(key=None)
        return False
    results: Results = answer.require(HTTPStatus.OK).json(Results)
    if len(results.results) != len(votes):
        raise AnswerUnreadable(noop("The peer answered another number of opinions than it was sent."))
    told.batches += 1
    counts = Counter(_word(result.status) for result in results.results)
    told.by_status.update(counts)
    with transaction.atomic():
        _note(subscription, votes, results)
        _record(
            subscription, key, body, answer, {"head_seq": results.head_seq, "results": dict(sorted(counts.items()))}
        )
    return True


def _note(subscription: Subscription, votes: list[int], results: Results) -> None:
    """Keep what became of each opinion of a batch."""
    said = [_stored(result) for result in results.results]
    refused = [result.status == "rejected" for result in results.results]
    states = [Outgoing.State.REFUSED if no else Outgoing.State.SENT for no in refused]
    with connection.cursor() as cursor:
        cursor.execute(ANSWERED, [votes, [str(state) for state in states], said, subscription.pk])


def _stored(result: Result) -> str:
    """What is kept of the peer's word on one opinion."""
    entry = _entry(result.entry_id)
    values = {"status": _word(result.status), "EntryID": entry, "Trust": result.trust, "code": result.code}
    return msgspec.json.encode({name: visible(value[:200]) for name, value in values.items() if value}).decode()


def _word(status: str) -> str:
    """A status as it is kept: the log does not grow by whatever words a peer makes up."""
    return status if status in WORDS else "unknown"


def _entry(text: str) -> str:
    """What the peer calls an entry, "" for what is no name of one."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _retract(node: Node, subscription: Subscription, row: Outgoing, told: Pushed) -> None:
    """Take one opinion back where it was sent."""
    with connection.cursor() as cursor:
        cursor.execute(NAME_OF, [subscription.pk, row.vote_id])
        found = cursor.fetchone()
    rows = Outgoing.objects.filter(subscription=subscription, vote=row.vote_id)
    if not (found and found[0]):
        rows.update(state=Outgoing.State.SENT, answer={"status": "never-sent"})
        return
    key = row.key or uuid4()
    rows.update(key=key)
    answer = node.post(f"Media({UUID(found[0])})/Retract", b"{}", {"idempotency-key": str(key)})
    if answer.status not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}:  # 404: it left by itself
        answer.require(HTTPStatus.OK)
    told.by_status["retracted"] += 1
    with transaction.atomic():
        rows.update(state=Outgoing.State.SENT, answer={"status": "retracted", "EntryID": found[0]})
        _record(subscription, key, b"{}", answer, {"results": {"retracted": 1}})


def _items(subscription: Subscription, key: UUID) -> tuple[list[int], list[wire.Opinion]]:
    """The votes of a batch, and each as it travels."""
    with connection.cursor() as cursor:
        cursor.execute(ITEMS, {"subscription": subscription.pk, "key": key})
        rows = [Row(*row) for row in cursor.fetchall()]
    return [row.vote for row in rows], [wire.Opinion(**outgoing.told(row)) for row in rows]


def _record(subscription: Subscription, key: UUID, body: bytes, answer: Answer, told: dict[str, Any]) -> None:
    """The event of something sent: what exactly, and what came back."""
    peer = subscription.peer
    audit.record(
        events.EXCHANGE_SENT, by=None, on=subscription, agency=peer.agency_id, peer=peer.organisation.name,
        set=subscription.set.name, key=str(key), request=sha256(body).hexdigest(), status=answer.status,
        response=sha256(answer.body).hexdigest(), **told,
    )  # fmt: skip


def _failed(subscription: Subscription, error: WorkbenchError) -> None:
    """The rows wait on; the peer is asked again after a while."""
    if isinstance(error, KeyChanged):
        pairing.key_changed(subscription.peer)
    Peer.objects.filter(pk=subscription.peer_id, failing_since=None).update(failing_since=Now())
    Peer.objects.filter(pk=subscription.peer_id).update(failure=error.english[:300])
    wait = timedelta(seconds=max(error.seconds, 60 if error.permanent else 10))
    Subscription.objects.filter(pk=subscription.pk).update(push_at=Now() + wait)
