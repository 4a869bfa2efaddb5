"""Foreign servers and folders that sets follow: how they go, new ones, and what people do with them."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hashsets import sets, tasks
from hashsets.following import follows, overview, secrets, turning
from hashsets.models import Remote
from hashsets.remotes import BUILT_IN, BY_ID
from hashsets.views.exchange import HERE
from hashsets.views.source_forms import SecretForm, SourceForm
from workbench import access
from workbench.errors import NotFound, WorkbenchError
from workbench.requests import SignedRequest
from workbench.waking import after_commit


@require_GET
def index(request: SignedRequest) -> HttpResponse:
    """All of them, those that need somebody first."""
    access.require(request.user, "peer.view")
    context = HERE | {"rows": overview.every(request.user), "may": access.has(request.user, "set.follow")}
    return render(request, "hashsets/exchange/sources.html", context)


@require_http_methods(["GET", "POST"])
def new(request: SignedRequest) -> HttpResponse:
    """Have a set follow one from now on; `kind` says which connector's form it is."""
    access.require(request.user, "set.follow")
    connector = BY_ID.get(request.GET.get("kind", BUILT_IN[0].id))
    if connector is None:
        raise NotFound
    form = SourceForm(request.POST or None, connector=connector, by=request.user)
    if form.is_valid():
        try:
            made = follows.follow(form.cleaned_data["set"], by=request.user, wish=form.wish())
        except WorkbenchError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Followed from now on; it is asked within a minute."))
            return redirect("exchange:source", made.public_id)
    context = HERE | {"form": form, "connector": connector, "connectors": BUILT_IN}
    return render(request, "hashsets/exchange/new_source.html", context, status=400 if form.errors else 200)


@require_GET
def one(request: SignedRequest, source_id: UUID) -> HttpResponse:
    """How one goes."""
    return _show(request, _remote(request, "peer.view", source_id))


@require_POST
def ask(request: SignedRequest, source_id: UUID) -> HttpResponse:
    """Ask it now."""
    remote = _own(request, source_id)
    turning.ask(remote, by=request.user)
    after_commit(tasks.pull_remote, remote.pk)
    messages.info(request, _("Asked. What comes is in force page by page."))
    return redirect("exchange:source", remote.public_id)


@require_POST
def pause(request: SignedRequest, source_id: UUID) -> HttpResponse:
    """Ask it no more until somebody resumes it."""
    remote = _own(request, source_id)
    turning.pause(remote, by=request.user, reason=request.POST.get("reason", ""))
    messages.success(request, _("Paused. What is in force stays."))
    return redirect("exchange:source", remote.public_id)


@require_POST
def resume(request: SignedRequest, source_id: UUID) -> HttpResponse:
    """Go on from where it stood."""
    remote = _own(request, source_id)
    turning.resume(remote, by=request.user)
    after_commit(tasks.pull_remote, remote.pk)
    return redirect("exchange:source", remote.public_id)


@require_POST
def restart(request: SignedRequest, source_id: UUID) -> HttpResponse:
    """Fetch everything again."""
    remote = _own(request, source_id)
    turning.restart(remote, by=request.user, reason=request.POST.get("reason", ""))
    after_commit(tasks.pull_remote, remote.pk)
    messages.success(request, _("Everything is fetched again. Until that is whole, what is in force stays."))
    return redirect("exchange:source", remote.public_id)


@require_POST
def key(request: SignedRequest, source_id: UUID) -> HttpResponse:
    """Use another secret from now on."""
    remote = _own(request, source_id)
    form = SecretForm(request.POST, connector=BY_ID[remote.kind])
    if not form.fields:
        raise NotFound
    if form.is_valid():
        try:
            secrets.replace(remote, form.secret(), by=request.user)
        except WorkbenchError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Kept. The secret before is deleted."))
            return redirect("exchange:source", remote.public_id)
    return _show(request, remote, form)


@require_POST
def leave(request: SignedRequest, source_id: UUID) -> HttpResponse:
    """Follow it no more."""
    remote = _own(request, source_id)
    follows.leave(remote, by=request.user, reason=request.POST.get("reason", ""))
    messages.success(request, _("Not followed any more. The set keeps what it holds; the secret is deleted."))
    return redirect("exchange:sources")


def _show(request: SignedRequest, remote: Remote, key_form: SecretForm | None = None) -> HttpResponse:
    connector = BY_ID[remote.kind]
    context = HERE | {
        "standing": overview.of(remote),
        "remote": remote,
        "may": access.has(request.user, "set.follow") and remote.set.owner_id == request.user.agency_id,
        "key_form": (key_form or SecretForm(connector=connector)) if connector.asks.secrets else None,
    }
    return render(request, "hashsets/exchange/source.html", context, status=400 if key_form else 200)


def _own(request: SignedRequest, source_id: UUID) -> Remote:
    """One that the person may do something with. Raises NotFound, NotAllowed."""
    remote = _remote(request, "set.follow", source_id)
    sets.require_owner(remote.set, request.user)
    return remote


def _remote(request: SignedRequest, permission: str, source_id: UUID) -> Remote:
    rows = Remote.objects.for_actor(request.user).filter(ended_at=None).select_related("set__owner", "set__scheme")
    return cast("Remote", access.get_from(request.user, permission, rows, source_id))
