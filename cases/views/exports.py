"""Exports: what was made, making one, handing one out."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Max
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from cases import budgets, figures, listing, shown, tasks
from cases import exports as products
from cases.exports import jobs
from cases.exports.base import DEFAULT_VERSION, Options
from cases.models import Case, Export
from workbench import access
from workbench.models import AuditEvent, Job
from workbench.requests import SignedRequest

PAGE = 60  # rows


@require_http_methods(["GET", "POST"])
def exports(request: SignedRequest, case: UUID) -> HttpResponse:
    """The exports of a case; POST builds one, or orders it where that takes long."""
    scoped = Case.objects.for_actor(request.user).select_related("scheme", "agency")
    permission = "export.build" if request.method == "POST" else "export.list"
    found: Case = access.get_from(request.user, permission, scoped, case)
    if request.method == "POST":
        budgets.charge(request.user, budgets.EXPORTS)
        _build(request, found)
        return redirect("cases:exports", found.public_id)
    return render(request, "cases/exports.html", _context(request, found))


def _build(request: SignedRequest, case: Case) -> None:
    product = products.product(request.POST.get("product", ""))
    chosen = Options(
        version=request.POST.get("version") or DEFAULT_VERSION,
        region=request.POST.get("region", ""),
        media=request.POST.get("media", "") == "yes",
    )
    options = chosen if product.described.versions else Options()  # the form's other fields are about those with them
    if jobs.is_long(case):
        tasks.wake_export(jobs.order(case=case, product=product, by=request.user, options=options).pk)
        messages.info(request, _("The export is being built. It appears here when it is ready."))
        return
    before = set(Export.objects.filter(case=case).values_list("pk", flat=True))
    export = products.build(case=case, product=product, by=request.user, options=options)
    if export.pk in before:
        messages.info(request, _("Nothing has changed since this export was made: %s.") % export.file_name)
    else:
        messages.success(request, _("Export built: %s.") % export.file_name)


def _context(request: SignedRequest, case: Case) -> dict[str, Any]:
    counted = figures.of(case)
    changed = _last_change(case)
    made = Export.objects.for_actor(request.user).filter(case=case).select_related("case").order_by("-pk")
    return {
        "here": "exports",
        "case": case,
        "products": [_product(product) for product in products.BUILT_IN],
        "rows": [_row(export) | {"stale": export.as_of < changed} for export in made[:200]],
        "building": [_order(job) for job in jobs.of(case)],
        "may_build": access.has(request.user, "export.build"),
        "may_fetch": access.has(request.user, "export.fetch"),
        "may_media": access.has(request.user, "export.media"),
        "to_confirm": counted.to_confirm,
        "left": counted.left,
    }


def _product(product: products.Product) -> dict[str, Any]:
    described = product.described
    return {"id": product.id, "name": _(described.title), "text": _(described.text), "versions": described.versions}


def _order(job: Job) -> dict[str, Any]:
    variant = job.subject.rpartition("/")[2]
    failed = job.state == Job.State.FAILED
    return {
        "product_name": products.name_of(variant),
        "failed": failed,
        "message": _(job.message) if job.message else "",
    }


def _row(export: Export) -> dict[str, Any]:
    return {
        "export": export,
        "case": export.case,
        "product_name": products.name_of(export.product),
        "size_text": shown.human_size(export.size),
        "sha256": bytes(export.sha256).hex(),
    }


def _last_change(case: Case) -> int:
    """The event of the last decision made in this case; 0 when there is none."""
    decided = AuditEvent.objects.filter(
        log__agency=case.agency_id, case=case.public_id, verb__in=products.CHANGES
    ).aggregate(last=Max("seq"))
    return decided["last"] or 0


@require_GET
def all_exports(request: SignedRequest) -> HttpResponse:
    """The exports of all cases in reach, newest first."""
    access.require(request.user, "export.list")
    made = Export.objects.for_actor(request.user).select_related("case").order_by("-pk")
    if before := listing.after_key(request.GET.get("after")):
        made = made.filter(pk__lt=before)
    rows = list(made[: PAGE + 1])
    more = len(rows) > PAGE
    may_fetch = access.has(request.user, "export.fetch")
    context = {
        "here": "exports",
        "rows": [_row(export) | {"may_fetch": may_fetch} for export in rows[:PAGE]],
        "next_url": listing.next_url(request.GET, rows[PAGE - 1].pk if more else None),
    }
    return render(request, "cases/all_exports.html", context)


@require_GET
def export_file(request: SignedRequest, export: UUID) -> HttpResponseBase:
    """The package, as a file to keep; an event each time."""
    scoped = Export.objects.for_actor(request.user).select_related("case__agency")
    found: Export = access.get_from(request.user, "export.fetch", scoped, export)
    budgets.charge(request.user, budgets.DOWNLOADS)
    path = products.fetch(export=found, by=request.user)
    response = FileResponse(
        path.open("rb"), as_attachment=True, filename=found.file_name, content_type="application/octet-stream"
    )
    response["Cache-Control"] = "no-store"
    return response
