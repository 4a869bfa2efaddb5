"""Words, colours of small state words, shares and dates as the pages show them; no queries."""

from collections.abc import Iterable
from datetime import date, datetime
from math import log
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from cases.figures import Figures
from cases.models import Case, DropEntry, Exhibit, Item, Offer
from cases.names import display
from workbench.words import digits

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
    Item.State.EXCLUDED: noop("Exhibit removed"),
    Item.State.DECIDED: noop("Decided"),
    Item.State.UNSURE: noop("Unsure"),
    Item.State.KNOWN: noop("Known"),
    Item.State.CONFIRM: noop("To confirm"),
    Item.State.WAITING: noop("Waiting for its preview"),
    Item.State.OPEN: noop("New"),
}
UNDECIDED = {  # what an item's page says where nobody's decision stands
    Item.State.EXCLUDED: noop("Its exhibit was removed from the case, so nobody needs to decide it."),
    Item.State.DECIDED: "",
    Item.State.UNSURE: noop("Somebody looked and was unsure. It waits for a second view."),
    Item.State.KNOWN: noop("A hash set knows it, so nobody needs to decide it here."),
    Item.State.CONFIRM: noop("A hash set proposes a category. Somebody has to confirm it."),
    Item.State.WAITING: noop("Nobody has decided it yet. Its preview is being made."),
    Item.State.OPEN: noop("Nobody has decided it yet."),
}
MARK_WORDS = {"flagged": noop("Flagged"), "skipped": noop("Skipped")}
OFFER_KINDS = {"draft": "acc", "published": "ok", "withdrawal": "warn", "held": "warn", "returned": "", "withdrawn": ""}
EXHIBIT_KINDS = {"done": "ok", "running": "acc", "listing": "acc", "paused": "warn", "stopped": "bad", "cancelled": "",
                 "removing": "warn", "removed": ""}  # fmt: skip
PAUSE, RESUME, CANCEL, REMOVE = (
    ["pause", noop("Pause")],
    ["resume", noop("Resume")],
    ["cancel", noop("Cancel")],
    ["remove", noop("Remove")],
)
AGAIN = ["again", noop("Try again")]
ACTS = {
    Exhibit.State.WAITING: [CANCEL],
    Exhibit.State.LISTING: [PAUSE, CANCEL],
    Exhibit.State.RUNNING: [PAUSE, CANCEL],
    Exhibit.State.PAUSED: [RESUME, CANCEL, REMOVE],
    Exhibit.State.STOPPED: [RESUME, CANCEL, REMOVE],
    Exhibit.State.DONE: [REMOVE],
    Exhibit.State.CANCELLED: [REMOVE],
}
FORMATS = {  # where the subtype of the MIME type is not what people call it
    "application/octet-stream": noop("unknown format"),
    "inode/x-empty": noop("empty"),
    "image/webp": "WebP",
    "image/vnd.adobe.photoshop": "PSD",
    "video/quicktime": "QuickTime",
    "video/webm": "WebM",
    "video/x-matroska": "Matroska",
    "video/x-msvideo": "AVI",
    "video/x-ms-asf": "WMV",
}
READERS = {
    "folder": noop("Folder"),
    "archive": noop("Archive"),
    "vics": noop("VICS case"),
    "upload": noop("Upload"),
    "image": noop("Disk image"),
}
SECONDS_PER_LOOK = 1  # a known file costs nobody a look of about a second (ux.md, case overview)


def read_as(exhibit: Exhibit) -> str:
    """What the evidence is, and whether its files stayed where they were."""
    kind = _(READERS[exhibit.reader]) if exhibit.reader in READERS else exhibit.reader
    return _("%(kind)s, left in place") % {"kind": kind} if exhibit.keep == Exhibit.Keep.PLACE else kind


def integrity(exhibit: Exhibit) -> tuple[str, str] | None:
    """Whether a disk image is what its hashes say, in words, and its colour; None where nothing was verified."""
    found = exhibit.integrity.get("image")
    return (compared(found), "bad" if _is_bad(found) else "ok" if found["agrees"] else "") if found else None


