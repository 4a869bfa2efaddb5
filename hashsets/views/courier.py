"""Courier files: ordered and fetched, brought and taken in, and how far that is."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hashsets import tasks
from hashsets.models import Package
from hashsets.packages import jobs, kept, running, uploads
from hashsets.views.exchange import HERE, peer_of
from hashsets.views.exchange_forms import MirrorNameForm, UnpackForm
from hashsets.views.exchange_terms import share_of
from workbench import access
from workbench.errors import BadInput, NotFound, WorkbenchError
from workbench.models import Job
from workbench.requests import SignedRequest
from workbench.views.errors import wants_json
from workbench.visible import visible

STATES = {
    Job.State.QUEUED: (lazy("waiting"), ""),
    Job.State.RUNNING: (lazy("running"), "acc"),
    Job.State.DONE: (lazy("done"), "ok"),
    Job.State.FAILED: (lazy("failed"), "bad"),
}
RIGHTS = {jobs.MAKE: "exchange.send", jobs.TAKE: "exchange.receive"}
MOST = 20  # runs shown


@require_POST
def package(request: SignedRequest, peer_id: UUID, share_id: UUID) -> HttpResponse:
    """Order the next courier file of a shared set."""
    peer = peer_of(request, "exchange.send", peer_id)
    return _led(jobs.order(share_of(peer, share_id), by=request.user, whole=request.POST.get("whole") == "1"))


@require_POST
def opinions(request: SignedRequest, peer_id: UUID, subscription_id: UUID) -> HttpResponse:
    """Order a courier file of our opinions that wait for the owner of a set."""
    peer = peer_of(request, "exchange.send", peer_id)
    found = peer.subscriptions.filter(public_id=subscription_id).select_related("set", "peer__agency").first()
    if found is None:
        raise NotFound
    return _led(jobs.order(found, by=request.user, whole=request.POST.get("whole") == "1"))


@require_GET
def file(request: SignedRequest, peer_id: UUID, package_id: UUID) -> FileResponse:
    """A courier file that was made, saved by the browser."""
    peer = peer_of(request, "exchange.send", peer_id)
    found = Package.objects.filter(peer=peer, public_id=package_id).select_related("set", "peer__agency").first()
    if found is None:
        raise NotFound
    name = kept.name_of(found)
    opened = kept.fetch(found, by=request.user).open("rb")
    return FileResponse(opened, as_attachment=True, filename=name, content_type="application/octet-stream")


@require_http_methods(["GET", "POST"])
def unpack(request: SignedRequest) -> HttpResponse:
    """Take a courier file in, sent with the form or piece by piece before it."""
    access.require(request.user, "exchange.receive")
    sent = request.POST.get("upload", "")
    form = UnpackForm(request.POST or None, request.FILES or None, sent=bool(sent))
    if form.is_valid():
        try:
            job = _taken(request, form, sent)
        except WorkbenchError as error:
            if wants_json(request):
                raise
            form.add_error("file", str(error))
        else:
            return JsonResponse({"next": _page(job)}) if wants_json(request) else redirect(_page(job))
    context = HERE | {"form": form, "runs": [_told(job) for job in _runs(request)]}
    return render(request, "hashsets/exchange/unpack.html", context, status=400 if form.errors else 200)


@require_GET
def run(request: SignedRequest, package_run_id: UUID) -> HttpResponse:
    """The making or taking in of one courier file: how far it is, or what came of it."""
    job = _of(request, package_run_id)
    return render(request, "hashsets/exchange/courier_run.html", HERE | _shown(job))


@require_GET
def progress(request: SignedRequest, package_run_id: UUID) -> JsonResponse:
    """How far it is, for the page that follows it."""
    job = _of(request, package_run_id)
    told, done = _told(job), job.state not in Job.LIVE
    fields = {"bar": told["percent"], "phase": told["phase"], "state": str(told["state_text"])}
    return JsonResponse({"fields": fields, "say": told["message"], "done": done, "reload": done})


@require_POST
def cancel(request: SignedRequest, package_run_id: UUID) -> HttpResponse:
    """Give it up; nothing is stored. Where it was over by then, its page says what came of it."""
    job = _of(request, package_run_id)
    try:
        jobs.cancel(job, by=request.user)
    except jobs.PackageJobOver as over:
        messages.info(request, str(over))
    return redirect(_page(job))


@require_POST
def again(request: SignedRequest, package_run_id: UUID) -> HttpResponse:
    """Take a refused file in once more, without sending it again."""
    job = _of(request, package_run_id)
    form = MirrorNameForm(request.POST)
    if not form.is_valid():
        raise BadInput(noop("A name has at most 100 characters."))
    return _led(jobs.again(job, by=request.user, mirror=form.cleaned_data["name"]))


def _taken(request: SignedRequest, form: UnpackForm, sent: str) -> Job:
    mirror = form.cleaned_data["name"]
    if not sent:
        came = form.cleaned_data["file"]
        job = jobs.take_file(uploads.kept(came, came.size), came.name, by=request.user, mirror=mirror)
    else:
        try:
            job = jobs.take_upload(UUID(sent), by=request.user, mirror=mirror)
        except ValueError as error:
            raise BadInput(noop("This file has no id of ours.")) from error
    tasks.wake_package(job.pk)
    return job


def _led(job: Job) -> HttpResponse:
    """To the page of a job, for which a worker is woken."""
    tasks.wake_package(job.pk)
    return redirect(_page(job))


def _page(job: Job) -> str:
    return reverse("exchange:courier_run", args=[job.public_id])


def _of(request: SignedRequest, public_id: UUID) -> Job:
    job = jobs.get(request.user, public_id)
    access.require(request.user, RIGHTS[job.kind])
    return job


def _runs(request: SignedRequest) -> list[Job]:
    """The last files that were taken in."""
    return list(jobs.of_agency(request.user.agency, jobs.TAKE)[:MOST])


def _shown(job: Job) -> dict[str, Any]:
    """What the page of a job shows; of one that made a file, the file."""
    found = Package.objects.filter(public_id=job.cursor.get("result", {}).get("package"))
    made = found.select_related("peer__agency", "peer__organisation", "set").first()
    return {
        "run": _told(job),
        "package": made,
        "kept_until": kept.until(made) if made else None,
        "again_until": jobs.kept_until(job),
        "name_form": MirrorNameForm(),
    }


def _told(job: Job) -> dict[str, Any]:
    text, kind = STATES[Job.State(job.state)]
    done, of = job.cursor.get("done", 0), job.cursor.get("of", 0)
    return {
        "public_id": job.public_id,
        "makes": job.kind == jobs.MAKE,
        "name": visible(job.cursor["name"]),
        "peer": visible(job.cursor.get("peer", "")),
        "by": job.cursor["by_name"],
        "at": job.created_at,
        "state": job.state,
        "state_text": text,
        "state_kind": kind,
        "message": visible(running.sentence(job.cursor["result"]) if job.state == Job.State.DONE else jobs.why(job)),
        "phase": _step(job),
        "percent": min(100, round(100 * done / of)) if of else 0,
    }


def _step(job: Job) -> str:
    """What is being done, how fast, and for how long; of a job that nobody has begun, that it waits."""
    if job.state == Job.State.QUEUED:
        return _("Waiting for a worker; this page follows by itself.")
    if job.state == Job.State.RUNNING and not job.cursor.get("phase"):
        return _("Beginning")
    return visible(" · ".join(filter(None, (str(job.cursor.get(name, "")) for name in ("phase", "pace")))))
