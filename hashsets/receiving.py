"""A record of another organisation as a set keeps it, or why it cannot be kept. PURE.

What is unknown to us is left out and not refused: other hash kinds, other flags, a level of trust we have no word for.
"""

from typing import Any

from hashsets import kinds, wire
from hashsets.exchange.cleaning import clean
from hashsets.exchange.vics_values import photodna
from hashsets.kinds import BadHash, EmptyFileHash
from hashsets.trust import MINIMA, Trust
from workbench.perceptual import PDQ_MIN_QUALITY
from workbench.words import noop

LONGEST_CODE = 40  # characters of a category
LONGEST_TEXT = 200  # characters of a name of a series, of a media type
MOST_SERIES = 50
MOST_VOTES = 1_000_000  # organisations
LARGEST = 2**63 - 1  # bytes of a file, and numbers of a sequence


class Unsound(ValueError):
    """The record cannot be kept; the text says why, marked for translation."""


def kept(record: wire.Media | wire.Removed) -> dict[str, Any] | None:
    """What a set keeps of a record: digests in lower-case hex, `size`, `code`, `scheme`, `trust`, `flags`, `raw`.

    None: the entry left. Raises Unsound.
    """
    if not 0 < record.seq <= LARGEST:
        raise Unsound(noop("Its sequence number is none."))
    if isinstance(record, wire.Removed):
        return None
    if len(record.category) > LONGEST_CODE or len(record.scheme) > LONGEST_CODE * 2:
        raise Unsound(noop("Its category or scheme is too long."))
    return {
        **_digests(record),
        "size": _size(record.media_size),
        "code": clean(record.category),
        "scheme": clean(record.scheme),
        "trust": _trust(record.trust),
        "flags": _flags(record),
        "raw": _raw(record),
    }


def _digests(record: wire.Media) -> dict[str, str]:
    given = {"md5": record.md5, "sha1": record.sha1, "sha256": record.sha256}
    try:
        found = {name: kinds.DIGESTS[name].parse(text).hex() for name, text in given.items() if text}
    except EmptyFileHash:
        raise Unsound(noop("It is the digest of a file of zero bytes.")) from None
    except BadHash:
        raise Unsound(noop("One of its digests is not whole.")) from None
    if not found:
        raise Unsound(noop("It has no digest."))
    return found


def _size(size: int | None) -> int | None:
    if size is not None and not 0 < size <= LARGEST:
        raise Unsound(noop("Its size is not one of a file."))
    return size


def _trust(said: str) -> str:
    """An entry taken back never acts, nor one of which it is said in a word that means nothing here."""
    if said in (Trust.DISPUTED, Trust.RETRACTED):
        return str(Trust.DISPUTED)
    return said if said in MINIMA else str(Trust.UNKNOWN)


def _flags(record: wire.Media) -> dict[str, bool]:
    """Only those that were said."""
    said = {name: getattr(record, name, None) for name in wire.FLAGS.values()}
    return {name: value for name, value in said.items() if value is not None}


def _raw(record: wire.Media) -> dict[str, Any]:
    """What has no column of its own."""
    raw: dict[str, Any] = {
        "votes": min(max(record.votes, 0), MOST_VOTES),
        "spread": min(max(record.category_spread, 0), MOST_VOTES),
        "date_updated": record.date_updated.isoformat(),
    }
    if record.mime_type:
        raw["mime_type"] = clean(record.mime_type)[:LONGEST_TEXT]
    if isinstance(record, wire.FullMedia) and record.series:
        raw["series"] = [clean(name)[:LONGEST_TEXT] for name in record.series[:MOST_SERIES]]
    for other in record.alternative_hashes:
        _take(other, raw)
    return raw


def pdq(other: wire.AlternativeHash) -> bytes | None:
    """The PDQ among the other kinds; None for another kind, for what is none, and for one that says too little."""
    if other.hash_name != wire.HASH_NAMES["pdq"] or (other.quality is not None and other.quality < PDQ_MIN_QUALITY):
        return None
    try:
        return kinds.BY_ID["pdq"].parse(other.hash_value)
    except BadHash:
        return None


def _take(other: wire.AlternativeHash, raw: dict[str, Any]) -> None:
    """Keep a hash of a kind we know, if it is one and says something."""
    try:
        if found := pdq(other):
            raw["hashes"] = {"pdq": found.hex()}
        elif other.hash_name == wire.HASH_NAMES["photodna"]:
            raw["photodna"] = photodna(other.hash_value)
    except (BadHash, ValueError):
        return
