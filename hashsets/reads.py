"""Pages that show many entries of a set, or tell what others hold: each view is an event, like an export or a look-up.

Whoever pages through a diff has a copy of the list; whoever lays a list of his own beside another's learns what is in
that one.
"""

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from hashsets import events
from hashsets.models import HashSet
from workbench import access, audit
from workbench.models import User


@transaction.atomic
def entries(hash_set: HashSet, *, by: User, old: int, new: int, shown: int, after: str, only: str) -> None:
    """One page of what differs between two versions. One event."""
    page: dict[str, Any] = {"set": hash_set.name, "old": old, "new": new, "only": only, "after": after[:100]}
    audit.record(events.ENTRIES_READ, by=by, on=hash_set, entries=shown, **page)


def comparable(hash_set: HashSet, user: User) -> QuerySet[HashSet]:
    """The sets beside which the person may lay this one, by name.

    One of the two is the agency's own. What another agency's set holds is told to those who may look hashes up, and of
    a retired one to nobody else.
    """
    own = Q(owner=user.agency_id)
    others: QuerySet[HashSet] = HashSet.objects.for_actor(user).exclude(pk=hash_set.pk).order_by("name")
    if hash_set.owner_id == user.agency_id:
        return others.filter(own | Q(retired_at=None) if access.has(user, "set.lookup") else own)
    access.require(user, "set.lookup")
    return others.none() if hash_set.retired_at else others.filter(own)


@transaction.atomic
def overlap(hash_set: HashSet, other: HashSet, *, by: User) -> None:
    """Two sets beside each other. One event."""
    versions: dict[str, Any] = {"version": hash_set.generation, "other_version": other.generation}
    audit.record(events.SETS_COMPARED, by=by, on=hash_set, set=hash_set.name, other=audit.subject_of(other), **versions)


@transaction.atomic
def health(*, by: User, entries: int) -> None:
    """The page that names entries in doubt. One event."""
    audit.record(events.HEALTH_READ, by=by, on=by.agency, entries=entries)
