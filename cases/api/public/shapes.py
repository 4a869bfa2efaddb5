"""What the calls about cases take and answer."""

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from cases.listing import MARKS
from cases.models import Case, Item
from workbench.api.shapes import Asked, Moment, Text


def one_of(values: list[str], means: str) -> Meta:
    """One of these words, or nothing."""
    return Meta(pattern=f"^({'|'.join(values)})?$", description=means, extra_json_schema={"enum": ["", *values]})


class CasesAsked(Asked, kw_only=True):
    """Which cases are listed."""

    state: Annotated[str, one_of(list(Case.State.values), "Only cases in this state.")] = ""
    mine: Annotated[bool, Meta(description="Only cases that the token's person leads.")] = False
    q: Annotated[Text, Meta(max_length=200, description="A part of number or name.")] = ""


class ContentsAsked(Asked, kw_only=True):
    """Which contents of a case are listed."""

    state: Annotated[str, one_of(list(Item.State.values), "Only contents in this state.")] = ""
    code: Annotated[Text, Meta(max_length=40, description="Only contents of this category.")] = ""
    mark: Annotated[str, one_of(list(MARKS), "Only contents somebody marked so.")] = ""
    exhibit: Annotated[UUID | UnsetType, Meta(description="Only contents on this exhibit.")] = UNSET


class DecisionsAsked(Asked, kw_only=True):
    """Decisions of a case, oldest first."""


class Category(Struct):
    """One code of a scheme, as its owner wrote it."""

    code: str
    name: str
    disposition: str


class SchemeOf(Struct):
    """The scheme of a case, in the version that the case is under."""

    id: str
    version: int
    name: str


class CaseFigures(Struct):
    """Where a case stands. files: instances; unique: contents; unmatched: unique - known; left: still to be seen."""

    files: int
    problems: int
    pending: int
    unique: int
    known: int
    unmatched: int
    decided: int
    left: int
    to_confirm: int
    waiting: int


class CaseRow(Struct, kw_only=True):
    """A case, and where it stands."""

    id: UUID
    number: str
    name: str
    agency: str
    lead: str
    state: str
    sealed: bool
    may_publish: bool
    due: date | None
    legal_reference: str
    opened_at: Moment
    scheme: SchemeOf
    figures: CaseFigures


class CasePage(Struct):
    """A page of cases, newest first; `next` leads to the one behind it."""

    cases: list[CaseRow]
    next: str | None


class CaseOne(CaseRow, kw_only=True):
    """A case with the codes that decisions in it may have."""

    categories: list[Category]


class ContentRow(Struct, kw_only=True):
    """Unique bytes in a case. `code`: of the decision in force; `known_in`: a set; `files`: its copies."""

    id: UUID
    sha256: str
    sha1: str
    md5: str
    size: int
    mime: str
    kind: str
    state: str
    known: bool
    known_in: str | None
    proposed: str | None
    flagged: bool
    code: str | None
    decided_by: str | None
    name: str
    files: int


class ContentPage(Struct):
    """A page of contents in the order they came in; `next` leads to the one behind it."""

    contents: list[ContentRow]
    next: str | None


class DecisionRow(Struct, kw_only=True):
    """One person's category for one content; `code` null takes the earlier one back. `basis`: how the person knew.

    `from_ms`, `until_ms`: the moment of a film that it rests on, or where that part begins and ends.
    """

    id: UUID
    sha256: str
    scheme: str
    code: str | None
    basis: str
    from_ms: int | None
    until_ms: int | None
    reason: str
    by: str
    at: Moment
    supersedes: UUID | None
    in_force: bool


class DecisionPage(Struct):
    """A page of decisions, oldest first; `next` leads to the one behind it."""

    decisions: list[DecisionRow]
    next: str | None


class DecisionAsked(Struct, forbid_unknown_fields=True):
    """A decision. Its basis is `veiled`: a script looks at nothing, so it is never offered to others."""

    sha256: Annotated[str, Meta(pattern="^[0-9a-fA-F]{64}$")]
    code: Annotated[Text, Meta(min_length=1, max_length=40)]
    reason: Annotated[Text, Meta(max_length=400, description="Needed where a decision stands already.")] = ""


class DecisionMade(Struct):
    """What was written; the same key again is answered with it too."""

    id: UUID
    sha256: str
    code: str | None
    basis: str
    superseded: str | None
