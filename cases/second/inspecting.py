"""What is told beside a second view: the file and where it was found; nothing that anybody thinks it is."""

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now

from cases import inspector, why_here
from cases.models import Batch, SecondView
from workbench.models import User


def held_by(user: User) -> QuerySet[SecondView]:
    """Second views in the person's open batches, with what showing them needs."""
    mine = SecondView.objects.for_actor(user).filter(batch__user=user, batch__state=Batch.State.OPEN)
    return mine.filter(batch__lease_until__gt=Now()).select_related("item__content", "item__case")


def unit(view: SecondView, user: User) -> dict[str, Any]:
    """In the shape of `inspector.unit`: blind, without stack and without sets. Three queries."""
    item = view.item
    places = inspector.found_in(item)
    return {
        "id": str(view.public_id),
        "version": view.version,
        "item": str(item.public_id),
        "name": places[0]["name"] if places else "",
        "why": [line.as_json() for line in why_here.lines(item, user)],
        "file": [fact for fact in inspector.facts(item.content) if fact[0] != "Preview"],
        "found_in": [{"exhibit": place["exhibit"], "text": inspector.place_text(place)} for place in places],
        "members": [],
        "stack": {"near": 0, "far": 0, "reach": 0},
    }
