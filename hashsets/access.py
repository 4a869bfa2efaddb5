"""Who may see and do what with hash sets."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from workbench import access
from workbench.models import Role, User

if TYPE_CHECKING:
    from hashsets.models import HashSet  # noqa: F401 the query set is generic over it

WORKERS = {Role.INVESTIGATOR, Role.SUPERVISOR, Role.EXPORTER}
SUPERVISOR = {Role.SUPERVISOR}

PERMISSIONS = access.register(
    {
        "set.list": WORKERS | {Role.AUDITOR, Role.ADMIN},
        "set.view": WORKERS | {Role.AUDITOR, Role.ADMIN},
        "set.create": SUPERVISOR,
        "set.import": SUPERVISOR,
        "set.policy": SUPERVISOR,
        "set.lookup": WORKERS,
        "set.export": {Role.SUPERVISOR, Role.EXPORTER},
    }
)


class HashSetQuerySet(models.QuerySet[Any, Any]):
    """Hash sets through a person's scope."""

    def for_actor(self, user: User) -> "HashSetQuerySet":
        """The sets of the person's agencies, and those that reach every agency on the node."""
        return self.filter(Q(owner__in=access.agencies(user)) | Q(reach="node"))

    def used_by(self, agency_id: int) -> "HashSetQuerySet":
        """The sets an agency's evidence is matched against."""
        return self.filter(Q(owner=agency_id) | Q(reach="node"), retired_at__isnull=True)
