"""The reduction ladder: from everything seized to what a person must see. The page and what it asks for share it."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import shown
from cases.days.counts import Counts
from cases.figures import Figures, OfState
from cases.models import Exhibit
from workbench.words import digits


def steps(numbers: Figures, states: Mapping[str, OfState], exhibits: Sequence[Exhibit], days: Counts) -> dict[str, str]:
    """Numbers, shares and widths (percent of all files) of the ladder as text; no queries."""
    views = days.views_left
    counts = {"files": numbers.files, "unique": numbers.unique, "unmatched": numbers.unmatched, "views": views}
    known_here = states["decided"].known if "decided" in states else 0
    told = {name: digits(count) for name, count in counts.items()}
    told |= {f"{name}_percent": str(shown.percent(count, numbers.files)) for name, count in counts.items()}
    told |= {f"{name}_share": shown.percent_text(count, numbers.files) for name, count in counts.items()}
    told |= {
        "views_share": _("views, %(share)s") % {"share": told["views_share"]},
        "known": digits(numbers.known),
        "known_here": _known_here(known_here),
        "saved": shown.saved_time(numbers.known - known_here),
        "stacked": shown.saved_time(_followers(days)),
        "left": _left(numbers.left, days.total("stacks")),
        "bytes": shown.human_size(sum(exhibit.bytes_read for exhibit in exhibits)),
        "problems": _problems(numbers.problems),
    }
    return told


def _followers(days: Counts) -> int:
    """Items that need no look of their own: those that followed another of their stack, and those that will."""
    return days["decided", "inherited"] + max(0, days["items", "open"] - days.total("stacks"))


def _left(items: int, stacks: int) -> str:
    """`16,381 items, 6,118 stacks`."""
    said = ngettext("%(n)s item", "%(n)s items", items) % {"n": digits(items)}
    return ", ".join([said, ngettext("%(n)s stack", "%(n)s stacks", stacks) % {"n": digits(stacks)}])


def _known_here(number: int) -> str:
    """Decided here and known to a set, which may have it from here: somebody did look at these."""
    if not number:
        return ""
    text = ngettext(
        "%(n)s of the known items was decided in this case too.",
        "%(n)s of the known items were decided in this case too.",
        number,
    )
    return text % {"n": digits(number)}


def _problems(number: int) -> str:
    if not number:
        return _("No problems")
    return ngettext("%(n)s problem", "%(n)s problems", number) % {"n": digits(number)}
