"""What a person left on an item without deciding it: unsure, skipped, flagged. Only ever shown to that person."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from cases.models import Act, Item
from cases.units import LAST
from workbench.models import User

WORDS = {"unsure": noop("You marked it unsure."), "skip": noop("You skipped it."), "flag": noop("You flagged it.")}


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark that was not taken back."""

    text: str
    at: datetime


def of(item: Item, user: User) -> list[Mark]:
    """The person's own marks on the item, newest first. Two queries."""
    mine = Act.objects.filter(user=user, stack=item.stack_id, kind__in=WORDS)
    kept = mine.exclude(pk__in=Act.objects.filter(user=user, undoes__isnull=False).values("undoes"))
    last = {kind: at for kind, at in kept.order_by("pk").values_list("kind", "at") if _still(kind, item)}
    return [Mark(_(WORDS[kind]), at) for kind, at in sorted(last.items(), key=lambda one: one[1], reverse=True)]


def _still(kind: str, item: Item) -> bool:
    """Whether the mark is there: a flag pressed twice is none, and of unsure and skipped the later ends the other."""
    return {"unsure": item.unsure, "flag": item.flagged, "skip": item.stack.sort_key.startswith(LAST)}[kind]
