"""Decisions of a case by token: the list, and making one."""

from http import HTTPStatus
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from cases import decisions, listing
from cases.api.public.cases import case_of
from cases.api.public.shapes import DecisionAsked, DecisionMade, DecisionPage, DecisionRow, DecisionsAsked
from workbench.api import shapes
from workbench.api.base import ApiView, answered
from workbench.api.schema import described
from workbench.errors import BadInput

KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.UUID,
    OpenApiParameter.HEADER,
    required=True,
    description="A new one for every decision; the same again writes nothing and gives the same answer.",
)
REFUSALS = {409: "The case is closed, or the key was sent with another decision."}


class Decisions(ApiView):
    """The decisions of a case."""

    @described("decisions_list", DecisionPage, query=DecisionsAsked)
    def get(self, request: Request, case: UUID) -> HttpResponse:
        """List the decisions made in a case, oldest first, superseded ones too."""
        found = case_of(self.user, "item.view", case)
        asked = shapes.query(request._request, DecisionsAsked)
        page = listing.decisions(found, by=self.user, after=int(asked.after), limit=asked.limit)
        rows = [
            DecisionRow(
                id=row["public_id"],
                sha256=bytes(row["sha256"]).hex(),
                scheme=row["scheme_of"],
                code=row["code"],
                basis=row["basis"],
                from_ms=row["from_ms"],
                until_ms=row["until_ms"],
                reason=row["reason"],
                by=row["by_name"],
                at=row["at"],
                supersedes=row["earlier"],
                in_force=row["in_force"],
            )
            for row in page.rows
        ]
        return answered(DecisionPage(rows, page.next))

    @described(
        "decisions_make",
        DecisionMade,
        status=HTTPStatus.CREATED,
        body=DecisionAsked,
        headers=(KEY,),
        refusals=REFUSALS,
    )
    def post(self, request: Request, case: UUID) -> HttpResponse:
        """Decide one content of the case as the token's person; its exact copies follow in every case of the agency.

        Where a decision stands already, only a supervisor may, with a reason.
        """
        found = case_of(self.user, "item.view", case)
        asked = shapes.body(request._request, DecisionAsked)
        written = decisions.decide_hash(
            case=found,
            sha256=asked.sha256,
            code=asked.code,
            by=self.user,
            via="api",
            reason=asked.reason,
            viewed=None,
            key=_key(request.headers.get("Idempotency-Key", "")),
        )
        made = DecisionMade(written.public_id, written.sha256, written.code, written.basis, written.superseded)
        return answered(made, HTTPStatus.CREATED)


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise BadInput("Send a new UUID as Idempotency-Key with every decision.") from error
