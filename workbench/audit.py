"""The audit log: one hash chain per agency and one for the node (security.md section 6).

An event is written in the transaction of the change it tells of. Write it last: the head of the chain
is locked until the transaction ends. Event: canonical JSON; hash = SHA-256(0x00 || previous || body).
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model

from workbench import prepared
from workbench.errors import WorkbenchError
from workbench.frozen import frozen
from workbench.models import Agency, AuditEvent, AuditLog, User

GENESIS = bytes(32)
FORMAT = 1  # of an event's body; bodies are hashed for ever
NODE = 0  # the node's own chain, as `agency` of an event
_VERBS: dict[str, str] = {}


class UnknownEvent(WorkbenchError):
    """An event that no app registered cannot be recorded."""

    code = "unknown-event"


def verb(name: str, means: str) -> str:
    """Register an event verb with the sentence the log page shows; returns the name."""
    if _VERBS.get(name, means) != means:
        raise ValueError(f"event {name} is registered twice")
    _VERBS[name] = means
    return name


def verbs() -> dict[str, str]:
    """All registered verbs with their meaning, sorted."""
    return dict(sorted(_VERBS.items()))


SIGN_IN = verb("auth.login", "Signed in")
SIGN_OUT = verb("auth.logout", "Signed out")
SESSION_ENDED = verb("auth.lock", "Signed out after a time without an act")
SIGN_IN_FAILED = verb("auth.fail", "Sign-in failed")
PASSWORD_SET = verb("auth.password", "Password set by one-time link")
PASSWORD_CHANGED = verb("auth.password.change", "Password changed by its owner")
LANGUAGE_CHOSEN = verb("auth.language", "Language chosen by its reader")
DENIED = verb("access.denied", "Access denied")
AGENCY_ADDED = verb("agency.add", "Agency added")
PERSON_ADDED = verb("user.add", "Person added")
PERSON_RESET = verb("user.reset", "One-time link made")
PERSON_UNLOCKED = verb("user.unlock", "Person unlocked")
ROLE_GIVEN = verb("user.role", "Role given")
KEYS_SET = verb("setting.keys", "A person changed his own keys")
LOG_READ = verb("audit.read", "Audit log read")
LOG_VERIFIED = verb("chain.verify", "Audit log verified")


@dataclass(frozen=True, slots=True)
class Source:
    """Where an act came from: the session's short digest and the address, or the command line."""

    session: str = ""
    address: str = ""


COMMAND_LINE = Source(address="command")
_source: ContextVar[Source] = ContextVar("audit_source", default=COMMAND_LINE)


@contextmanager
def source(session: str, address: str) -> Iterator[None]:
    """Name the session and address for every event recorded inside the block."""
    token = _source.set(Source(session, address))
    try:
        yield
    finally:
        _source.reset(token)


def came_by(session: str) -> None:
    """Say more of the source inside the present block: which token it is, as soon as that is known."""
    _source.set(Source(session, _source.get().address))


@dataclass(frozen=True, slots=True)
class Event:
    """One event before it is chained. `subject` is `type:public id`; `case` its case, if any."""

    verb: str
    subject: str
    case: UUID | None = None
    details: dict[str, Any] | None = None
    reason: str = ""
    outcome: str = "ok"


def subject_of(thing: Model) -> str:
    """`decision:5f0c...`: the type and public id of a row."""
    return f"{thing._meta.model_name}:{thing.public_id}"  # type: ignore[attr-defined]


def record(
    what: str,
    *,
    by: User | None,
    on: Model,
    case: UUID | None = None,
    reason: str = "",
    outcome: str = "ok",
    agency: Agency | int | None = None,
    **details: Any,
) -> None:
    """Record one event in the chain of `agency` (default: the person's; NODE). Inside the change's transaction."""
    event = Event(what, subject_of(on), case, details, reason, outcome)
    record_all([event], by=by, agency=agency)


def record_all(events: Sequence[Event], *, by: User | None, agency: Agency | int | None = None) -> None:
    """Record many events; the head of the chain is locked once. 2 queries for any number of events."""
    if unknown := {event.verb for event in events} - _VERBS.keys():
        raise UnknownEvent(f"Unknown event: {', '.join(sorted(unknown))}.")
    if not events:
        return
    if not connection.in_atomic_block:
        raise UnknownEvent("An event is recorded only inside the transaction of its change.")
    agency_id = agency.pk if isinstance(agency, Agency) else agency
    if agency_id is None and by is not None:
        agency_id = by.agency_id
    log, seq, previous, now, organisation, roles = _lock_head(agency_id or None, by)
    actor, rows, who = by.username if by else "system", [], _who(by, organisation, roles)
    for event in events:
        seq += 1
        body = canonical(who | _facts(event, seq=seq, at=now))
        previous = chain_hash(previous, body)
        rows.append((seq, event.verb, str(event.case) if event.case else None, event.subject, body, previous))
    _append(log, now, actor, rows)


def chain_hash(previous: bytes, body: str) -> bytes:
    """The link: SHA-256 of 0x00, the previous hash and the event's canonical JSON."""
    return hashlib.sha256(b"\0" + previous + body.encode()).digest()


