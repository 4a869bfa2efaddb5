"""Opinions of other organisations: contributed in batches, or on one entry. The rules are in `contributing`."""

from typing import Any, ClassVar
from uuid import UUID

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from hashsets import contributing, kinds, wire
from hashsets.contributing import Result
from hashsets.models import Peer
from hashsets.odata import entries, scopes
from hashsets.odata.base import ODataView
from hashsets.odata.posting import Posted
from hashsets.opinion_items import UNREADABLE, Item, item_of
from workbench.api import limits
from workbench.visible import visible

BYTES = 1600  # of a request for each opinion: more than any has
MOST = 5000  # items of a batch; sharing.md section 4


class ItemShape(wire.Opinion, kw_only=True):
    """One opinion of a batch. `Viewers` and `DecidedAt` are kept with the signed request only."""

    category: str
    basis: str  # never supposed: only who says so has looked
    viewers: int | None = None


NAMES = [field.encode_name for field in msgspec.structs.fields(ItemShape)]


class ResultShape(msgspec.Struct, omit_defaults=True):
    """What became of it."""

    status: str
    code: str = ""
    entry_id: UUID | None = msgspec.field(name="EntryID", default=None)
    trust: str = msgspec.field(name="Trust", default="")


class Contributed(msgspec.Struct):
    """One result for each item, in order; the set's highest number; fields of the input that nobody knows."""

    results: list[ResultShape]
    head_seq: int = msgspec.field(name="HeadSeq")
    ignored: int = msgspec.field(name="IgnoredFields")


class Contribute(ODataView):
    """New entries and votes, in a batch."""

    scopes: ClassVar[dict[str, str]] = {"POST": scopes.CONTRIBUTE}

    def post(self, request: HttpRequest, set_id: UUID) -> HttpResponse:
        """Take a batch in; the same request again is answered the same."""
        share = self.caller.share(set_id)
        posted = Posted(request)
        rows = posted.rows("items", MOST)
        posted.known({"items"})
        _spend(self.caller.peer, posted, len(rows))
        items = [_item(posted, row, full=self.caller.full) for row in rows]
        proof = posted.signed_by(self.caller.peer)
        return posted.once(
            self.caller.peer, lambda: _told(posted, *contributing.contribute(share, items, signed=proof))
        )


class Vote(ODataView):
    """A vote on one entry."""

    scopes: ClassVar[dict[str, str]] = {"POST": scopes.VOTE}

    def post(self, request: HttpRequest, entry_id: UUID) -> HttpResponse:
        """Say what category an entry has, and whether somebody looked."""
        share, version = entries.one(self.caller, entry_id)
        posted = Posted(request)
        posted.known({"Category", "Basis"})
        _spend(self.caller.peer, posted, 1)
        texts = {name: digest.hex() for name in kinds.DIGESTS if (digest := getattr(version, name))}
        item = Item(**texts, code=posted.text("Category"), basis=posted.text("Basis"))
        proof = posted.signed_by(self.caller.peer)
        return posted.once(
            self.caller.peer, lambda: _told(posted, *contributing.contribute(share, [item], signed=proof))
        )


class Retract(ODataView):
    """One's opinion on one entry taken back."""

    scopes: ClassVar[dict[str, str]] = {"POST": scopes.VOTE}

    def post(self, request: HttpRequest, entry_id: UUID) -> HttpResponse:
        """Take it back; the entry leaves unless others stand for it."""
        share, version = entries.one(self.caller, entry_id)
        posted = Posted(request)
        posted.known({"Reason"})
        _spend(self.caller.peer, posted, 1)
        reason = visible(posted.text("Reason").strip())[:400] or "retracted by the organisation"
        proof = posted.signed_by(self.caller.peer)

        def do() -> Contributed:
            result, head = contributing.retract(share, version, reason=reason, signed=proof)
            return _told(posted, [result], head)

        return posted.once(self.caller.peer, do)


def _spend(peer: Peer, posted: Posted, number: int) -> None:
    """Count opinions, and what their request takes to keep as the proof. Raises TooOften."""
    often = f"An organisation may give {settings.PEER_HASHES:,} opinions a minute, of {BYTES:,} bytes each."
    limits.count(f"opinions:peer-{peer.pk}", max(number, len(posted.body) // BYTES), settings.PEER_HASHES, often)


def _item(posted: Posted, row: Any, *, full: bool) -> Item:
    """An item of a batch, as far as it can be read."""
    if not isinstance(row, dict):
        return UNREADABLE
    posted.known(NAMES, row)
    try:
        shape = msgspec.convert(row, ItemShape)
    except msgspec.ValidationError:
        return UNREADABLE
    return item_of(shape, full=full)


def _told(posted: Posted, results: list[Result], head: int) -> Contributed:
    shapes = [ResultShape(one.status, one.code, one.entry, one.trust) for one in results]
    return Contributed(shapes, head, posted.ignored)
