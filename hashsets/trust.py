"""Votes to trust: how far an entry is believed (sharing.md section 3). PURE.

Trust is computed, never typed in. Opinions belong to organisations, and only those of people who looked
count: whoever accepts a match of a set has not looked. Opposite opinions are not averaged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from workbench.words import noop

VIEWED = "viewed"  # the one basis that counts
TRUSTED_FROM = 3  # organisations


class Trust(StrEnum):
    """How far an entry is believed, weakest first."""

    RETRACTED = noop("retracted")
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
    """An organisation's opinion. `at` orders votes (sequence or time); `withdrawn`: taken back since."""

    organisation: str
    disposition: str
    code: str = ""
    basis: str = VIEWED
    hash_kind: str = ""
    at: int = 0
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """The set's owner, for an entry that came with an import. `vouched`: the owner stands for the list."""

    organisation: str
    disposition: str
    vouched: bool


@dataclass(frozen=True, slots=True)
class Resolution:
    """A supervisor of the owner settled a dispute; votes up to `at` no longer open it, later ones do."""

    disposition: str
    at: int


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the votes amount to. `spread`: different codes in force; above 1 is shown, not blocked."""

    trust: Trust
    organisations: int
    spread: int


def judge(votes: Iterable[Vote], *, source: Source | None = None, resolution: Resolution | None = None) -> Opinion:
    """The trust of one entry from all votes ever cast on it, in any order."""
    cast = list(votes)
    current = [vote for vote in _latest(cast) if not vote.withdrawn and vote.basis == VIEWED]
    opinions = {(vote.organisation, vote.disposition) for vote in current if not _settled(vote, resolution)}
    spread = len({vote.code for vote in current if (vote.organisation, vote.disposition) in opinions})
    if source and not (resolution and source.disposition != resolution.disposition):
        opinions.add((source.organisation, source.disposition))
    viewers = {vote.organisation for vote in current} & {organisation for organisation, _ in opinions}
    return Opinion(_trust(cast, opinions, viewers, source), len(viewers), spread)


def _trust(cast: list[Vote], opinions: set[tuple[str, str]], viewers: set[str], source: Source | None) -> Trust:
    if not opinions and any(vote.withdrawn for vote in _latest(cast)):
        return Trust.RETRACTED
    if _opposed(opinions):
        return Trust.DISPUTED
    if len(viewers) >= TRUSTED_FROM or (source and source.vouched):
        return Trust.TRUSTED
    return Trust.CORROBORATED if len(viewers) == 2 else Trust.PROVISIONAL


def _latest(votes: Iterable[Vote]) -> list[Vote]:
    """One current vote per organisation and hash kind."""
    current: dict[tuple[str, str], Vote] = {}
    for vote in votes:
        key = (vote.organisation, vote.hash_kind)
        if key not in current or vote.at >= current[key].at:
            current[key] = vote
    return list(current.values())


def _settled(vote: Vote, resolution: Resolution | None) -> bool:
    """Whether a vote stood against the resolution when it was made: kept on record, no longer counted."""
    return resolution is not None and vote.at <= resolution.at and vote.disposition != resolution.disposition


def _opposed(opinions: set[tuple[str, str]]) -> bool:
    """Two different organisations with different dispositions."""
    return any(a != b and x != y for a, x in opinions for b, y in opinions)
