"""Figures of days in words and as drawings: what the case page and the dashboard show of a burn-down. No queries."""

from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import charts
from cases.days.burndown import Burndown, Day, Silence
from cases.days.forecast import FURTHEST, LEAST_DAYS
from workbench.words import digits

SHORT = "MONTH_DAY_FORMAT"
MONTH = 28  # days
PARTS = ("100", "60", "30")  # per cent of the accent in a part of a day's bar: unveiled, veiled, followed


def burndown(found: Burndown, due: date | None) -> dict[str, Any]:
    """What components/burndown.html shows: the line, its table, and sentences about when it ends."""
    ahead = found.ahead if found.left else None
    until = due and ((due - found.today).days, _("due %(day)s") % {"day": date_format(due, SHORT)})
    late = found.date_of(ahead.late) if ahead else None
    return {
        "line": charts.line(
            found.levels,
            first=date_format(found.first, SHORT),
            now=_("today"),
            ahead=charts.Ahead(*ahead) if ahead else None,
            due=until or None,
            last=date_format(late, SHORT) if late else "",
        ),
        "text": _described(found),
        "rows": [day for day in reversed(found.days) if day.left is not None],
        "sentence": _sentence(found),
        "pill": _against_due(found, due),
        "left": found.left,
    }


def _described(found: Burndown) -> str:
    """The drawing in words."""
    levels = found.levels
    return _("Views left: %(first)s on %(day)s, %(now)s today.") % {
        "first": digits(levels[0] if levels else 0),
        "day": date_format(found.first, SHORT),
        "now": digits(found.left),
    }


def _sentence(found: Burndown) -> str:
    """When nothing is left, as a range; or why nobody can say."""
    if not found.left:
        return _("Nothing is left to view.")
    if found.silence is Silence.ONE_PERSON:
        return _("No forecast: one person decided lately, and a pace of one is that person's own.")
    if found.ahead is None:
        return ngettext(
            "No forecast yet: it takes %d day on which something was decided.",
            "No forecast yet: it takes %d days on which something was decided.",
            LEAST_DAYS,
        ) % LEAST_DAYS  # fmt: skip
    middle, early, late = (found.date_of(n) for n in (found.ahead.middle, found.ahead.early, found.ahead.late))
    if middle is None or early is None:
        return _("At the pace of the last weeks not within %(n)s days.") % {"n": digits(FURTHEST)}
    told = {"middle": date_format(middle, SHORT), "early": date_format(early, SHORT)}
    if late is None:
        return _("Done about %(middle)s at the pace of the last weeks; 80 %% range %(early)s to over a year.") % told
    told["late"] = date_format(late, SHORT)
    return _("Done about %(middle)s at the pace of the last weeks; 80 %% range %(early)s – %(late)s.") % told


def _against_due(found: Burndown, due: date | None) -> tuple[str, str] | None:
    """How the range lies to the due date, and the kind of its pill."""
    if due is None or found.ahead is None or not found.left:
        return None
    early, late = found.date_of(found.ahead.early), found.date_of(found.ahead.late)
    if late is not None and late <= due:
        return _("in time"), "ok"
    if early is not None and early <= due:
        return _("may be late"), "warn"
    return _("late"), "bad"


def decided(days: list[Day]) -> dict[str, Any]:
    """What the dashboard shows of files decided a day: bars in three parts, and their table."""
    name = "j" if len(days) <= MONTH else SHORT  # within a month the day is enough
    named = [(date_format(day.day, name), (day.viewed, day.veiled, day.followed)) for day in days]
    return {"bars": charts.bars(named, PARTS), "rows": list(reversed(days)), "text": _bars_described(days)}


def _bars_described(days: list[Day]) -> str:
    looks, followed = sum(day.looks for day in days), sum(day.followed for day in days)
    return ngettext(
        "In %(n)s days %(looks)s file was decided by a look, %(followed)s followed.",
        "In %(n)s days %(looks)s files were decided by a look, %(followed)s followed.",
        looks,
    ) % {"n": digits(len(days)), "looks": digits(looks), "followed": digits(followed)}  # fmt: skip
