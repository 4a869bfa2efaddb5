"""One page of a peer's answer, taken apart: records, what is none, and where the next page is. PURE."""

from typing import Any
from uuid import UUID

import msgspec

from hashsets import receiving, wire
from workbench.words import noop

DELETED = "$deletedEntity"


class Page(msgspec.Struct):
    """A page as it travels. Each record is read by itself: one that is wrong must not stop the others."""

    value: list[msgspec.Raw]
    next_link: str = msgspec.field(name="@odata.nextLink", default="")
    delta_link: str = msgspec.field(name="@odata.deltaLink", default="")

    @property
    def following(self) -> str:
        """The address to go on from; "" where the peer gave none."""
        return self.next_link or self.delta_link


class Tombstone(msgspec.Struct):
    """That an entry left, in the form of OData 4.0 or of 4.01."""

    id: str = ""
    id_of_401: str = msgspec.field(name="@id", default="")
    seq: int = msgspec.field(name="Seq", default=0)
    reason: str = "deleted"
    removed: dict[str, Any] = msgspec.field(name="@removed", default_factory=dict)


class Known(msgspec.Struct):
    """What tells a tombstone from an entry."""

    context: str = msgspec.field(name="@odata.context", default="")
    removed: dict[str, Any] | None = msgspec.field(name="@removed", default=None)


class NoRecord(ValueError):
    """A record that is none; the text says why."""


Record = wire.FullMedia | wire.Removed


def records(page: Page) -> list[Record | wire.Odd]:
    """The records of a page in order, those among them that are none as such."""
    found: list[Record | wire.Odd] = []
    for raw in page.value:
        try:
            found.append(_in_range(record(bytes(raw))))
        except (msgspec.DecodeError, UnicodeDecodeError, NoRecord) as why:
            found.append(wire.Odd(bytes(raw).decode(errors="replace"), str(why)))
    return found


def record(raw: bytes) -> Record:
    """One record. Raises NoRecord, msgspec.DecodeError."""
    known = msgspec.json.decode(raw, type=Known)
    if known.removed is None and not known.context.endswith(DELETED):
        return msgspec.json.decode(raw, type=wire.FullMedia)
    gone = msgspec.json.decode(raw, type=Tombstone)
    return wire.Removed(entry_id=_entry(gone.id or gone.id_of_401), seq=gone.seq, reason=gone.reason)


def _in_range(one: Record) -> Record:
    """The record, whose number the database can hold. Raises NoRecord."""
    if abs(one.seq) > receiving.LARGEST:
        raise NoRecord(noop("Its sequence number is none."))
    return one


def _entry(text: str) -> UUID:
    """`Media(00000000-...)`: the id within."""
    try:
        return UUID(text[text.rindex("(") + 1 : text.rindex(")")] if "(" in text else text)
    except ValueError:
        raise NoRecord(noop("It tells that an entry left, and not which.")) from None
