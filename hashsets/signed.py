"""What a node signs of a request or an answer: whoever reads it can prove later who said it (docs/protocol.md). PURE.

Both sides of the exchange use this: the server for its answers and for what is contributed, the client for what it
reads and sends. Signed are the bytes of the body before any compression, and the path without percent signs, so that
a proxy in between may compress and quote as it likes. The time has a header of its own: web servers write `Date`.
"""

import hashlib
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

KEY, SIGNATURE, AT = "Winnow-Key", "Winnow-Signature", "Winnow-Date"
FORMAT = "winnow-signed-1"
FRESH = timedelta(minutes=15)  # by how much two clocks may differ, and how long a request may take


def text(*, method: str, target: str, status: int | None, body_sha256: bytes, at: str) -> bytes:
    """The bytes that are signed: six lines. `target` as `target_of` gives it; `status` None for a request."""
    lines = [FORMAT, method.upper(), target, "-" if status is None else str(status), body_sha256.hex(), at]
    return "\n".join(lines).encode()


def target_of(path: str) -> str:
    """What was asked for, from path and query as they travel: the path decoded, the query as it is."""
    place, mark, query = path.partition("?")
    return unquote(place) + mark + query


def digest(body: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(body).digest()


def moment(now: datetime) -> str:
    """A moment as `Winnow-Date` has it: UTC, to the second."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_fresh(at: str, now: datetime) -> bool:
    """Whether a `Winnow-Date` lies within FRESH of now; False for what is none."""
    try:
        said = datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(now - said) <= FRESH


def short(fingerprint: str) -> str:
    """A fingerprint (`signing.fingerprint`) as `Winnow-Key` has it: without blanks."""
    return fingerprint.replace(" ", "")


def headers(*, fingerprint: str, signature: bytes, at: str) -> dict[str, str]:
    """The three headers of something signed."""
    return {KEY: short(fingerprint), SIGNATURE: b64encode(signature).decode(), AT: at}


def read(given: Mapping[str, str]) -> tuple[str, bytes, str] | None:
    """Fingerprint, signature and moment from headers; None unless all three are there and readable."""
    key, signature, at = (given.get(name, "") for name in (KEY, SIGNATURE, AT))
    try:
        raw = b64decode(signature, validate=True)
    except (NoBase64, ValueError):
        return None
    return (key, raw, at) if key and raw and at else None
