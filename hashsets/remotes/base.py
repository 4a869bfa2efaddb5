"""PURE: what a connector to a foreign server or folder is, and what it hands on.

A connector only reads and tells. What it told is stored by `following/mirroring.py`, page by page, together with the
page's checkpoint; so it may be killed anywhere and goes on where the last stored page ends. A checkpoint is the
connector's own, and opaque to everybody else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from workbench.errors import BadInput, WorkbenchError
from workbench.words import noop


class CheckpointWentBack(WorkbenchError):
    """The server led back to where we had been, so nothing more was taken. Ask whoever runs it, then pull again."""

    code = "checkpoint-went-back"
    status = HTTPStatus.BAD_GATEWAY


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a member of the server says of one hash kind of a record: that it is right, or not."""

    kind: str
    positive: bool
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RemoteRecord:
    """One record as it came. Hash kinds, flags and codes that nobody here knows may be among it."""

    key: str  # the server's own name of it, which tells it apart from all its others
    hashes: Mapping[str, str] = field(default_factory=dict)  # kind -> text
    code: str = ""  # the category, verbatim; "": none
    size: int | None = None  # bytes
    updated: datetime | None = None  # when the server changed it last, with its zone; None: it does not say
    flags: Mapping[str, bool] = field(default_factory=dict)
    tags: Sequence[str] = ()
    opinions: Sequence[Opinion] = ()


@dataclass(frozen=True, slots=True)
class Removed:
    """A tombstone: the record of that key is withdrawn."""

    key: str
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A record that could not be used, or not all of it. `code`: as in hashsets/import_words.py."""

    code: str
    key: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """Files that are one list together, and replace what the set holds."""

    folder: Path
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Page:
    """What is stored in one piece, or not at all.

    `anew`: with this page everything is fetched again from the beginning. `complete`: that is over, so what it did
    not name is gone. Both may hold for one page.
    """

    checkpoint: str
    records: Sequence[RemoteRecord] = ()
    removed: Sequence[Removed] = ()
    problems: Sequence[Problem] = ()
    anew: bool = False
    complete: bool = False
    release: Release | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a connector reads: a link or a folder, what opens it, and how long a file must stand still (seconds).

    `root`: a folder below which no link is followed; "": none.
    """

    place: str
    secret: str = field(default="", repr=False)
    still: float = 60.0
    root: str = ""


@dataclass(frozen=True, slots=True)
class Asks:
    """What a person gives so that a set can follow a source of this kind, in the words of forms and messages.

    `secrets`: the parts of the secret, which stand in one line with a colon between; only the last may hold colons.
    `category`: its records name none, so the person may say which one they have.
    """

    place: str
    help: str
    secrets: tuple[str, ...] = ()
    is_folder: bool = False
    category: bool = False


def secret_parts(source: Source, asks: Asks) -> list[str]:
    """The parts of the source's secret. Raises BadInput when one is missing."""
    parts = source.secret.strip().split(":", len(asks.secrets) - 1)
    if len(parts) != len(asks.secrets) or not all(parts):
        words = noop("This server asks for a secret of %(number)s parts. Give all of them, with a colon between.")
        raise BadInput(words, number=len(asks.secrets))
    return parts


class Connector(Protocol):
    """One kind of foreign server or folder."""

    id: str
    label: str
    asks: Asks
    releases: bool  # whether its pages are releases: whole lists, each in the place of the one before

    def check(self, source: Source) -> None:
        """Raise BadInput or AddressRefused for a place or secret that cannot be right. Connects to nothing."""
        ...

    def pull(self, source: Source, checkpoint: str) -> Iterator[Page]:
        """Pages from the checkpoint on ("": from the beginning) until there is nothing new.

        Raises the errors of `workbench.outbound_errors`; what it yielded until then stands.
        """
        ...

    def position(self, checkpoint: str) -> float:
        """How far a checkpoint is: never less from page to page, unless one begins anew. 0 for what it cannot read."""
        ...
