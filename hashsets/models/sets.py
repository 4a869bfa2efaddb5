"""Schemes, hash sets and their versioned entries (model.md section 2, `hashsets`)."""

import uuid
from collections.abc import Mapping

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as lazy

from hashsets import access as scope
from workbench.models import Agency


class Disposition(models.TextChoices):
    """What a category means for the queue; derived from the scheme, never typed in."""

    RELEVANT = "relevant", lazy("Relevant")
    RESTRICTED = "relevant_restricted", lazy("Relevant, restricted")
    COMPARISON = "comparison", lazy("Comparison")
    NOT_RELEVANT = "not_relevant", lazy("Not relevant")
    NO_VERDICT = "no_verdict", lazy("No verdict")
    UNMAPPED = "unmapped", lazy("Unmapped")


class Scheme(models.Model):
    """One version of a list of categories: from `schemes/`, or an agency's own; frozen once used.

    `mappings`: as in the files, what codes are in other schemes and what that loses; only ever suggestions.
    """

    scheme_id = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    region = models.CharField(max_length=20, default="Default")
    owner = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True)  # None: came with Winnow
    source = models.CharField(max_length=300, default="")
    mappings = models.JSONField(default=list)

    objects = scope.SchemeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scheme_id", "version"], name="scheme_version_once")]

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """One code of a scheme, verbatim, with the key that decides it."""

    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="categories")
    code = models.CharField(max_length=40)
    key = models.CharField(max_length=1)
    name = models.CharField(max_length=200)  # the scheme's own: what exports and the log say
    labels = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))  # the same by language
    disposition = models.CharField(max_length=30, choices=Disposition.choices)
    colour = models.PositiveSmallIntegerField()
    glyph = models.CharField(max_length=20)
    publishable = models.BooleanField()

    class Meta:
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(fields=["scheme", "code"], name="category_code_once"),
            models.UniqueConstraint(fields=["scheme", "key"], name="category_key_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def label(self) -> str:
        """What the reader is shown: the name in his language, else the scheme's own."""
        labels: Mapping[str, str] = self.labels
        language = (get_language() or "").lower()
        return labels.get(language) or labels.get(language.partition("-")[0]) or self.name  # de of de-at


class SchemeDraft(models.Model):
    """A version of an agency's own scheme that somebody writes; another person puts it in force.

    `doc` is in the form of the files in `schemes/`; `edits` counts how often it was saved.
    """

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open", lazy("Draft")
        APPROVED = "approved", lazy("In force")
        DISCARDED = "discarded", lazy("Discarded")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(Agency, on_delete=models.PROTECT)
    scheme_id = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    doc = models.JSONField()
    edits = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    edited_by_name = models.CharField(max_length=120)
    edited_at = models.DateTimeField(db_default=Now())
    editors = ArrayField(models.BigIntegerField(), default=list)  # ids of all who ever did; none approves (0012)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = scope.SchemeDraftQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scheme_id"], condition=models.Q(state="open"), name="one_draft_of_a_scheme"
            ),
            models.CheckConstraint(
                condition=~models.Q(approved_by=models.F("edited_by")), name="scheme_approved_by_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme_id} {self.version}"


class HashSet(models.Model):
    """A list of hashes with categories. `generation` is the version in force; moving it is the swap."""

    class SetRole(models.TextChoices):
        """What the set is a list of."""

        RELEVANT = "relevant", lazy("Relevant")
        KNOWN_GOOD = "known-good", lazy("Known good")
        COMPARISON = "comparison", lazy("Comparison")

    class Reach(models.TextChoices):
        """Who may match against it."""

        AGENCY = "agency", lazy("This agency")
        NODE = "node", lazy("Every agency on this node")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(Agency, on_delete=models.PROTECT)
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=20, choices=SetRole.choices)
    reach = models.CharField(max_length=20, choices=Reach.choices, default=Reach.AGENCY)
    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT)
    generation = models.PositiveIntegerField(default=0)
    trust = models.CharField(max_length=20, default="trusted")  # of imported entries: does the owner vouch for them
    receives_offers = models.BooleanField(default=False)  # the set the owner's approved decisions go to
    # Of a mirror, whose owner is on another node: who reads it there, and so may match against it here.
    reader = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, related_name="+")
    retired_at = models.DateTimeField(null=True)
    watched_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    watched_by_name = models.CharField(max_length=120, default="")  # who turned its watched folder on; "" while off

    objects = scope.HashSetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="set_name_once"),
            models.UniqueConstraint(
                fields=["owner", "scheme", "role"],
                condition=models.Q(receives_offers=True, retired_at__isnull=True),
                name="one_publishing_set",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Generation(models.Model):
    """One version of a set: where it came from and what was found on import."""

    set = models.ForeignKey(HashSet, on_delete=models.PROTECT, related_name="generations")
    number = models.PositiveIntegerField()
    source = models.CharField(max_length=300)
    source_sha256 = models.BinaryField(max_length=32, null=True)
    report = models.JSONField(default=dict)
    added = models.BigIntegerField(default=0)
    removed = models.BigIntegerField(default=0)
    entries = models.BigIntegerField(default=0)
    in_force = models.BooleanField(default=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["set", "number"], name="generation_once"),
            models.UniqueConstraint(
                fields=["set", "source_sha256"],
                condition=models.Q(in_force=True, source_sha256__isnull=False),
                name="source_once_in_force",
            ),
        ]


