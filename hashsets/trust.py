"""Votes to trust: how far an entry is believed (sharing.md section 3). PURE.

Trust is computed, never typed in. Opinions belong to organisations, and only those of people who looked
count: whoever accepts a match of a set has not looked. Opposite opinions are not averaged, and a dispute does not
end by itself: a supervisor of the set's owner resolves it.

An entry is its digests (decision 0025). For it counts who named all of them, against it whoever named any: so the one
trust it has is that of each of its digests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from workbench.words import noop

VIEWED = "viewed"  # the one basis that counts
TRUSTED_FROM = 3  # organisations
DIGESTS = ("md5", "sha1", "sha256")  # of the whole file


class Trust(StrEnum):
    """How far an entry is believed, weakest first."""

    RETRACTED = noop("retracted")
    UNKNOWN = noop("unknown")  # a peer said a word that means nothing here
    DISPUTED = noop("disputed")
    PROVISIONAL = noop("provisional")
    CORROBORATED = noop("corroborated")
    TRUSTED = noop("trusted")


ORDER: tuple[Trust, ...] = tuple(Trust)
MINIMA: tuple[Trust, ...] = (Trust.PROVISIONAL, Trust.CORROBORATED, Trust.TRUSTED)  # what a policy may ask for


def at_least(trust: str, minimum: str) -> bool:
    """Whether an entry may act by itself under a policy. Disputed and retracted never may."""
    if trust not in MINIMA or minimum not in MINIMA:
        return False
    return ORDER.index(Trust(trust)) >= ORDER.index(Trust(minimum))


@dataclass(frozen=True, slots=True)
class Vote:
    """An organisation's opinion, resting on a hash of kind `hash_kind`; `names` are the kinds of digests it named.

    `at` orders the votes; no two have the same. `until`: the last vote there was when this one was taken back; None
    while it was not. `twin`: which of the entries that share the first digest it was cast on. `voice`: with whom the
    organisation counts as one, "" for itself.
    """

    organisation: str
    disposition: str
    code: str = ""
    basis: str = VIEWED
    hash_kind: str = ""
    at: int = 0
    until: int | None = None
    names: frozenset[str] = frozenset()
    twin: int = 0
    voice: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """The set's owner, for an entry that came with an import. `vouched`: the owner stands for the list."""

    organisation: str
    disposition: str
    vouched: bool
    code: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """A supervisor of the owner settled a dispute; votes up to `at` no longer open it, later ones do."""

    disposition: str
    at: int
    code: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the votes amount to. `organisations`: that looked and stand for all its digests, each voice once.

    `spread`: different codes in force; above 1 is shown, not blocked.
    """

    trust: Trust
    organisations: int
    spread: int
    code: str = ""
    disposition: str = ""


@dataclass(frozen=True, slots=True)
class _Span:
    """How long an opinion stood, in the order of the votes; `supports`: it named all there is."""

    organisation: str
    disposition: str
    code: str
    begins: float
    ends: float = inf
    voice: str = ""
    supports: bool = True

    @property
    def stands(self) -> bool:
        return self.ends == inf


def judge(
    votes: Iterable[Vote],
    *,
    digests: Collection[str] = (),
    twin: int = 0,
    source: Source | None = None,
    resolution: Resolution | None = None,
) -> Opinion:
    """The trust and category of one entry from all votes ever cast on it, in any order.

    `digests`: the kinds that it has. `votes` may hold those on other entries that it does not contradict, told apart by
    `twin`. The category of most organisations stands, the earliest of equals; that of the resolution where there is one
    and anybody who counts agrees with it. A dispute stays, whoever changes his mind, until it is resolved.
    """
    needed = frozenset(digests)
    cast = sorted(votes, key=lambda vote: vote.at)
    looked = [vote for vote in cast if vote.basis == VIEWED]
    ours = [vote for vote in cast if vote.twin == twin]
    every = _spans([vote for vote in ours if vote.basis == VIEWED] or ours, needed)
    counted = [span for span in _spans(looked, needed) if not _settled(span, resolution)]
    if source:
        listed = _Span(source.organisation, source.disposition, source.code, -inf)
        counted = counted if _settled(listed, resolution) else [listed, *counted]
    elif every and not any(span.stands for span in every):
        return Opinion(Trust.RETRACTED, 0, 0)
    standing = [span for span in counted if span.stands and span.supports]
    viewers = _voices([span for span in standing if span.begins > -inf], cast)
    spread = len({span.code for span in standing if span.code})
    trust = Trust.DISPUTED if _opposed(counted) else _agreed(standing, viewers, source)
    return Opinion(trust, viewers, spread, *_category(standing, every, resolution))


def successors(kind: str) -> tuple[str, ...]:
    """The hash kinds whose earlier opinion one on `kind` takes the place of: digests all name the same file."""
    return DIGESTS if kind in DIGESTS else (kind,)


def _voices(standing: list[_Span], cast: list[Vote]) -> int:
    """How many there are. An organisation is one, by its last word; those that ever had one voice are one together.

    So neither a word under an earlier voice, on another entry, nor a node's new key makes more of them.
    """
    last = {span.organisation: span.voice for span in standing}
    groups: list[set[str]] = []
    for name in [name for name, voice in last.items() if voice]:
        had = {vote.voice for vote in cast if vote.organisation == name and vote.voice}
        same = [group for group in groups if group & had]
        groups = [group for group in groups if group not in same] + [had.union(*same)]
    return len(groups) + sum(not voice for voice in last.values())


def _agreed(standing: list[_Span], viewers: int, source: Source | None) -> Trust:
    vouched = source is not None and source.vouched and any(span.begins == -inf for span in standing)
    if viewers >= TRUSTED_FROM or vouched:
        return Trust.TRUSTED
    return Trust.CORROBORATED if viewers == 2 else Trust.PROVISIONAL


def _category(standing: list[_Span], every: list[_Span], resolution: Resolution | None) -> tuple[str, str]:
    """Code and disposition: the resolution's unless nobody who counts agrees, else those of most organisations."""
    if resolution and (not standing or any(span.disposition == resolution.disposition for span in standing)):
        return resolution.code, resolution.disposition
    said = standing or [span for span in every if span.stands]
    each = dict.fromkeys((span.organisation, span.code, span.disposition) for span in said)
    most = Counter((code, disposition) for _organisation, code, disposition in each).most_common(1)
    return most[0][0] if most else ("", "")


