"""Category schemes: those in force, and drafts of the agency's own."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hashsets import scheme_drafts, scheme_tables
from hashsets.models import Category, Scheme, SchemeDraft
from hashsets.scheme_forms import DraftForm, NewSchemeForm
from workbench import access
from workbench.errors import BadInput, NotFound, WorkbenchError
from workbench.requests import SignedRequest

DRAFT = "hashsets:scheme_draft"


@require_GET
def index(request: SignedRequest) -> HttpResponse:
    """The newest version of every scheme the person may use, and open drafts."""
    access.require(request.user, "scheme.view")
    may_edit = access.has(request.user, "scheme.edit")
    context = {
        "here": "hashsets",
        "schemes": _newest(request),
        "drafts": SchemeDraft.objects.for_actor(request.user).filter(state="open") if may_edit else [],
        "may_edit": may_edit,
    }
    return render(request, "hashsets/schemes.html", context)


def _newest(request: SignedRequest) -> list[Scheme]:
    """With their categories, and how many sets of the person's scope use them (any version)."""
    rows = Scheme.objects.for_actor(request.user).order_by("scheme_id", "-version").distinct("scheme_id")
    mine = Q(hashset__owner=request.user.agency_id, hashset__retired_at=None)
    counted = Scheme.objects.filter(pk__in=rows.values("pk")).annotate(sets=Count("hashset", filter=mine))
    return list(counted.select_related("owner").prefetch_related("categories").order_by("name"))


@require_GET
def one(request: SignedRequest, scheme_id: str, version: int) -> HttpResponse:
    """A version as it is in force: its keys as the desk draws them, and what mappings lose."""
    access.require(request.user, "scheme.view")
    versions = Scheme.objects.for_actor(request.user).filter(scheme_id=scheme_id).order_by("-version")
    scheme = versions.filter(version=version).select_related("owner").first()
    if scheme is None:
        raise NotFound
    own = scheme.owner_id == request.user.agency_id and access.has(request.user, "scheme.edit")
    context = {"here": "hashsets", "scheme": scheme, "versions": versions, "may_edit": own}
    return render(request, "hashsets/scheme.html", context)


@require_http_methods(["GET", "POST"])
def new(request: SignedRequest) -> HttpResponse:
    """Begin a scheme of the agency's own."""
    access.require(request.user, "scheme.edit")
    form = NewSchemeForm(request.POST or None, schemes=Scheme.objects.for_actor(request.user).order_by("name"))
    if form.is_valid():
        try:
            return redirect(DRAFT, scheme_drafts.begin(**form.cleaned_data, by=request.user).public_id)
        except WorkbenchError as error:
            form.add_error(None, str(error))
    return render(request, "hashsets/new_scheme.html", {"here": "hashsets", "form": form})


@require_POST
def new_version(request: SignedRequest) -> HttpResponse:
    """Begin the next version of one of the agency's own."""
    access.require(request.user, "scheme.edit")
    scheme = scheme_tables.latest(request.POST.get("scheme", ""), request.user.agency)
    return redirect(DRAFT, scheme_drafts.begin_version(scheme, by=request.user).public_id)


@require_http_methods(["GET", "POST"])
def draft(request: SignedRequest, draft_id: UUID) -> HttpResponse:
    """Change a draft, and see it as the desk would draw it."""
    found = _draft(request, draft_id)
    form = DraftForm(found.doc, request.POST or None)
    if request.method == "POST" and form.is_valid():
        scheme_drafts.save(found, seen=_seen(request), values=form.values(), by=request.user)
        messages.success(request, _("Saved. Another supervisor puts it in force."))
        return redirect(DRAFT, found.public_id)
    return render(request, "hashsets/scheme_draft.html", _context(request, found, form))


@require_POST
def approve(request: SignedRequest, draft_id: UUID) -> HttpResponse:
    """Put a draft in force."""
    made = scheme_drafts.approve(_draft(request, draft_id), seen=_seen(request), by=request.user)
    messages.success(request, _("The scheme is in force for new cases and sets."))
    return redirect("hashsets:scheme", made.scheme_id, made.version)


@require_POST
def discard(request: SignedRequest, draft_id: UUID) -> HttpResponse:
    """End a draft."""
    scheme_drafts.discard(_draft(request, draft_id), seen=_seen(request), by=request.user)
    messages.success(request, _("The draft is discarded; it stays on record."))
    return redirect("hashsets:schemes")


def _context(request: SignedRequest, found: SchemeDraft, form: DraftForm) -> dict[str, Any]:
    return {
        "here": "hashsets",
        "draft": found,
        "categories": [Category(**row) for row in found.doc["categories"]],
        "form": form,
        "problems": scheme_drafts.problems(found.doc),
        "open": found.state == SchemeDraft.State.OPEN,
        "may_approve": scheme_drafts.may_approve(found, request.user),
    }


def _draft(request: SignedRequest, draft_id: UUID) -> SchemeDraft:
    found: SchemeDraft = access.get(request.user, "scheme.edit", SchemeDraft, draft_id)
    return found


def _seen(request: SignedRequest) -> int:
    """How often the draft had been saved when the page was made."""
    text = request.POST.get("seen", "")
    if not text.isdecimal() or len(text) > 9:
        raise BadInput(noop("Load the page again."))
    return int(text)
