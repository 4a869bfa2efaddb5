"""Second views: who asks for how many, which are wanted and given, and where two people differ."""

import uuid
from datetime import date, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as lazy

from cases import scope
from cases.models.evidence import Content
from cases.models.investigation import Case
from cases.models.review import MOMENT, Act, Batch, Decision, Item
from workbench.models import Agency


class Why(models.TextChoices):
    """What a second view or opinion was asked for. Whoever gives it is not told."""

    SAMPLE = "sample", lazy("Sample")
    UNSURE = "unsure", lazy("Unsure")
    FLAG = "flag", lazy("Flagged")
    CONFLICT = "conflict", lazy("Decided at once")
    CHECK = "check", lazy("Check")
    DRAWN = "drawn", lazy("Drawn by a supervisor")


class SecondShare(models.Model):
    """In how many of a hundred decisions of a category an agency wants a second view; `code` '': of inherited ones."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT)
    scheme_id = models.CharField(max_length=60)  # of any version
    code = models.CharField(max_length=40, blank=True)
    percent = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "scheme_id", "code"], name="second_share_once"),
            models.CheckConstraint(condition=Q(percent__lte=100), name="second_share_in_a_hundred"),
        ]


class SecondView(models.Model):
    """A second view that is wanted of a decision, or of an item somebody was unsure of (`decision` null).

    The row of the second queue: `code` and `mark` are what the person gave whose batch holds it, until that ends.
    """

    class State(models.TextChoices):
        """open -> done, dropped."""

        OPEN = "open"
        DONE = "done"
        DROPPED = "dropped"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    content = models.ForeignKey(Content, on_delete=models.PROTECT, related_name="+", db_index=False)
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, related_name="second_views")
    first_batch = models.ForeignKey(  # of the first look
        Batch, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    why = models.CharField(max_length=10, choices=Why.choices)
    not_for = ArrayField(models.BigIntegerField(), default=list)  # people who decided, or were unsure
    had_by = ArrayField(models.BigIntegerField(), db_default=[])  # people in whose batches it was (decision 0013)
    sort_key = models.CharField(max_length=24, db_collation="C")
    state = models.CharField(max_length=7, choices=State.choices, default=State.OPEN)
    version = models.PositiveIntegerField(default=1)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="second_views", db_index=False)
    position = models.PositiveIntegerField(default=0)  # in its batch
    code = models.CharField(max_length=40, null=True)  # noqa: DJ001 null = none given
    mark = models.CharField(max_length=7, blank=True, default="")  # unsure or skipped
    from_ms = models.PositiveIntegerField(null=True)  # as of a Decision
    until_ms = models.PositiveIntegerField(null=True)
    at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True)

    objects = scope.OfCaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["decision"], condition=Q(state="open"), name="second_view_once"),
            models.UniqueConstraint(
                fields=["item"], condition=Q(state="open", decision__isnull=True), name="second_view_of_unsure_once"
            ),
            models.CheckConstraint(condition=MOMENT, name="second_view_moment"),
        ]
        indexes = [
            models.Index(fields=["case", "sort_key", "id"], condition=Q(state="open"), name="second_view_queue"),
            models.Index(fields=["batch", "position"], condition=Q(batch__isnull=False), name="second_view_batch"),
            GinIndex(fields=["had_by"], condition=Q(state="open") & ~Q(had_by=[]), name="second_view_had"),
        ]


class SecondOpinion(models.Model):
    """An independent category by somebody who could not see the first."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT)
    act = models.ForeignKey(Act, on_delete=models.PROTECT)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    by_name = models.CharField(max_length=120)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=40)
    reason = models.CharField(max_length=20)  # a Why
    basis = models.CharField(max_length=10, choices=Decision.Basis.choices, default=Decision.Basis.VEILED)
    from_ms = models.PositiveIntegerField(null=True)  # as of a Decision
    until_ms = models.PositiveIntegerField(null=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["decision", "by"], name="second_opinion_once"),
            models.CheckConstraint(condition=~Q(by=F("decided_by")), name="second_opinion_by_another"),
            models.CheckConstraint(condition=MOMENT, name="second_opinion_moment"),
        ]
        indexes = [models.Index(fields=["at"], name="second_opinion_at")]


class Disagreement(models.Model):
    """A decision and an opinion that says something else; closed by a ruling, or as the decision is superseded."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="disagreements")
    opinion = models.OneToOneField(SecondOpinion, on_delete=models.PROTECT)
    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True)
    ruling = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    ruled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    objects = scope.OfCaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ruled_by__isnull=True) | (~Q(ruled_by=F("decided_by")) & ~Q(ruled_by=F("given_by"))),
                name="ruled_by_another",
            ),
            models.CheckConstraint(
                condition=Q(ruling__isnull=True, ruled_by__isnull=True)
                | Q(ruling__isnull=False, ruled_by__isnull=False, closed_at__isnull=False),
                name="ruling_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(closed_at__isnull=True), name="disagreement_open"),
            models.Index(fields=["case"], condition=Q(closed_at__isnull=True), name="disagreement_open_in_case"),
        ]


class Sample(models.Model):
    """Decisions of one person that a supervisor drew for second views, with all that drawing them again needs."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    scheme_id = models.CharField(max_length=60)  # of any version
    code = models.CharField(max_length=40, blank=True)  # one category; '' for all
    since = models.DateTimeField()
    until = models.DateTimeField()  # not itself
    cases = ArrayField(models.BigIntegerField())  # ids: those in reach, open, or the one that was asked for
    seed = models.UUIDField(default=uuid.uuid4)
    as_of = models.BigIntegerField()  # id of the last decision there was
    fitting = models.PositiveIntegerField()  # decisions that it was drawn from
    reason = models.CharField(max_length=400)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(by=F("person")), name="sample_by_another")]
        indexes = [models.Index(fields=["agency", "-id"], name="sample_of_agency")]

    @property
    def last_day(self) -> date:
        """The last day that it was drawn from."""
        return (self.until - timedelta(days=1)).date()


class SampleDraw(models.Model):
    """A decision that was drawn; `place` from 1, in the order of the draw."""

    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="draws", db_index=False)
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")
    place = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sample", "place"], name="sample_place_once")]
