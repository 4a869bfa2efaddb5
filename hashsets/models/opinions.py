"""Opinions on their way between organisations, what proves them, and what nobody outside is told of them."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as lazy

from hashsets.models.exchange import Peer, Subscription
from hashsets.models.sets import HashSet, Vote


class Outgoing(models.Model):
    """An opinion of ours on its way to the peer whose set it is on: queued with the opinion, sent by a worker.

    One that was taken back here waits again, to be taken back there.
    """

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", lazy("Waiting")
        SENT = "sent", lazy("Sent")
        REFUSED = "refused", lazy("Refused")

    pk = models.CompositePrimaryKey("subscription_id", "vote_id")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, db_index=False)
    vote = models.ForeignKey(Vote, on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    key = models.UUIDField(null=True)  # the Idempotency-Key of the batch it went in
    answer = models.JSONField(null=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["subscription", "vote"], condition=Q(state="waiting"), name="outgoing_waiting")]


class Proof(models.Model):
    """What an organisation's key signed when it gave opinions, over the network or in a package; its votes name it.

    Of a request `text` is the six lines of signed.py, of a package its manifest; both name the digest of `body`, which
    is packed with gzip. It proves what was said long after the answer is forgotten, and to anybody.
    """

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="+")
    key = models.BinaryField(max_length=32)  # of the peer, then
    text = models.TextField()  # what was signed
    signature = models.BinaryField(max_length=64)
    body = models.BinaryField()
    at = models.DateTimeField(db_default=Now())


class Clash(models.Model):
    """An entry that a peer brought and that a known-good set has which it may not read (`clashes`). Never changed.

    It closes nothing here until the set's owner has said something of it himself.
    """

    set = models.ForeignKey(HashSet, on_delete=models.PROTECT, related_name="+")
    ident = models.BinaryField()
    twin = models.PositiveSmallIntegerField()
    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="clashes")
    known_in = models.ForeignKey(HashSet, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["set", "ident", "twin"], name="clash_once")]
