"""The two desks that share one page: new items (review.py, acts.py), and second views (cases/second)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cases import acts, resuming, review, tiles
from cases.models import Batch, Stack
from cases.second import acts as second_acts
from cases.second import queue
from cases.tiles import Progress

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What a page asks of a batch, whatever its kind; the wire is the same for both."""

    units: Callable[..., Rows]
    veils: Callable[..., bytes]
    progress: Callable[[Batch], Progress]
    left_queue: Callable[[Batch], list[dict[str, str]]]
    act: Callable[..., Rows]
    place: Callable[[Batch], int | None]
    steps: Callable[[Batch], Rows]
    seen: Callable[[Batch], Rows]
    next_items: Callable[[Batch], Sequence[str]]


def _next_items(batch: Batch) -> list[str]:
    """Public ids of the next items with a veil, at most twelve. Two queries."""
    position = resuming.place(batch) or tiles.progress(batch).size
    next_ones = Stack.objects.filter(batch=batch, state=Stack.State.OPEN, position__gte=position).order_by("position")
    items = next_ones.values_list("cover__public_id", "cover__content__veil")[:24]
    return [str(item) for item, veil in items if veil][:12]


DESKS = {
    Batch.Kind.FIRST: Desk(
        tiles.units, tiles.veils, tiles.progress, review.left_queue, acts.act, resuming.place, resuming.steps,
        resuming.seen, _next_items,
    ),
    Batch.Kind.SECOND: Desk(
        queue.units, queue.veils, queue.progress, queue.left_queue, second_acts.act, queue.place, second_acts.steps,
        queue.seen, queue.next_items,
    ),
}  # fmt: skip


def of(batch: Batch) -> Desk:
    """The desk of a batch."""
    return DESKS[Batch.Kind(batch.kind)]
