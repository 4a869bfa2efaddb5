"""The dashboard as rows for a CSV file: the figures as they are seen, nothing more."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import transaction

from cases import events
from cases.days.dashboard import Dashboard
from cases.second.agreement import OfCategory
from hashsets.exchange.csv_text import cell
from workbench import audit
from workbench.models import User

BOM = "\ufeff"  # so that spreadsheets take it for UTF-8
COLUMNS = ("part", "name", "figure", "value")
Pairs = dict[tuple[str, str], int]
Row = tuple[str, str, str, Any]


@transaction.atomic
def write(found: Dashboard, lines: Sequence[OfCategory], met: Pairs, *, by: User, days: int, scheme: str) -> bytes:
    """The file; that it was taken is an event."""
    audit.record(events.REPORT_EXPORTED, by=by, on=by.agency, days=days, scheme=scheme, cases=found.cases)
    out = io.StringIO(newline="")
    out.write(BOM)
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in (*_now(found), *_days(found), *_agreement(lines), *_matrix(met)):
        writer.writerow(cell(_text(value)) for value in row)
    return out.getvalue().encode()


def _text(value: Any) -> str:
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)


def _now(found: Dashboard) -> Iterator[Row]:
    """Figures of the open cases; the names are those of docs/figures.md."""
    backlog, published = found.backlog, found.published
    yield "now", "open cases", "cases", found.cases
    yield "now", "open cases", "unique", found.unique
    yield "now", "open cases", "known", found.known
    yield "now", "open cases", "never shown, percent", found.never_shown
    yield "now", "open cases", "views left", backlog.left
    yield "now", "open cases", "hours left", found.hours
    yield "now", "open cases", "views per decided file", found.views_per_file
    yield "now", "open cases", "oldest unit since", found.oldest.since.isoformat() if found.oldest else None
    ends = backlog.ahead or (None, None, None)
    for name, ahead in zip(("early", "middle", "late"), ends, strict=True):
        yield "now", "open cases", f"done, {name}", backlog.date_of(ahead)
    yield "period", "all cases", "published", published.in_period
    yield "period", "all cases", "decision to published, median hours", _hours(published.median)
    yield "period", "all cases", "matched elsewhere", published.elsewhere


def _hours(took: Any) -> float | None:
    return took.total_seconds() / 3600 if took is not None else None


def _days(found: Dashboard) -> Iterator[Row]:
    left = {day.day: day.left for day in found.backlog.days}
    for day in found.period:
        for name in ("files", "viewed", "veiled", "followed"):
            yield "day", day.day.isoformat(), name, getattr(day, name)
        yield "day", day.day.isoformat(), "views left", left.get(day.day)


def _agreement(lines: Sequence[OfCategory]) -> Iterator[Row]:
    """Of too few pairs only their number is told."""
    for line in lines:
        name = line.category.code if line.category else "all"
        yield "agreement", name, "pairs", line.pairs
        yield "agreement", name, "kappa", line.kappa.value if line.kappa else None
        yield "agreement", name, "kappa, low", line.kappa.low if line.kappa else None
        yield "agreement", name, "kappa, high", line.kappa.high if line.kappa else None


def _matrix(met: Pairs) -> Iterator[Row]:
    for (first, second), number in sorted(met.items()):
        yield "first and second", first, second, number
