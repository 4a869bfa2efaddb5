"""The sets that are shared with the caller."""

from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse

from hashsets.models import HashSet, Share
from hashsets.odata import base, counts, filters, options
from hashsets.odata.base import ODataView, answered

KINDS = {
    HashSet.SetRole.RELEVANT: "relevant",
    HashSet.SetRole.KNOWN_GOOD: "known_good",
    HashSet.SetRole.COMPARISON: "comparison",
}
ONE = options.KNOWN - {"$top", "$skiptoken", "$deltatoken", "$filter", "$count"}
SEVERAL = options.KNOWN - {"$skiptoken", "$deltatoken"}


class SetShape(msgspec.Struct, rename="pascal", kw_only=True):
    """A set as it travels. `Owner` is the organisation's id, the same on every node."""

    set_id: UUID = msgspec.field(name="SetID")
    name: str
    kind: str
    scheme: str
    owner: str
    owner_name: str
    head_seq: int
    horizon_seq: int
    entry_count: int
    contribute: bool


PROPERTIES = {field.encode_name: field.name for field in msgspec.structs.fields(SetShape)}


class Sets(ODataView):
    """All of them."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The sets that are shared with the caller, by name. Two queries."""
        asked = options.of(request, known=SEVERAL)
        names = options.chosen(asked.select, PROPERTIES)
        conditions = filters.parse(asked.filter, filters.SETS)
        found = list(self.caller.shares())
        numbers = counts.of_sets([share.set for share in found])
        shapes = [_shape(share, numbers) for share in found]
        wanted = [one for one in shapes if all(one.kind in condition.values for condition in conditions)]
        told: dict[str, Any] = {"@odata.context": f"{base.root(request)}$metadata#HashSets{_some(asked, names)}"}
        if asked.count:
            told["@odata.count"] = len(wanted)
        return answered(told | {"value": [_told(one, names) for one in wanted[: asked.top]]})


class SetOne(ODataView):
    """One set."""

    def get(self, request: HttpRequest, set_id: UUID) -> HttpResponse:
        """One set, with how far its changes are numbered; 304 where that is as far as the caller knows."""
        share = self.caller.share(set_id)
        asked = options.of(request, known=ONE)
        names = options.chosen(asked.select, PROPERTIES)
        shape = _shape(share, counts.of_sets([share.set]))
        etag = base.etag(shape.head_seq)
        if same := base.unchanged(request, etag):
            return same
        context = f"{base.root(request)}$metadata#HashSets{_some(asked, names)}/$entity"
        answer = answered({"@odata.context": context, "@odata.etag": etag} | _told(shape, names))
        answer["ETag"] = etag
        return answer


def _shape(share: Share, numbers: dict[int, int]) -> SetShape:
    one = share.set
    numbered = hasattr(one, "feed")
    return SetShape(
        set_id=one.public_id,
        name=one.name,
        kind=KINDS[HashSet.SetRole(one.role)],
        scheme=one.scheme.scheme_id,
        owner=str(one.owner.organisation),
        owner_name=one.owner.name,
        head_seq=one.feed.head_seq if numbered else 0,
        horizon_seq=one.feed.horizon_seq if numbered else 0,
        entry_count=numbers.get(one.pk, 0),
        contribute=share.contribute,
    )


def _told(shape: SetShape, names: dict[str, str]) -> dict[str, Any]:
    return {name: getattr(shape, attribute) for name, attribute in names.items()}


def _some(asked: options.Options, names: dict[str, str]) -> str:
    return f"({','.join(names)})" if asked.select and "*" not in asked.select else ""
