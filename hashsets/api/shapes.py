"""What the calls about hash sets take and answer."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from hashsets.lookups import PURPOSE
from workbench.api.shapes import Asked, Moment

MOST_HASHES = 1000  # of a look-up

Purpose = Annotated[
    str,
    Meta(
        min_length=PURPOSE[0],
        max_length=PURPOSE[1],
        pattern="^[^\\x00-\\x20][^\\x00-\\x1f]*[^\\x00-\\x20]$",
        description="Why you ask, in a few words. It is logged: asking is disclosing.",
    ),
]
Hash = Annotated[str, Meta(min_length=1, max_length=200, description="MD5, SHA-1 or SHA-256 in hex, or another kind.")]


class SetsAsked(Asked, kw_only=True):
    """What a list of sets is asked for."""


class Version(Struct):
    """One version of a set. Where it came from is told to its owner only."""

    number: int
    at: Moment
    by: str
    source: str
    added: int
    removed: int
    entries: int
    in_force: bool


class HashSetRow(Struct, kw_only=True):
    """A set: what it lists, how much, and whose it is. `version` 0 has no entries yet."""

    id: UUID
    name: str
    role: str
    reach: str
    owner: str
    own: bool
    scheme: str
    version: int
    entries: int
    by_category: dict[str, int]
    changed: Moment | None
    retired: bool


class HashSetPage(Struct):
    """A page of sets; `next` leads to the one behind it."""

    sets: list[HashSetRow]
    next: str | None


class HashSetOne(HashSetRow, kw_only=True):
    """A set with its latest 10 versions, newest first."""

    versions: list[Version]


class LookupAsked(Struct, forbid_unknown_fields=True):
    """Hashes, and why they are looked up."""

    purpose: Purpose
    hashes: Annotated[list[Hash], Meta(min_length=1, max_length=MOST_HASHES)]
    turned: Annotated[bool, Meta(description="Seek what looks alike also turned and mirrored; slower.")] = False


class Found(Struct):
    """An entry that has the hash, or comes near it. `strength`: whether that alone identifies a file."""

    set: str
    category: str
    kind: str
    strength: str
    distance: int
    disposition: str
    trust: str


class Answered(Struct):
    """A hash, as it was sent, that sets have; or, not `known`, one that something in them looks like.

    `matches`: of each set the first 20; `more`: how many others have the hash.
    """

    hash: str
    known: bool
    matches: list[Found]
    more: int


class NoHash(Struct):
    """Something that was sent and is no hash, and why."""

    hash: str
    problem: str


class LookupAnswer(Struct):
    """What sets say; hashes that are not named here are unknown and like nothing."""

    asked: int
    known: int
    answers: list[Answered]
    problems: list[NoHash]
