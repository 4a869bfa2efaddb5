"""How many entries a set has for a reader: exact up to a million, an estimate above (sharing.md section 4)."""

from django.db import connection

from hashsets import feed_pages
from hashsets.feed_pages import EVERYTHING, Wanted
from hashsets.models import Generation, HashSet

EXACT_UP_TO = 1_000_000  # entries
SAMPLE = 10_000  # entries; their ids are random, so the first of them are as good as any
COUNT = """
SELECT count(*) FROM (
  SELECT DISTINCT ON (public_id) seq, at, deleted, public_id, entry FROM hashsets_change
  WHERE set_id = %(set)s AND seq <= %(snapshot)s ORDER BY public_id, seq DESC
) c JOIN hashsets_entry e ON e.set_id = %(set)s AND e.id = c.entry WHERE NOT c.deleted AND {where}
"""


def of_sets(sets: list[HashSet]) -> dict[int, int]:
    """Entries of the numbered version of each set, by the set's id. One query."""
    numbered = {one.pk: one.feed.numbered for one in sets if hasattr(one, "feed")}
    rows = Generation.objects.filter(set__in=list(numbered)).values_list("set", "number", "entries")
    found = {(set_id, number): entries for set_id, number, entries in rows}
    return {set_id: found.get((set_id, number), 0) for set_id, number in numbered.items()}


def of_media(hash_set: HashSet, *, snapshot: int, wanted: Wanted) -> tuple[int, bool]:
    """How many entries a reader's filter lets through, and whether that is an estimate."""
    entries = of_sets([hash_set]).get(hash_set.pk, 0)
    estimate = entries > EXACT_UP_TO
    if wanted == EVERYTHING:
        return entries, estimate
    if not estimate:
        with connection.cursor() as cursor:
            values = {"set": hash_set.pk, "snapshot": snapshot} | (wanted.values or {})
            cursor.execute(COUNT.format(where=f"({wanted.sql})"), values)
            return int(cursor.fetchone()[0]), False
    page = feed_pages.baseline(hash_set, snapshot=snapshot, limit=SAMPLE, wanted=wanted)
    return round(len(page.steps) / SAMPLE * entries), True
