"""TLS client certificates of peers."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as lazy

from hashsets import access as scope
from hashsets.models.exchange import Peer


class PeerCertificate(models.Model):
    """The TLS client certificate that a peer shows here; two people put it in force (`peers.certificates`).

    Proposed while nobody confirmed it, in force until it is ended. Without a digest: that it is to show none.
    """

    class Use(models.TextChoices):
        """What it is to a token."""

        NONE = "", lazy("Not used")
        ENOUGH = "enough", lazy("Instead of a token")
        NEEDED = "needed", lazy("Beside the token")

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="certificates")
    digest = models.BinaryField(max_length=32, null=True)  # SHA-256 of its bytes
    subject = models.CharField(max_length=300, default="")  # as it names its holder
    until = models.DateTimeField(null=True)  # its own end
    use = models.CharField(max_length=10, choices=Use.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_by_name = models.CharField(max_length=120, default="")
    at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    objects = scope.PeerCertificateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(confirmed_by=models.F("by")), name="peer_certificate_by_another"),
            models.CheckConstraint(
                condition=Q(use="", digest=None, until=None)
                | ~Q(use="") & Q(digest__isnull=False, until__isnull=False),
                name="peer_certificate_whole",
            ),
            models.UniqueConstraint(
                fields=["peer"], condition=Q(confirmed_by=None, ended_at=None), name="peer_certificate_proposed_once"
            ),
            models.UniqueConstraint(
                fields=["peer"],
                condition=Q(confirmed_by__isnull=False, ended_at=None),
                name="peer_certificate_in_force_once",
            ),
            models.UniqueConstraint(
                fields=["digest"],
                condition=Q(confirmed_by__isnull=False, ended_at=None, use="enough"),
                name="peer_of_certificate",
            ),
        ]
