"""What came in: exhibits, contents and the ledger of every file."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Value
from django.db.models.functions import Collate, Lower, Now
from django.utils.translation import gettext_lazy as lazy

from cases import scope
from cases.models.investigation import Case
from workbench.models import Agency


class Exhibit(models.Model):
    """A device or delivery in a case, with the state of its ingest and running counts of its files."""

    class State(models.TextChoices):
        """listing -> running <-> paused -> done; or cancelled, stopped (source hash differs).

        Whatever stands still may be removed: removing -> removed.
        """

        WAITING = "waiting", lazy("Waiting for files")
        LISTING = "listing", lazy("Listing")
        RUNNING = "running", lazy("Running")
        PAUSED = "paused", lazy("Paused")
        DONE = "done", lazy("Ready")
        CANCELLED = "cancelled", lazy("Cancelled")
        STOPPED = "stopped", lazy("Stopped")
        REMOVING = "removing", lazy("Being removed")
        REMOVED = "removed", lazy("Removed")

    class Keep(models.TextChoices):
        """Where the bytes are: copied into the store, or left in place on a share that stays."""

        COPY = "copy", lazy("Copied into the store")
        PLACE = "place", lazy("Left in place")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="exhibits")
    ref = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True, default="")
    reader = models.CharField(max_length=20)
    source = models.BinaryField()  # the raw path the reader starts from
    source_hash = models.BinaryField(max_length=32, null=True)
    frame = models.BinaryField(null=True)  # of a VICS case: the document around its records
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    state_reason = models.CharField(max_length=200, blank=True, default="")
    keep = models.CharField(max_length=5, choices=Keep.choices, default=Keep.COPY, db_default=Keep.COPY)
    passwords = models.JSONField(default=list, db_default=Value([], models.JSONField()))  # tried on encrypted archives
    integrity = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))  # what was verified
    source_changes = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))  # as last compared
    sealed_at = models.DateTimeField(null=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    added_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)
    seen = models.BigIntegerField(default=0)
    pending = models.BigIntegerField(default=0)
    hashed = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    without_preview = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    problems = models.BigIntegerField(default=0)
    bytes_read = models.BigIntegerField(default=0)
    bytes_listed = models.BigIntegerField(default=0, db_default=0)  # of what is or was to be read, as the source says
    pace = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField())
    )  # {at, samples: [[s, files, bytes]]}

    objects = scope.OfCaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.F("case"),
                Lower("ref"),
                condition=~models.Q(state="cancelled", seen=0),  # nothing came in: the number is free again
                name="exhibit_ref_once",
            )
        ]

    def __str__(self) -> str:
        return self.ref


class Content(models.Model):
    """Unique bytes, known to one agency. Never deleted. SHA-256 identifies; MD5 and SHA-1 look up."""

    class Kind(models.TextChoices):
        """Still and video are reviewable."""

        STILL = "still", lazy("Still")
        VIDEO = "video", lazy("Video")
        AUDIO = "audio", lazy("Audio")
        OTHER = "other", lazy("Other")

    class PreviewState(models.TextChoices):
        """`deferred`: known or decided, so nobody needs it yet."""

        PENDING = "pending"
        MADE = "made"
        PARTIAL = "partial"
        NONE = "none"
        DEFERRED = "deferred"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT)
    sha256 = models.BinaryField(max_length=32)
    md5 = models.BinaryField(max_length=16)
    sha1 = models.BinaryField(max_length=20)
    size = models.BigIntegerField()
    mime = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    preview = models.CharField(max_length=10, choices=PreviewState.choices, default=PreviewState.PENDING)
    preview_reason = models.CharField(max_length=60, blank=True, default="")
    preview_lease = models.DateTimeField(null=True)
    preview_tries = models.PositiveSmallIntegerField(default=0)
    veil = models.BinaryField(null=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    duration_ms = models.BigIntegerField(default=0)
    frames = models.PositiveIntegerField(default=0, db_default=0)
    codec = models.CharField(max_length=40, blank=True, default="", db_default="")
    pdq = models.BinaryField(max_length=32, null=True)  # null: not computed, or of a quality below 50
    pdq_quality = models.PositiveSmallIntegerField(null=True)
    pdq_width = models.PositiveIntegerField(null=True)  # pixels of the picture it was taken from
    embedded = models.JSONField(default=list, db_default=Value([], models.JSONField()))  # [{name, offset, length}]
    purged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "sha256"], name="content_once")]
        indexes = [
            models.Index(fields=["md5"], name="content_md5"),
            models.Index(fields=["sha1"], name="content_sha1"),
            models.Index(
                fields=["agency", "id"], condition=models.Q(preview="pending"), name="content_preview_pending"
            ),
            models.Index(fields=["agency", "id"], condition=models.Q(pdq__isnull=False), name="content_with_pdq"),
        ]


class FileInstance(models.Model):
    """The ledger: one row for every file that was seen, whatever became of it."""

    class State(models.TextChoices):
        """pending -> hashed -> accepted or without_preview; pending -> rejected."""

        PENDING = "pending"
        HASHED = "hashed"
        ACCEPTED = "accepted"
        WITHOUT_PREVIEW = "without_preview"
        REJECTED = "rejected"

    class Members(models.TextChoices):
        """Whether this file holds others (an archive, a picture in a picture) and they are in the ledger."""

        NONE = ""
        UNLISTED = "unlisted"
        LISTED = "listed"

    id = models.BigAutoField(primary_key=True)
    # No index of its own: `file_once` begins with it; while files come in the planner would take this one for names.
    exhibit = models.ForeignKey(Exhibit, on_delete=models.PROTECT, related_name="files", db_index=False)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, db_index=False)
    name_key = models.BinaryField(max_length=32)  # SHA-256 of the raw path: raw paths can be longer than an index row
    ordinal = models.PositiveIntegerField(default=0)
    raw_path = models.BinaryField()
    locator = models.BinaryField(default=b"")  # where the reader finds the bytes, when not by the raw path
    record = models.PositiveIntegerField(null=True)  # position of its ImportedRecord
    size = models.BigIntegerField(null=True)
    modified = models.CharField(max_length=40, blank=True, default="")  # evidence's own time, as text
    about = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))  # what else the source says of it
    depth = models.PositiveSmallIntegerField(default=0, db_default=0)  # files it lies in
    members = models.CharField(max_length=8, choices=Members.choices, blank=True, default="", db_default="")
    inside_members = models.PositiveIntegerField(null=True)  # of an outermost archive: entered below it so far,
    inside_bytes = models.BigIntegerField(null=True)  # and what these unpack to
    state = models.CharField(max_length=20, choices=State.choices, default=State.PENDING)
    reason = models.CharField(max_length=60, blank=True, default="")
    content = models.ForeignKey(Content, on_delete=models.PROTECT, null=True, db_index=False)
    lease_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["exhibit", "parent", "name_key", "ordinal"], nulls_distinct=False, name="file_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="rejected") | (~models.Q(reason="") & models.Q(content__isnull=True)),
                name="rejected_has_reason_and_no_content",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["pending", "rejected"]) | models.Q(content__isnull=False),
                name="after_pending_has_content",
            ),
        ]
        indexes = [
            models.Index(
                fields=["exhibit", "id"],
                condition=models.Q(state__in=["pending", "hashed"]),
                name="file_unfinished",
            ),
            models.Index(fields=["content", "exhibit"], name="file_of_content"),
            models.Index(fields=["exhibit", "id"], condition=~models.Q(reason=""), name="file_with_reason"),
            models.Index(fields=["exhibit", "id"], condition=models.Q(members="unlisted"), name="file_unlisted"),
            # Partial, so that nobody looks for files of the source itself (no parent) by it.
            models.Index(fields=["parent"], condition=models.Q(parent__isnull=False), name="file_within"),
        ]


class ImportedRecord(models.Model):
    """The exact bytes of one record of an imported VICS case, kept for re-export."""

    exhibit = models.ForeignKey(Exhibit, on_delete=models.PROTECT)
    position = models.PositiveIntegerField()
    raw = models.BinaryField()
    md5 = models.BinaryField(max_length=16, null=True)
    path_key = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["exhibit", "position"], name="record_once")]


class Metadata(models.Model):
    """What a content says of itself (EXIF, container): evidence, never trusted. No row: it says nothing."""

    class Zone(models.TextChoices):
        """How we know which instant `taken_at` is; without a zone it is the camera's local time read as UTC."""

        NONE = "none"
        OFFSET = "offset"
        UTC = "utc"

    content = models.OneToOneField(Content, on_delete=models.PROTECT, primary_key=True)
    make = models.CharField(max_length=80, blank=True, default="", db_default="")
    model = models.CharField(max_length=80, blank=True, default="", db_default="")
    serial = models.CharField(max_length=80, blank=True, default="", db_default="")
    software = models.CharField(max_length=80, blank=True, default="", db_default="")
    taken_text = models.CharField(max_length=40, blank=True, default="", db_default="")  # as written
    taken_at = models.DateTimeField(null=True)
    taken_zone = models.CharField(max_length=6, choices=Zone.choices, default=Zone.NONE, db_default=Zone.NONE)
    latitude = models.FloatField(null=True)  # degrees, north positive
    longitude = models.FloatField(null=True)  # degrees, east positive
    more = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))

    class Meta:
        indexes = [
            *(
                models.Index(Collate(Lower(name), "C"), condition=~models.Q((name, "")), name=f"metadata_{name}")
                for name in ("make", "model", "serial")
            ),
            models.Index(fields=["taken_at"], condition=models.Q(taken_at__isnull=False), name="metadata_taken"),
        ]


class Keyframe(models.Model):
    """One picture of a content that moves; its clear form lies in the storyboard file of the content's preview."""

    content = models.ForeignKey(Content, on_delete=models.PROTECT, related_name="keyframes")
    number = models.PositiveSmallIntegerField()
    at_ms = models.BigIntegerField()
    scene = models.BooleanField(default=False)  # begins a new scene
    folded = models.PositiveIntegerField(default=0, db_default=0)  # equal frames behind it that were left out
    veil = models.BinaryField()
    offset = models.PositiveIntegerField()  # bytes, in the storyboard file
    length = models.PositiveIntegerField()
    pdq = models.BinaryField(max_length=32, null=True)
    pdq_quality = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["content", "number"], name="keyframe_once")]
