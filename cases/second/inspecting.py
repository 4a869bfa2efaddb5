"""What is told beside a second view: the file and where it was found; nothing that anybody thinks it is."""

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now

from cases import inspector
from cases.models import Batch, SecondView
from workbench.models import User


def held_by(user: User) -> QuerySet[SecondView]:
    """Second views in the person's open batches, with what showing them needs."""
    mine = SecondView.objects.for_actor(user).filter(batch__user=user, batch__state=Batch.State.OPEN)
    return mine.filter(batch__lease_until__gt=Now()).select_related("item__content", "item__case")


def unit(view: SecondView, user: User) -> dict[str, Any]:
    """In the shape of `inspector.unit`: blind, without stack and without sets. Three queries."""
    return inspector.about(view, view.item, user) | {
        "members": [],
        "stack": {"near": 0, "far": 0, "reach": 0},
    }
