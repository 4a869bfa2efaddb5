"""PURE: when a picture was taken, from what cameras write, and how far that is an instant at all.

A camera's clock has no zone unless the file names one: without an offset and without satellite time the local
time is read as UTC and its zone is "none". Nothing is guessed from places.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

WRITTEN = re.compile(r"(\d{4})[:/-](\d\d)[:/-](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?")
FARTHEST = timedelta(hours=26)  # between a local time and the same moment in UTC, with some tolerance
FIRST_YEAR = 1971  # earlier ones are clocks that were never set


def instant(text: str, offset: str = "", satellite: datetime | None = None) -> tuple[datetime, str] | None:
    """(UTC, zone) of a written time such as `2020:05:04 12:00:00`, its offset `+02:00`, and satellite time.

    The zone is offset, utc or none, as in `cases.models.Metadata`. None where the text is no time.
    """
    found = WRITTEN.fullmatch(text.strip())
    if not found or int(found[1]) < FIRST_YEAR:
        return None
    try:
        local = datetime(*(int(part) for part in found.groups()[:6]), tzinfo=UTC)  # type: ignore[arg-type, misc]
        named = offset_of(found[7] or offset)
        if named is not None:
            zone = "utc" if found[7] == "Z" else "offset"
            return local.replace(tzinfo=timezone(named)).astimezone(UTC), zone
    except (OverflowError, ValueError):
        return None
    if satellite and abs(satellite - local) <= FARTHEST:
        return satellite, "utc"
    return local, "none"


def offset_of(text: str) -> timedelta | None:
    """`+02:00`, `-0330` or `Z` as a difference from UTC."""
    if text.strip() == "Z":
        return timedelta()
    found = re.fullmatch(r"([+-])(\d\d):?(\d\d)", text.strip())
    if not found:
        return None
    hours = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return -hours if found[1] == "-" else hours
