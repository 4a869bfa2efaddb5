"""Pages of the evidence: adding it, uploads, holding or ending an ingest, removing an exhibit."""

from typing import Any, BinaryIO, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from cases import (
    again,
    announced,
    evidence,
    inbox,
    passwords,
    removal,
    shown,
    tasks,
    uploads,
    verify_jobs,
)
from cases.ingest import sources
from cases.models import Case, Exhibit
from workbench import access, tus
from workbench.errors import BadInput, NotFound, WorkbenchError
from workbench.requests import SignedRequest
from workbench.views.errors import wants_json
from workbench.words import digits

FROM_INBOX = ("folder", "archive", "image", "vics")
AS_FILE = ("archive", "vics")
FORMS = ("inbox", "zip")


@require_http_methods(["GET", "POST"])
def add_evidence(request: SignedRequest, case: UUID) -> HttpResponse:
    """Take evidence from the inbox, or one file from the browser."""
    found: Case = access.get(request.user, "evidence.add", Case, case)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            lines = passwords.checked(_lines(request))
            exhibit = _added(request, found)
            if lines:
                passwords.give(exhibit, passwords=lines, by=request.user)
        except WorkbenchError as error:
            errors = {_("Not added"): str(error)}
        else:
            tasks.wake(exhibit.pk)
            return redirect("cases:case", found.public_id)
    form = request.POST.get("form", "")
    context = {
        "here": "cases",
        "case": found,
        "waiting": announced.waiting(found),
        "inbox": _inbox(),
        "inbox_places": inbox.places(),
        "values": {form: request.POST.dict()} if form in FORMS else {"files": {"ref": request.GET.get("upload", "")}},
        "errors": errors,
    }
    return render(request, "cases/add_evidence.html", context, status=400 if errors else 200)


def _inbox() -> list[dict[str, str]]:
    """What lies in the inbox, each with how much of it there is."""
    entries = inbox.entries()
    folders = sum(entry.kind == "folder" for entry in entries)
    return [_offered(entry, counted=folders <= inbox.COUNTED_FOLDERS) for entry in entries]


def _offered(entry: inbox.Entry, *, counted: bool) -> dict[str, str]:
    size = "" if entry.size is None else shown.human_size(entry.size)
    if entry.kind == "folder" and counted:
        size = _estimate(inbox.files_below(entry))
    return {"path": entry.path, "name": entry.name, "kind": entry.kind, "size_text": size}


def _estimate(files: int) -> str:
    if files > inbox.COUNTED:
        return _("more than %(n)s files") % {"n": digits(inbox.COUNTED)}
    return ngettext("%(n)s file", "%(n)s files", files) % {"n": digits(files)}


def _added(request: SignedRequest, case: Case) -> Exhibit:
    """The exhibit that the form describes, ready to be ingested."""
    post, file = request.POST, request.FILES.get("file")
    reader, ref, description = post.get("source", ""), post.get("ref", ""), post.get("description", "")
    if reader not in (AS_FILE if file else FROM_INBOX):
        raise BadInput(noop("Say what the evidence is: a folder, an archive, a disk image, or a VICS case."))
    told: dict[str, Any] = {
        "case": case,
        "ref": ref,
        "reader_id": reader,
        "by": request.user,
        "description": description,
    }
    if file:
        return uploads.add_file(stream=cast("BinaryIO", file.file), **told)
    held = evidence.named(case, evidence.exhibit_ref(ref))
    told["keep"] = Exhibit.Keep.PLACE if post.get("keep") == Exhibit.Keep.PLACE else Exhibit.Keep.COPY
    exhibit = evidence.add_exhibit(source=evidence.offered_source(inbox.raw_path(post.get("folder", ""))), **told)
    _tell(request, exhibit, is_new=held is None)
    return exhibit


def _tell(request: SignedRequest, exhibit: Exhibit, *, is_new: bool) -> None:
    """Say what the person may not have meant: the same evidence once more, an image as a file."""
    if not is_new:
        text = _("%(ref)s is in this case already, from the same place. Nothing was added; its ingest goes on.")
        messages.info(request, text % {"ref": exhibit.ref})
    elif others := evidence.same_source(exhibit):
        text = _("The same place was taken in as %(others)s. Its files now count twice; cancel one if that is wrong.")
        messages.warning(request, text % {"others": ", ".join(others)})
    if name := sources.image_within(exhibit):
        text = _("%(name)s is a disk image. As part of a folder it is hashed and not searched: add it as a disk image.")
        messages.warning(request, text % {"name": name})


