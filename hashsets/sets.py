"""Makes hash sets and retires them."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from hashsets import events, generations
from hashsets.models import HashSet, Scheme
from workbench import access, audit, visible
from workbench.errors import BadInput, NotAllowed, NotFound, WorkbenchError
from workbench.models import Agency, User


class NameTaken(WorkbenchError):
    """The agency has a set of that name. Choose another name."""

    code = "name-taken"


class UnknownSet(NotFound):
    """There is no hash set of that name."""

    code = "unknown-set"


@transaction.atomic
def create(
    *,
    name: str,
    role: str,
    scheme: Scheme,
    owner: Agency,
    by: User,
    reach: str = HashSet.Reach.AGENCY,
    trust: str = "trusted",
    receives_offers: bool = False,
) -> HashSet:
    """Add an empty set. `trust` is that of imported entries: does the owner vouch for them.

    Raises NameTaken, and BadInput for a name that is not what it looks like: other agencies read it, too.
    """
    _check_name(name)
    # Two people may think of one name at once: who comes second waits here, and then finds it taken.
    Agency.objects.select_for_update(no_key=True).get(pk=owner.pk)
    if HashSet.objects.filter(owner=owner, name=name).exists():
        raise NameTaken(
            noop("%(owner)s has a set %(name)s already. Choose another name."), owner=owner, name=repr(name)
        )
    made = HashSet.objects.create(
        owner=owner, name=name, role=role, scheme=scheme, reach=reach, trust=trust, receives_offers=receives_offers
    )
    details: dict[str, Any] = {"set": name, "role": role, "scheme": scheme.scheme_id, "reach": reach, "trust": trust}
    audit.record(events.SET_CREATED, by=by, on=made, agency=owner, **details)
    return made


def _check_name(name: str) -> None:
    if not name.strip():
        raise BadInput(noop("Type a name of letters and digits, such as Harbour list 2026."))
    for place, character in enumerate(name, 1):
        if not visible.readable(character):
            raise BadInput(
                noop(
                    "Character %(place)s of the name cannot be seen (U+%(ord)s). Type the name anew, by "
                    "hand, with letters, digits, blanks and the usual signs."
                ),
                place=place,
                ord=f"{ord(character):04X}",
            )


@transaction.atomic
def retire(hash_set: HashSet, *, by: User, reason: str) -> None:
    """End a set: its matches act no more, its entries stay on record. Raises BadInput without a reason, SetRetired."""
    if not reason.strip():
        raise BadInput(noop("Say why the set is retired."))
    locked = generations.lock(hash_set)
    HashSet.objects.filter(pk=locked.pk).update(retired_at=timezone.now())
    audit.record(
        events.SET_RETIRED, by=by, on=locked, agency=locked.owner, reason=reason.strip()[:400], set=locked.name
    )


def reached(user: User, permission: str, public_id: UUID) -> HashSet:
    """A set in the person's scope, its owner and scheme with it. Raises NotFound, NotAllowed."""
    scoped = HashSet.objects.for_actor(user).select_related("owner", "scheme")
    found: HashSet = access.get_from(user, permission, scoped, public_id)
    return found


def own(user: User, permission: str, public_id: UUID) -> HashSet:
    """A set of the person's own agency he may do this to. Raises NotFound, NotAllowed."""
    found = reached(user, permission, public_id)
    require_owner(found, user)
    return found


def require_owner(hash_set: HashSet, user: User) -> None:
    """Raise NotAllowed for a set of another agency: it may be matched against, and nothing else."""
    if hash_set.owner_id != user.agency_id:
        raise NotAllowed(noop("%(name)s belongs to %(owner)s."), name=hash_set.name, owner=hash_set.owner)


def named(name: str, *, user: User) -> HashSet:
    """The set of that name in the person's scope, own ones first. Raises UnknownSet."""
    found = HashSet.objects.for_actor(user).filter(name=name).select_related("owner", "scheme")
    own: list[HashSet] = sorted(found, key=lambda hash_set: (hash_set.owner_id != user.agency_id, hash_set.pk))
    if not own:
        raise UnknownSet(
            noop("There is no hash set %(name)s here. Make it with `manage.py hashset create`."), name=repr(name)
        )
    return own[0]
