"""One opinion as an organisation sends it, and the entry it speaks of, or why it cannot be taken (sharing.md 4)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hashsets import kinds, receiving, trust, wire
from hashsets.entries import NewEntry
from hashsets.kinds import BadHash, EmptyFileHash
from hashsets.models import Category, HashSet, Scheme

BAD_HASH, ZERO_LENGTH, UNKNOWN_SCHEME = "bad-hash", "zero-length", "unknown-scheme"
UNMAPPED, CLASH, REFUSED, BAD_ITEM = "unmapped-category", "known-good-clash", "not-allowed", "bad-item"
MIME = re.compile(r"[a-z]{1,20}/[A-Za-z0-9.+-]{1,79}")
BASIS = re.compile(r"[a-z][a-z-]{0,19}")
LARGEST = 2**63 - 1  # bytes of a file


@dataclass(frozen=True, slots=True)
class Item:
    """One opinion as it came, not yet believed. `scheme` "": the set's own. `size` is bytes."""

    md5: str = ""
    sha1: str = ""
    sha256: str = ""
    size: int | None = None
    mime: str = ""
    scheme: str = ""
    code: str = ""
    basis: str = trust.VIEWED
    flags: Mapping[str, bool] | None = None
    pdq: bytes | None = None
    unreadable: bool = False  # its fields were not what they should be


UNREADABLE = Item(unreadable=True)


def item_of(opinion: wire.Opinion, *, full: bool) -> Item:
    """An opinion as it travelled; `full`: its flags too, of a sender who may give them."""
    said = {name: getattr(opinion, name) for name in wire.FLAGS.values()} if full else {}
    return Item(
        md5=opinion.md5 or "",
        sha1=opinion.sha1 or "",
        sha256=opinion.sha256 or "",
        size=opinion.media_size,
        mime=opinion.mime_type or "",
        scheme=opinion.scheme or "",
        code=opinion.category,
        basis=opinion.basis,
        flags={name: value for name, value in said.items() if value is not None},
        pdq=next(filter(None, map(receiving.pdq, opinion.alternative_hashes)), None),
    )


class Refused(Exception):
    """Why one item is not taken: its word."""


def row_of(of: HashSet, item: Item, schemes: Mapping[str, Scheme], codes: Mapping[str, bool]) -> NewEntry:
    """The entry an item speaks of. Raises Refused with the reason."""
    if item.unreadable or not BASIS.fullmatch(item.basis):
        raise Refused(BAD_ITEM)
    digests = {
        name: _digest(name, text) for name, text in (("md5", item.md5), ("sha1", item.sha1), ("sha256", item.sha256))
    }
    if item.size == 0:
        raise Refused(ZERO_LENGTH)
    if not any(digests.values()):
        raise Refused(BAD_HASH)
    if item.size is not None and not 0 < item.size <= LARGEST:
        raise Refused(BAD_ITEM)
    code = _code(of, item, schemes)
    if code not in codes:
        raise Refused(UNMAPPED)
    if not codes[code]:
        raise Refused(REFUSED)
    mime = item.mime if MIME.fullmatch(item.mime) else ""
    return NewEntry(**digests, size=item.size, code=code, flags=dict(item.flags or {}), pdq=item.pdq, mime=mime)


def _digest(name: str, text: str) -> bytes | None:
    try:
        return kinds.DIGESTS[name].parse(text) if text else None
    except EmptyFileHash:
        raise Refused(ZERO_LENGTH) from None
    except BadHash:
        raise Refused(BAD_HASH) from None


def _code(of: HashSet, item: Item, schemes: Mapping[str, Scheme]) -> str:
    """The item's category in the set's own scheme."""
    if item.scheme in {"", of.scheme.scheme_id}:
        return item.code
    if (theirs := schemes.get(item.scheme)) is None:
        raise Refused(UNKNOWN_SCHEME)
    found = [one["codes"].get(item.code) for one in theirs.mappings if one.get("to") == of.scheme.scheme_id]
    if not found or found[0] is None:
        raise Refused(UNMAPPED)
    return str(found[0])


def schemes_of(of: HashSet, items: Iterable[Item]) -> dict[str, Scheme]:
    """Other schemes the items name, the newest version of each. One query, none where all speak the set's."""
    names = {item.scheme for item in items} - {"", of.scheme.scheme_id}
    rows = Scheme.objects.of_agencies([of.owner_id]).filter(scheme_id__in=[name for name in names if "\0" not in name])
    return {row.scheme_id: row for row in rows.order_by("version")} if names else {}


def codes_of(of: HashSet) -> dict[str, bool]:
    """Codes of the set's scheme, and whether they may be published."""
    return dict(Category.objects.filter(scheme=of.scheme).values_list("code", "publishable"))
