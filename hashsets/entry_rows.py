"""Reads and writes versions of single entries; whole files go through `importing`."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.db import connection

from hashsets import entry_hashes
from hashsets.generations import in_force
from hashsets.models import Clash, HashSet, Vote
from hashsets.placing import Digests
from hashsets.trust import DIGESTS
from workbench.errors import NotFound

COLUMNS = ("id", "public_id", "md5", "sha1", "sha256", "size", "code", "disposition", "trust", "state", "conflict")


LARGEST = 2**63 - 1  # of an id


class EntryGone(NotFound):
    """This entry is not in the set any more, or never was."""

    code = "entry-gone"


class Key(NamedTuple):
    """What identifies an entry within its set, whatever its version."""

    ident: bytes
    twin: int

    @classmethod
    def of(cls, vote: Vote | Clash) -> "Key":
        """The key a vote is on."""
        return cls(bytes(vote.ident), vote.twin)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What all opinions on an entry amount to. `votes`: organisations that looked; `spread`: different codes."""

    code: str
    disposition: str
    trust: str
    votes: int
    spread: int


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an entry: stored, or about to be (`id` 0)."""

    key: Key
    md5: bytes | None = None
    sha1: bytes | None = None
    sha256: bytes | None = None
    size: int | None = None
    code: str = ""
    disposition: str = ""
    trust: str = ""
    state: str = "published"
    conflict: bool = False
    flags: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)
    id: int = 0
    public_id: UUID = field(default_factory=uuid4)
    in_force: bool = False

    @property
    def sha256_text(self) -> str:
        """Hex, "" when it has none."""
        return self.sha256.hex() if self.sha256 else ""

    @property
    def digests(self) -> Digests:
        """What the entry is."""
        return self.md5, self.sha1, self.sha256

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of digests it has."""
        return tuple(name for name in DIGESTS if getattr(self, name))

    @property
    def listed(self) -> tuple[str, str] | None:
        """Code and disposition it was imported with, if it came with an import."""
        said = self.raw.get("listed")
        return (said[0], said[1]) if said else None

    def as_listed(self) -> "Version":
        """An imported entry somebody has an opinion on: the import's word is kept as one of them."""
        return replace(self, raw={**self.raw, "listed": [self.code, self.disposition]})

    def unlisted(self) -> "Version":
        """As it is when the list it came with names it no more."""
        return replace(self, raw={name: value for name, value in self.raw.items() if name != "listed"})

    def with_pdq(self, pdq: bytes | None) -> "Version":
        """With this PDQ, unless it has one or there is none."""
        hashes: dict[str, str] = self.raw.get("hashes", {})
        if pdq is None or "pdq" in hashes:
            return self
        return replace(self, raw={**self.raw, "hashes": {**hashes, "pdq": pdq.hex()}})

    def judged(self, by: Judgement, *, held: bool = False) -> "Version":
        """With the trust and category that the opinions amount to, and how many there are: they travel with it.

        `held`: it acts here no more than a disputed one, which nobody outside is told.
        """
        state = "disputed" if by.trust == "disputed" else "held" if held else "published"
        raw = self.raw | {"votes": by.votes, "spread": max(by.spread, 1)}
        return replace(self, code=by.code, disposition=by.disposition, trust=by.trust, state=state, raw=raw)

    def with_mime(self, mime: str) -> "Version":
        """With this media type, unless it has one or there is none."""
        return replace(self, raw={"mime_type": mime} | self.raw) if mime else self

    def filled(self, *, flags: dict[str, bool], **values: Any) -> "Version":
        """With the digests and size it lacked, and more flags."""
        missing = {name: value for name, value in values.items() if getattr(self, name) is None}
        return replace(self, flags=self.flags | flags, **missing)

    def same_as(self, other: "Version") -> bool:
        """Whether nothing that anybody can see differs."""
        blank: dict[str, Any] = {"id": 0, "in_force": False, "public_id": UUID(int=0)}
        return replace(self, **blank) == replace(other, **blank)


class Written(NamedTuple):
    """Rows stored and ended (a changed entry is one of each), and what that does to each category's number."""

    added: int
    removed: int
    codes: Counter[str]


# All that was kept of a record of table `t`: its number in the list may stand in a column of its own.
RAW_OF = "CASE WHEN {t}.media_id IS NULL THEN {t}.raw ELSE {t}.raw || jsonb_build_object('media_id', {t}.media_id) END"
RAW = RAW_OF.format(t="hashsets_entry")
# When a record of table `t` last changed, whatever form its sender gave the moment: where PostgreSQL and Python read
# the text alike, it is compared as a moment; where not, staging put the moment beside it.
_DATE = "coalesce({t}.raw ->> 'date_updated_utc', {t}.raw ->> 'date_updated')"
DATE_ALIKE = r"\d\d\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d\d?\d?\d?\d?\d?0*)?(Z|[+-]\d\d:\d\d)"
MOMENT_OF = f"""CASE WHEN {_DATE} ~ '^{DATE_ALIKE}$'
  AND pg_input_is_valid({_DATE}, 'timestamptz') THEN ({_DATE})::timestamptz::text ELSE {_DATE} END"""
