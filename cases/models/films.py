"""What is kept of films beside decisions and looks: moments that are marked and not decided on, and their loudness."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from cases.models.evidence import Content
from cases.models.review import Item


class KeptMoment(models.Model):
    """The moment of a film, or the range, that a person marked; his alone, until he takes it away (decision 0017)."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    from_ms = models.PositiveIntegerField()
    until_ms = models.PositiveIntegerField(null=True)  # null: one moment
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "by"], name="kept_moment_once"),
            models.CheckConstraint(
                condition=Q(until_ms__isnull=True) | Q(until_ms__gte=F("from_ms")), name="kept_moment_in_order"
            ),
        ]


class Loudness(models.Model):
    """How loud a film is along its length: a cache, made piece by piece when somebody opens it (cases/loudness.py)."""

    content = models.OneToOneField(Content, on_delete=models.CASCADE, primary_key=True, related_name="+")
    peaks = models.BinaryField(default=bytes)  # a byte for each part of the film of equal length
    over = models.BooleanField(default=False)  # there is no more to come
    reason = models.CharField(max_length=40, blank=True, default="")  # why it is less than it should be
