"""What leaves a case: offers to hash sets, exports, and the running counts."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as lazy

from cases import scope
from cases.models.evidence import Content, Exhibit
from cases.models.investigation import Case
from cases.models.review import Decision, Item
from hashsets.models import HashSet
from workbench.models import Agency


class Offer(models.Model):
    """A decision offered to a hash set (the outbox). Two people on the way there, two on the way back."""

    class State(models.TextChoices):
        """draft -> published, held, returned; published -> withdrawal -> withdrawn."""

        DRAFT = "draft", lazy("Waits for approval")
        HELD = "held", lazy("Held")
        RETURNED = "returned", lazy("Returned")
        PUBLISHED = "published", lazy("Published")
        WITHDRAWAL = "withdrawal", lazy("Withdrawal waits for approval")
        WITHDRAWN = "withdrawn", lazy("Withdrawn")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="offers")
    set = models.ForeignKey(HashSet, on_delete=models.PROTECT)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT)
    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    reason = models.CharField(max_length=400, blank=True, default="")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    offered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    entry = models.BigIntegerField(null=True)
    generation = models.PositiveIntegerField(null=True)
    at = models.DateTimeField(db_default=Now())

    objects = scope.OfferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["decision", "set"], name="offer_once"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | (~Q(approved_by=F("offered_by")) & ~Q(approved_by=F("decided_by"))),
                name="offer_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("withdrawn_by")),
                name="withdrawal_confirmed_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["published", "withdrawal", "withdrawn"]) | Q(approved_by__isnull=False),
                name="published_by_two",
            ),
            models.CheckConstraint(
                condition=(~Q(state__in=["withdrawal", "withdrawn"]) | Q(withdrawn_by__isnull=False))
                & (~Q(state="withdrawn") | Q(confirmed_by__isnull=False)),
                name="withdrawn_by_two",
            ),
        ]
        indexes = [
            models.Index(fields=["agency", "id"], condition=Q(state__in=["draft", "withdrawal"]), name="offer_waiting"),
            models.Index(fields=["case"], condition=Q(state__in=["draft", "withdrawal"]), name="offer_waiting_in_case"),
        ]


class Export(models.Model):
    """A frozen package: the same state of the case always gives the same bytes."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    product = models.CharField(max_length=20)
    state_digest = models.BinaryField(max_length=32)
    as_of = models.BigIntegerField()
    file_name = models.CharField(max_length=200)
    sha256 = models.BinaryField(max_length=32)
    size = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField(db_default=Now())

    objects = scope.OfCaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "product", "state_digest"], name="export_once_per_state")
        ]


class Tally(models.Model):
    """Running counts, so that no page counts rows. `exhibit` null: the whole case, each item once."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    exhibit = models.ForeignKey(Exhibit, on_delete=models.PROTECT, null=True)
    state = models.CharField(max_length=10, choices=Item.State.choices)
    kind = models.CharField(max_length=10, choices=Content.Kind.choices)
    items = models.BigIntegerField(default=0)
    known = models.BigIntegerField(default=0)
    files = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "exhibit", "state", "kind"], nulls_distinct=False, name="tally_once"
            )
        ]
