"""What waits for a batch to be over, in sentences; whose batch it is only for those who know who holds what."""

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.utils.translation import ngettext

from cases.held_moves import STEPS, Held
from workbench import access
from workbench.models import User
from workbench.words import digits, either

ITEM = {
    "known": noop("Known since %(cause)s."),
    "proposed": noop("Proposed since %(cause)s."),
    "back": noop("No longer known since %(cause)s."),
}
ITEMS = {
    "known": either(
        "%(n)s item left to decide is known since %(cause)s.", "%(n)s items left to decide are known since %(cause)s."
    ),
    "proposed": either(
        "%(n)s item left to decide is proposed since %(cause)s.",
        "%(n)s items left to decide are proposed since %(cause)s.",
    ),
    "back": either(
        "%(n)s known item is no longer known since %(cause)s.", "%(n)s known items are no longer known since %(cause)s."
    ),
}
WHERE = either(
    "It is in %(batch)s until that closes, %(until)s at the latest.",
    "They are in %(batch)s until that closes, %(until)s at the latest.",
)
THEN = {
    "known": either(
        "It leaves the queue then; until then it counts as left to decide.",
        "They leave the queue then; until then they count as left to decide.",
    ),
    "proposed": either(
        "It leaves the queue then, to be confirmed; until then it counts as left to decide.",
        "They leave the queue then, to be confirmed; until then they count as left to decide.",
    ),
    "back": either(
        "It comes back into the queue then; until then it counts as known.",
        "They come back into the queue then; until then they count as known.",
    ),
}


def of_item(held: Held, by: User) -> str:
    """About the one item."""
    step = next(step for step in STEPS if getattr(held, step))
    about = _about(held, by)
    return " ".join((_(ITEM[step]) % about, ngettext(*WHERE, 1) % about, ngettext(*THEN[step], 1)))


def of_items(held: Held, by: User) -> list[str]:
    """About the items of one batch that one version moves: those that leave, those that come back."""
    about = _about(held, by)
    return [_counted(step, number, about) for step in STEPS if (number := getattr(held, step))]


def _counted(step: str, number: int, about: dict[str, str]) -> str:
    told = about | {"n": digits(number)}
    return " ".join(ngettext(*words, number) % told for words in (ITEMS[step], WHERE, THEN[step]))


def _about(held: Held, by: User) -> dict[str, str]:
    until = localtime(held.until)
    return {
        "cause": held.cause.text or _("a set or policy changed"),
        "batch": _batch(held, by),
        "until": f"{date_format(until, 'MONTH_DAY_FORMAT')} {date_format(until, 'H:i')}",
    }


def _batch(held: Held, by: User) -> str:
    """Supervisors know who holds what; others, only that it is a colleague."""
    if held.holder == by.pk:
        return _("your batch %d") % held.batch
    if access.has(by, "case.team"):
        return _("%(name)s's batch %(number)d") % {"name": held.holder_name, "number": held.batch}
    return _("a colleague's batch")
