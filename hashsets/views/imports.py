"""Importing a list: the form, the run on its way, and its report."""

from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hashsets import effects, import_jobs, import_queue, kept_lists, list_uploads, sets, tasks
from hashsets.forms import MOST_PARTS, ImportForm
from hashsets.import_words import SKIPPED, words
from hashsets.models import HashSet, ListUpload
from workbench.errors import BadInput
from workbench.models import Job, User
from workbench.requests import SignedRequest
from workbench.views.errors import wants_json
from workbench.visible import visible
from workbench.words import digits

STATES = {
    Job.State.QUEUED: (_("waiting"), ""),
    Job.State.RUNNING: (_("running"), "acc"),
    Job.State.DONE: (_("done"), "ok"),
    Job.State.FAILED: (_("failed"), "bad"),
}
CONFLICTS = {"conflicting", "two-categories"}  # the warnings of an entry that the list holds under several categories
FIGURES = (
    *("read", "stored", "added", "changed", "withdrawn", "unchanged", "duplicates", "conflicts", "two_categories"),
    "generation",
)


@require_http_methods(["GET", "POST"])
def start(request: SignedRequest, set_id: UUID) -> HttpResponse:
    """Take the files, or those that came piece by piece before, and queue their import."""
    hash_set = sets.own(request.user, "set.import", set_id)
    sent = _sent(request.POST.getlist("upload"))
    form = ImportForm(request.POST or None, request.FILES or None, sent=bool(sent))
    if form.is_valid():
        job = _queued(request, hash_set, form, sent)
        tasks.wake(job.pk)
        run = reverse("hashsets:import_run", args=[job.public_id])
        return JsonResponse({"next": run}) if wants_json(request) else redirect(run)
    return render(request, "hashsets/import.html", {"here": "hashsets", "set": hash_set, "form": form})


def _sent(ids: list[str]) -> list[UUID]:
    if len(ids) > MOST_PARTS:
        raise BadInput(noop("At most %(most_parts)s files."), most_parts=MOST_PARTS)
    try:
        return [UUID(each) for each in dict.fromkeys(ids)]
    except ValueError as error:
        raise BadInput(noop("A file of this list has no id of ours.")) from error


def _queued(request: SignedRequest, hash_set: HashSet, form: ImportForm, sent: list[UUID]) -> Job:
    """The import, queued; whoever asks again with the same uploads is led to the one that has them."""
    if not sent:
        return import_queue.start(hash_set, form.cleaned_data["file"], by=request.user, **form.choices())
    try:
        return _queued_of_uploads(hash_set, list_uploads.whole(hash_set, sent, by=request.user), request.user, form)
    except list_uploads.ListIncomplete:
        if job := list_uploads.taken(hash_set, sent, by=request.user):
            return job
        raise


def _queued_of_uploads(hash_set: HashSet, uploads: list[ListUpload], by: User, form: ImportForm) -> Job:
    """Uploads are forgotten in the transaction that queues the import."""
    files = [import_queue.OnDisk(list_uploads.path_of(each), each.name) for each in uploads]
    try:
        return import_queue.start(
            hash_set, files, by=by, before_queued=partial(list_uploads.take, uploads), **form.choices()
        )
    except FileNotFoundError:  # somebody gave one up just now, or an import has it
        raise list_uploads.ListIncomplete from None


@require_GET
def report(request: SignedRequest, run_id: UUID) -> HttpResponse:
    """A run and what it found; `?format=json` saves the report as a file."""
    job, hash_set = _of(request, run_id)
    found = job.cursor.get("report") or {}
    if request.GET.get("format") == "json":
        answer = JsonResponse(found, json_dumps_params={"indent": 1})
        answer["Content-Disposition"] = f'attachment; filename="import-{job.public_id}.json"'
        return answer
    context = {"here": "hashsets", "set": hash_set, **_context(job, hash_set, found, request.user)}
    return render(request, "hashsets/import_run.html", context)


@require_GET
def progress(request: SignedRequest, run_id: UUID) -> JsonResponse:
    """How far a run is, for the page that follows it."""
    job, _hash_set = _of(request, run_id)
    done = job.state not in Job.LIVE
    state = str(STATES[Job.State(job.state)][0])
    fields = {"bar": _percent(job), "phase": _step(job), "state": state}
    return JsonResponse({"fields": fields, "say": visible(job.message), "done": done, "reload": done})


def _of(request: SignedRequest, run_id: UUID) -> tuple[Job, HashSet]:
    """A run and its set, which must be the agency's own."""
    job, set_id = import_jobs.set_of(run_id)
    return job, sets.own(request.user, "set.import", set_id)


@require_POST
def import_now(request: SignedRequest, run_id: UUID) -> HttpResponse:
    """Import the very list a dry run looked at."""
    job, hash_set = _of(request, run_id)
    made = import_queue.import_now(job, hash_set, by=request.user)
    tasks.wake(made.pk)
    return redirect("hashsets:import_run", made.public_id)


