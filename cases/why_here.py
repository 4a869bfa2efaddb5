"""Why an item is where it is in its case: what the sets make of its content, and whether a batch holds that up."""

from cases import held_moves, held_words, why
from cases.models import Item
from cases.why import Line
from workbench.models import User


def lines(item: Item, by: User) -> list[Line]:
    """What to say to somebody, the most important first. 3 queries; more where a batch holds the item."""
    held = held_moves.of_item(item)
    waits = [Line("held", held_words.of_item(held, by))] if held else []
    return waits + why.lines(item.content, blind=why.is_blind(item, by))
