"""Why an item is where it is in its case: what the sets make of its content, and whether a batch holds that up."""

from dataclasses import replace

from django.utils.translation import gettext as _

from cases import held_moves, held_words, why
from cases.models import Item
from cases.second import blind
from cases.why import Line
from workbench.models import User

ACTS = {"closed", "proposed"}  # what a match does for which the item has to be free


def lines(item: Item, by: User) -> list[Line]:
    """What to say to somebody, the most important first. 4 queries; more where a batch holds the item."""
    if blind.holds(by, item.content_id):
        return [Line("second", _("A second view, by somebody who knows nothing of the first."))]
    held = held_moves.of_item(item)
    said = why.lines(item.content, blind=why.is_blind(item, by))
    if held:
        return [Line("held", held_words.of_item(held, by)), *map(_later, said)]
    return [_decided(line) for line in said] if item.state == Item.State.DECIDED else said


def _decided(line: Line) -> Line:
    return _with(line, _("It is decided in this case; the decision stands."))


def _later(line: Line) -> Line:
    return _with(line, _("It does so when the batch is over."))


def _with(line: Line, more: str) -> Line:
    return replace(line, text=f"{line.text} {more}") if line.did in ACTS else line