def canonical(value: object) -> str:
    """Canonical JSON: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)


def _who(by: User | None, organisation: str | None, roles: list[str]) -> dict[str, Any]:
    """The part of a body that tells who acted, as what and from where; security.md rule 6.2."""
    where = _source.get()
    return {
        "format": FORMAT,
        "actor": by.username if by else "system",
        "name": by.name if by else "Winnow",
        "organisation": organisation,
        "roles": roles,
        "session": where.session,
        "address": where.address,
    }


def _facts(event: Event, *, seq: int, at: datetime) -> dict[str, Any]:
    """The part of a body that tells what happened."""
    return {
        "seq": seq,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "verb": event.verb,
        "subject": event.subject,
        "case": str(event.case) if event.case else None,
        "details": event.details or {},
        "reason": event.reason,
        "outcome": event.outcome,
    }


LOCK_HEAD = """
SELECT l.id, l.head_seq, l.head_hash, clock_timestamp(),
  (SELECT a.organisation::text FROM workbench_agency a WHERE a.id = %(of)s),
  ARRAY(SELECT DISTINCT m.role::text FROM workbench_membership m WHERE m.user_id = %(by)s ORDER BY 1)
FROM workbench_auditlog l WHERE l.agency_id IS NOT DISTINCT FROM %(agency)s FOR UPDATE OF l
"""


def _lock_head(agency_id: int | None, by: User | None) -> tuple[int, int, bytes, datetime, str | None, list[str]]:
    """Lock the chain's head row (made on first use); read the database clock, the actor's organisation and roles."""
    with prepared.cursor() as cursor:
        cursor.execute(
            LOCK_HEAD, {"agency": agency_id, "by": by.pk if by else None, "of": by.agency_id if by else None}
        )
        row = cursor.fetchone()
        if row is None:
            cursor.execute(
                "INSERT INTO workbench_auditlog (agency_id, head_seq, head_hash) VALUES (%s, 0, %s)"
                " ON CONFLICT DO NOTHING",
                [agency_id, GENESIS],
            )
            return _lock_head(agency_id, by)
    return row[0], row[1], bytes(row[2]), row[3], row[4], row[5]


APPEND = """
WITH told AS (
  INSERT INTO workbench_auditevent (log_id, seq, at, verb, actor, "case", subject, body, hash)
  SELECT %s, seq, %s, verb, %s, cs::uuid, subject, body, hash FROM unnest(%s::bigint[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::bytea[]) AS e(seq, verb, cs, subject, body, hash))
UPDATE workbench_auditlog SET head_seq = %s, head_hash = %s WHERE id = %s
"""


def _append(log: int, at: datetime, actor: str, rows: list[tuple[Any, ...]]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)]
    with prepared.cursor(rows=len(rows)) as cursor:
        cursor.execute(APPEND, [log, at, actor, *columns, rows[-1][0], rows[-1][5], log])


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found. `first_bad` names the first entry that does not fit, and why."""

    ok: bool
    events: int
    head: str
    first_bad: dict[str, Any] | None = None


def verify(log: AuditLog) -> Verdict:
    """Recompute a chain from its stored events, in one pass and one view; stops at the first bad entry."""
    previous, expected = GENESIS, 0
    with frozen():
        head = AuditLog.objects.get(pk=log.pk)
        events = AuditEvent.objects.filter(log=log).order_by("seq").iterator(chunk_size=5000)
        for event in events:
            expected += 1
            if problem := _problem(event, expected, previous):
                bad = {"log": log.pk, "seq": expected, "found_seq": event.seq, "why": problem}
                return Verdict(False, expected - 1, previous.hex(), bad)
            previous = bytes(event.hash)
        if (head.head_seq, bytes(head.head_hash)) != (expected, previous):
            bad = {
                "log": log.pk,
                "seq": expected + 1,
                "why": f"the head says {head.head_seq} events, {expected} are here",
            }
            return Verdict(False, expected, previous.hex(), bad)
    return Verdict(True, expected, previous.hex())


def stands(event: AuditEvent) -> bool:
    """Whether one entry is what was written after the one before it, with none missing up to it.

    `verify` tells of the whole chain. Three queries, one of them counts the entries before.
    """
    earlier = AuditEvent.objects.filter(log=event.log_id, seq__lt=event.seq)
    if event.seq > event.log.head_seq or earlier.count() != event.seq - 1:
        return False
    before = earlier.order_by("-seq").values_list("hash", flat=True).first()
    return not _problem(event, event.seq, bytes(before) if before else GENESIS)


def _problem(event: AuditEvent, expected: int, previous: bytes) -> str:
    """Why an event does not fit in its place; empty if it does."""
    if event.seq != expected:
        return "an entry is missing"
    if chain_hash(previous, event.body) != bytes(event.hash):
        return "the entry was changed, or the one before it"
    body = json.loads(event.body)
    stored = (event.seq, event.verb, event.actor, event.subject, str(event.case) if event.case else None)
    if stored != (body["seq"], body["verb"], body["actor"], body["subject"], body["case"]):
        return "the columns differ from the entry's body"
    if event.at != datetime.fromisoformat(body["at"]):
        return "the time differs from the entry's body"
    return ""
