"""PURE: records of foreign servers in normal form, and what several records of one file amount to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hashsets import kinds
from hashsets.exchange.cleaning import clean, clean_json
from hashsets.exchange.vics_values import Unreadable, photodna
from hashsets.kinds import BadHash, EmptyFileHash, LowQuality
from hashsets.remotes.base import Opinion, Problem, RemoteRecord

LONGEST_KEY, LONGEST_CODE, LONGEST_VALUE = 200, 40, 1_000  # characters
MOST_SIZE = (1 << 63) - 1
BAD_DIGEST = ("zero-length", "invalid-hash")
BAD_PDQ = {"bad-pdq": "invalid-hash", "low-quality-pdq": "low-quality-pdq"}  # where nothing else is left
IDENTIFYING = (*kinds.DIGESTS, "pdq")  # hash kinds that an entry may stand by, the first it has
# From strongest to weakest; of several dispositions the strongest stands (vics.md section 8.4).
STRENGTH = ("relevant", "relevant_restricted", "comparison", "unmapped", "not_relevant", "no_verdict")


class Doc(msgspec.Struct, omit_defaults=True):
    """A usable record, as the mirror keeps it: hashes as hex, `other` what no entry is found by."""

    hashes: dict[str, str] = {}
    code: str = ""
    size: int | None = None
    flags: dict[str, bool] = {}
    tags: list[str] = []
    photodna: str | None = None
    other: dict[str, str] = {}
    against: list[str] = []  # hash kinds that somebody speaks against
    opinions: list[dict[str, Any]] = []

    def digest(self, kind: str) -> bytes | None:
        """A digest or PDQ as bytes."""
        return bytes.fromhex(self.hashes[kind]) if kind in self.hashes else None

    @property
    def ident(self) -> bytes:
        """The first of its digests, which identifies the entry; without any, its PDQ (decision 0027)."""
        return next(value for kind in IDENTIFYING if (value := self.digest(kind)))


@dataclass(frozen=True, slots=True)
class Normal:
    """A record in normal form. `doc` None: it cannot be used, and `problems` say why. `key` "": not even named."""

    key: str
    doc: Doc | None
    problems: Sequence[Problem] = field(default_factory=list)


def named(key: str) -> str:
    """The server's name of a record as it is kept; "" for what is none."""
    kept = clean(key)
    return kept if len(kept) <= LONGEST_KEY else ""


def normal(record: RemoteRecord) -> Normal:
    """The record as it is kept; what is wrong with it is told, and never stops the others."""
    key, problems = named(record.key), list[Problem]()
    if not key or len(record.code) > LONGEST_CODE:
        return Normal(key, None, [Problem("not-a-record", clean(record.key)[:LONGEST_KEY])])
    doc = Doc(code=clean(record.code), flags=dict(record.flags), tags=[clean(tag)[:200] for tag in record.tags][:50])
    for kind, text in record.hashes.items():
        problems += _take(doc, key, clean(kind)[:40].lower(), text)
    doc.size = record.size if record.size is None or 0 < record.size <= MOST_SIZE else None
    doc.against = sorted({opinion.kind for opinion in record.opinions if not opinion.positive})
    doc.opinions = [_as_json(opinion) for opinion in record.opinions[:50]]
    if not any(kind in doc.hashes for kind in IDENTIFYING):
        return Normal(key, None, [Problem(_why_not(doc, {one.code for one in problems}), key)])
    return Normal(key, doc, problems)


def _why_not(doc: Doc, found: set[str]) -> str:
    """Why no entry can stand by this record."""
    if reasons := [code for code in BAD_DIGEST if code in found]:
        return reasons[0]
    if doc.other or doc.photodna:
        return "other-kind"
    return next((said for code, said in BAD_PDQ.items() if code in found), "no-hash")