def compared(found: dict[str, Any]) -> str:
    """What became of comparing the hashes of a disk image."""
    if _is_bad(found):
        return _("Unreadable in places") if found["problem"] else _("Hash differs")
    return _("Hash verified") if found["agrees"] else _("Hash computed")


def _is_bad(found: dict[str, Any]) -> bool:
    return bool(found["problem"]) or found["agrees"] is False


def percent(part: int, whole: int) -> float:
    """Share of the whole, 0 where there is no whole."""
    return round(100 * part / whole, 1) if whole else 0.0


def percent_text(part: int, whole: int) -> str:
    """`32.1 %`."""
    return f"{digits(percent(part, whole), 1)} %" if whole else "–"


def format_name(mime: str) -> str:
    """`JPEG` for image/jpeg, `CANON CR2` for image/x-canon-cr2."""
    subtype = mime.rpartition("/")[2].removeprefix("x-").removeprefix("vnd.")
    return _(FORMATS[mime]) if mime in FORMATS else subtype.replace("-", " ").upper()


def log_percent(number: int, most: int) -> int:
    """Length of a bar on a logarithmic scale, so that a small category is seen beside a large one."""
    return round(100 * log(number + 1) / log(most + 1)) if number and most else 0


def done_percent(figures: Figures) -> int:
    """How much of the case's unique media needs nobody any more."""
    return int(percent(figures.unique - figures.left - figures.to_confirm, figures.unique))


def due(case: Case, today: date) -> tuple[str, str]:
    """`3 d`, with a warning when it is near or over."""
    if case.due is None or case.state == Case.State.CLOSED:
        return "", ""
    days = (case.due - today).days
    if days < 0:
        return _("%(n)s d late") % {"n": -days}, "bad"
    return (_("today"), "bad") if days == 0 else (_("%(n)s d") % {"n": days}, "warn" if days <= 3 else "")


def age(since: datetime, now: datetime) -> str:
    """`2 d`, `4 h` or `12 min`."""
    minutes = max(1, int((now - since).total_seconds() // 60))
    if minutes >= 24 * 60:
        return _("%(n)s d") % {"n": digits(minutes // (24 * 60))}
    return _("%(n)s h") % {"n": minutes // 60} if minutes >= 60 else _("%(n)s min") % {"n": minutes}


def saved_time(looks: int) -> str:
    """Viewing time nobody has to spend: one second for each look; empty where there is none."""
    seconds = looks * SECONDS_PER_LOOK
    if seconds < 60:
        return _("%(n)s s") % {"n": seconds} if seconds else ""
    if seconds >= 3600:
        return _("%(n)s h") % {"n": digits(seconds / 3600, 1)}
    return _("%(n)s min") % {"n": seconds // 60}


def minutes(milliseconds: int) -> str:
    """`1 h 36`, `21 min` or `40 s`."""
    seconds = milliseconds // 1000
    if seconds < 60:
        return _("%(n)s s") % {"n": seconds}
    if seconds >= 3600:
        return _("%(h)s h %(min)s") % {"h": seconds // 3600, "min": f"{seconds % 3600 // 60:02d}"}
    return _("%(n)s min") % {"n": seconds // 60}


def exhibit_acts(exhibit: Exhibit) -> list[list[str]]:
    """What can be done about an exhibit now."""
    acts = ACTS.get(Exhibit.State(exhibit.state), [])
    if exhibit.state == Exhibit.State.DONE and exhibit.problems:
        acts = [AGAIN, *acts]
    return [[act, _(words)] for act, words in acts]


def dropped(rows: Iterable[DropEntry]) -> list[dict[str, str]]:
    """Entries of the drop folder that were not taken."""
    return [{"name": display(bytes(row.raw_path)), "why": row.refusal} for row in rows]


def offer_state(offer: Offer) -> tuple[str, str]:
    """An offer's state in words, and its colour."""
    return str(Offer.State(offer.state).label), OFFER_KINDS.get(offer.state, "")


def human_size(size: int) -> str:
    """Bytes in the largest fitting decimal unit."""
    amount = float(size)
    for unit_name in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{digits(amount, int(unit_name != 'B'))} {unit_name}"
        amount /= 1000
    return f"{digits(amount, 1)} TB"
