"""How far an ingest is, from running counts only: nothing here counts rows."""

from django.db.models import Sum

from cases.models import Exhibit, Item, Tally


def fields(exhibit: Exhibit) -> dict[str, int]:
    """The figures of `manage.py ingest --json`."""
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
