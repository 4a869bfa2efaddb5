"""PURE: what the jail says of a disk image: what it is, what lies in it, why it cannot be opened.

Nothing that comes back is trusted: the worker takes only what `entry` and `facts` let through.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from workbench.jail import results, wire

# Why an image cannot be opened. Told as a sentence to whoever adds it.
BROKEN = "broken"
LOCKED = "locked"
LOGICAL = "logical"  # files without a disk: AD1, L01
MISSING_SEGMENT = "missing-segment"
NEEDS_PARENT = "needs-parent"
NOTHING_IN_IT = "nothing-in-it"
UNKNOWN_CONTAINER = "unknown-container"

# Why an entry has no bytes; some as the folder reader calls them.
LINK = "symlink-not-followed"
NOT_REGULAR = "not-regular-file"
UNREADABLE = "unreadable"
REASONS = results.REASONS | {LINK, UNREADABLE}

ITSELF = 2**31 - 2  # ordinal of a row that speaks of a folder or volume, which no entry in it can have
MAX_SIZE = 2**63 - 1  # bytes; what a database column holds
MAX_PATH = 64 * 1024  # bytes
MAX_TEXT = 400  # characters of one value of an image's own case data
MAX_NAME = 60  # characters of what such a value is called
MAX_VALUES = 40
TIMES = ("created", "changed", "modified", "accessed")
FLAGS = ("deleted", "unallocated")
ZONES = ("utc", "local")
HASHES = {"md5": 32, "sha1": 40, "sha256": 64}  # hexadecimal digits

PLACE = re.compile(r"\d{1,19}:\d{1,19}:\d{1,10}:\d{1,10}", re.ASCII)
TIME = re.compile(r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?(\+00:00)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What an image says of itself: bytes of its medium, its form, its case data, the hashes stored in it (hex)."""

    size: int
    form: str
    says: dict[str, str] = field(default_factory=dict)
    stored: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImageEntry:
    """One file of a file system; with a `reason` it has no bytes.

    `raw_path` begins with the volume (`vol2/DCIM/a.jpg`), `ordinal` tells same-named entries apart. `place` is volume
    offset, metadata address, attribute type and attribute number, joined by colons. `about` holds times as text
    (with +00:00 where they are UTC), `zone` (utc, local: of an unknown zone), `deleted` and `unallocated` where true,
    and `offset`, the first byte of the file in the medium.
    """

    raw_path: bytes
    ordinal: int = 0
    place: str = ""
    size: int | None = None
    reason: str = ""
    target: bytes = b""  # of a link
    about: dict[str, Any] = field(default_factory=dict)


def packed(one: ImageEntry) -> wire.Header:
    """The entry as JSON takes it; empty values are left out."""
    values = {
        "path": one.raw_path.hex(), "ordinal": one.ordinal, "place": one.place, "size": one.size,
        "reason": one.reason, "target": one.target.hex(), "about": one.about,
    }  # fmt: skip
    return {name: value for name, value in values.items() if value not in ("", None, {})}


def entry(said: wire.Header) -> ImageEntry:
    """The checked entry; raises ValueError, KeyError or TypeError over nonsense."""
    place, code, size = said.get("place", ""), reason(said.get("reason", "")), said.get("size")
    if (place or not code) and not PLACE.fullmatch(place):
        raise ValueError(said)
    return ImageEntry(
        path(said["path"]),
        _number(said.get("ordinal", 0), ITSELF),
        place,
        None if size is None and code else _number(size, MAX_SIZE),
        code,
        path(said["target"]) if "target" in said else b"",
        about(said.get("about", {})),
    )


def path(said: str) -> bytes:
    """A path of an image, or where a link in it leads; raises ValueError or TypeError over nonsense."""
    raw = bytes.fromhex(said)
    if not raw or len(raw) > 2 * MAX_PATH:
        raise ValueError(said)
    return raw


def opens(said: list[Any]) -> tuple[int, int, bytes]:
    """Volume offset, address and path of a folder about to be opened; raises ValueError or TypeError over nonsense."""
    offset, address, raw_path = said
    return _number(offset, MAX_SIZE), _number(address, MAX_SIZE), path(raw_path)


def reason(said: object) -> str:
    """One of REASONS; raises ValueError over anything else."""
    if not isinstance(said, str) or said not in REASONS:
        raise ValueError(said)
    return said


def about(said: object) -> dict[str, Any]:
    """What is told of a file beside its name and size; raises ValueError over nonsense."""
    if not isinstance(said, dict) or not said.keys() <= {*TIMES, *FLAGS, "zone", "offset"}:
        raise ValueError(said)
    times = [said[name] for name in TIMES if name in said]
    if not all(isinstance(text, str) and len(text) <= 40 and TIME.fullmatch(text) for text in times):
        raise ValueError(said)
    if said.get("zone", "utc") not in ZONES or any(said.get(name, True) is not True for name in FLAGS):
        raise ValueError(said)
    _number(said.get("offset", 0), MAX_SIZE)
    return dict(said)


def facts(said: wire.Header) -> ImageFacts:
    """The checked facts; raises ValueError, KeyError or TypeError over nonsense."""
    says, form = said["says"], str(said["form"])
    if not isinstance(says, dict) or len(says) > MAX_VALUES or not re.fullmatch(r"[a-z0-9]{1,12}", form):
        raise ValueError(said)
    return ImageFacts(
        _number(said["size"], MAX_SIZE),
        form,
        {_text(name, MAX_NAME): _text(str(value), MAX_TEXT) for name, value in says.items()},
        digests(said["stored"]),
    )


def digests(said: object) -> dict[str, str]:
    """Hashes by kind, in hexadecimal; raises ValueError or TypeError over what is none."""
    if not isinstance(said, dict):
        raise TypeError(said)
    for kind, text in said.items():
        if kind not in HASHES or not re.fullmatch(f"[0-9a-f]{{{HASHES[kind]}}}", text):
            raise ValueError(said)
    return dict(said)


def _text(said: str, most: int) -> str:
    """What a database takes of it: no NUL, no half of a surrogate pair."""
    return said[:most].replace("\0", "").encode("utf-8", "replace").decode()


def _number(value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError(value)
    return value
