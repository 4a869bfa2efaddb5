"""The meter and the times of care in words. No queries."""

from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cases import shown
from cases.care import charts
from cases.care.kinds import Kind
from cases.care.record import Day, Minute
from cases.care.state import MINUTE, State


def meter(now: State) -> dict[str, Any]:
    """What the top bar shows, and what the review page is told: texts, the share of the ring, the break that lasts."""
    left = now.break_left_ms
    today = _("%(time)s today") % {"time": _whole(now.today_ms)}
    if left:
        first = _("Break")
        rest = _("%(n)d min left · %(today)s") % {"n": -(-left // MINUTE), "today": today}
    else:
        first = _whole(now.since_break_ms)
        rest = _("since break · %(today)s") % {"today": today}
    share = 100 if left else min(100, 100 * now.since_break_ms // (now.break_after * MINUTE))
    return {"first": first, "rest": rest, "share": share, "break_left_ms": left, "asked": now.break_asked,
            "contact": now.contact, "after": now.break_after, "length": now.break_minutes}  # fmt: skip


def _whole(ms: int) -> str:
    """Whole minutes: nobody counts seconds in the corner of an eye."""
    return shown.minutes(ms) if ms >= MINUTE else _("%(n)s min") % {"n": 0}


def next_break(now: State) -> str:
    """`in 29 min`."""
    if now.break_left_ms:
        return _("now, %(n)d min left") % {"n": -(-now.break_left_ms // MINUTE)}
    return _("in %(n)d min") % {"n": max(0, now.break_after - now.since_break_ms // MINUTE)}


def day_line(minutes: list[Minute], now: State) -> charts.DayLine:
    """The drawing of today."""
    rows = [(one.at, one.ms, one.revealed_ms) for one in minutes]
    line = charts.day_line(rows, now.local.hour * 60 + now.local.minute)
    for row in line.rows:
        row |= {"screen": shown.minutes(row["ms"]), "unveiled": shown.minutes(row["revealed"])}
    return line


def day_rows(days: list[Day]) -> list[dict[str, Any]]:
    """The table of thirty days, newest first, without those on which there was nothing."""
    return [
        {"day": one.day, "screen": shown.minutes(one.ms), "unveiled": shown.minutes(one.revealed_ms),
         "enlarged": shown.minutes(one.enlarged_ms), "looks": one.looks,
         "breaks": one.breaks, "skipped": one.skipped}
        for one in reversed(days) if one.ms or one.looks or one.breaks or one.skipped
    ]  # fmt: skip


def kind_rows(kinds: list[Kind]) -> list[dict[str, Any]]:
    """The table of what looks were."""
    return [
        {"text": one.text, "today": shown.minutes(one.today_ms), "today_number": one.today,
         "days": shown.minutes(one.ms), "number": one.number}
        for one in kinds
    ]  # fmt: skip


def day_bars(days: list[Day], limit: int) -> charts.DayBars:
    """The drawing of thirty days."""
    return charts.day_bars([(date_format(one.day, "MONTH_DAY_FORMAT"), one.ms, one.revealed_ms) for one in days], limit)