def _spans(cast: Iterable[Vote], needed: frozenset[str]) -> list[_Span]:
    """How long each vote stood: until the same organisation's next one on such a hash, or until it was taken back."""
    following: dict[tuple[int, str, tuple[str, ...]], int] = {}
    spans = []
    for vote in sorted(cast, key=lambda vote: vote.at, reverse=True):
        key = (vote.twin, vote.organisation, successors(vote.hash_kind))
        ends = min(following.get(key, inf), inf if vote.until is None else vote.until)
        supports = needed <= vote.names
        spans.append(_Span(vote.organisation, vote.disposition, vote.code, vote.at, ends, vote.voice, supports))
        following[key] = vote.at - 1
    return spans[::-1]


def _settled(span: _Span, resolution: Resolution | None) -> bool:
    """Whether an opinion was against the resolution when it was made: kept on record, no longer counted."""
    return resolution is not None and span.begins <= resolution.at and span.disposition != resolution.disposition


def _opposed(spans: list[_Span]) -> bool:
    """Whether two organisations ever stood for different dispositions at once. `spans` in the order of their votes."""
    at_once: list[_Span] = []
    for span in spans:
        at_once = [other for other in at_once if other.ends >= span.begins]
        if any(x.organisation != span.organisation and x.disposition != span.disposition for x in at_once):
            return True
        at_once.append(span)
    return False