# What a record says that is a change of its entry: not its number in the file; the moment is compared apart.
SAID_OF = "({t}.raw - ARRAY['media_id', 'date_updated', 'date_updated_utc'])"
LATEST = f"""
SELECT DISTINCT ON (ident, twin) ident, twin, {", ".join(COLUMNS)}, flags, {RAW},
  {in_force("%(g)s", "hashsets_entry")} AS in_force
FROM hashsets_entry WHERE set_id = %(set)s AND ident = ANY(%(idents)s) AND added_in <= %(g)s
ORDER BY ident, twin, added_in DESC
"""  # noqa: S608 only constants of this module
END = "UPDATE hashsets_entry SET removed_in = %s WHERE set_id = %s AND id = ANY(%s)"
INSERT = """
INSERT INTO hashsets_entry (set_id, added_in, ident, twin, public_id, md5, sha1, sha256, size, code, disposition,
  trust, state, conflict, flags, raw)
SELECT %s, %s, e.* FROM unnest(%s::bytea[], %s::smallint[], %s::uuid[], %s::bytea[], %s::bytea[], %s::bytea[],
  %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[], %s::jsonb[], %s::jsonb[]) AS e
"""


def latest(hash_set: HashSet, idents: Sequence[bytes]) -> dict[Key, Version]:
    """The last version of every entry with one of these idents, in force or ended. One query."""
    with connection.cursor() as cursor:
        cursor.execute(LATEST, {"set": hash_set.pk, "g": hash_set.generation, "idents": list(set(idents))})
        return {version.key: version for version in map(_read, cursor.fetchall())}


def in_force_of(hash_set: HashSet, entry_ids: Sequence[int]) -> dict[Key, Version]:
    """The versions in force of the entries that any of these ids belongs to. Two queries."""
    return {version.key: version for version in in_force_by_row(hash_set, entry_ids).values()}


def in_force_by_row(hash_set: HashSet, rows: Sequence[int]) -> dict[int, Version]:
    """The versions in force by the id of any version of their entries; those that left are absent. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, ident, twin FROM hashsets_entry WHERE set_id = %s AND id = ANY(%s)", [hash_set.pk, list(rows)]
        )
        keys = {row: Key(bytes(ident), twin) for row, ident, twin in cursor.fetchall()}
    found = latest(hash_set, [key.ident for key in keys.values()])
    return {row: found[key] for row, key in keys.items() if key in found and found[key].in_force}


def named(hash_set: HashSet, entry: UUID, row: int) -> Version:
    """The version in force of an entry, by its public id and the row of any of its versions. Raises EntryGone."""
    found = in_force_of(hash_set, [row]) if row <= LARGEST else {}
    version = next(iter(found.values()), None)
    if version is None or version.public_id != entry:
        raise EntryGone
    return version


def write(
    hash_set: HashSet, fresh: Mapping[Key, Version], old: Mapping[Key, Version], *, gone: Collection[Key] = ()
) -> Written:
    """Store what differs as the next version, end what it replaces and what is `gone`. Two queries."""
    standing = {key: version for key, version in old.items() if version.in_force}
    changed = [key for key, version in fresh.items() if key not in standing or not version.same_as(standing[key])]
    ended = [standing[key].id for key in (*changed, *gone) if key in standing]
    _insert(hash_set, [_keeping_name(fresh[key], old.get(key)) for key in changed])
    with connection.cursor() as cursor:
        cursor.execute(END, [hash_set.generation + 1, hash_set.pk, ended])
    codes = Counter(fresh[key].code for key in changed)
    codes.subtract(standing[key].code for key in (*changed, *gone) if key in standing)
    return Written(len(changed), len(ended), codes)


def _keeping_name(version: Version, old: Version | None) -> Version:
    """An entry keeps its public id over all its versions."""
    return replace(version, public_id=old.public_id) if old else version


def _insert(hash_set: HashSet, versions: Sequence[Version]) -> None:
    rows = [
        (*v.key, v.public_id, *(getattr(v, name) for name in COLUMNS[2:]), json.dumps(v.flags), json.dumps(v.raw))
        for v in versions
    ]
    if not rows:
        return
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [hash_set.pk, hash_set.generation + 1, *columns])
    if any("pdq" in version.raw.get("hashes", {}) for version in versions):
        entry_hashes.fill(hash_set, hash_set.generation + 1)


def _read(row: tuple[Any, ...]) -> Version:
    ident, twin, *stored, flags, raw, in_force = row
    values = dict(zip(COLUMNS, stored, strict=True))
    for name in ("md5", "sha1", "sha256"):
        values[name] = bytes(values[name]) if values[name] is not None else None
    return Version(Key(bytes(ident), twin), **values, flags=loaded(flags), raw=loaded(raw), in_force=in_force)


def loaded(value: Any) -> dict[str, Any]:
    """Django's connections hand jsonb over as text."""
    found: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
    return found
