"""The list of sets, one set, and its export."""

import tempfile
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hashsets import effects, exchange, filter_files, import_jobs, listing, overview, scheme_tables, sets, watched
from hashsets.exchange import WriteOptions
from hashsets.forms import ExportForm, ImportForm, SetForm
from hashsets.models import HashSet
from workbench import access
from workbench.errors import BadInput
from workbench.models import Job
from workbench.requests import SignedRequest
from workbench.visible import visible


@require_GET
def index(request: SignedRequest) -> HttpResponse:
    """Every set the person may know of."""
    access.require(request.user, "set.list")
    context = {
        "here": "hashsets",
        "rows": overview.rows(request.user),
        "matching": effects.cases().matching(request.user.agency_id),
        "may_create": access.has(request.user, "set.create"),
    }
    return render(request, "hashsets/list.html", context)


@require_http_methods(["GET", "POST"])
def new(request: SignedRequest) -> HttpResponse:
    """Make an empty set of the person's agency."""
    access.require(request.user, "set.create")
    form = SetForm(request.POST or None, by=request.user)
    if form.is_valid():
        try:
            return redirect("hashsets:set", _create(request, form.cleaned_data).public_id)
        except (sets.NameTaken, BadInput) as error:
            form.add_error("name", str(error))
    return render(request, "hashsets/new.html", {"here": "hashsets", "form": form})


def _create(request: SignedRequest, data: dict[str, Any]) -> HashSet:
    return sets.create(
        name=data["name"],
        role=data["role"],
        scheme=scheme_tables.latest(data["scheme"], request.user.agency),
        owner=request.user.agency,
        by=request.user,
        reach=data["reach"] or HashSet.Reach.AGENCY,
        trust="trusted" if data["vouched"] else "provisional",
    )


@require_GET
def one(request: SignedRequest, set_id: UUID) -> HttpResponse:
    """A set: versions, categories, policies of the person's agency, import."""
    hash_set = sets.reached(request.user, "set.view", set_id)
    live = [job for job in import_jobs.of_set(hash_set) if job.state in Job.LIVE]
    context = overview.page(request.user, hash_set) | {
        "here": "hashsets",
        "import_form": ImportForm(),
        "writers": exchange.WRITERS.values(),
        "watched": _watched(hash_set) if hash_set.owner_id == request.user.agency_id else None,
        "live_run": live[0].public_id if live and hash_set.owner_id == request.user.agency_id else None,
    }
    context["filter"] = filter_files.offered(context["entries"])
    return render(request, "hashsets/set.html", context)


def _watched(hash_set: HashSet) -> dict[str, Any]:
    """The folder, who turned it on, and what was refused lately."""
    lists = [(job.public_id, job.cursor["files"][0], job.message) for job in watched.refused(hash_set)]
    told = [{"run": run, "name": visible(name), "why": visible(why)} for run, name, why in lists]
    return {"folder": str(watched.folder_of(hash_set)), "by": hash_set.watched_by_name, "refused": told}


@require_POST
def watch(request: SignedRequest, set_id: UUID) -> HttpResponse:
    """Turn the set's watched folder on, in the person's name, or off."""
    hash_set = sets.own(request.user, "set.watch", set_id)
    watched.turn(hash_set, by=request.user, on=request.POST.get("on") == "1")
    return redirect("hashsets:set", hash_set.public_id)


@require_POST
def retire(request: SignedRequest, set_id: UUID) -> HttpResponse:
    """End the set for everybody who matches against it."""
    hash_set = sets.own(request.user, "set.retire", set_id)
    sets.retire(hash_set, by=request.user, reason=request.POST.get("reason", ""))
    messages.success(request, _("The set is retired. Open cases are matched again without it."))
    return redirect("hashsets:set", hash_set.public_id)


@require_GET
def export(request: SignedRequest, set_id: UUID) -> FileResponse:
    """Save the version in force as a file."""
    hash_set = sets.own(request.user, "set.export", set_id)
    form = ExportForm(request.GET)
    if not form.is_valid():
        formats = ", ".join(exchange.WRITERS)
        raise BadInput(noop("Choose a format: %(formats)s. A region is one word."), formats=formats)
    format_ = exchange.WRITERS[form.cleaned_data["format"]]
    options = WriteOptions(region=form.cleaned_data["region"])
    file = tempfile.TemporaryFile()  # noqa: SIM115 closed by the answer, which reads it after we are gone
    listing.export(hash_set, file, by=request.user, format_id=format_.id, options=options)
    file.seek(0)
    name = f"{slugify(hash_set.name) or 'set'}-v{hash_set.generation}{format_.extension}"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/octet-stream")
