"""Evidence on its way in: what a browser announced, files that came in part, and what lies in the drop folder."""

import uuid

from django.db import models

from cases import scope
from cases.models.evidence import Exhibit
from cases.models.investigation import Case


class AnnouncedFile(models.Model):
    """A file that a browser said it would send for an exhibit; gone once the exhibit's ingest begins."""

    exhibit = models.ForeignKey(Exhibit, on_delete=models.PROTECT, related_name="announced")
    name_key = models.BinaryField(max_length=32)  # SHA-256 of the raw path
    raw_path = models.BinaryField()
    size = models.BigIntegerField()  # bytes

    class Meta:
        constraints = [models.UniqueConstraint(fields=["exhibit", "name_key", "size"], name="announced_once")]


class ResumableUpload(models.Model):
    """A file that comes piece by piece (tus 1.0); gone once the exhibit's ingest begins.

    The first `offset` bytes of its file are durable, whatever lies behind them.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    exhibit = models.ForeignKey(Exhibit, on_delete=models.PROTECT, related_name="uploads")
    name_key = models.BinaryField(max_length=32)
    raw_path = models.BinaryField()
    size = models.BigIntegerField()  # bytes
    fingerprint = models.CharField(
        max_length=200, blank=True, default=""
    )  # SHA-256 of the sender's word for "the same file"
    offset = models.BigIntegerField(default=0)
    entered = models.BooleanField(default=False)  # came whole, and is in the ledger
    expires_at = models.DateTimeField()

    objects = scope.UploadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["exhibit", "name_key", "size", "fingerprint"],
                condition=~models.Q(fingerprint=""),
                name="upload_once",
            ),
            models.CheckConstraint(
                condition=models.Q(offset__gte=0, offset__lte=models.F("size")), name="upload_offset_within"
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], condition=models.Q(entered=False), name="upload_expires")]


class DropEntry(models.Model):
    """What lies, or lay, in the drop folder, and what became of it. Taken in once, whatever happens to it later."""

    name_key = models.BinaryField(max_length=32, unique=True)  # SHA-256 of the path below the drop folder
    raw_path = models.BinaryField()
    stamp = models.BinaryField(max_length=32)  # digest of the names, sizes and times that were seen
    still_since = models.DateTimeField()
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True)
    exhibit = models.ForeignKey(Exhibit, on_delete=models.PROTECT, null=True)
    refusal = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["case", "id"], condition=~models.Q(refusal=""), name="drop_refused"),
        ]
