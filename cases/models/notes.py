"""What people wrote about items."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from cases import scope
from cases.models.investigation import Case
from cases.models.review import Act, Item


class Note(models.Model):
    """A person's words on an item of a case. Append-only; in force is each person's newest, unless empty."""

    LONGEST = 1000  # characters

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    act = models.OneToOneField(Act, on_delete=models.PROTECT, related_name="note")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="notes", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    text = models.CharField(max_length=LONGEST, blank=True)
    at = models.DateTimeField(db_default=Now())

    objects = scope.OfCaseQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["item", "by", "id"], name="note_of_item")]
