"""What people ask the queue of a case for, and when its items were weighed."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from cases import scope
from cases.models.investigation import Case
from cases.models.review import Item


class SavedFilter(models.Model):
    """What a person asks the queue of a case for, under a name; `shared`: the whole team may use it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    name = models.CharField(max_length=60)
    order = models.CharField(max_length=10)
    wanted = models.JSONField(default=dict)
    shared = models.BooleanField(default=False)

    objects = scope.SavedFilterQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "owner", "name"], name="filter_name_once")]


class CaseFilter(models.Model):
    """What a person asks the list of cases for, under a name: the fields of case_list.Asked. His own only."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=60)
    wanted = models.JSONField(default=dict)

    objects = scope.CaseFilterQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="case_filter_name_once")]


class Arrival(models.Model):
    """A picture that came to a stack after its person's batch was over (cases/stacking/arrivals.py)."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "item"], name="arrival_once")]
        indexes = [
            models.Index(fields=["case", "at"], name="arrival_of_case"),
            models.Index(fields=["item"], name="arrival_of_item"),
        ]


class Weighing(models.Model):
    """When the items of a case were last weighed for what they promise, and whether something since says to do so."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, primary_key=True)
    due = models.BooleanField(default=True)
    weighed_at = models.DateTimeField(null=True)
    took_ms = models.PositiveIntegerField(default=0)
