"""The files that ended with a reason, a page at a time, or all of them as a file."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET

from cases import budgets, listing, problem_files, problems, shown
from cases.ingest import archive
from cases.models import Case, Exhibit
from workbench import access
from workbench.errors import NotFound
from workbench.jail import results
from workbench.requests import SignedRequest

OUTCOME_KINDS = {"accepted": "ok", "accepted-without-preview": "warn", "rejected-with-reason": "bad", "pending": ""}
OUTCOME_WORDS = {
    "accepted": noop("In the case"),
    "accepted-without-preview": noop("No preview"),
    "rejected-with-reason": noop("Not taken"),
    "pending": noop("Pending"),
}


@require_GET
def problem_list(request: SignedRequest, case: UUID) -> HttpResponse:
    """Files that ended with a reason, of one exhibit or for one reason if asked."""
    found: Case = access.get(request.user, "problems.view", Case, case)
    exhibits = list(Exhibit.objects.filter(case=found, removed_at=None).order_by("ref"))
    exhibit, reason = _exhibit_of(request), request.GET.get("reason", "")
    counted = problems.by_reason([one.pk for one in exhibits if exhibit in (None, one.public_id)])
    after = listing.after_key(request.GET.get("after"))
    rows = problems.page(found, exhibit=exhibit, reason=reason, after=after, limit=problems.PAGE + 1)
    more = rows[problems.PAGE - 1].id if len(rows) > problems.PAGE else None
    may_open = access.has(request.user, "item.view")
    context = {
        "here": "cases",
        "case": found,
        "exhibits": exhibits,
        "exhibit": exhibit,
        "locked": _locked(request, exhibits, rows),
        "reasons": [_reason(code, count) for code, count in sorted(counted.items(), key=lambda one: (-one[1], one[0]))],
        "reason": reason,
        "rows": [_problem(row, may_open=may_open) for row in rows[: problems.PAGE]],
        "filters": listing.query({"exhibit": str(exhibit or ""), "reason": reason}),
        "next_url": listing.next_url(request.GET, more),
        "total": counted.get(reason, 0) if reason else sum(counted.values()),
        "filtered": bool(exhibit or reason),
    }
    return render(request, "cases/problems.html", context)


@require_GET
def problem_file(request: SignedRequest, case: UUID, kind: str) -> StreamingHttpResponse:
    """The same files as CSV or JSON lines, all pages of them."""
    found: Case = access.get(request.user, "problems.view", Case, case)
    exhibit, reason = _exhibit_of(request), request.GET.get("reason", "")
    budgets.charge(request.user, budgets.DOWNLOADS)
    content = problem_files.write(found, kind=kind, by=request.user, exhibit=exhibit, reason=reason)
    answer = StreamingHttpResponse(content, content_type="application/octet-stream")
    name = f"problems-{slugify(found.number) or 'case'}.{kind}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _exhibit_of(request: SignedRequest) -> UUID | None:
    text = request.GET.get("exhibit", "")
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise NotFound from error


def _locked(request: SignedRequest, exhibits: list[Exhibit], rows: list[problems.Problem]) -> list[Exhibit]:
    """The exhibits that are or hold encrypted archives, as far as this page tells, for who may give a password."""
    if not access.has(request.user, "evidence.control"):
        return []
    refs = {row.exhibit for row in rows if row.reason == results.ENCRYPTED}
    return [exhibit for exhibit in exhibits if exhibit.ref in refs or exhibit.state_reason == archive.LOCKED]


def _reason(code: str, count: int) -> dict[str, Any]:
    return {"code": code, "count": count, "meaning": problems.words(code)}


def _problem(row: problems.Problem, *, may_open: bool) -> dict[str, Any]:
    return {
        "exhibit": row.exhibit,
        "name": row.name,
        "size_text": "" if row.size is None else shown.human_size(row.size),
        "reason": row.reason,
        "meaning": row.means,
        "advice": row.advice,
        "item": row.item if may_open else None,
        "outcome": row.outcome,
        "outcome_text": _(OUTCOME_WORDS[row.outcome]),
        "outcome_kind": OUTCOME_KINDS[row.outcome],
    }
