"""Judges entries again from all their votes, to see that what is stored is what they amount to."""

from collections.abc import Iterator

from django.db import connection

from hashsets import entries, entry_rows, votes
from hashsets.entry_rows import Key
from hashsets.models import HashSet, Vote

AT_ONCE = 5_000  # entries
# The entries of a set that somebody voted on, in the order of their identity.
VOTED = """
SELECT DISTINCT ident, twin FROM hashsets_vote
WHERE set_id = %s AND (ident, twin) > (%s, %s) ORDER BY ident, twin LIMIT %s
"""


def wrong() -> Iterator[str]:
    """Yield a sentence for each entry in force whose verdict does not follow from its votes; mirrors' are not ours."""
    voted = Vote.objects.values("set")
    for hash_set in HashSet.objects.filter(owner__is_local=True, pk__in=voted).select_related("owner").order_by("pk"):
        after = Key(b"", -1)
        while keys := _voted(hash_set, after):
            yield from _of(hash_set, keys)
            after = keys[-1]


def _voted(hash_set: HashSet, after: Key) -> list[Key]:
    with connection.cursor() as cursor:
        cursor.execute(VOTED, [hash_set.pk, after.ident, after.twin, AT_ONCE])
        return [Key(bytes(ident), twin) for ident, twin in cursor.fetchall()]


def _of(hash_set: HashSet, keys: list[Key]) -> Iterator[str]:
    found = entry_rows.latest(hash_set, [key.ident for key in keys])
    said = entries.pooled(hash_set, found, [key for key in keys if key in found])
    for key in keys:
        held = found.get(key)
        version, of = held if held and held.in_force else None, said.get(key, votes.NOTHING)
        if version is None and not of.stands:
            continue
        if version is not None and not of.stands and not version.listed:
            continue  # imported after the last opinion on it was taken back
        judged = votes.judge(hash_set, version, of) if version else None
        if version is None or judged is None or not judged.same_as(version):
            yield f"entry {key.ident.hex()} of set {hash_set.name} is {_told(version)}, its votes say {_told(judged)}"


def _told(version: entry_rows.Version | None) -> str:
    if version is None:
        return "not there"
    return f"{version.trust} {version.code!r} by {version.raw.get('votes', 0)}"
