"""Filters that people keep under a name, their own or shared with the team of the case."""

from django.db import IntegrityError, transaction
from django.db.models import When, expressions
from django.db.models.functions import Lower
from django.utils.translation import gettext_noop as noop

from cases import events
from cases.models import Case, SavedFilter
from cases.queue.picking import Asked
from workbench import audit
from workbench.errors import BadInput
from workbench.models import User
from workbench.visible import readable

MOST = 50  # of one person in one case


def save(asked: Asked, *, name: str, shared: bool) -> SavedFilter:
    """Keep what was asked for. Raises BadInput for a name that is taken or cannot be read. One transaction."""
    name = name.strip()
    if not 0 < len(name) <= 60 or not readable(name):
        raise BadInput(noop("Give the filter a name of up to 60 characters that can be seen."))
    mine = SavedFilter.objects.filter(case=asked.case, owner=asked.by)
    if mine.count() >= MOST:
        raise BadInput(noop("You keep %(most)s filters in this case already. Remove one first."), most=MOST)
    try:
        with transaction.atomic():
            made = SavedFilter.objects.create(
                case=asked.case,
                owner=asked.by,
                name=name,
                order=asked.order,
                wanted=asked.wanted.as_json(),
                shared=shared,
            )
            case = asked.case
            audit.record(
                events.FILTER_SAVED, by=asked.by, on=made, case=case.public_id, agency=case.agency_id,
                name=name, shared=shared, **asked.told(),
            )  # fmt: skip
    except IntegrityError as error:
        raise BadInput(noop("You have a filter of this name here already. Choose another name.")) from error
    return made


@transaction.atomic
def share(kept: SavedFilter, *, shared: bool, by: User) -> None:
    """Let the team of the case use the filter, or no longer."""
    if SavedFilter.objects.filter(pk=kept.pk).exclude(shared=shared).update(shared=shared):
        _record(events.FILTER_SHARED, kept, by, reason="with the team" if shared else "with nobody")


@transaction.atomic
def remove(kept: SavedFilter, *, by: User) -> None:
    """Forget the filter; batches that were claimed with it keep what they were claimed with."""
    about = SavedFilter(pk=kept.pk, public_id=kept.public_id, case=kept.case, name=kept.name)
    if SavedFilter.objects.filter(pk=kept.pk).delete()[0]:
        _record(events.FILTER_REMOVED, about, by)


def _record(verb: str, kept: SavedFilter, by: User, **details: str) -> None:
    case = kept.case
    audit.record(verb, by=by, on=kept, case=case.public_id, agency=case.agency_id, name=kept.name, **details)


def usable(case: Case, by: User) -> list[SavedFilter]:
    """The person's own filters of the case, then what others share, by name: 4 * MOST of them at most."""
    found = SavedFilter.objects.for_actor(by).filter(case=case).select_related("owner")
    theirs = expressions.Case(When(owner=by, then=0), default=1)
    return list(found.order_by(theirs, Lower("name"), "pk")[: 4 * MOST])
