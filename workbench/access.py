"""Evaluates permission maps: who may do what, and to which objects.

Each app registers a map from permission to roles in its `access.py`. Objects are always fetched
through the actor's scope (`Model.objects.for_actor(user)`), so what belongs to somebody else does not exist.
"""

from collections.abc import Mapping, Set
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from workbench.errors import NotAllowed, NotFound
from workbench.models import Membership, Role, User

M = TypeVar("M", bound=Model)  # Python 3.11: no type parameter lists yet
_PERMISSIONS: dict[str, frozenset[Role]] = {}


def register(permissions: Mapping[str, Set[Role]]) -> Mapping[str, Set[Role]]:
    """Add an app's permission map; a permission is named once."""
    for name, roles in permissions.items():
        if name in _PERMISSIONS:
            raise ValueError(f"permission {name} is registered twice")
        _PERMISSIONS[name] = frozenset(roles)
    return permissions


def roles_for(permission: str) -> frozenset[Role]:
    """The roles that hold a permission."""
    return _PERMISSIONS[permission]


def roles(user: User) -> frozenset[Role]:
    """The roles a person holds in the home agency; read once per loaded `User`."""
    held: frozenset[Role] | None = getattr(user, "_roles", None)
    if held is None:
        rows = Membership.objects.filter(user=user, agency=user.agency_id).values_list("role", flat=True)
        held = frozenset(Role(role) for role in rows)
        user._roles = held  # type: ignore[attr-defined]
    return held


def as_of_now(user: User) -> User:
    """The same person read anew, for what goes on beyond a request: roles and account may have changed."""
    return User.objects.get(pk=user.pk)


def agencies(user: User) -> list[int]:
    """Ids of the agencies whose material the person works on."""
    return [user.agency_id]


def has(user: User, permission: str) -> bool:
    """Whether any of the person's roles holds the permission."""
    return user.is_active and not roles_for(permission).isdisjoint(roles(user))


def _in_words(needed: Set[Role]) -> str:
    return gettext(" or ").join(sorted(str(role.label) for role in needed))


_either = lazy(_in_words, str)  # the log has it in English


def require(user: User, permission: str) -> None:
    """Raise NotAllowed unless the person holds the permission."""
    if not has(user, permission):
        raise NotAllowed(
            noop("This needs the role %(needed)s. An administrator of your agency can give it to you."),
            needed=_either(roles_for(permission)),
        )


def get(user: User, permission: str, model: type[M], public_id: UUID) -> M:
    """The object if it is in the person's scope and the person may do this to it.

    Raises NotFound for what is outside the scope (foreign and missing look alike, the log alone tells them apart),
    NotAllowed for the rest.
    """
    scoped: QuerySet[M, Any] = model._default_manager.for_actor(user)  # type: ignore[attr-defined]
    return get_from(user, permission, scoped, public_id)


def get_from(user: User, permission: str, scoped: QuerySet[M, Any], public_id: UUID) -> M:
    """As `get`, from an already scoped query set (with its own select_related)."""
    found: M | None = scoped.filter(public_id=public_id).first()
    if found is None:
        error = NotFound()
        error.refuses = scoped.model._default_manager.filter(public_id=public_id).exists()
        raise error
    require(user, permission)
    return found
