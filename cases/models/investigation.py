"""Cases and who works on them."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as lazy

from cases import scope
from hashsets.models import Scheme
from workbench.models import Agency


class Case(models.Model):
    """One investigation of one agency, under one version of one scheme."""

    class State(models.TextChoices):
        """A closed case keeps its decisions as they were."""

        OPEN = "open", lazy("Open")
        CLOSED = "closed", lazy("Closed")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT)
    number = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    sealed = models.BooleanField(default=False)
    may_publish = models.BooleanField(default=True)
    due = models.DateField(null=True, blank=True)
    legal_reference = models.CharField(max_length=200, blank=True, default="")
    retain_until = models.DateField(null=True, blank=True)
    hold = models.BooleanField(default=False)
    lead = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    batches = models.PositiveIntegerField(default=0)  # how many were opened; the next one's number
    opened_at = models.DateTimeField(db_default=Now())

    objects = scope.CaseQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "number"], name="case_number_once")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class CaseMember(models.Model):
    """A person on a case's team; a guest's membership has an end."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="case_memberships")
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="case_member_once")]
