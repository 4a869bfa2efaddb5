"""Why a case has no next batch for a person, in words that name what is left and who can do something about it."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import figures
from cases.models import Case, Item
from workbench.words import digits, either

S = Item.State
# Singular and plural, for what a batch does not take; nothing but these is left.
WORDS = {
    S.UNSURE: either(
        "%(n)s item is marked unsure and waits for a second view.",
        "%(n)s items are marked unsure and wait for a second view.",
    ),
    S.OPEN: either("%(n)s item is held by a colleague.", "%(n)s items are held by colleagues."),
    S.WAITING: either("%(n)s item waits for its preview.", "%(n)s items wait for their previews."),
    S.CONFIRM: either(
        "%(n)s item is proposed by a set and waits to be confirmed.",
        "%(n)s items are proposed by sets and wait to be confirmed.",
    ),
}


def why(case: Case) -> str:
    """What stands in the way of a batch. Two queries over kept counts."""
    numbers = figures.of(case)
    states = {state: one.items for state, one in figures.by_state(case).items()}
    if not numbers.files:
        return _("No evidence yet. Add evidence, and its new items can be reviewed.")
    said = [_counted(state, number) for state in WORDS if (number := states.get(state, 0))]
    if numbers.pending:
        said.append(_("Evidence is still being read."))
    if not said:
        return _("Nothing is left to review: everything is known or decided.")
    return " ".join([_("There is nothing for you to review now."), *said])


def _counted(state: Item.State, number: int) -> str:
    return ngettext(*WORDS[state], number) % {"n": digits(number)}
