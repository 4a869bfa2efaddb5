"""Cases and their contents by token."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from cases import case_list, figures, listing
from cases.api.public.shapes import (
    CaseFigures,
    CaseOne,
    CasePage,
    CaseRow,
    CasesAsked,
    Category,
    ContentPage,
    ContentRow,
    ContentsAsked,
    SchemeOf,
)
from cases.figures import Figures
from cases.models import Case
from workbench import access
from workbench.api import shapes
from workbench.api.base import ApiView, answered
from workbench.api.schema import described
from workbench.models import User


class Cases(ApiView):
    """The cases a person reaches."""

    @described("cases_list", CasePage, query=CasesAsked)
    def get(self, request: Request) -> HttpResponse:
        """List the cases the token's person reaches, newest first."""
        access.require(self.user, "case.list")
        asked = shapes.query(request._request, CasesAsked)
        wanted = case_list.Asked(state=asked.state, mine=asked.mine, text=asked.q.strip())
        page = case_list.page(self.user, wanted, before=int(asked.after), limit=asked.limit)
        counted = figures.of_each(page.rows)
        return answered(CasePage([CaseRow(**_case(case, counted[case.pk])) for case in page.rows], page.next))


class CaseDetail(ApiView):
    """One case."""

    @described("cases_one", CaseOne)
    def get(self, request: Request, case: UUID) -> HttpResponse:
        """One case: where it stands, and the codes of its scheme."""
        found = case_of(self.user, "case.view", case)
        codes = found.scheme.categories.values_list("code", "name", "disposition")
        return answered(CaseOne(categories=[Category(*row) for row in codes], **_case(found, figures.of(found))))


class Contents(ApiView):
    """The contents of a case."""

    @described("contents_list", ContentPage, query=ContentsAsked)
    def get(self, request: Request, case: UUID) -> HttpResponse:
        """List a case's contents in the order they came in: hashes, state, category; never a picture."""
        found = case_of(self.user, "item.view", case)
        asked = shapes.query(request._request, ContentsAsked)
        exhibit = asked.exhibit if isinstance(asked.exhibit, UUID) else None
        wanted = listing.Wanted(state=asked.state, code=asked.code, mark=asked.mark, exhibit=exhibit)
        page = listing.items(found, wanted, by=self.user, after=int(asked.after), limit=asked.limit)
        return answered(ContentPage([_content(row) for row in page.rows], page.next))


def case_of(user: User, permission: str, public_id: UUID) -> Case:
    """The case if the person reaches it and may. Raises NotFound, NotAllowed."""
    scoped = Case.objects.for_actor(user).select_related("scheme", "agency", "lead")
    found: Case = access.get_from(user, permission, scoped, public_id)
    return found


def _case(case: Case, numbers: Figures) -> dict[str, Any]:
    """The fields of a case, wherever it is told of."""
    return {
        "id": case.public_id,
        "number": case.number,
        "name": case.name,
        "agency": case.agency.name,
        "lead": case.lead.name,
        "state": case.state,
        "sealed": case.sealed,
        "may_publish": case.may_publish,
        "due": case.due,
        "legal_reference": case.legal_reference,
        "opened_at": case.opened_at,
        "scheme": SchemeOf(case.scheme.scheme_id, case.scheme.version, case.scheme.name),
        "figures": CaseFigures(unmatched=numbers.unmatched, **asdict(numbers)),
    }


def _content(row: dict[str, Any]) -> ContentRow:
    return ContentRow(
        id=row["public_id"],
        sha256=bytes(row["sha256"]).hex(),
        sha1=bytes(row["sha1"]).hex(),
        md5=bytes(row["md5"]).hex(),
        size=row["size"],
        mime=row["mime"],
        kind=row["kind"],
        state=row["state"],
        known=row["known"],
        known_in=row["known_in"],
        proposed=row["proposed"],
        flagged=row["flagged"],
        code=row["code"],
        decided_by=row["by"] if row["code"] is not None else None,
        name=row["name"],
        files=row["files"],
    )