class ListUpload(models.Model):
    """A file of a list that comes piece by piece (tus 1.0); gone once the list is on its way into the set.

    The first `offset` bytes of its file are durable, whatever lies behind them.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    set = models.ForeignKey(HashSet, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)  # the sender's
    size = models.BigIntegerField()  # bytes
    fingerprint = models.CharField(max_length=64, default="")  # SHA-256 of the sender's word for "the same file"
    offset = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["set", "by", "name", "size", "fingerprint"],
                condition=~models.Q(fingerprint=""),
                name="list_upload_once",
            ),
            models.CheckConstraint(
                condition=models.Q(offset__gte=0, offset__lte=models.F("size")), name="list_upload_within"
            ),
        ]


class Comparison(models.Model):
    """A count over two versions, made once: of one set what changed, of two how much of `set` is in `other`."""

    set = models.ForeignKey(HashSet, on_delete=models.CASCADE, related_name="+")
    generation = models.PositiveIntegerField()
    other = models.ForeignKey(HashSet, on_delete=models.CASCADE, related_name="+")
    other_generation = models.PositiveIntegerField()
    rows = models.JSONField(null=True)  # as `comparisons` reads them; None: it took too long and was given up
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["set", "generation", "other", "other_generation"], name="compared_once")
        ]


class Entry(models.Model):
    """A hash in a set, one row per version: in force at g when added_in <= g and not removed_in <= g.

    LIST-partitioned by set (migration 0002), therefore unmanaged. `ident` is the first of md5, sha1,
    sha256, else the PDQ (decision 0027); `twin` tells entries with one ident and other digests apart.
    """

    pk = models.CompositePrimaryKey("set_id", "id")
    set = models.ForeignKey(HashSet, on_delete=models.PROTECT)
    id = models.BigIntegerField()
    public_id = models.UUIDField()
    ident = models.BinaryField()
    twin = models.PositiveSmallIntegerField(default=0)
    md5 = models.BinaryField(null=True)
    sha1 = models.BinaryField(null=True)
    sha256 = models.BinaryField(null=True)
    size = models.BigIntegerField(null=True)
    media_id = models.BigIntegerField(null=True)  # of a plain record; others have it in `raw`
    code = models.CharField(max_length=40)
    disposition = models.CharField(max_length=30, choices=Disposition.choices)
    trust = models.CharField(max_length=20)
    state = models.CharField(max_length=20, default="published")
    conflict = models.BooleanField(default=False)
    flags = models.JSONField(default=dict)
    raw = models.JSONField(default=dict)
    added_in = models.PositiveIntegerField()
    removed_in = models.PositiveIntegerField(null=True)

    class Meta:
        managed = False
        db_table = "hashsets_entry"


class EntryHash(models.Model):
    """A hash of another kind than a digest, of one version of an entry (`entry_hashes`); in force when that is."""

    pk = models.CompositePrimaryKey("set_id", "kind", "entry")
    set = models.ForeignKey(HashSet, on_delete=models.PROTECT, db_index=False)
    entry = models.BigIntegerField()
    kind = models.CharField(max_length=20)
    value = models.BinaryField()

    class Meta:
        managed = False
        db_table = "hashsets_entryhash"


class Vote(models.Model):
    """An organisation's opinion on an entry, per hash kind; the latest is the current one. None is ever deleted.

    Ordered by id: it is drawn while the set's row is locked until the transaction ends (`generations.lock`), so of one
    set nobody commits a smaller one later. `withdrawn_after`: the last vote on an entry with its first digest when this
    one was taken back.
    """

    class Origin(models.TextChoices):
        """How it came here."""

        DECISION = "decision", lazy("Decision approved by two people")
        WORD = "word", lazy("Word of a supervisor")
        PEER = "peer", lazy("Received from the organisation")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    set = models.ForeignKey(HashSet, on_delete=models.PROTECT)
    ident = models.BinaryField()
    twin = models.PositiveSmallIntegerField(default=0)
    organisation = models.UUIDField()
    kind = models.CharField(max_length=20)
    names = ArrayField(models.CharField(max_length=10), default=list)  # the digests it stands for: trust.DIGESTS
    voice = models.CharField(max_length=64, default="")  # whom it counts with: the key it came under; "": for itself
    disposition = models.CharField(max_length=30, choices=Disposition.choices)
    code = models.CharField(max_length=40)
    basis = models.CharField(max_length=20)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.DECISION)
    reason = models.CharField(max_length=400, blank=True, default="")  # for our own people; never leaves
    current = models.BooleanField(default=True)
    withdrawn_after = models.BigIntegerField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    at = models.DateTimeField(db_default=Now())
    proof = models.ForeignKey("Proof", on_delete=models.PROTECT, null=True, related_name="votes")  # of a peer's

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["set", "ident", "twin", "organisation", "kind"],
                condition=models.Q(current=True),
                name="one_current_vote",
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_after__isnull=True, withdrawn_at__isnull=True)
                | models.Q(withdrawn_after__gte=models.F("id"), withdrawn_at__isnull=False),
                name="vote_taken_back_after_it",
            ),
        ]
        indexes = [models.Index(fields=["set", "ident", "twin", "id"], name="vote_of_entry")]

    @property
    def stands(self) -> bool:
        """Whether it is what the organisation says now."""
        return self.current and self.withdrawn_after is None


class Resolution(models.Model):
    """How a supervisor of the set's owner settled a dispute on an entry; the latest counts.

    `after`: the last vote on the entry when it was made. Votes up to it that say otherwise count no more, later ones
    may dispute the entry again. Votes stay as they are.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    set = models.ForeignKey(HashSet, on_delete=models.PROTECT, related_name="resolutions")
    ident = models.BinaryField()
    twin = models.PositiveSmallIntegerField(default=0)
    disposition = models.CharField(max_length=30, choices=Disposition.choices)
    code = models.CharField(max_length=40)
    reason = models.CharField(max_length=400)  # for the owner's own people; never leaves
    after = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["set", "ident", "twin", "id"], name="resolution_of_entry")]


class Policy(models.Model):
    """What a match of a set does in an agency, for all dispositions (null) or one."""

    class Action(models.TextChoices):
        """accept and hide close an item; propose asks; suppress and off do nothing."""

        ACCEPT = "accept", lazy("Accept")
        PROPOSE = "propose", lazy("Propose")
        HIDE = "hide", lazy("Hide harmless")
        SUPPRESS = "suppress", lazy("Suppress")
        OFF = "off", lazy("Off")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT)
    set = models.ForeignKey(HashSet, on_delete=models.PROTECT, related_name="policies")
    disposition = models.CharField(max_length=30, choices=Disposition.choices, null=True)  # noqa: DJ001 null = any
    action = models.CharField(max_length=10, choices=Action.choices)
    min_trust = models.CharField(max_length=20)
    may_discard = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "set", "disposition"], nulls_distinct=False, name="policy_once")
        ]
