"""What the second person signs: of each offer that waits, what would hold it, and the record that would leave."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cases import approving, leaving
from cases.models import Offer
from cases.offers import S
from hashsets import mapping, to_be_sent
from hashsets.models import HashSet
from hashsets.to_be_sent import ToBeSent

PUBLISHES = {S.DRAFT, S.HELD}


@dataclass(frozen=True, slots=True)
class Ahead:
    """Of one offer. `held`: why it would not go, "" if it would; `sent` None where nothing would be sent.

    `maps_to`: `us-pvic 1`, what the category is in other schemes; suggestions only, the sender's own is what leaves.
    """

    held: str
    sent: ToBeSent | None
    maps_to: list[str]


def of(offers: Sequence[Offer]) -> dict[int, Ahead]:
    """What lies ahead of each of these, by offer; absent: nothing waits. One query for the rules, six for a set."""
    coming = [row for row in offers if row.state in PUBLISHES]
    rules = leaving.why_not([(row.decision_id, row.set_id) for row in coming])
    free = [row for row in coming if row.decision_id not in rules]
    going = [row for row in offers if row.state == S.WITHDRAWAL and row.entry]
    sent = _each(free, _published) | _each(going, _withdrawn)
    return {row.pk: Ahead(rules.get(row.decision_id, ""), sent.get(row.pk), _maps_to(row)) for row in [*coming, *going]}


def _each(
    rows: Iterable[Offer], ask: Callable[[HashSet, list[Offer]], list[ToBeSent | None]]
) -> dict[int, ToBeSent | None]:
    """What is asked of the offers of each set, by offer."""
    found: dict[int, ToBeSent | None] = {}
    for target, group in approving.by_set(rows):
        found |= dict(zip([row.pk for row in group], ask(target, group), strict=True))
    return found


def _published(target: HashSet, rows: list[Offer]) -> list[ToBeSent | None]:
    fresh = [approving.as_entry(row) for row in rows]
    return [*to_be_sent.of(target, fresh, organisation=rows[0].agency.organisation)]


def _withdrawn(target: HashSet, rows: list[Offer]) -> list[ToBeSent | None]:
    return to_be_sent.without(target, [row.entry or 0 for row in rows], organisation=rows[0].agency.organisation)


def _maps_to(row: Offer) -> list[str]:
    return mapping.elsewhere(row.decision.scheme, row.decision.code or "")
