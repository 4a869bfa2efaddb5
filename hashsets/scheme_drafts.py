"""An agency's own category schemes: one person writes a version, another puts it in force (ux.md, "Admin").

A draft is a document in the form of the files in `schemes/`, kept as it was typed even while it contradicts itself.
Its id begins with the agency's, so that it never meets one that comes with Winnow.
"""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from hashsets import events, scheme_tables, schemes
from hashsets.models import Scheme, SchemeDraft
from workbench import audit
from workbench.errors import BadInput, WorkbenchError
from workbench.models import User

SLUG = r"\A[a-z0-9][a-z0-9-]*\Z"  # of an id, behind the agency's own
LONGEST_ID = 60
MOST_TOLD = 20  # contradictions of a draft
EMPTY = {"region": "Default", "source": "", "categories": [], "mappings": []}


class DraftChanged(WorkbenchError):
    """Somebody saved or ended this draft since you opened it. Load the page again and look at what it says now."""

    code = "draft-changed"
    status = HTTPStatus.CONFLICT


class DraftOpen(WorkbenchError):
    """There is a draft of this scheme already. Finish that one first."""

    code = "draft-open"
    status = HTTPStatus.CONFLICT


class OneOfTwo(WorkbenchError):
    """Whoever wrote at a draft does not put it in force. Ask a supervisor who did not."""

    code = "one-of-two"
    status = HTTPStatus.FORBIDDEN


def problems(doc: Mapping[str, Any]) -> list[str]:
    """What keeps a draft from being put in force; [] when nothing does. Beyond MOST_TOLD only how much more."""
    try:
        schemes.load(json.dumps(doc))
    except schemes.BadScheme as error:
        found = [str(one) for one in error.details] or [str(error)]
        more = len(found) - MOST_TOLD
        return [*found[:MOST_TOLD], _("and %(more)s more") % {"more": more}] if more > 0 else found
    return []


def of(scheme: Scheme) -> dict[str, Any]:
    """A version in force as a document. One query."""
    return {
        "id": scheme.scheme_id,
        "version": scheme.version,
        "name": scheme.name,
        "region": scheme.region,
        "source": scheme.source,
        "categories": list(scheme.categories.values(*scheme_tables.CATEGORY_FIELDS, "labels")),
        "mappings": scheme.mappings,
    }


@transaction.atomic
def begin(*, name: str, slug: str, like: Scheme | None = None, by: User) -> SchemeDraft:
    """A draft of a new scheme of the person's agency, with the categories of `like`. Raises BadInput, DraftOpen."""
    scheme_id = f"{by.agency.slug}.{slug}"
    if not re.fullmatch(SLUG, slug):
        raise BadInput(noop("Type the id with small letters a to z, digits and hyphens, such as harbour-2."))
    if len(scheme_id) > LONGEST_ID:
        raise BadInput(
            noop("Type a shorter id: %(scheme_id)s may have %(longest_id)s characters, and has %(scheme_id2)s."),
            scheme_id=scheme_id,
            longest_id=LONGEST_ID,
            scheme_id2=len(scheme_id),
        )
    if Scheme.objects.filter(scheme_id=scheme_id).exists():
        raise BadInput(noop("There is a scheme %(scheme_id)s. Make a new version of it."), scheme_id=scheme_id)
    doc = (of(like) if like else EMPTY) | {"id": scheme_id, "version": 1, "name": name.strip()}
    return _begun(doc, by)


@transaction.atomic
def begin_version(scheme: Scheme, *, by: User) -> SchemeDraft:
    """A draft of the next version of one of the agency's own schemes. Raises BadInput, DraftOpen."""
    if scheme.owner_id != by.agency_id:
        raise BadInput(noop("This scheme came with Winnow. Make one of your own like it."))
    newest = scheme_tables.latest(scheme.scheme_id, by.agency)
    return _begun(of(newest) | {"version": newest.version + 1}, by)


def _begun(doc: dict[str, Any], by: User) -> SchemeDraft:
    try:
        with transaction.atomic():
            draft = SchemeDraft.objects.create(
                owner=by.agency,
                scheme_id=doc["id"],
                version=doc["version"],
                doc=doc,
                edited_by=by,
                edited_by_name=by.name,
                editors=[by.pk],
            )
    except IntegrityError as error:
        raise DraftOpen from error
    _record(events.SCHEME_DRAFTED, draft, by)
    return draft


@transaction.atomic
def save(draft: SchemeDraft, *, seen: int, values: Mapping[str, Any], by: User) -> SchemeDraft:
    """Keep what was typed: name, region, source, categories, mappings. `seen`: the edits that were on the screen.

    Raises DraftChanged.
    """
    locked = _locked(draft, seen)
    locked.doc = locked.doc | {name: values[name] for name in ("name", "region", "source", "categories", "mappings")}
    locked.edits += 1
    editors = sorted({*locked.editors, by.pk})
    SchemeDraft.objects.filter(pk=locked.pk).update(
        doc=locked.doc, edits=locked.edits, edited_by=by, edited_by_name=by.name, edited_at=Now(), editors=editors
    )
    _record(events.SCHEME_DRAFTED, locked, by)
    return locked


@transaction.atomic
def approve(draft: SchemeDraft, *, seen: int, by: User) -> Scheme:
    """Put a draft in force as it was on the screen. Raises DraftChanged, OneOfTwo, BadScheme."""
    locked = _locked(draft, seen)
    if not may_approve(locked, by):
        raise OneOfTwo
    made = scheme_tables.load_one(schemes.load(json.dumps(locked.doc)), locked.owner)
    SchemeDraft.objects.filter(pk=locked.pk).update(state=SchemeDraft.State.APPROVED, approved_by=by)
    _record(events.SCHEME_APPROVED, locked, by)
    return made


def may_approve(draft: SchemeDraft, by: User) -> bool:
    """Whether the person had no hand in it."""
    return by.pk not in draft.editors


@transaction.atomic
def discard(draft: SchemeDraft, *, seen: int, by: User) -> None:
    """End a draft; it stays on record. Raises DraftChanged."""
    locked = _locked(draft, seen)
    SchemeDraft.objects.filter(pk=locked.pk).update(state=SchemeDraft.State.DISCARDED)
    _record(events.SCHEME_DISCARDED, locked, by)


def _locked(draft: SchemeDraft, seen: int) -> SchemeDraft:
    """The draft, open and as it was seen, locked. Raises DraftChanged."""
    rows = SchemeDraft.objects.select_for_update(of=("self",)).select_related("owner")
    found: SchemeDraft | None = rows.filter(pk=draft.pk, edits=seen, state=SchemeDraft.State.OPEN).first()
    if found is None:
        raise DraftChanged
    return found


def _record(verb: str, draft: SchemeDraft, by: User) -> None:
    """The event, with the whole document: whoever asks later sees what was written and what was approved."""
    details = {"scheme": draft.scheme_id, "version": draft.version, "edits": draft.edits, "doc": draft.doc}
    audit.record(verb, by=by, on=draft, agency=draft.owner, **details)
