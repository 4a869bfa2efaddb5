"""What pages show of days, kept so that no page counts (decision 0019)."""

from django.db import models
from django.db.models import Q, Value

from cases.models.investigation import Case


class DayCount(models.Model):
    """What changed on a day in one of a case's counts: a difference, added by triggers (migration 0026).

    `what` and its `key`: cases/days/counts.py. The rows of a day are folded into one, which then is `folded`.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()  # in the agency's zone
    what = models.CharField(max_length=10)
    key = models.CharField(max_length=40, blank=True, default="")
    n = models.BigIntegerField()
    folded = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "what", "key", "day"], condition=Q(folded=True), name="day_count_folded_once"
            )
        ]
        indexes = [
            models.Index(fields=["case", "what", "day"], name="day_count_of_case"),
            models.Index(fields=["id"], condition=Q(folded=False), name="day_count_to_fold"),
        ]


class KnownIn(models.Model):
    """In which sets how many items of a large case are known, as last counted by a task."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, primary_key=True, related_name="+")
    sets = models.JSONField(default=list, db_default=Value([], models.JSONField()))  # [[set id, items]]
    known = models.BigIntegerField()  # items known then, by the tallies
    at = models.DateTimeField()
    took_ms = models.PositiveIntegerField(default=0)
