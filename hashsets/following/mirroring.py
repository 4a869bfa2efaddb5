"""Stores what came from a foreign server: its records as they are there, and the set's entries made of them.

A page is in force with its checkpoint or not at all. The mirror is needed because a tombstone names a record and not a
hash, because several records may be of one file, and because pages come in no order of time: the newest news of a
record stands, whichever came first.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec
from django.db import connection, transaction

from hashsets import entries, entry_rows, events, generations, votes
from hashsets.entry_rows import Judgement, Key, Version, Written
from hashsets.following import applying
from hashsets.following.applying import Applied
from hashsets.models import Category, HashSet, Remote
from hashsets.remotes import Page
from hashsets.remotes.normal import Doc, Merged, Normal, grouped, merged, named, normal
from hashsets.trust import Trust
from workbench import audit
from workbench.models import User

AT_ONCE = 10_000  # entries of one statement
MANY = 10_000  # changed rows after which the planner's figures are refreshed

# Older news of a record than what is there changes nothing; but in a fetch of everything the server's word counts.
UPSERT = """
INSERT INTO hashsets_mirrored AS m (remote_id, key, ident, updated, round, doc)
SELECT %(remote)s, g.key, g.ident, g.updated, %(round)s, g.doc
FROM unnest(%(keys)s::text[], %(idents)s::bytea[], %(updated)s::timestamptz[], %(docs)s::jsonb[])
  AS g (key, ident, updated, doc)
ON CONFLICT (remote_id, key) DO UPDATE
SET ident = excluded.ident, updated = excluded.updated, round = excluded.round, doc = excluded.doc
WHERE m.round < excluded.round OR m.updated IS NULL OR excluded.updated IS NULL OR m.updated <= excluded.updated
"""
IDENTS = "SELECT ident FROM hashsets_mirrored WHERE remote_id = %s AND key = ANY(%s) AND ident IS NOT NULL"
DOCS = """
SELECT ident, doc::text FROM hashsets_mirrored WHERE remote_id = %s AND ident = ANY(%s) ORDER BY ident, key
"""
FORGET = "DELETE FROM hashsets_mirrored WHERE remote_id = %s AND round < %s RETURNING ident"


@transaction.atomic
def apply(remote: Remote, pages: Sequence[Page], *, by: User) -> Applied:
    """Store pages that follow each other, the set's next version if they change it, and the last one's checkpoint.

    Only the first of them may begin anew, only the last one be complete. Some 12 queries for any number of records.
    Two events where the set changes, none where not. Raises SetRetired, PullOvertaken.
    """
    locked = generations.lock(remote.set)
    applied, newest = Applied(), dict[str, Row]()
    for page in pages:
        _gather(page, remote.code, newest, applied)
    applying.move(remote, pages, applied)
    touched = _store(remote, newest)
    if pages[-1].complete:
        touched |= _forget(remote)
    written = _write(locked, remote, sorted(touched))
    applied.added, applied.ended = written.added, written.removed
    if written.added or written.removed:
        _put_in_force(locked, remote, written, applied, by=by)
    return applied


@dataclass(frozen=True, slots=True)
class Row:
    """The newest news of a record: how it is, or (`doc` None) that it is gone."""

    doc: Doc | None
    updated: datetime | None

    def is_older_than(self, other: "Row") -> bool:
        """Whether the server says that the other one came later."""
        return bool(self.updated and other.updated and self.updated < other.updated)


def _gather(page: Page, code: str, newest: dict[str, Row], applied: Applied) -> None:
    """Take a page's news in; what it says of a record that is unusable now is that it is gone.

    `code`: the category of those that name none.
    """
    applied.records += len(page.records)
    applied.removed += len(page.removed)
    for problem in page.problems:
        (applied.odd if problem.code == "bad-date" else applied.skipped)[problem.code] += 1
    said: list[tuple[str, Row]] = []
    for record in page.records:
        one = normal(record if record.code else replace(record, code=code))
        _count(one, applied)
        said.append((one.key, Row(one.doc, record.updated)))
    said += [(named(one.key), Row(None, one.updated)) for one in page.removed]
    if unnamed := sum(not named(one.key) for one in page.removed):
        applied.skipped["not-a-record"] += unnamed
    for key, row in said:
        if key and not (key in newest and row.is_older_than(newest[key])):
            newest[key] = row


def _count(one: Normal, applied: Applied) -> None:
    counts = applied.odd if one.doc else applied.skipped
    counts.update({problem.code for problem in one.problems})


def _store(remote: Remote, newest: Mapping[str, Row]) -> set[bytes]:
    """Bring the mirror up to the news; the idents that were or are touched. Two queries."""
    if not newest:
        return set()
    rows = [(key, row.doc.ident if row.doc else None, row.updated, msgspec.json.encode(row.doc or Doc()).decode())
            for key, row in newest.items()]  # fmt: skip
    keys, idents, updated, docs = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(IDENTS, [remote.pk, keys])
        before = {bytes(ident) for (ident,) in cursor.fetchall()}
        values = {"keys": keys, "idents": idents, "updated": updated, "docs": docs}
        cursor.execute(UPSERT, values | {"remote": remote.pk, "round": remote.round})
    return before | {ident for ident in idents if ident}


def _forget(remote: Remote) -> set[bytes]:
    """Drop what a fetch of everything did not name; the idents of it."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [remote.pk, remote.round])
        return {bytes(ident) for (ident,) in cursor.fetchall() if ident}


