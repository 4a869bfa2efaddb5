"""Packages that a courier carries: those that were made, and those on their way in."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as lazy

from hashsets.models.exchange import Peer
from hashsets.models.sets import HashSet


class Package(models.Model):
    """A signed package that was made of a set, or of opinions on its entries; the next one of the chain names it.

    `size`: bytes of the file that was kept here for its reader to fetch (`packages.kept`); None: it went elsewhere.
    """

    class Kind(models.TextChoices):
        """What it brings."""

        ENTRIES = "entries", lazy("Entries")
        VOTES = "votes", lazy("Opinions")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    set = models.ForeignKey(HashSet, on_delete=models.PROTECT, related_name="packages")
    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="packages")  # for whom: it has his fields
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.ENTRIES)
    from_seq = models.BigIntegerField()  # 0: a snapshot
    to_seq = models.BigIntegerField()
    count = models.BigIntegerField()
    manifest = models.BinaryField(max_length=32)  # SHA-256 of the manifest's bytes
    full = models.BooleanField(default=False)  # it holds flags and series
    size = models.BigIntegerField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField(db_default=Now())


class PackageUpload(models.Model):
    """A package that a browser sends piece by piece (tus 1.0); gone once it is on its way in.

    The first `offset` bytes of its file are durable, whatever lies behind them.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)  # the sender's
    size = models.BigIntegerField()  # bytes
    fingerprint = models.CharField(max_length=64, default="")  # SHA-256 of the sender's word for "the same file"
    offset = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["by", "name", "size", "fingerprint"], condition=~Q(fingerprint=""), name="package_upload_once"
            ),
            models.CheckConstraint(
                condition=Q(offset__gte=0, offset__lte=models.F("size")), name="package_upload_within"
            ),
        ]
