"""What a set follows on a foreign server or in a folder, and the records as they are there."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hashsets import access as scope
from hashsets.models.sets import HashSet


class Remote(models.Model):
    """A foreign server or folder that a set follows, and how far (hashsets/remotes/).

    `checkpoint` is the connector's own; it moves in the transaction that stores what came until there. `secret`: the
    name of a file below the node's keys, "" where none is needed. `round`: how often everything was fetched anew.
    `counts`: what came since that began, as `applying.Applied` counts it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    set = models.ForeignKey(HashSet, on_delete=models.PROTECT, related_name="remotes")
    kind = models.CharField(max_length=30)  # a connector's id
    place = models.CharField(max_length=500)  # a link or a folder
    secret = models.CharField(max_length=60, default="")
    code = models.CharField(max_length=40, default="")  # the category of records that name none; "": no verdict
    checkpoint = models.TextField(default="")
    round = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    every = models.PositiveIntegerField(default=300)  # seconds between two askings
    due_at = models.DateTimeField(db_default=Now())
    asked_at = models.DateTimeField(null=True)  # when it was last asked, whatever came of it
    pulled_at = models.DateTimeField(null=True)  # when it was last read to its end
    failing_since = models.DateTimeField(null=True)
    failure = models.CharField(max_length=300, default="")  # the last one's own words, "" when all is well
    failure_code = models.CharField(max_length=60, default="")
    failures = models.PositiveIntegerField(default=0)  # in a row
    paused = models.CharField(max_length=300, default="")  # why it stands still until a person looks, "" while it runs
    paused_by_name = models.CharField(max_length=120, default="")  # "" where it stopped by itself
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    objects = scope.RemoteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["set"], condition=Q(ended_at__isnull=True), name="one_remote_of_a_set")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.place}"


class Mirrored(models.Model):
    """A record of a foreign server as it last was there; entries of the set are made of these (`mirroring`).

    A tombstone has no `ident`, and an empty `doc`: it keeps older news of its record out.
    """

    pk = models.CompositePrimaryKey("remote_id", "key")
    remote = models.ForeignKey(Remote, on_delete=models.CASCADE, db_index=False)
    key = models.CharField(max_length=200)
    ident = models.BinaryField(null=True)
    updated = models.DateTimeField(null=True)  # by the server's clock
    round = models.PositiveIntegerField()  # of the remote, when it was last heard of
    doc = models.JSONField()  # remotes.normal.Doc

    class Meta:
        indexes = [
            models.Index(fields=["remote", "ident"], name="mirrored_ident", condition=Q(ident__isnull=False)),
        ]
