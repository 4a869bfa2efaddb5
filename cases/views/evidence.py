"""Pages of the evidence: adding it, uploads, holding an ingest, problems, progress."""

from typing import Any, BinaryIO, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases import evidence, inbox, problems, shown, tasks, uploads
from cases.ingest import progress as counts
from cases.models import Case, Exhibit
from workbench import access
from workbench.errors import BadInput, NotFound, WorkbenchError
from workbench.requests import SignedRequest

FROM_INBOX = ("folder", "archive", "image", "vics")
AS_FILE = ("archive", "vics")
OUTCOME_KINDS = {"accepted": "ok", "accepted-without-preview": "warn", "rejected-with-reason": "bad", "pending": ""}
OUTCOME_WORDS = {
    "accepted": "In the case",
    "accepted-without-preview": "No preview",
    "rejected-with-reason": "Not taken",
    "pending": "Pending",
}


@require_http_methods(["GET", "POST"])
def add_evidence(request: SignedRequest, case: UUID) -> HttpResponse:
    """Take evidence from the inbox, or one file from the browser."""
    found: Case = access.get(request.user, "evidence.add", Case, case)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            exhibit = _added(request, found)
        except WorkbenchError as error:
            errors = {_("Not added"): str(error)}
        else:
            tasks.wake(exhibit.pk)
            return redirect("cases:case", found.public_id)
    context = {
        "here": "cases",
        "case": found,
        "inbox": [_offered(entry) for entry in inbox.entries()],
        "inbox_places": inbox.places(),
        "values": request.POST.dict(),
        "errors": errors,
    }
    return render(request, "cases/add_evidence.html", context, status=400 if errors else 200)


def _offered(entry: inbox.Entry) -> dict[str, str]:
    size = "" if entry.size is None else shown.human_size(entry.size)
    return {"path": entry.path, "name": entry.name, "kind": entry.kind, "size_text": size}


def _added(request: SignedRequest, case: Case) -> Exhibit:
    """The exhibit that the form describes, ready to be ingested."""
    post, file = request.POST, request.FILES.get("file")
    reader, ref, description = post.get("source", ""), post.get("ref", ""), post.get("description", "")
    if reader not in (AS_FILE if file else FROM_INBOX):
        raise BadInput(_("Say what the evidence is: a folder, a zip, a disk image, or a VICS case."))
    if file:
        exhibit = evidence.add_upload(case=case, ref=ref, by=request.user, description=description, reader_id=reader)
        uploads.keep_source(exhibit, cast("BinaryIO", file.file))
        return exhibit
    source = evidence.offered_source(inbox.raw_path(post.get("folder", "")))
    return evidence.add_exhibit(
        case=case, ref=ref, reader_id=reader, source=source, by=request.user, description=description
    )


@require_POST
def upload_start(request: SignedRequest, case: UUID) -> HttpResponse:
    """Open an exhibit that waits for files from the browser; again with its number goes on."""
    found: Case = access.get(request.user, "evidence.add", Case, case)
    exhibit = evidence.add_upload(
        case=found,
        ref=request.POST.get("ref", ""),
        by=request.user,
        description=request.POST.get("description", ""),
    )
    return JsonResponse(
        {
            "exhibit": exhibit.public_id,
            "files_url": reverse("cases:upload_files", args=[exhibit.public_id]),
            "done_url": reverse("cases:upload_done", args=[exhibit.public_id]),
            "case_url": reverse("cases:case", args=[found.public_id]),
        }
    )


@require_POST
def upload_files(request: SignedRequest, exhibit: UUID) -> HttpResponse:
    """Some of the files; sending them again changes nothing."""
    found: Exhibit = access.get(request.user, "evidence.add", Exhibit, exhibit)
    files, names = request.FILES.getlist("files"), request.POST.getlist("paths")
    if len(files) != len(names) or not files:
        raise BadInput(_("Every file needs its name beside it."))
    pairs = [(name, cast("BinaryIO", file.file)) for name, file in zip(names, files, strict=True)]
    return JsonResponse({"received": uploads.receive(found, pairs)})


@require_POST
def upload_done(request: SignedRequest, exhibit: UUID) -> HttpResponse:
    """All files came: the ingest begins."""
    found: Exhibit = access.get(request.user, "evidence.add", Exhibit, exhibit)
    uploads.all_sent(found)
    tasks.wake(found.pk)
    return JsonResponse({"next": reverse("cases:case", args=[found.case.public_id])})


@require_POST
def exhibit_act(request: SignedRequest, exhibit: UUID, act: str) -> HttpResponse:
    """Hold, resume or end an ingest."""
    found: Exhibit = access.get(request.user, "evidence.control", Exhibit, exhibit)
    if act == "pause":
        evidence.pause(found, by=request.user)
    elif act == "resume":
        evidence.resume(found, by=request.user)
        tasks.wake(found.pk)
    elif act == "cancel":
        evidence.cancel(found, by=request.user, reason=request.POST.get("reason", ""))
        messages.success(request, _("The ingest has ended. What came in stays in the case."))
    else:
        raise NotFound
    return redirect("cases:case", found.case.public_id)


@require_GET
def problem_list(request: SignedRequest, case: UUID) -> HttpResponse:
    """Files that ended with a reason, a page at a time."""
    found: Case = access.get(request.user, "problems.view", Case, case)
    exhibits = list(Exhibit.objects.filter(case=found, removed_at=None).order_by("ref"))
    exhibit, reason = _exhibit_of(request), request.GET.get("reason", "")
    rows = problems.page(found, exhibit=exhibit, reason=reason, after=_after(request), limit=problems.PAGE + 1)
    context = {
        "here": "cases",
        "case": found,
        "exhibits": exhibits,
        "exhibit": exhibit,
        "reasons": [{"code": code, "count": None} for code in sorted(problems.WORDS)],
        "reason": reason,
        "rows": [_problem(row) for row in rows[: problems.PAGE]],
        "next_url": _next(request, rows),
        "total": sum(one.problems for one in exhibits if exhibit in (None, one.public_id)),
    }
    return render(request, "cases/problems.html", context)


def _exhibit_of(request: SignedRequest) -> UUID | None:
    text = request.GET.get("exhibit", "")
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise NotFound from error


def _after(request: SignedRequest) -> int:
    text = request.GET.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _next(request: SignedRequest, rows: list[problems.Problem]) -> str:
    if len(rows) <= problems.PAGE:
        return ""
    query = request.GET.copy()
    query["after"] = str(rows[problems.PAGE - 1].id)
    return f"?{query.urlencode()}"


def _problem(row: problems.Problem) -> dict[str, Any]:
    return {
        "exhibit": row.exhibit,
        "name": row.name,
        "size_text": "" if row.size is None else shown.human_size(row.size),
        "reason": row.reason,
        "meaning": row.means,
        "outcome": row.outcome,
        "outcome_text": OUTCOME_WORDS[row.outcome],
        "outcome_kind": OUTCOME_KINDS[row.outcome],
    }


@require_GET
def progress(request: SignedRequest, case: UUID) -> HttpResponse:
    """How far the case's ingests are, from counters alone."""
    found: Case = access.get(request.user, "case.view", Case, case)
    return JsonResponse(counts.of(found))
