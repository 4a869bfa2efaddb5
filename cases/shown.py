"""Words, colours of small state words, shares and dates as the pages show them; no queries."""

from datetime import date
from math import log

from cases.figures import Figures
from cases.models import Case, Exhibit, Item, Offer

ITEM_KINDS = {
    "decided": "ok",
    "known": "acc",
    "confirm": "warn",
    "unsure": "warn",
    "open": "",
    "waiting": "",
    "excluded": "",
}
ITEM_WORDS = {
    Item.State.EXCLUDED: "Exhibit removed",
    Item.State.DECIDED: "Decided",
    Item.State.UNSURE: "Unsure",
    Item.State.KNOWN: "Known",
    Item.State.CONFIRM: "To confirm",
    Item.State.WAITING: "Waiting for its preview",
    Item.State.OPEN: "New",
}
OFFER_KINDS = {"draft": "acc", "published": "ok", "withdrawal": "warn", "held": "warn", "returned": "", "withdrawn": ""}
EXHIBIT_KINDS = {"done": "ok", "running": "acc", "listing": "acc", "paused": "warn", "stopped": "bad", "cancelled": ""}
READERS = {"folder": "Folder", "archive": "Zip archive", "vics": "VICS case", "upload": "Upload", "image": "Disk image"}
SECONDS_PER_LOOK = 1  # a known file costs nobody a look of about a second (ux.md, case overview)


def integrity(exhibit: Exhibit) -> tuple[str, str] | None:
    """Whether a disk image is what its hashes say, in words, and its colour; None where nothing was verified."""
    found = exhibit.integrity.get("image")
    if not found:
        return None
    if found["problem"] or found["agrees"] is False:
        return ("Unreadable in places" if found["problem"] else "Hash differs"), "bad"
    return ("Hash verified", "ok") if found["agrees"] else ("Hash computed", "")


def percent(part: int, whole: int) -> float:
    """Share of the whole, 0 where there is no whole."""
    return round(100 * part / whole, 1) if whole else 0.0


def percent_text(part: int, whole: int) -> str:
    """`32.1 %`."""
    return f"{percent(part, whole):.1f} %" if whole else "–"


def log_percent(number: int, most: int) -> int:
    """Length of a bar on a logarithmic scale, so that a small category is seen beside a large one."""
    return round(100 * log(number + 1) / log(most + 1)) if number and most else 0


def done_percent(figures: Figures) -> int:
    """How much of the case's unique media needs nobody any more."""
    return int(percent(figures.unique - figures.left - figures.to_confirm, figures.unique))


def stage(case: Case, figures: Figures) -> tuple[str, str]:
    """Where a case stands, in a word, and its colour."""
    if case.state == Case.State.CLOSED:
        return "Closed", ""
    if figures.pending:
        return "Ingest", "acc"
    if figures.left or figures.to_confirm:
        return "Review", "acc"
    return ("Decided", "ok") if figures.unique else ("New", "")


def due(case: Case, today: date) -> tuple[str, str]:
    """`3 d`, with a warning when it is near or over."""
    if case.due is None or case.state == Case.State.CLOSED:
        return "", ""
    days = (case.due - today).days
    if days < 0:
        return f"{-days} d late", "bad"
    return ("today", "bad") if days == 0 else (f"{days} d", "warn" if days <= 3 else "")


def saved_hours(figures: Figures) -> str:
    """Viewing time nobody has to spend: one second for each known item."""
    seconds = figures.known * SECONDS_PER_LOOK
    if seconds < 60:
        return f"{seconds} s" if seconds else ""
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds // 60} min"


def minutes(milliseconds: int) -> str:
    """`1 h 36`, `21 min` or `40 s`."""
    seconds = milliseconds // 1000
    if seconds < 60:
        return f"{seconds} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d}" if seconds >= 3600 else f"{seconds // 60} min"


def exhibit_acts(exhibit: Exhibit) -> list[list[str]]:
    """What can be done about an exhibit's ingest now."""
    if exhibit.state in {Exhibit.State.LISTING, Exhibit.State.RUNNING}:
        return [["pause", "Pause"]]
    return [["resume", "Resume"]] if exhibit.state == Exhibit.State.PAUSED else []


def offer_state(offer: Offer) -> tuple[str, str]:
    """An offer's state in words, and its colour."""
    return Offer.State(offer.state).label, OFFER_KINDS.get(offer.state, "")


def human_size(size: int) -> str:
    """Bytes in the largest fitting decimal unit."""
    amount = float(size)
    for unit_name in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit_name}" if unit_name == "B" else f"{amount:.1f} {unit_name}"
        amount /= 1000
    return f"{amount:.1f} TB"
