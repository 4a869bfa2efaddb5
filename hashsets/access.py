"""Who may see and do what with hash sets."""

from typing import Any

from django.db import models
from django.db.models import Q

from workbench import access
from workbench.models import Role, User

WORKERS = {Role.INVESTIGATOR, Role.SUPERVISOR, Role.EXPORTER}
SUPERVISOR = {Role.SUPERVISOR}

PERMISSIONS = access.register(
    {
        "set.list": WORKERS | {Role.AUDITOR, Role.ADMIN},
        "set.view": WORKERS | {Role.AUDITOR, Role.ADMIN},
        "set.create": SUPERVISOR,
        "set.import": SUPERVISOR,
        "set.watch": SUPERVISOR,
        "set.follow": SUPERVISOR,
        "set.policy": SUPERVISOR,
        "set.retire": SUPERVISOR,
        "set.rollback": SUPERVISOR,
        "set.lookup": WORKERS,
        "set.export": {Role.SUPERVISOR, Role.EXPORTER},
        "entry.read": WORKERS | {Role.AUDITOR},
        "entry.disputes": {Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN},
        "entry.vote": SUPERVISOR,
        "entry.resolve": SUPERVISOR,
        "set.filter": {Role.SUPERVISOR, Role.EXPORTER},  # as an export: what left can be asked, and no log tells it
        "scheme.view": WORKERS | {Role.AUDITOR, Role.ADMIN},
        "scheme.edit": SUPERVISOR,
        "peer.view": {Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN},
        "peer.pair": SUPERVISOR,
        "peer.policy": SUPERVISOR,
        "exchange.receive": SUPERVISOR,
        "exchange.send": SUPERVISOR,
    }
)


class HashSetQuerySet(models.QuerySet[Any, Any]):
    """Hash sets through a person's scope."""

    def for_actor(self, user: User) -> "HashSetQuerySet":
        """The sets of the person's agencies, what they read of peers, and those that reach every agency on the node."""
        own = access.agencies(user)
        return self.filter(Q(owner__in=own) | Q(reader__in=own) | Q(reach="node"))


class SchemeQuerySet(models.QuerySet[Any, Any]):
    """Schemes through a person's scope."""

    def for_actor(self, user: User) -> "SchemeQuerySet":
        """Those that came with Winnow and those of the person's agencies."""
        return self.of_agencies(access.agencies(user))

    def of_agencies(self, agencies: list[int]) -> "SchemeQuerySet":
        """Those that came with Winnow and those of these agencies (ids)."""
        return self.filter(Q(owner=None) | Q(owner__in=agencies))


class SchemeDraftQuerySet(models.QuerySet[Any, Any]):
    """Drafts of schemes through a person's scope."""

    def for_actor(self, user: User) -> "SchemeDraftQuerySet":
        """Those of the person's agencies."""
        return self.filter(owner__in=access.agencies(user))


class PeerQuerySet(models.QuerySet[Any, Any]):
    """Peers through a person's scope."""

    def for_actor(self, user: User) -> "PeerQuerySet":
        """Those of the person's agencies."""
        return self.filter(agency__in=access.agencies(user))


class ShareQuerySet(models.QuerySet[Any, Any]):
    """What is shared with peers, or is proposed to be."""

    def in_force(self) -> "ShareQuerySet":
        """What a peer may read now."""
        return self.filter(ended_at=None, waiting=False)

    def asked(self) -> "ShareQuerySet":
        """What another supervisor still has to confirm."""
        return self.filter(ended_at=None, waiting=True)


class PeerCertificateQuerySet(models.QuerySet[Any, Any]):
    """Certificates of peers, by how far two people have come with them."""

    def in_force(self) -> "PeerCertificateQuerySet":
        """Those that count, until their own end."""
        return self.filter(confirmed_by__isnull=False, ended_at=None)

    def proposed(self) -> "PeerCertificateQuerySet":
        """Those that another person has to confirm."""
        return self.filter(confirmed_by=None, ended_at=None)


class RemoteQuerySet(models.QuerySet[Any, Any]):
    """What sets follow, through a person's scope."""

    def for_actor(self, user: User) -> "RemoteQuerySet":
        """Of the sets of the person's agencies."""
        return self.filter(set__owner__in=access.agencies(user))
