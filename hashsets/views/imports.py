"""Importing a list: the form, the run on its way, and its report."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from hashsets import import_jobs, sets, tasks
from hashsets.forms import ImportForm
from hashsets.models import HashSet
from workbench.models import Job
from workbench.requests import SignedRequest
from workbench.visible import visible

STATES = {
    Job.State.QUEUED: (_("waiting"), ""),
    Job.State.RUNNING: (_("running"), "acc"),
    Job.State.DONE: (_("done"), "ok"),
    Job.State.FAILED: (_("failed"), "bad"),
}
FIGURES = ("read", "stored", "added", "withdrawn", "duplicates", "conflicts", "generation")
SKIPPED = {
    "no-hash": _("no hash"),
    "invalid-hash": _("the hash is not one"),
    "zero-length": _("the hash of a file of zero bytes"),
    "not-a-row": _("the line is no row of such a list"),
    "other-kind": _("a kind of hash that no entry can stand by"),
    "other-type": _("neither picture nor video, and only those were asked for"),
    "not-a-record": _("no record stands there"),
    "too-long": _("the record is longer than any honest one"),
    "too-deep": _("the record nests deeper than any honest one"),
}


@require_http_methods(["GET", "POST"])
def start(request: SignedRequest, set_id: UUID) -> HttpResponse:
    """Take the files and queue their import."""
    hash_set = sets.own(request.user, "set.import", set_id)
    form = ImportForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        data = form.cleaned_data
        job = import_jobs.start(hash_set, data["file"], by=request.user, **form.choices())
        tasks.wake(job.pk)
        return redirect("hashsets:import_run", job.public_id)
    return render(request, "hashsets/import.html", {"here": "hashsets", "set": hash_set, "form": form})


@require_GET
def report(request: SignedRequest, run_id: UUID) -> HttpResponse:
    """A run and what it found; `?format=json` saves the report as a file."""
    job, hash_set = _of(request, run_id)
    found = job.cursor.get("report") or {}
    if request.GET.get("format") == "json":
        answer = JsonResponse(found, json_dumps_params={"indent": 1})
        answer["Content-Disposition"] = f'attachment; filename="import-{job.public_id}.json"'
        return answer
    return render(request, "hashsets/import_run.html", {"here": "hashsets", "set": hash_set, **_context(job, found)})


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


def _context(job: Job, found: dict[str, Any]) -> dict[str, Any]:
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
    }
    return {
        "run": run,
        "report": {name: found.get(name, 0) for name in FIGURES},
        "skipped": [
            {"reason": SKIPPED.get(key, visible(key)), "count": n} for key, n in found.get("skipped", {}).items()
        ],
        "files": [_file(part) for part in found.get("files", [])],
        "warnings": _warnings(found),
        "errors": [_bad_record(one) for one in found.get("warnings", []) if one["position"] is not None],
    }


def _file(part: dict[str, Any]) -> dict[str, Any]:
    """What a file is, as far as it says so or can be seen."""
    named = {name: visible(str(part.get(name, ""))) for name in ("name", "encoding", "version", "region", "producer")}
    return {**named, "sha256": part["sha256"], "bytes": part["bytes"]}


def _warnings(found: dict[str, Any]) -> list[dict[str, Any]]:
    """One line per kind of warning, with the words of the first and how often it came; then what was repaired."""
    first: dict[str, str] = {}
    times: dict[str, int] = {}
    for warning in found.get("warnings", []):
        first.setdefault(warning["code"], warning["detail"])
        if warning["position"] is None:
            times[warning["code"]] = times.get(warning["code"], 0) + 1
    for part in found.get("files", []):
        for code, number in part["warned"].items():
            times[code] = max(times.get(code, 0), number)
    lines = [{"code": code, "text": first.get(code, ""), "count": number} for code, number in times.items()]
    lines += [
        {"code": name, "text": text, "count": found[name]}
        for name, text in (
            ("dropped_photodna", _("PhotoDNA of wrong length, or shared by many files")),
            ("bad_dates", _("dates nobody can read; their text is kept")),
        )
        if found.get(name)
    ]
    lines += [{"code": "unmapped", "text": code, "count": n} for code, n in found.get("unmapped", {}).items()]
    lines += [
        {"code": "unknown-field", "text": name, "count": n} for name, n in found.get("unknown_fields", {}).items()
    ]
    return [line | {"text": visible(str(line["text"]))} for line in lines]


def _bad_record(warning: dict[str, Any]) -> dict[str, Any]:
    said = visible(f"{warning['code']} {warning['detail']}".strip())
    return {"line": warning["position"], "offset": None, "reason": said}


def _step(job: Job) -> str:
    """What is being done, how fast, and for how long."""
    told = (str(job.cursor.get(name, "")) for name in ("phase", "pace"))
    return visible(" · ".join(filter(None, told)))


def _percent(job: Job) -> int:
    done, of = job.cursor.get("done", 0), job.cursor.get("of", 0)
    return min(100, round(100 * done / of)) if of else 0