def _context(job: Job, hash_set: HashSet, found: dict[str, Any], user: User) -> dict[str, Any]:
    text, kind = STATES[Job.State(job.state)]
    run = {
        "public_id": job.public_id,
        "source": visible(", ".join(job.cursor["files"])),
        "state": job.state,
        "state_text": text,
        "state_kind": kind,
        "phase": _step(job),
        "percent": _percent(job),
        "at": job.created_at,
        "by": job.cursor["by_name"],
        "message": visible(job.message),
        "dry_run": job.cursor["dry_run"],
        "add": job.cursor.get("add", False),
        "after": job.cursor.get("after"),
        "kept_until": kept_lists.kept_until(job),
        "in_force": found.get("already_in_force", False),
        "overtaken": import_queue.is_overtaken(job, hash_set),
    }
    foreseen = job.cursor.get("foreseen") if job.cursor["dry_run"] and job.state == Job.State.DONE else None
    return {
        "run": run,
        "foreseen": None if foreseen is None else effects.cases().told(user, foreseen),
        "report": {name: found.get(name, 0) for name in FIGURES},
        "files": [_file(part) for part in found.get("files", [])],
        "codes": _codes(hash_set, found),
        "skipped": [
            {"code": key, "reason": visible(words(key)), "count": n} for key, n in found.get("skipped", {}).items()
        ],
        "warnings": _warnings(found),
        "conflicts": [_conflict(one) for one in found.get("warnings", []) if one["code"] in CONFLICTS],
        "errors": [
            _bad_record(one)
            for one in found.get("warnings", [])
            if one["position"] is not None and one["code"] not in CONFLICTS
        ],
    }


def _conflict(warning: dict[str, Any]) -> dict[str, Any]:
    """A hash with the first record of each category it has; before records were told, only the first of all."""
    digest, _colon, codes = warning["detail"].partition(": ")
    records = warning.get("records") or dict.fromkeys(codes.split(", "), warning["position"])
    return {
        "hash": digest,
        "records": [(visible(code), record) for code, record in sorted(records.items(), key=lambda one: one[1])],
        "same": warning["code"] == "two-categories",
    }


def _file(part: dict[str, Any]) -> dict[str, Any]:
    """One file of the list: what it is and what it says of itself."""
    said = [
        (_("Bytes"), digits(part["bytes"])),
        (_("Format"), " ".join(filter(None, [part["format"], part["document"]]))),
        (_("Version"), part["version"]),
        (_("Region"), part["region"]),
        (_("Encoding"), part["encoding"]),
        (_("Made by"), part["producer"]),
        (
            _("Records"),
            _("%(read)s read, %(used)s used") % {"read": digits(part["read"]), "used": digits(part["accepted"])},
        ),
    ]
    facts = [[name, visible(str(value)) or _("not said")] for name, value in said]
    return {"name": visible(part["name"]), "facts": [*facts, ["SHA-256", part["sha256"], True]]}


def _warnings(found: dict[str, Any]) -> list[dict[str, Any]]:
    """One line per kind of warning: its words, the first one's details and place, how often; then what was dropped."""
    seen: dict[str, dict[str, Any]] = {}
    for warning in found.get("warnings", []):
        line = seen.setdefault(
            warning["code"], {"count": 0, "text": warning["detail"], "position": warning["position"]}
        )
        line["count"] += warning["position"] is None
    for part in found.get("files", []):
        for code, number in part["warned"].items():
            line = seen.setdefault(code, {"count": 0, "text": "", "position": None})
            line["count"] = max(line["count"], number)
    told = [
        {"code": code, "what": words(code), **line}
        for code, line in seen.items()
        if code not in SKIPPED and code not in CONFLICTS
    ]
    if dropped := found.get("dropped_photodna"):
        what = _("PhotoDNA of wrong length, or shared by many files; dropped")
        told.append({"code": "dropped_photodna", "what": what, "count": dropped})
    for name, what in (
        ("unmapped", _("a category the scheme does not have; matches as a note only")),
        ("unknown_fields", _("a field nobody knows; kept with its entry, never written into a set that is saved")),
    ):
        told += [{"code": name, "what": what, "text": code, "count": n} for code, n in found.get(name, {}).items()]
    return [line | {"text": visible(str(line.get("text", "")))} for line in told]


def _bad_record(warning: dict[str, Any]) -> dict[str, Any]:
    said = f"{words(warning['code'])}: {warning['detail']}" if warning["detail"] else words(warning["code"])
    return {"line": warning["position"], "file": visible(warning.get("file", "")), "reason": visible(said)}


def _step(job: Job) -> str:
    """What is being done, how fast, and for how long; of a run that nobody has begun, that it waits."""
    if job.state == Job.State.QUEUED:
        return gettext("Waiting for a worker. Nothing is read yet; this page follows by itself.")
    if job.state == Job.State.RUNNING and not job.cursor.get("phase"):
        return gettext("Beginning")
    told = (str(job.cursor.get(name, "")) for name in ("phase", "pace"))
    return visible(" · ".join(filter(None, told)))


def _codes(hash_set: HashSet, found: dict[str, Any]) -> list[dict[str, Any]]:
    known = {category.code: category for category in hash_set.scheme.categories.all()}
    return [
        {"category": known.get(code), "code": visible(code), "count": count}
        for code, count in found.get("codes", {}).items()
    ]


def _percent(job: Job) -> int:
    done, of = job.cursor.get("done", 0), job.cursor.get("of", 0)
    return min(100, round(100 * done / of)) if of else 0
