"""What contents say of themselves, in words for screens and exports. It is evidence and never trusted; no queries.

Times are honest about their zone: without one, the camera's own clock is shown as it stood.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from cases.models import Metadata

ZONES = {
    Metadata.Zone.NONE: noop("the camera's own clock, zone unknown"),
    Metadata.Zone.OFFSET: noop("UTC, by the offset the file gives"),
    Metadata.Zone.UTC: noop("UTC, by satellite or the container's clock"),
}

# Exactly 0, 0 lies in the open sea: many devices write it where satellites told them nothing. Kept, but no place.
NOWHERE = "(i.latitude = 0 AND i.longitude = 0)"  # of an item `i`


def camera(make: str, model: str) -> str:
    """`Canon EOS 5D`; the make once, where the model begins with it."""
    return model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()


def taken(text: str, at: datetime | None, zone: str) -> str:
    """ISO 8601: with Z where it is an instant, without where only the camera's clock is known; else as written."""
    if at is None:
        return text
    local = at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    return local if zone == Metadata.Zone.NONE else f"{local}Z"


def is_place(latitude: float | None, longitude: float | None) -> bool:
    """Whether a file says where it was taken; exactly 0, 0 says nothing."""
    return latitude is not None and longitude is not None and (latitude, longitude) != (0, 0)


def place(latitude: float | None, longitude: float | None) -> str:
    """`51.53340, -0.12550`, north and east positive; empty without one; what 0, 0 means in words."""
    if latitude is None or longitude is None:
        return ""
    if not is_place(latitude, longitude):
        return _("0, 0: written where the device knew no place")
    return f"{latitude:.5f}, {longitude:.5f}"


def facts(said: Metadata) -> list[list[str]]:
    """Label and value pairs of what is known of camera, time and place."""
    rows = [
        [_("Camera"), camera(said.make, said.model)],
        [_("Serial number"), said.serial],
        [_("Taken"), taken_in_words(said)],
        [_("Place"), place(said.latitude, said.longitude)],
        [_("Software"), said.software],
    ]
    return [row for row in rows if row[1]]


def exifs(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values for a VICS record from the columns of Metadata; nothing where there is no row."""
    if row["taken_zone"] is None:
        return []
    values = {
        "Make": row["make"],
        "Model": row["model"],
        "Serial Number": row["serial"],
        "Software": row["software"],
        "Capture Time": taken(row["taken_text"], row["taken_at"], row["taken_zone"]),
        "Latitude": row["latitude"],
        "Longitude": row["longitude"],
    }
    return [(name, str(value)) for name, value in values.items() if value not in ("", None)]


def taken_in_words(said: Metadata) -> str:
    """When it was taken, and by which clock; empty without a time."""
    if said.taken_at is None:
        return said.taken_text and _("%(taken_text)s (as written; no time that can be read)") % {
            "taken_text": said.taken_text
        }
    when = taken("", said.taken_at, said.taken_zone).replace("T", " ").rstrip("Z")
    return f"{when} ({_(ZONES[Metadata.Zone(said.taken_zone)])})"
