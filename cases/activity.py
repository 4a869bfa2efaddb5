"""What happened in a case lately, from its events: one line each, equal ones in a row as one."""

import json
from collections.abc import Iterator
from itertools import groupby, islice
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import events
from cases.models import Batch, Case
from cases.second import blind
from hashsets.models import Category
from workbench import audit
from workbench.models import AuditEvent, User
from workbench.words import digits, either

READ = 400  # events, to make up the lines from
WITHIN = 4_000  # latest events that are looked at where most of them are not told
OF_ITEMS = {
    events.DECIDED: either("Decided %(n)s item", "Decided %(n)s items"),
    events.TAKEN_BACK: either("Took %(n)s decision back", "Took %(n)s decisions back"),
    events.SUPERSEDED: either("Superseded %(n)s decision", "Superseded %(n)s decisions"),
    events.SECOND_OPINION: either("Gave %(n)s second opinion", "Gave %(n)s second opinions"),
    events.NOTED: either("Wrote a note on %(n)s item", "Wrote notes on %(n)s items"),
    events.OFFERED: either("Offered %(n)s item to a hash set", "Offered %(n)s items to a hash set"),
    events.APPROVED: either("Approved and published %(n)s item", "Approved and published %(n)s items"),
    events.RETURNED: either("Returned %(n)s offer", "Returned %(n)s offers"),
    events.HELD: either("Held %(n)s offer", "Held %(n)s offers"),
    events.WITHDRAWN: either("Withdrew %(n)s item from a hash set", "Withdrew %(n)s items from a hash set"),
    events.REVEALED: either("Looked at %(n)s item without deciding", "Looked at %(n)s items without deciding"),
    events.OPENED: either("Opened %(n)s clear picture outside a batch", "Opened %(n)s clear pictures outside a batch"),
}
MARKS = {
    "unsure": either("Marked %(n)s item unsure", "Marked %(n)s items unsure"),
    "skip": either("Skipped %(n)s item", "Skipped %(n)s items"),
    "flag": either("Flagged %(n)s item", "Flagged %(n)s items"),
}

Told = tuple[AuditEvent, dict[str, Any]]  # an event and its body


def latest(case: Case, *, by: User, most: int = 8) -> list[dict[str, Any]]:
    """The case's last events, newest first, as at most so many lines. Five queries.

    Who owes second views in the case is told nothing of what was decided, by whom and in which order, and of the rest
    only what is among the WITHIN latest events: a large case has a million decisions in a row.
    """
    every = AuditEvent.objects.filter(log__agency=case.agency_id, case=case.public_id)
    every = every.exclude(verb=events.SECOND_GIVEN)  # told when it counts
    if case.public_id in blind.cases(by):
        recent = AuditEvent.objects.filter(pk__in=every.order_by("-seq").values("pk")[:WITHIN])
        every = recent.exclude(verb__in=[*OF_ITEMS, events.MARKED, events.BATCH_CLAIMED, events.BATCH_CLOSED])
    found = every.order_by("-seq")[:READ]
    told = [one for event in found if not _only_sent(one := (event, json.loads(event.body)))]
    names = _names(case, told)
    runs = groupby(told, key=lambda one: _run(*one))
    categories = {row.code: row for row in case.scheme.categories.all()}
    return list(islice(_lines(runs, names, categories), most))


def _only_sent(told: Told) -> bool:
    """Whether it is about a picture that was sent ahead and never unveiled: the log keeps that, nobody looked."""
    event, body = told
    return event.verb == events.REVEALED and not body["details"]["revealed_ms"]


def _run(event: AuditEvent, body: dict[str, Any]) -> tuple[Any, ...]:
    """What one person did to items in a row is told together; every other event stays alone."""
    return (body["name"],) if _words(event, body["details"]) else (event.seq,)


def _lines(runs: Any, names: dict[str, str], categories: dict[str, Category]) -> Iterator[dict[str, Any]]:
    """One line for each kind of act in a run, the latest first."""
    for _same, run in runs:
        alike: dict[tuple[str, str], list[Told]] = {}
        for event, body in run:
            alike.setdefault((event.verb, body["details"].get("mark", "")), []).append((event, body))
        for several in alike.values():
            event, body = several[0]
            codes = {one["details"].get("code") for _event, one in several}
            yield {
                "at": event.at,
                "who": body["name"],
                "text": _text(event, body["details"], len(several), names),
                "category": categories.get(codes.pop() or "") if len(codes) == 1 else None,
            }


def _words(event: AuditEvent, details: dict[str, Any]) -> tuple[str, str] | None:
    """Singular and plural of an event about an item; None for any other."""
    return OF_ITEMS.get(event.verb) or MARKS.get(details.get("mark", ""))


def _text(event: AuditEvent, details: dict[str, Any], number: int, names: dict[str, str]) -> str:
    if words := _words(event, details):
        return ngettext(*words, number) % {"n": digits(number)}
    text = _(audit.verbs().get(event.verb, event.verb))
    if event.verb == events.MATCH_UPDATED:
        return _matched(details)
    about = names.get(event.subject) or names.get(details.get("user", "")) or details.get("ref", "")
    return f"{text}: {about}" if about else text


def _matched(details: dict[str, Any]) -> str:
    """`Reference v3: 12 left the queue, 2 came back`."""
    left = details["left"]  # before `back` was told, too: the two in one, negative where more came back
    moves = {_("left the queue"): max(left, 0), _("came back"): details.get("back", max(-left, 0))}
    said = ", ".join(f"{digits(number)} {what}" for what, number in moves.items() if number)
    about = f"{details['set']} v{details['generation']}" if details["set"] else _("Matched again")
    if "batch" in details:
        about = _("%(about)s, batch %(batch)d") % {"about": about, "batch": details["batch"]}
    return f"{about}: {said or _unmoved(details['known'])}"


def _unmoved(known: int) -> str:
    """What to say where the queue stays as it was: a policy may still make what was known wait for somebody."""
    if not known:
        return _("nothing changed in the queue")
    words = (
        ngettext("%(n)s item more is known", "%(n)s items more are known", known)
        if known > 0
        else ngettext("%(n)s item is known no more", "%(n)s items are known no more", -known)
    )
    return _("%(known)s, nothing changed in the queue") % {"known": words % {"n": digits(abs(known))}}


def _names(case: Case, told: list[Told]) -> dict[str, str]:
    """What the lines name: batches by subject, people by user name."""
    batches = [UUID(event.subject.partition(":")[2]) for event, _body in told if event.subject.startswith("batch:")]
    people = {body["details"]["user"] for _event, body in told if "user" in body["details"]}
    numbers = Batch.objects.filter(case=case, public_id__in=batches).values_list("public_id", "number")
    named = User.objects.filter(agency=case.agency_id, username__in=people).values_list("username", "name")
    return {f"batch:{public_id}": str(number) for public_id, number in numbers} | dict(named)
