"""Reading the audit log: which log a person reads, filters, pages by sequence number, one entry in full."""

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from workbench import access, audit
from workbench.audit import Verdict
from workbench.models import AuditEvent, AuditLog, Role, User

PAGE = 50
CASES = 200  # in the filter's list
OPENS_A_CASE = "case.create"  # registered by `cases`; its details carry the case's number
READERS = {Role.SUPERVISOR, Role.AUDITOR}


Secrets = Callable[[User], Collection[UUID]]
_SECRETS: list[Secrets] = []
_BLIND: list[Secrets] = []


def keep_secret(cases: Secrets) -> None:
    """Register who tells which cases' entries a person must not see in his agency's log; auditors see all."""
    _SECRETS.append(cases)


def keep_blind(cases: Secrets) -> None:
    """Register who tells which cases' entries a person must not see now, whatever his roles."""
    _BLIND.append(cases)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the page shows. `before`: only entries older than this number."""

    case: str = ""  # public id
    person: str = ""
    verb: str = ""
    day: date | None = None
    q: str = ""  # part of an entry, the start of its hash, or its number
    before: int | None = None

    def told(self) -> dict[str, str]:
        """The filters that are set, for the event of reading."""
        return {name: str(value) for name in ("case", "person", "verb", "day", "q") if (value := getattr(self, name))}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the page."""

    seq: int
    at: datetime
    who: str
    verb: str
    means: str
    on: str
    detail: str
    outcome: str
    hash: str


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, newest first; `older` is the `before` of the next page, None at the end."""

    rows: list[Row]
    older: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in full, as canonical JSON laid out for reading; `case` is its case's public id."""

    seq: int
    body: str
    case: UUID | None


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain as last recomputed: `first_bad` and `proven` where it was broken then."""

    state: str  # ok, broken, unchecked
    events: int
    checked_text: str
    head_seq: int
    head: str
    last: list[dict[str, Any]]
    first_bad: int | None = None
    proven: int = 0


def log_of(user: User, *, node: bool = False) -> AuditLog:
    """The agency's log for supervisors and auditors; the node's for administrators, if they ask or have no other."""
    held = access.roles(user)
    of_node = Role.ADMIN in held and (node or held.isdisjoint(READERS))
    return AuditLog.objects.get_or_create(agency=None if of_node else user.agency)[0]


def _open_to(user: User, log: AuditLog) -> QuerySet[AuditEvent]:
    """The log's entries but those of cases that are kept secret from the person."""
    entries = AuditEvent.objects.filter(log=log)
    if owed := [case for secrets in _BLIND for case in secrets(user)]:
        entries = entries.exclude(case__in=owed)
    if Role.AUDITOR in access.roles(user):
        return entries
    return entries.exclude(case__in=[case for secrets in _SECRETS for case in secrets(user)])


def page(log: AuditLog, filters: Filters, *, by: User) -> Page:
    """One page of a log; one query and that for secret cases, whatever its length."""
    found = list(_filtered(_open_to(by, log), filters).order_by("-seq")[: PAGE + 1])
    shown = found[:PAGE]
    return Page([_row(event) for event in shown], shown[-1].seq if len(found) > PAGE else None)


def entry(log: AuditLog, seq: int, *, by: User) -> Entry | None:
    """One event of the log in full, with its hash; None if there is none of that number for this person."""
    event = _open_to(by, log).filter(seq=seq).first()
    if event is None:
        return None
    body = json.loads(event.body) | {"hash": bytes(event.hash).hex()}
    return Entry(seq, json.dumps(body, indent=1, sort_keys=True, ensure_ascii=True), event.case)


def chain(log: AuditLog) -> Chain:
    """The head of the chain, and what the last verification found. Two queries."""
    newest = list(AuditEvent.objects.filter(log=log).order_by("-seq")[1:3])
    checked = AuditEvent.objects.filter(log=log, verb=audit.LOG_VERIFIED).order_by("-seq").first()
    last = [{"seq": event.seq, "hash": bytes(event.hash).hex()} for event in reversed(newest)]
    now: dict[str, Any] = {"head_seq": log.head_seq, "head": bytes(log.head_hash).hex(), "last": last}
    if checked is None:
        return Chain("unchecked", log.head_seq, _("Nobody has verified this log yet."), **now)
    body = json.loads(checked.body)
    found = body["details"]
    text = _("Recomputed %(at)s UTC by %(name)s") % {"at": f"{checked.at:%Y-%m-%d %H:%M}", "name": body["name"]}
    if body["outcome"] == "ok":
        return Chain("ok", found.get("events", checked.seq - 1), text, **now)
    return Chain("broken", log.head_seq, text, first_bad=found.get("first_bad"), proven=found.get("events", 0), **now)


@transaction.atomic
def note_verified(verdict: Verdict, *, by: User, ok: bool | None = None) -> None:
    """A verification is an event. `ok` False: the log holds, and something else found with it does not."""
    told: dict[str, Any] = {"events": verdict.events, "head": verdict.head}
    if verdict.first_bad:
        told["first_bad"] = verdict.first_bad["seq"]
    holds = verdict.ok if ok is None else ok
    audit.record(audit.LOG_VERIFIED, by=by, on=by.agency, outcome="ok" if holds else "broken", **told)


def cases(log: AuditLog, *, by: User) -> list[tuple[str, str]]:
    """Public id and number of the newest cases, as the log tells of their opening."""
    opened = _open_to(by, log).filter(verb=OPENS_A_CASE).order_by("-seq")[:CASES]
    return [(str(event.case), json.loads(event.body)["details"].get("number", "")) for event in opened]


def _filtered(events: QuerySet[AuditEvent], filters: Filters) -> QuerySet[AuditEvent]:
    if filters.before:
        events = events.filter(seq__lt=filters.before)
    if filters.person:
        events = events.filter(actor=filters.person)
    if filters.verb:
        events = events.filter(verb=filters.verb)
    if filters.day:
        first, last = (datetime.combine(filters.day, moment, UTC) for moment in (time.min, time.max))
        events = events.filter(at__gte=first, at__lte=last)
    if filters.case:
        events = events.filter(case=_case_id(filters.case))
    return events.filter(_matches(filters.q)) if filters.q else events


def _matches(text: str) -> Q:
    """An entry by its number, the start of its hash, or anything in its canonical JSON."""
    wanted = Q(body__contains=json.dumps(text)[1:-1])
    if text.isdecimal() and len(text) < 19:
        wanted |= Q(seq=int(text))
    if re.fullmatch(r"(?:[0-9a-fA-F]{2}){4,32}", text):
        start = bytes.fromhex(text)
        wanted |= Q(hash__gte=start.ljust(32, b"\0"), hash__lte=start.ljust(32, b"\xff"))
    return wanted


def _case_id(text: str) -> UUID:
    """The public id of a case; what is none matches nothing."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _row(event: AuditEvent) -> Row:
    body = json.loads(event.body)
    kind, _colon, identity = event.subject.partition(":")
    return Row(
        seq=event.seq,
        at=event.at,
        who=body["name"] or event.actor,
        verb=event.verb,
        means=_(audit.verbs().get(event.verb, event.verb)),
        on=f"{kind} {identity[:8]}",
        detail=_in_words(body),
        outcome=body["outcome"],
        hash=bytes(event.hash).hex(),
    )


def _in_words(body: dict[str, Any]) -> str:
    """The details in one line: `code 1, basis viewed`."""
    said = [f"{name.replace('_', ' ')} {value}" for name, value in body["details"].items() if value not in (None, "")]
    return ", ".join([*said, *([body["reason"]] if body["reason"] else [])])
