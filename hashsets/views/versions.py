"""The versions of a set: the list, what changed between two of them, and going back to one."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import gettext_noop as noop
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from hashsets import comparisons, effects, foreseeing, overview, reads, sets, tasks, versions
from hashsets.entry_rows import loaded
from hashsets.models import Category, HashSet
from hashsets.patience import PAGE, TakesLonger, within
from hashsets.versions import Change, Delta
from workbench.errors import BadInput
from workbench.requests import SignedRequest
from workbench.visible import visible
from workbench.waking import send

LONGEST = 60  # characters of a value in a table
KINDS = {
    "": lazy("Everything"),
    "added": lazy("Added"),
    "withdrawn": lazy("Withdrawn"),
    "changed": lazy("Changed"),
}


@require_GET
def index(request: SignedRequest, set_id: UUID) -> HttpResponse:
    """Every version, newest first."""
    hash_set = sets.own(request.user, "set.view", set_id)
    before = request.GET.get("after", "")
    if before and not (before.isascii() and before.isdecimal() and len(before) < 10):
        raise BadInput(noop("This page address is damaged. Start from the first page."))
    rows = overview.versions(request.user, hash_set, before=int(before) if before else None)
    more = rows[overview.MOST_VERSIONS - 1]["number"] if len(rows) > overview.MOST_VERSIONS else None
    context = {
        "here": "hashsets",
        "set": hash_set,
        "generations": rows[: overview.MOST_VERSIONS],
        "next_url": f"?after={more}" if more else "",
        "may": overview.may(request.user, hash_set),
    }
    return render(request, "hashsets/versions.html", context)


@require_GET
def diff(request: SignedRequest, set_id: UUID, old: int, new: int) -> HttpResponse:
    """What `new` has otherwise than `old`: counts by category, then the entries page by page. Each page is an event."""
    hash_set = sets.own(request.user, "set.view", set_id)
    only, after = request.GET.get("only", ""), request.GET.get("after", "")
    if only not in KINDS:
        raise BadInput(noop("A filter of this page is damaged. Choose again."))
    older, newer = versions.version(hash_set, old), versions.version(hash_set, new)
    rows, following, error = _changes(hash_set, old, new, only, after)
    reads.entries(hash_set, by=request.user, old=old, new=new, shown=len(rows), after=after, only=only)
    context = {
        "here": "hashsets",
        "set": hash_set,
        "old": older,
        "new": newer,
        "kinds": [(value, str(label)) for value, label in KINDS.items()],
        "only": only,
        "rows": rows,
        "error": error,
        "next_url": f"?only={only}&after={following}" if following else "",
        "may": overview.may(request.user, hash_set),
        **_counts(hash_set, old, new),
    }
    return render(request, "hashsets/diff.html", context)


@require_http_methods(["GET", "POST"])
def roll_back(request: SignedRequest, set_id: UUID, version: int) -> HttpResponse:
    """What going back would change; then, with a reason, do it."""
    hash_set = sets.own(request.user, "set.rollback", set_id)
    wanted, error = versions.version(hash_set, version), ""
    if request.method == "POST":
        try:
            return _rolled_back(request, hash_set, version)
        except BadInput as problem:
            error = str(problem)
    counts = _counts(hash_set, hash_set.generation, version)
    foreseen = foreseeing.foresee_rollback(hash_set, version)
    context = {
        "here": "hashsets",
        "set": hash_set,
        "version": wanted,
        "error": error,
        "sentence": _sentence(counts["delta"]) if counts["delta"] else "",
        "foreseen": None if foreseen is None else effects.cases().told(request.user, foreseen),
        **counts,
    }
    return render(request, "hashsets/rollback.html", context)


def _rolled_back(request: SignedRequest, hash_set: HashSet, version: int) -> HttpResponse:
    made, delta = versions.roll_back(hash_set, version, by=request.user, reason=request.POST.get("reason", ""))
    if made is None:
        messages.info(request, _("The set holds what that version held. Nothing changed."))
    else:
        text = _("Version %(new)d is in force, as version %(old)d was: %(what)s Open cases are being matched again.")
        messages.success(request, text % {"new": made.number, "old": version, "what": _sentence(delta)})
    return redirect("hashsets:set", hash_set.public_id)


def _sentence(delta: Delta) -> str:
    """`12 entries come back, 3 leave, 1 changes.`"""
    back = ngettext("%d entry comes back", "%d entries come back", delta.added) % delta.added
    leave = ngettext("%d leaves", "%d leave", delta.withdrawn) % delta.withdrawn
    change = ngettext("%d changes", "%d change", delta.changed) % delta.changed
    return f"{back}, {leave}, {change}."


def _counts(hash_set: HashSet, old: int, new: int) -> dict[str, Any]:
    """The delta and its categories; a worker is asked where it takes longer than a page may wait."""
    try:
        delta = comparisons.diff(hash_set, old, new)
    except comparisons.GivenUp as error:
        return {"delta": None, "by_category": [], "given_up": str(error)}
    if delta is None:
        send(tasks.compare, hash_set.pk, old, hash_set.pk, new)
        return {"delta": None, "by_category": []}
    known = {category.code: category for category in hash_set.scheme.categories.all()}
    rows = [
        {"category": known.get(code), "code": code, "net": delta.codes[code], **numbers}
        for code, numbers in delta.by_category().items()
    ]
    return {"delta": delta, "by_category": rows}


def _changes(hash_set: HashSet, old: int, new: int, only: str, after: str) -> tuple[list[dict[str, Any]], str, str]:
    """Rows, the key of the next page, and why there are none where it takes too long."""
    try:
        with within(PAGE):
            changes, following = versions.changes(hash_set, old, new, only=only, after=after)
    except TakesLonger as error:
        return [], "", str(error)
    known = {category.code: category for category in hash_set.scheme.categories.all()}
    return [_row(change, known) for change in changes], following, ""


def _row(change: Change, known: dict[str, Category]) -> dict[str, Any]:
    old, new = change.old, change.new
    digests = new or old or {}
    best = next((name, bytes(digests[name]).hex()) for name in ("sha256", "sha1", "md5") if digests.get(name))
    return {
        "what": str(KINDS[change.what]),
        "kind": {"added": "ok", "withdrawn": "warn", "changed": "acc"}[change.what],
        "hash": best[1],
        "old": old and {"category": known.get(old["code"]), "code": old["code"]},
        "new": new and {"category": known.get(new["code"]), "code": new["code"]},
        "other": _other(old, new) if old and new else [],
    }


def _other(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What else than the category is different: `trust: provisional → trusted`, `IsDistributed: not said → yes`."""
    told = []
    for name in versions.SAME:
        if name in {"flags", "raw"}:
            before, after = loaded(old[name]), loaded(new[name])
            told += [
                f"{visible(str(key))}: {_said(before.get(key))} → {_said(after.get(key))}"
                for key in sorted(before.keys() | after.keys())
                if before.get(key) != after.get(key)
            ]
        elif name != "code" and old[name] != new[name]:
            told.append(f"{name}: {_said(old[name])} → {_said(new[name])}")
    return told


def _said(value: Any) -> str:
    """A value, short enough for a line of a table."""
    if value is None:
        return _("not said")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    text = bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value)
    return visible(text[:LONGEST]) + ("…" if len(text) > LONGEST else "")
