"""What publishing would send of entries, before anybody signs it: their records on the wire, byte for byte.

Judged as `entries.publish` judges, nothing is written and nothing locked; who publishes meanwhile may change it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from hashsets import entries, entry_rows, feed_pages, trust, votes, wire
from hashsets.entries import NewEntry
from hashsets.entry_rows import Key, Version
from hashsets.models import HashSet, Vote

GIVEN = ("Seq", "DateUpdated")  # by the feed, when it numbers what was published
NAMED = "EntryID"  # of a new entry drawn at random as it is published
NEXT = 2**62  # an id behind all votes there are


@dataclass(frozen=True, slots=True)
class ToBeSent:
    """One entry's record in the bytes that readers with the law-enforcement scope get; others get no flags or Series.

    Without what is only given with the publication. `differs`: (name, as it is, as it would be), of an entry that is
    there already; `is_new`: it is not; `is_tombstone`: it leaves.
    """

    record: str
    is_new: bool
    differs: list[tuple[str, str, str]]
    is_tombstone: bool = False


def of(hash_set: HashSet, rows: Sequence[NewEntry], *, organisation: UUID) -> list[ToBeSent]:
    """What each of these would become in the set, in their order, each by itself. Six queries for any number."""
    meanings = entries.dispositions(hash_set, ())
    old = entry_rows.latest(hash_set, [row.ident for row in rows])
    said = votes.said(hash_set, old)
    here = entries.places(hash_set, old, said, organisation)
    families: dict[bytes, dict[Key, Version]] = defaultdict(dict)
    for key, version in old.items():
        families[key.ident][key] = version
    found = []
    for row in rows:
        key = Key(*here.of(row.digests))
        before = old.get(key) or Version(key)
        voted = said.get(key, votes.NOTHING).stands
        wanted = entries.version_of(key, row, before if before.id else None, voted=voted)
        heard = votes.pooled(hash_set, families[key.ident] | {key: wanted}, said, [key])[key]
        vote = _vote(hash_set, wanted, row, meanings.get(row.code, ""), organisation)
        judged = votes.judge(hash_set, wanted, replace(heard, votes=[*heard.votes, vote])) or wanted
        found.append(_of(hash_set, judged, before))
    return found


def without(hash_set: HashSet, rows: Sequence[int], *, organisation: UUID) -> list[ToBeSent | None]:
    """What each of these entries would become if the organisation's opinion were taken back; None: it is gone already.

    A tombstone where nobody else stands for it. `rows`: ids of any versions. Six queries for any number.
    """
    versions = entry_rows.in_force_by_row(hash_set, rows)
    old = entry_rows.latest(hash_set, [version.key.ident for version in versions.values()])
    said = entries.pooled(hash_set, old, [version.key for version in versions.values()])
    told = {row: _without(hash_set, version, said[version.key], organisation) for row, version in versions.items()}
    return [told.get(row) for row in rows]


def _without(hash_set: HashSet, version: Version, said: votes.Said, organisation: UUID) -> ToBeSent:
    for vote in said.votes:
        if vote.organisation == organisation and vote.withdrawn_after is None:
            vote.withdrawn_after = NEXT  # in memory only
    judged = votes.judge(hash_set, version, said)
    if judged is not None:
        return _told_of(_record(hash_set, judged), _record(hash_set, version))
    gone = _kept(wire.Removed(entry_id=version.public_id, seq=0))
    return ToBeSent(_bytes(gone), is_new=False, differs=[], is_tombstone=True)


def _vote(hash_set: HashSet, of: Version, row: NewEntry, disposition: str, organisation: UUID) -> Vote:
    """What the organisation's vote would be; never stored."""
    said = {"kind": row.kind, "disposition": disposition, "code": row.code, "basis": trust.VIEWED}
    return Vote(
        pk=NEXT, set=hash_set, ident=of.key.ident, twin=of.key.twin, names=list(of.kinds), organisation=organisation,
        **said,
    )  # fmt: skip


def _of(hash_set: HashSet, judged: Version, old: Version) -> ToBeSent:
    record = _record(hash_set, replace(judged, public_id=old.public_id))
    if not old.id:
        del record[NAMED]
    return _told_of(record, _record(hash_set, old) if old.in_force else {})


def _told_of(record: dict[str, Any], was: dict[str, Any]) -> ToBeSent:
    changed = [name for name in record if was and was.get(name) != record[name]]
    return ToBeSent(_bytes(record), not was, [(name, _told(was.get(name)), _told(record[name])) for name in changed])


def _bytes(record: dict[str, Any]) -> str:
    return msgspec.json.encode(record).decode()


def _record(hash_set: HashSet, version: Version) -> dict[str, Any]:
    step = feed_pages.Step(
        seq=0, at=datetime.now(UTC), deleted=False, public_id=version.public_id, md5=version.md5, sha1=version.sha1,
        sha256=version.sha256, size=version.size, code=version.code, trust=version.trust, flags=version.flags,
        raw=version.raw, wanted=True,
    )  # fmt: skip
    return _kept(feed_pages.media(step, hash_set.scheme.scheme_id, full=True))


def _kept(record: wire.Media | wire.Removed) -> dict[str, Any]:
    every: dict[str, Any] = msgspec.to_builtins(record)
    return {name: value for name, value in every.items() if name not in GIVEN}


def _told(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
