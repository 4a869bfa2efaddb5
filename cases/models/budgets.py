"""What a person took of what is budgeted by the hour (security.md 5.6)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Spent(models.Model):
    """How many looks, searches, exports or downloads a person asked for in one hour; what was refused counts too."""

    pk = models.CompositePrimaryKey("user_id", "what", "hour")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=10)  # of cases/budgets.py
    hour = models.DateTimeField()  # its beginning, UTC
    number = models.PositiveIntegerField()


class BudgetLift(models.Model):
    """A person's word why he needs more than the budgets; for an hour none binds him."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=400)
    at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "until"], name="budget_lift_of_person")]
