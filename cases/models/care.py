"""How long people look, their breaks and limits, and what they chose for themselves (ux.md section 2)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from workbench.models import Agency


class CareRule(models.Model):
    """What an agency sets for its people. No row: the defaults."""

    agency = models.OneToOneField(Agency, on_delete=models.PROTECT, primary_key=True, related_name="+")
    break_after = models.PositiveSmallIntegerField(default=50)  # minutes on screen
    break_minutes = models.PositiveSmallIntegerField(default=10)
    day_minutes = models.PositiveSmallIntegerField(default=240)  # on screen
    shift_end = models.TimeField(null=True)  # of the clock in `zone`
    zone = models.CharField(max_length=60, default="UTC")  # a name PostgreSQL knows
    contact = models.CharField(max_length=400, blank=True, default="")
    own_breaks = models.BooleanField(default=True)  # people may break earlier and longer
    keep_blur = models.BooleanField(default=False)  # nobody may begin with clear pictures

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(break_after__range=(25, 60)), name="care_break_after"),
            models.CheckConstraint(condition=Q(break_minutes__range=(5, 30)), name="care_break_minutes"),
            models.CheckConstraint(condition=Q(day_minutes__range=(30, 240)), name="care_day_minutes"),
        ]


class CareChoice(models.Model):
    """What a person chose. No row, or null: as the agency has it."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="+")
    break_after = models.PositiveSmallIntegerField(null=True)
    break_minutes = models.PositiveSmallIntegerField(null=True)
    day_minutes = models.PositiveSmallIntegerField(null=True)
    shift_end = models.TimeField(null=True)
    blur = models.BooleanField(default=True)
    grey = models.BooleanField(default=True)
    tile = models.PositiveSmallIntegerField(null=True)  # pixels; null: as this browser had it last
    outcomes = models.BooleanField(default=True)  # shows what came of it
    shared = models.BooleanField(default=False)  # with the welfare officer


class ScreenVisit(models.Model):
    """One page that somebody opened, and what of its time is counted already."""

    pk = models.CompositePrimaryKey("user_id", "token")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    token = models.UUIDField()
    reported_at = models.DateTimeField()
    ms = models.PositiveBigIntegerField()


class ScreenMinute(models.Model):
    """For how long of one minute a person had pictures before him, veiled or not."""

    pk = models.CompositePrimaryKey("user_id", "minute")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    minute = models.DateTimeField()
    ms = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ms__gt=0, ms__lte=60_000), name="screen_minute_is_one"),
        ]


class Break(models.Model):
    """Time in which a person gets no clear picture. `ended_at`: when it was over, null until somebody noted it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    asked = models.BooleanField(default=False)  # the person's own wish: none was due
    skipped = models.BooleanField(default=False)  # ended early

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(ended_at__isnull=True), name="one_break_at_a_time"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("started_at")), name="break_has_length"),
        ]
        indexes = [models.Index(fields=["user", "started_at"], name="break_of_person")]


class LimitReached(models.Model):
    """A day on which a person reached the agency's limit, in minutes, with what was given more by then."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()  # in the agency's zone
    minutes = models.PositiveSmallIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="limit_reached_once_a_day")]


class LimitOverride(models.Model):
    """More time for one person on one day, given by another one."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    day = models.DateField()
    minutes = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=400)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(by=F("user")), name="override_for_another"),
            models.CheckConstraint(condition=Q(minutes__range=(15, 60)), name="override_minutes"),
        ]
        indexes = [models.Index(fields=["user", "day"], name="override_of_day")]
