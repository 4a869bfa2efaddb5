"""How far an ingest is, from running counts only: nothing here counts rows."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.utils.translation import ngettext

from cases import figures, ladder, seal_words, verify_jobs
from cases.days import counts
from cases.ingest import pacing
from cases.models import Case, Exhibit, Item, Tally
from workbench.models import Job
from workbench.words import digits

S = Exhibit.State
LIVE = (S.WAITING, S.LISTING, S.RUNNING, S.PAUSED, S.REMOVING)
ENDED = (S.STOPPED, S.CANCELLED, S.REMOVING, S.REMOVED)  # their reason is a sentence
HELD = {
    "person": "",
    "space": noop("The disk is full. It goes on by itself when there is room."),
    "store": noop("The evidence store cannot be reached. It goes on by itself when it is back."),
    "source": noop("The evidence cannot be reached. It goes on by itself when it is back."),
    "jail": noop("Archives cannot be opened safely on this machine. It goes on when they can."),
}
UPLOADING = noop("Its files are being uploaded. If that was cut off, go on with it under Add evidence.")
MINUTE, HOUR = 60, 3600  # seconds
MEGABYTE = 1e6
CHANGES = {"added": noop("%(n)s added"), "removed": noop("%(n)s removed"), "changed": noop("%(n)s changed")}


def fields(exhibit: Exhibit) -> dict[str, int]:
    """The figures of `manage.py ingest --json`. One query."""
    tally = Tally.objects.filter(exhibit=exhibit).exclude(state=Item.State.EXCLUDED)
    sums = tally.aggregate(items=Sum("items", default=0), known=Sum("known", default=0))
    return {
        "seen": exhibit.seen,
        "accepted": exhibit.accepted,
        "without_preview": exhibit.without_preview,
        "rejected": exhibit.rejected,
        "pending": exhibit.pending + exhibit.hashed,
        "known": sums["known"],
        "unmatched": sums["items"] - sums["known"],
    }


def of(case: Case) -> dict[str, Any]:
    """What the case page asks for every two seconds: its fields, from counts. Six queries at most."""
    every = list(Exhibit.objects.filter(case=case))
    exhibits = [exhibit for exhibit in every if exhibit.removed_at is None]
    tally = Tally.objects.filter(case=case).exclude(exhibit=None).exclude(state=Item.State.EXCLUDED)
    unmatched = dict(tally.values_list("exhibit_id").annotate(n=Sum(F("items") - F("known"))))
    numbers = figures.of(case)
    steps = ladder.steps(numbers, figures.by_state(case), exhibits, counts.of(case))
    told = {f"ladder-{name.replace('_', '-')}": text for name, text in steps.items()}
    now, orders = timezone.now(), verify_jobs.latest(exhibits)
    for exhibit in every:
        told |= _exhibit(exhibit, unmatched.get(exhibit.pk, 0), now)
        told[f"exhibit-{exhibit.public_id}-seal"] = seal_words.said(exhibit, orders.get(str(exhibit.public_id)))[0]
    done = not is_live(exhibits, orders)
    return {"fields": told, "say": _said(exhibits), "done": done, "reload": done}


def is_live(exhibits: Iterable[Exhibit], orders: Mapping[str, Job]) -> bool:
    """Whether an ingest or a verification is under way."""
    at_work = any(exhibit.state in LIVE for exhibit in exhibits)
    return at_work or any(job.state in Job.LIVE for job in orders.values())


def _exhibit(exhibit: Exhibit, unmatched: int, now: datetime) -> dict[str, Any]:
    key = f"exhibit-{exhibit.public_id}"
    return {
        f"{key}-files": digits(exhibit.seen),
        f"{key}-phase": phase(exhibit, now),
        f"{key}-why": why(exhibit),
        f"{key}-bar": share(exhibit),
        f"{key}-unmatched": digits(unmatched),
        f"{key}-problems": digits(exhibit.problems),
        f"{key}-state": exhibit.get_state_display(),
    }


def share(exhibit: Exhibit) -> int:
    """Percent of the files seen that have their outcome."""
    return 100 * pacing.done(exhibit) // exhibit.seen if exhibit.seen else 0


def phase(exhibit: Exhibit, now: datetime) -> str:
    """What is going on, in a few words: `previews, 12 files/s, 9.1 MB/s, 3 min left`. Empty where nothing is."""
    if exhibit.state == S.REMOVING:
        return _("being removed")
    if exhibit.state not in (S.LISTING, S.RUNNING):
        return ""
    if exhibit.started_at is None:
        return _("waits for its turn")
    words = [_work(exhibit)]
    if rate := pacing.rate(exhibit, now):
        words.append(
            _("%(n)s files/s") % {"n": digits(round(rate.files))}
            if rate.files >= 1
            else _("%(n)s files/min") % {"n": digits(round(rate.files * MINUTE))}
        )
        words.append(f"{digits(rate.bytes / MEGABYTE, 1)} MB/s")
        left = pacing.seconds_left(exhibit) if exhibit.state == S.RUNNING else None
        if left is not None:
            words.append(_("%(duration)s left") % {"duration": _duration(left)})
    return ", ".join(words)


def _work(exhibit: Exhibit) -> str:
    if exhibit.state == S.LISTING:
        return _("listing")
    return _("hashing, matching") if exhibit.pending else _("previews")


def why(exhibit: Exhibit) -> str:
    """Why an ingest does not go on, and what changed on its source, in sentences; empty where all is well."""
    return " ".join(filter(None, [_held(exhibit), _changed(exhibit)]))


def _held(exhibit: Exhibit) -> str:
    """Empty where it goes on, or where a person paused it."""
    if exhibit.state == S.WAITING:
        return _(UPLOADING)
    if exhibit.state == S.PAUSED:
        return _said_again(HELD.get(exhibit.state_reason, exhibit.state_reason))
    return _said_again(exhibit.state_reason) if exhibit.state in ENDED else ""


def _said_again(reason: str) -> str:
    """What the worker wrote down in English; only a sentence without names can be translated (decision 0018)."""
    return _(reason) if reason else ""


def _changed(exhibit: Exhibit) -> str:
    told = exhibit.source_changes
    if exhibit.state == S.REMOVED or not any(told.get(name) for name in CHANGES):
        return ""
    numbers = ", ".join(_(CHANGES[name]) % {"n": digits(told[name])} for name in CHANGES)
    return _("On the source since it was listed: %(numbers)s. Nothing of it was read again.") % {"numbers": numbers}


def _duration(seconds: float) -> str:
    if seconds < MINUTE:
        return _("%(n)s s") % {"n": max(1, round(seconds))}
    if seconds >= HOUR:
        return _("%(n)s h") % {"n": digits(seconds / HOUR, 1)}
    return _("%(n)s min") % {"n": round(seconds / MINUTE)}


def _said(exhibits: list[Exhibit]) -> str:
    """What ended last, for the live region."""
    ended = sorted((exhibit.ended_at, exhibit.pk, exhibit) for exhibit in exhibits if exhibit.ended_at)
    if not ended:
        return ""
    last = ended[-1][2]
    files = ngettext("%(n)s file", "%(n)s files", last.seen) % {"n": digits(last.seen)}
    state = S(last.state).label  # as the table beside it says it: in German a noun keeps its capital
    return _("%(exhibit)s: %(state)s, %(files)s") % {"exhibit": last, "state": state, "files": files}
