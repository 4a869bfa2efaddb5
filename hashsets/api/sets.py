"""Hash sets by token: the list, and one with its versions."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from hashsets import overview, sets
from hashsets.api.shapes import HashSetOne, HashSetPage, HashSetRow, SetsAsked, Version
from hashsets.models import HashSet
from workbench import access
from workbench.api import shapes
from workbench.api.base import ApiView, answered
from workbench.api.schema import described


class Sets(ApiView):
    """The sets a person may know of."""

    @described("sets_list", HashSetPage, query=SetsAsked)
    def get(self, request: Request) -> HttpResponse:
        """List the sets of the agency and those that reach it, in the order they were made."""
        access.require(self.user, "set.list")
        asked = shapes.query(request._request, SetsAsked)
        rows = overview.some_rows(self.user, after=int(asked.after), limit=asked.limit + 1)
        found, last = shapes.page(rows, asked.limit)
        return answered(HashSetPage([HashSetRow(**_row(row)) for row in found], str(last.set.pk) if last else None))


class SetOne(ApiView):
    """One set."""

    @described("sets_one", HashSetOne)
    def get(self, request: Request, set_id: UUID) -> HttpResponse:
        """One set with its latest versions."""
        hash_set = sets.reached(self.user, "set.view", set_id)
        shown = overview.page(self.user, hash_set)
        current = next((one for one in shown["generations"] if one["in_force"]), None)
        versions = [Version(**{name: one[name] for name in Version.__struct_fields__}) for one in shown["generations"]]
        row = _of(
            hash_set,
            own=shown["own"],
            entries=shown["entries"],
            shares=shown["by_category"],
            changed=current["at"] if current else None,
        )
        return answered(HashSetOne(versions=versions, **row))


def _row(row: overview.Row) -> dict[str, Any]:
    return _of(row.set, own=row.own, entries=row.entries, shares=row.by_category, changed=row.changed)


def _of(hash_set: HashSet, *, own: bool, entries: int, shares: list[overview.Share], changed: Any) -> dict[str, Any]:
    """The fields of a set, wherever it is told of."""
    return {
        "id": hash_set.public_id,
        "name": hash_set.name,
        "role": hash_set.role,
        "reach": hash_set.reach,
        "owner": hash_set.owner.name,
        "own": own,
        "scheme": hash_set.scheme.scheme_id,
        "version": hash_set.generation,
        "entries": entries,
        "by_category": {share.category.code: share.count for share in shares},
        "changed": changed,
        "retired": hash_set.retired_at is not None,
    }