def _take(doc: Doc, key: str, kind: str, text: str) -> Iterable[Problem]:
    """Put one hash where it belongs; yields what is wrong with it."""
    try:
        if kind == "photodna":
            doc.photodna = photodna(text)
        elif kind in kinds.BY_ID:
            doc.hashes[kind] = kinds.BY_ID[kind].parse(text).hex()
        elif len(text) <= LONGEST_VALUE:
            doc.other[kind] = clean(text)
    except Unreadable:
        yield Problem("photodna-length", key)
    except EmptyFileHash:
        yield Problem("zero-length", key)
    except LowQuality:
        yield Problem("low-quality-pdq", key)
    except BadHash:
        yield Problem("bad-pdq" if kind == "pdq" else "invalid-hash", key, clean(text)[:80])


def _as_json(opinion: Opinion) -> dict[str, Any]:
    told = {"kind": opinion.kind, "positive": opinion.positive, "by": opinion.by[:200], "reason": opinion.reason[:200]}
    return {name: value for name, value in clean_json(told).items() if value != ""}


@dataclass(frozen=True, slots=True)
class Merged:
    """What the records of one file amount to: the values of an entry, and which digests it has."""

    code: str
    disposition: str
    conflict: bool
    disputed: bool
    size: int | None
    digests: Mapping[str, bytes]
    flags: dict[str, bool]
    raw: dict[str, Any]


def grouped(docs: Iterable[Doc]) -> list[list[Doc]]:
    """Records of one ident by file: those that name other digests of one kind are of different files."""
    groups: list[list[Doc]] = []
    for doc in docs:
        same = next((group for group in groups if not any(_contradict(doc, other) for other in group)), None)
        if same is None:
            groups.append([doc])
        else:
            same.append(doc)
    return groups


def _contradict(one: Doc, other: Doc) -> bool:
    both = kinds.DIGESTS.keys() & one.hashes.keys() & other.hashes.keys()
    return any(one.hashes[kind] != other.hashes[kind] for kind in both)


def merged(docs: Sequence[Doc], dispositions: Mapping[str, str]) -> Merged:
    """The strongest verdict stands; two that mean different things are a conflict.

    A digest that somebody speaks against leaves the entry disputed, so it closes nothing, and so does the PDQ of one
    that stands by that alone. A hash of another kind is left out of matching (sharing.md section 2.3: MD5 can be right
    while another hash of the same entry collides).
    """
    meant = {doc.code: dispositions.get(doc.code, "unmapped") if doc.code else "no_verdict" for doc in docs}
    code = min(meant, key=lambda one: (STRENGTH.index(meant[one]), list(meant).index(one)))
    against = {kind for doc in docs for kind in doc.against}
    hashes: dict[str, str] = {}
    flags: dict[str, bool] = {}
    for doc in docs:
        hashes = doc.hashes | hashes
        flags = doc.flags | flags
    return Merged(
        code=code,
        disposition=meant[code],
        conflict=len(set(meant.values()) - {"no_verdict"}) > 1,
        disputed=bool(against & (kinds.DIGESTS.keys() if hashes.keys() & kinds.DIGESTS.keys() else {"pdq"})),
        size=next((doc.size for doc in docs if doc.size), None),
        digests={kind: bytes.fromhex(hashes[kind]) for kind in kinds.DIGESTS if kind in hashes},
        flags=flags,
        raw=_raw(docs, {kind: text for kind, text in hashes.items() if kind not in kinds.DIGESTS}, against, meant),
    )


def _raw(docs: Sequence[Doc], hashes: dict[str, str], against: set[str], codes: Mapping[str, str]) -> dict[str, Any]:
    """What has no column, under the names that imports give it."""
    more: dict[str, Any] = {}
    for doc in docs:
        more = doc.other | more
    left_out = {kind: text for kind, text in hashes.items() if kind in against}
    more |= {"disputed_hashes": left_out} if left_out else {}
    opinions = [opinion for doc in docs for opinion in doc.opinions]
    more |= {"opinions": opinions} if opinions else {}
    said: dict[str, Any] = {
        "hashes": {kind: text for kind, text in hashes.items() if kind not in against},
        "photodna": next((doc.photodna for doc in docs if doc.photodna and "photodna" not in against), None),
        "tags": list(dict.fromkeys(tag for doc in docs for tag in doc.tags)),
        "codes": sorted(codes) if len(codes) > 1 else None,
        "more": more,
    }
    return {name: value for name, value in said.items() if value}
