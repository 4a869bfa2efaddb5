"""The reduction ladder: from everything seized to what a person must see. The page and what it asks for share it."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import shown
from cases.figures import Figures, OfState
from cases.models import Exhibit
from workbench.words import digits


def steps(
    numbers: Figures, states: Mapping[str, OfState], exhibits: Sequence[Exhibit], stacks: int | None
) -> dict[str, str]:
    """Numbers, shares and widths (percent of all files) of the ladder as text; no queries.

    Without `stacks` their number is left out.
    """
    counts = {"files": numbers.files, "unique": numbers.unique, "unmatched": numbers.unmatched, "left": numbers.left}
    known_here = states["decided"].known if "decided" in states else 0
    told = {name: digits(count) for name, count in counts.items()}
    told |= {f"{name}_percent": str(shown.percent(count, numbers.files)) for name, count in counts.items()}
    told |= {f"{name}_share": shown.percent_text(count, numbers.files) for name, count in counts.items()}
    told |= {
        "known": digits(numbers.known),
        "known_here": _known_here(known_here),
        "saved": shown.saved_time(numbers.known - known_here),
        "bytes": shown.human_size(sum(exhibit.bytes_read for exhibit in exhibits)),
        "problems": _problems(numbers.problems),
    }
    return told if stacks is None else told | {"stacks": digits(stacks)}


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
