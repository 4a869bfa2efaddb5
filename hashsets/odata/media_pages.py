"""Pages of a set's entries as bytes: baseline and delta (sharing.md section 4)."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

import msgspec

from hashsets import feed_pages, wire
from hashsets.feed_pages import Step
from hashsets.odata.base import MOST_BYTES

ENVELOPE = 4096  # bytes of a page that are no entries
PROPERTIES = {field.encode_name: field.name for field in msgspec.structs.fields(wire.Media)}
FULL_PROPERTIES = {field.encode_name: field.name for field in msgspec.structs.fields(wire.FullMedia)}
ENCODER = msgspec.json.Encoder()


class Deleted(msgspec.Struct):
    """A tombstone as OData 4.0 has it."""

    context: str = msgspec.field(name="@odata.context")
    id: str
    reason: str
    seq: int = msgspec.field(name="Seq")


class Reason(msgspec.Struct):
    """Why an entry left."""

    reason: str


class Removed(msgspec.Struct):
    """A tombstone as OData 4.01 has it."""

    removed: Reason = msgspec.field(name="@removed")
    id: str = msgspec.field(name="@id")
    seq: int = msgspec.field(name="Seq")


class Envelope(msgspec.Struct, omit_defaults=True):
    """What stands around the entries of a page."""

    context: str = msgspec.field(name="@odata.context")
    count: int | None = msgspec.field(name="@odata.count", default=None)
    estimate: bool = msgspec.field(name="@wb.countIsEstimate", default=False)
    value: msgspec.Raw = msgspec.Raw(b"[]")
    next: str | None = msgspec.field(name="@odata.nextLink", default=None)
    delta: str | None = msgspec.field(name="@odata.deltaLink", default=None)
    seq: int | None = msgspec.field(name="@winnow.seq", default=None)  # up to where the pages tell, on the last one


def properties(*, full: bool) -> dict[str, str]:
    """The properties of an entry that a reader may see: on the wire -> of the shape."""
    return FULL_PROPERTIES if full else PROPERTIES


def entries(scheme: str, *, full: bool, names: dict[str, str]) -> Callable[[Step], bytes]:
    """How a step that is an entry is written: all of it, or of its properties these."""
    if len(names) == len(properties(full=full)):
        return lambda step: ENCODER.encode(feed_pages.media(step, scheme, full=full))

    def some(step: Step) -> bytes:
        made = feed_pages.media(step, scheme, full=full)
        return ENCODER.encode({name: getattr(made, attribute) for name, attribute in names.items()})

    return some


def tombstones(context: str, *, new_form: bool) -> Callable[[Step], bytes]:
    """How a step that is told as a removal is written."""

    def one(step: Step) -> bytes:
        gone = feed_pages.removed(step)
        name = f"Media({gone.entry_id})"
        made: Any = Removed(Reason(gone.reason), name, gone.seq) if new_form else Deleted(
            context, name, gone.reason, gone.seq
        )  # fmt: skip
        return ENCODER.encode(made)

    return one


def fitting(written: Iterable[bytes]) -> Iterator[bytes]:
    """As many as a page may have in bytes; at least one."""
    room = MOST_BYTES - ENVELOPE
    for number, one in enumerate(written):
        room -= len(one) + 1
        if room < 0 and number:
            return
        yield one


def joined(parts: list[bytes]) -> msgspec.Raw:
    """The entries as one JSON array."""
    return msgspec.Raw(b"[" + b",".join(parts) + b"]")


def last_key(steps: list[Step], number: int, following: UUID | None) -> UUID | None:
    """Behind which id the next page begins when only `number` of these fitted."""
    return following if number == len(steps) else steps[number - 1].public_id


def last_seq(steps: list[Step], number: int, following: int | None) -> int | None:
    """The same of a delta."""
    return following if number == len(steps) else steps[number - 1].seq