def _write(hash_set: HashSet, remote: Remote, touched: Sequence[bytes]) -> Written:
    """Store the entries of these idents as the next version has them. Three queries for each 10,000."""
    dispositions = dict(Category.objects.filter(scheme=hash_set.scheme).values_list("code", "disposition"))
    written, spoken = Written(0, 0, Counter()), votes.any_stands(hash_set)
    for start in range(0, len(touched), AT_ONCE):
        idents = touched[start : start + AT_ONCE]
        old = entry_rows.latest(hash_set, idents)
        fresh = _versions(hash_set, _docs(remote, idents), old, dispositions)
        gone = [key for key, version in old.items() if version.in_force and key not in fresh]
        if spoken:
            fresh |= _judged(hash_set, fresh, old, gone)
            gone = [key for key in gone if key not in fresh]
        more = entry_rows.write(hash_set, fresh, old, gone=gone)
        codes = Counter(written.codes)
        codes.update(more.codes)
        written = Written(written.added + more.added, written.removed + more.removed, codes)
    return written


def _judged(
    hash_set: HashSet, fresh: Mapping[Key, Version], old: Mapping[Key, Version], gone: Collection[Key]
) -> dict[Key, Version]:
    """Those of which organisations here say something: the server's word is one beside theirs, and overwrites none."""
    said = votes.said(hash_set, {*old, *fresh})
    idents = {key.ident for key, one in said.items() if one.stands}
    listed = {key: version.as_listed() for key, version in fresh.items() if key.ident in idents}
    left = {key: old[key].unlisted() for key in gone if said[key].stands}
    found = entries.judged(hash_set, listed | left, old)
    # What the server's own members dispute stays so, whatever is said here.
    return {key: one for key, one in found.items() if key not in fresh or fresh[key].trust != Trust.DISPUTED}


def _docs(remote: Remote, idents: Collection[bytes]) -> dict[bytes, list[Doc]]:
    found: dict[bytes, list[Doc]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(DOCS, [remote.pk, list(idents)])
        for ident, doc in cursor.fetchall():
            found[bytes(ident)].append(msgspec.json.decode(doc, type=Doc))
    return found


def _versions(
    hash_set: HashSet, docs: Mapping[bytes, list[Doc]], old: Mapping[Key, Version], dispositions: Mapping[str, str]
) -> dict[Key, Version]:
    """The entries that the records amount to, each under the identity it had."""
    known: dict[bytes, list[Key]] = defaultdict(list)
    for key in sorted(old, key=lambda key: (not old[key].in_force, key)):
        known[key.ident].append(key)
    fresh: dict[Key, Version] = {}
    for ident, records in docs.items():
        entries = [merged(group, dispositions) for group in grouped(records)]
        for key, one in _named(ident, entries, [(key, old[key]) for key in known[ident]]):
            fresh[key] = _version(key, one, str(hash_set.trust))
    return fresh


def _named(
    ident: bytes, entries: Sequence[Merged], known: Sequence[tuple[Key, Version]]
) -> Iterator[tuple[Key, Merged]]:
    """Each entry with the identity of the first known one that it does not contradict, else the next twin."""
    taken, top = set[Key](), max((key.twin for key, _version in known), default=-1)
    for one in entries:
        same = [key for key, version in known if key not in taken and not _contradict(version, one)]
        if not same:
            top += 1
            same = [Key(ident, top)]
        taken.add(same[0])
        yield same[0], one


def _contradict(version: Version, one: Merged) -> bool:
    return any(getattr(version, kind) not in (None, digest) for kind, digest in one.digests.items())


def _version(key: Key, one: Merged, trust: str) -> Version:
    version = Version(
        key, md5=one.digests.get("md5"), sha1=one.digests.get("sha1"), sha256=one.digests.get("sha256"), size=one.size,
        code=one.code, disposition=one.disposition, trust=trust, conflict=one.conflict, flags=one.flags, raw=one.raw,
    )  # fmt: skip
    if not one.disputed:
        return version
    # A foreign list says that members differ, not how many of them looked.
    return version.judged(Judgement(one.code, one.disposition, Trust.DISPUTED, votes=0, spread=1))


def _put_in_force(locked: HashSet, remote: Remote, written: Written, applied: Applied, *, by: User) -> None:
    """The next version with its events, last."""
    step = generations.Step(f"From {remote.place}", *written)
    generation, moved = generations.move(locked, step, by=by)
    remote.set.generation = applied.generation = generation.number
    details = {"set": locked.name, "kind": remote.kind, **applied.as_json()}
    pulled = audit.Event(events.REMOTE_PULLED, audit.subject_of(remote), details=details)
    audit.record_all([pulled, moved], by=by)
    if written.added + written.removed > MANY:
        with connection.cursor() as cursor:
            cursor.execute("SELECT hashsets_analyse(%s)", [locked.pk])