def _lines(request: SignedRequest) -> list[str]:
    """The passwords of the form, one a line, blanks at their ends included."""
    return [line for line in request.POST.get("passwords", "").splitlines() if line]


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
            "announce_url": reverse("cases:api_announce", args=[exhibit.public_id]),
            "uploads_url": reverse("cases:api_uploads", args=[exhibit.public_id]),
            "files_url": reverse("cases:upload_files", args=[exhibit.public_id]),
            "done_url": reverse("cases:upload_done", args=[exhibit.public_id]),
            "case_url": reverse("cases:case", args=[found.public_id]),
        }
    )


@require_POST
def upload_files(request: SignedRequest, exhibit: UUID) -> HttpResponse:
    """Some of the files; sending them again changes nothing."""
    found: Exhibit = access.get(request.user, "evidence.add", Exhibit, exhibit)
    files = request.FILES.getlist("files")
    names = [tus.decoded(name) for name in request.POST.getlist("names")]
    if len(files) != len(names) or not files:
        raise BadInput(noop("Every file needs its name beside it."))
    pairs = [(name, cast("BinaryIO", file.file)) for name, file in zip(names, files, strict=True)]
    return JsonResponse({"received": uploads.receive(found, pairs)})


@require_POST
def upload_done(request: SignedRequest, exhibit: UUID) -> HttpResponse:
    """All files came, or the person ends the upload without the rest: the ingest begins."""
    found: Exhibit = access.get(request.user, "evidence.add", Exhibit, exhibit)
    if request.POST.get("anyway") == "1":
        announced.give_up_missing(found, by=request.user)
    uploads.all_sent(found)
    tasks.wake(found.pk)
    following = reverse("cases:case", args=[found.case.public_id])
    return JsonResponse({"next": following}) if wants_json(request) else redirect(following)


@require_POST
def exhibit_act(request: SignedRequest, exhibit: UUID, act: str) -> HttpResponse:
    """Hold, resume or end an ingest, give it passwords, or remove the exhibit."""
    found: Exhibit = access.get(request.user, "evidence.control", Exhibit, exhibit)
    if act == "pause":
        evidence.pause(found, by=request.user)
    elif act == "resume":
        evidence.resume(found, by=request.user)
        tasks.wake(found.pk)
    elif act == "password":
        files = passwords.give(found, passwords=_lines(request), by=request.user)
        tasks.wake(found.pk)
        messages.success(request, _("The passwords are tried on %(files)s encrypted files.") % {"files": files})
    elif act == "again":
        messages.info(request, _again(again.try_again(found, by=request.user)))
        tasks.wake(found.pk)
    elif act == "remove":
        removal.ask(found, by=request.user, reason=request.POST.get("reason", ""))
        tasks.wake_removal(found.pk)
        messages.success(request, _("%(ref)s is being removed from the case.") % {"ref": found.ref})
    elif act == "cancel":
        evidence.cancel(found, by=request.user, reason=request.POST.get("reason", ""))
        messages.success(request, _ended(found))
    else:
        raise NotFound
    return redirect("cases:case", found.case.public_id)


@require_POST
def exhibit_verify(request: SignedRequest, exhibit: UUID) -> HttpResponse:
    """Have a worker prove that the exhibit still is what came in; the case's page tells what it found."""
    found: Exhibit = access.get(request.user, "exhibit.verify", Exhibit, exhibit)
    tasks.wake_verification(verify_jobs.order(exhibit=found, by=request.user).pk)
    return redirect("cases:case", found.case.public_id)


def _again(tried: again.Again) -> str:
    """What is tried again, in a sentence."""
    if not tried:
        return _("There is nothing that could come out otherwise now.")
    text = _("Trying again: %(files)s files to read, %(previews)s previews to make, %(missing)s files to look for.")
    return text % {name: digits(getattr(tried, name)) for name in ("files", "previews", "missing")}


def _ended(exhibit: Exhibit) -> str:
    """What became of a cancelled exhibit and its number."""
    exhibit.refresh_from_db()
    if exhibit.seen:
        text = _("The ingest of %(ref)s has ended. What came in stays in the case, and so does its number.")
    else:
        text = _("The ingest of %(ref)s has ended. Nothing had come in: its number can be used again.")
    return text % {"ref": exhibit.ref}
