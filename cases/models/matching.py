"""What contents have in common with hash sets, and up to which version that is known."""

from django.db import models
from django.db.models import Q

from cases.models.evidence import Content
from hashsets.models import HashSet
from workbench.models import Agency


class Match(models.Model):
    """A content equals (or resembles) an entry. Strong is the only kind that may hide a file."""

    content = models.ForeignKey(Content, on_delete=models.PROTECT)
    set = models.ForeignKey(HashSet, on_delete=models.PROTECT)
    entry = models.BigIntegerField()  # (set, entry) references the partitioned table, migration 0002
    kind = models.CharField(max_length=20)
    strong = models.BooleanField()
    distance = models.PositiveSmallIntegerField(default=0)
    found_in = models.PositiveIntegerField()
    lost_in = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["content", "set", "entry", "kind"], name="match_once")]
        indexes = [models.Index(fields=["set", "entry"], condition=Q(lost_in__isnull=True), name="match_in_force")]


class SetSync(models.Model):
    """Up to which generation, and under which policy, an agency's contents were matched against a set."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT)
    set = models.ForeignKey(HashSet, on_delete=models.PROTECT)
    generation = models.PositiveIntegerField(default=0)
    rules = models.TextField(default="", blank=True)  # the policies that were in force, as text (matching.py)
    moved = models.JSONField(null=True)  # by a re-match under way, by case (requeueing.py); null: none is

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "set"], name="set_sync_once")]


class NearDue(models.Model):
    """A content whose PDQ came while a set was being matched again: the re-match looks at it once more at its end."""

    sync = models.ForeignKey(SetSync, on_delete=models.CASCADE, related_name="+")
    content = models.BigIntegerField()  # its id; one that is gone by then is passed by

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sync", "content"], name="near_due_once")]
