"""An entry as it travels between organisations (sharing.md sections 3 and 4; docs/protocol.md). PURE.

Names follow VICS. `flags` and `Series` go to readers with the law-enforcement scope only; comments, names, paths
and pictures have no field, so they cannot leave.
"""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

LAW_ENFORCEMENT = "law-enforcement"  # the scope of who may read and give flags and Series
FLAGS = {  # on the wire -> in a set
    "VictimIdentified": "victim_identified",
    "OffenderIdentified": "offender_identified",
    "IsDistributed": "is_distributed",
}
HASH_NAMES = {"pdq": "PDQ", "photodna": "PhotoDNA"}  # in a set -> on the wire; kinds not named here do not travel


class AlternativeHash(msgspec.Struct, rename="pascal"):
    """A hash of another kind than a digest: PDQ in hex, PhotoDNA as it came."""

    hash_name: str
    hash_value: str
    quality: int | None = None


class Media(msgspec.Struct, rename="pascal", kw_only=True):
    """An entry in force, for every member. Digests are upper-case hex; `media_size` is bytes."""

    entry_id: UUID = msgspec.field(name="EntryID")
    seq: int
    md5: str | None = msgspec.field(name="MD5", default=None)
    sha1: str | None = msgspec.field(name="SHA1", default=None)
    sha256: str | None = msgspec.field(name="SHA256", default=None)
    media_size: int | None = None
    mime_type: str | None = None
    scheme: str
    category: str
    trust: str
    votes: int
    category_spread: int = 1
    date_updated: datetime
    alternative_hashes: list[AlternativeHash] = []


class FullMedia(Media, kw_only=True):
    """The same for readers with the law-enforcement scope. A flag that is None was not said, which is not False."""

    victim_identified: bool | None = None
    offender_identified: bool | None = None
    is_distributed: bool | None = None
    series: list[str] = []


class Removed(msgspec.Struct, rename="pascal", kw_only=True):
    """That an entry left: `reason` "deleted", or "changed" where it is only out of the reader's filter or rights."""

    entry_id: UUID = msgspec.field(name="EntryID")
    seq: int
    reason: str = msgspec.field(name="reason", default="deleted")


class Opinion(msgspec.Struct, rename="pascal", kw_only=True, omit_defaults=True):
    """What an organisation says of a file, named by its digests; requests and packages add what is their own."""

    md5: str | None = msgspec.field(name="MD5", default=None)
    sha1: str | None = msgspec.field(name="SHA1", default=None)
    sha256: str | None = msgspec.field(name="SHA256", default=None)
    media_size: int | None = None
    mime_type: str | None = None
    scheme: str | None = None
    category: str = ""
    basis: str = ""
    decided_at: str | None = None
    victim_identified: bool | None = None
    offender_identified: bool | None = None
    is_distributed: bool | None = None
    alternative_hashes: list[AlternativeHash] = []


class Odd(NamedTuple):
    """What stands where a record should and is none: its own words, and why."""

    words: str
    reason: str


def digest(value: bytes | None) -> str | None:
    """Upper-case hex, as VICS has it."""
    return bytes(value).hex().upper() if value is not None else None


def other_hashes(raw: dict[str, Any]) -> list[AlternativeHash]:
    """What a set keeps of other kinds, in the order of `HASH_NAMES`."""
    held = {**raw.get("hashes", {}), "photodna": raw.get("photodna")}
    return [AlternativeHash(name, held[kind]) for kind, name in HASH_NAMES.items() if held.get(kind)]
