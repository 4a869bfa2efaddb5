"""The panels of My work. Each asks for what it shows by itself: where one fails, the others stand."""

import logging
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from cases import budgets, drop, figures, overview, shown, stages, waits
from cases.care import outcomes, rules, state
from cases.care.views import own
from cases.days import counts
from cases.days.counts import Counts
from cases.figures import Figures
from cases.models import Batch, Case
from cases.second import queue
from workbench import access
from workbench.models import User
from workbench.requests import SignedRequest

log = logging.getLogger(__name__)

SHOWN = 8  # cases
LOOKED_AT = 50  # open cases, the earliest due first, for what waits in them

# When something last happened in each case.
CHANGED = """
SELECT c.id, e.at FROM unnest(%(ids)s::bigint[], %(cases)s::uuid[]) AS c(id, public_id) CROSS JOIN LATERAL (
  SELECT at FROM workbench_auditevent WHERE log_id = (SELECT id FROM workbench_auditlog WHERE agency_id = %(agency)s)
    AND "case" = c.public_id ORDER BY seq DESC LIMIT 1) e
"""

Context = dict[str, Any]


def stopped(request: SignedRequest) -> Context:
    """The batch that the person stopped in."""
    found = overview.open_batch(request.user)
    if found is None:
        return {}
    batch = found.batch
    return {
        "continue_batch": {
            "url": reverse("cases:batch", args=[batch.public_id]),
            "case": batch.case,
            "number": batch.number,
            "second": batch.kind == Batch.Kind.SECOND,
            "place": found.place,
            "size": found.size,
            "left": found.left,
            "minutes": found.minutes,
            "veils": found.items,
        }
    }


def queues(request: SignedRequest) -> Context:
    """What the person may review, by due date: new items, then second views; one key takes up the first.

    Nothing for whose role reviews nothing: his cases are below, and what he may do waits beside them.
    """
    user = request.user
    if not access.has(user, "batch.claim"):
        return {}
    cases = _cases(user, SHOWN)
    numbers, days = figures.of_each(cases), counts.now(cases)
    second = queue.waiting(cases, user)
    first = [_queue(case, numbers[case.pk], days[case.pk]) for case in cases if numbers[case.pk].left]
    return {
        "queues": first + [_second(case, second[case.pk]) for case in cases if second.get(case.pk)],
        "may_claim": True,
        "has_batch": overview.has_open_batch(user),
    }


def _queue(case: Case, numbers: Figures, days: Counts) -> Context:
    due, kind = shown.due(case, timezone.localdate())
    return {"case": case, "left": numbers.left, "views": days.views_left, "percent": shown.done_percent(numbers),
            "due_text": due, "due_kind": kind, "second": False}  # fmt: skip


def _second(case: Case, number: int) -> Context:
    due, kind = shown.due(case, timezone.localdate())
    return {"case": case, "left": number, "views": number, "due_text": due, "due_kind": kind, "second": True}


def followed(request: SignedRequest) -> Context:
    """Open cases of the person, where each stands, and when something last happened in it."""
    cases = _cases(request.user, SHOWN)
    numbers, days = figures.of_each(cases), counts.now(cases)
    of_stage, changed, now = stages.of_each(cases, numbers, days), _changed(cases, request.user), timezone.now()
    return {
        "followed": [
            {
                "case": case,
                "stage": of_stage[case.pk][0],
                "left": numbers[case.pk].left,
                "percent": shown.done_percent(numbers[case.pk]),
                "known_percent": shown.percent_text(numbers[case.pk].known, numbers[case.pk].unique),
                "pending": numbers[case.pk].pending,
                "changed": shown.age(changed[case.pk], now) if case.pk in changed else "",
            }
            for case in cases
        ]
    }


def _changed(cases: list[Case], by: User) -> dict[int, Any]:
    with connection.cursor() as cursor:
        ids, public = [case.pk for case in cases], [case.public_id for case in cases]
        cursor.execute(CHANGED, {"ids": ids, "cases": public, "agency": by.agency_id})
        return dict(cursor.fetchall())


def waiting(request: SignedRequest) -> Context:
    """What else waits: rulings, offers, proposals, problems."""
    return {"waiting": waits.of(request.user, _cases(request.user, LOOKED_AT))}


def dropped(request: SignedRequest) -> Context:
    """What lies in the drop folder for no case, for the supervisors of the agency it belongs to."""
    user = request.user
    theirs = access.has(user, "drop.view") and drop.is_of(user)
    return {"dropped": shown.dropped(drop.refused(None)) if theirs else []}


def alarms(request: SignedRequest) -> Context:
    """Who came to the end of a budget since yesterday, for those who must know at once."""
    user = request.user
    found = budgets.alarms(user.agency, 24) if access.has(user, "budget.alarms") else []
    return {"alarms": budgets.shown(found)}


def viewing(request: SignedRequest) -> Context:
    """The person's own viewing today, of those who review; nobody else's figures are on this page."""
    user = request.user
    if not access.has(user, "care.own"):
        return {}
    return {"viewing": own.today_of(user, state.of(user)), "shared": rules.of_person(user).shared}


def came_of_it(request: SignedRequest) -> Context:
    """What came of the person's work, unless he hides it."""
    return {"outcomes": outcomes.of(request.user) if rules.of_person(request.user).outcomes else []}


def _cases(user: User, most: int) -> list[Case]:
    found = Case.objects.for_actor(user).filter(state=Case.State.OPEN).select_related("lead", "scheme")
    return list(found.order_by(F("due").asc(nulls_last=True), "-pk")[:most])


MAIN: dict[str, Callable[[SignedRequest], Context]] = {
    "alarms": alarms,
    "stopped": stopped,
    "queues": queues,
    "followed": followed,
}
SIDE: dict[str, Callable[[SignedRequest], Context]] = {
    "waiting": waiting,
    "dropped": dropped,
    "viewing": viewing,
    "outcomes": came_of_it,
}


def panel(request: SignedRequest, name: str) -> str:
    """One panel as markup, empty where it has nothing to show; if it fails, that it did, with a button."""
    try:
        with transaction.atomic():  # what failed in it does not fail the next one
            return render_to_string(f"cases/panels/{name}.html", (MAIN | SIDE)[name](request), request)
    except Exception:  # whatever it was: the rest of the page is of use
        log.exception("panel %s of My work failed", name)
        return render_to_string("components/panel_failed.html", {"name": name}, request)
