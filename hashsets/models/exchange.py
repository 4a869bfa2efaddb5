"""What is exchanged with other organisations: feeds, peers, what is read of whom (sharing.md sections 3 to 6)."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as lazy

from hashsets import access as scope
from hashsets.models.sets import HashSet
from workbench.models import Agency


class Feed(models.Model):
    """That a set is numbered for readers, and how far. Made when it is first shared (`feed.of`).

    `numbered`: the generation up to which changes have their sequence number. Nobody but `feed.number` moves it.
    """

    set = models.OneToOneField(HashSet, on_delete=models.PROTECT, primary_key=True, related_name="feed")
    head_seq = models.BigIntegerField(default=0)
    horizon_seq = models.BigIntegerField(default=0)  # deltas from before it cannot be told any more: 410
    numbered = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(horizon_seq__lte=models.F("head_seq")), name="feed_horizon_behind_head")
        ]


class Change(models.Model):
    """One step of a feed: an entry came, changed, or left (`deleted`: a tombstone). Never changed.

    `entry` is the version it tells of; of a tombstone the version that ended. The database lets nobody take one out but
    `hashsets_forget_steps`, and that only behind the horizon.
    """

    pk = models.CompositePrimaryKey("set_id", "seq")
    set = models.ForeignKey(HashSet, on_delete=models.PROTECT, db_index=False)
    seq = models.BigIntegerField()
    entry = models.BigIntegerField()
    public_id = models.UUIDField()
    deleted = models.BooleanField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["set", "public_id", "-seq"], name="change_of_entry")]


class Peer(models.Model):
    """Another organisation an agency of this node exchanges with: its node, its key, what it may do here.

    Paired by comparing fingerprints on two screens; one person proposes, another confirms. `url` "" means courier
    only. `scopes`: what its credential may do here. Secrets lie in files below the node's keys, never here; of the
    secret of its credential there is a hash with the application.
    """

    class State(models.TextChoices):
        """How far the pairing is."""

        PROPOSED = "proposed", lazy("Fingerprint to be compared")
        PAIRED = "paired", lazy("Paired")
        SUSPENDED = "suspended", lazy("Suspended")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="peers")  # ours
    organisation = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")  # theirs
    url = models.CharField(max_length=300, default="")  # of its /odata/v1/
    key = models.BinaryField(max_length=32)  # Ed25519, what it signs with
    own_voice = models.BooleanField(default=False)  # it counts by itself, whoever else has its key (decision 0025)
    scopes = ArrayField(models.CharField(max_length=20), default=list)
    # The address that one person wants for it, and another has to confirm; "" by courier only, None: there is none.
    moving_to = models.CharField(max_length=300, null=True)  # noqa: DJ001
    moving_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    client_id = models.CharField(max_length=100, default="")  # ours there
    application = models.OneToOneField(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL, on_delete=models.SET_NULL, null=True, related_name="peer"
    )  # its credential here
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_by_name = models.CharField(max_length=120)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_by_name = models.CharField(max_length=120, default="")
    at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    failure = models.CharField(max_length=300, default="")  # the last one's own words, "" when all is well

    objects = scope.PeerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "organisation"], name="peer_once"),
            models.CheckConstraint(condition=~Q(confirmed_by=models.F("proposed_by")), name="peer_by_another"),
            models.CheckConstraint(
                condition=Q(state="proposed") | Q(confirmed_by__isnull=False), name="peer_paired_by_two"
            ),
        ]

    def __str__(self) -> str:
        return self.organisation.name


class Share(models.Model):
    """A set of ours that a peer may read; `contribute`: and add its opinions to. Two people share, as two publish.

    `waiting`: one supervisor proposed it, and until another confirms the peer is told nothing of it.

    `votes_seq`, `votes_manifest`: up to which package of its opinions they were taken in.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="shares")
    set = models.ForeignKey(HashSet, on_delete=models.PROTECT, related_name="shares")
    contribute = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField(db_default=Now())
    waiting = models.BooleanField(default=False)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_by_name = models.CharField(max_length=120, default="")
    ended_at = models.DateTimeField(null=True)
    seq = models.BigIntegerField(null=True)  # the highest number the peer was told
    read_at = models.DateTimeField(null=True)  # when
    votes_seq = models.BigIntegerField(default=0)
    votes_manifest = models.BinaryField(max_length=32, null=True)

    objects = scope.ShareQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["peer", "set"], condition=Q(ended_at__isnull=True, waiting=False), name="shared_once"
            ),
            models.UniqueConstraint(
                fields=["peer", "set"], condition=Q(ended_at__isnull=True, waiting=True), name="share_asked_once"
            ),
            models.CheckConstraint(
                condition=~Q(confirmed_by=models.F("by")) & ~Q(confirmed_by__isnull=False, waiting=True),
                name="shared_by_another",
            ),
        ]


class Subscription(models.Model):
    """A set of a peer that is read into one of ours, and how far.

    `checkpoint` is the address of the next page, as the peer gave it; `seq` the highest sequence number of what is
    in force here; both move in the transaction that stores the page. `baseline`: the pages being collected are a
    snapshot, and replace what is here; `collected` is the highest number among them, `waiting` how many records came
    since the last version. `give`: our own opinions on its entries are sent there, and `source`, a set of ours, is what
    is contributed to it as it is published.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="subscriptions")
    set = models.OneToOneField(HashSet, on_delete=models.PROTECT, related_name="subscription")
    remote_set = models.UUIDField()
    checkpoint = models.TextField(default="")
    seq = models.BigIntegerField(default=0)
    manifest = models.BinaryField(max_length=32, null=True)  # SHA-256 of the last package's, which the next one names
    collected = models.BigIntegerField(default=0)
    waiting = models.BigIntegerField(default=0)
    baseline = models.BooleanField(default=True)
    give = models.BooleanField(default=False)
    source = models.ForeignKey(HashSet, on_delete=models.PROTECT, null=True, related_name="given_to")
    every = models.PositiveIntegerField(default=300)  # seconds between two askings
    due_at = models.DateTimeField(db_default=Now())
    push_at = models.DateTimeField(db_default=Now())  # when opinions may be sent, after a failure later
    lease_until = models.DateTimeField(null=True)
    pulled_at = models.DateTimeField(null=True)
    paused = models.CharField(max_length=300, default="")  # why it stands still until a person looks, "" while it runs
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["peer", "remote_set"], name="read_once")]


class Incoming(models.Model):
    """A record of a page or package that is stored and not yet in force; gone when its version is."""

    pk = models.CompositePrimaryKey("subscription_id", "entry_id")
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, db_index=False)
    entry_id = models.UUIDField()
    seq = models.BigIntegerField()
    record = models.JSONField(null=True)  # None: it left


class Quarantined(models.Model):
    """What came from a peer and was not taken in: its words, and why. A person looks at it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="quarantined")
    reason = models.CharField(max_length=300)
    record = models.TextField()  # at most `quarantine.LONGEST` characters of it
    at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")


class Answered(models.Model):
    """What a caller was answered under an Idempotency-Key: the same again for the same body, for seven days."""

    peer = models.ForeignKey(Peer, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    digest = models.BinaryField(max_length=32)  # SHA-256 of method, address and body
    status = models.PositiveSmallIntegerField()
    body = models.TextField()
    at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["peer", "key"], name="answered_once")]
