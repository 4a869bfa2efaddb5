"""PURE: what a jail may say of the members of an archive; anything else was said by somebody who took it over."""

from typing import Any

from workbench.jail import results, wire
from workbench.jail.results import Member

MAX_PLACE = 2**31 - 2  # of index and ordinal: four bytes in the ledger, and the last number is the archive's own
MAX_SIZE = 2**63 - 1  # bytes
MAX_MTIME = 40  # characters


def member(header: wire.Header, after: int) -> Member:
    """The member that a header announces; its place lies behind `after`. Raises ValueError, KeyError, TypeError."""
    index, ordinal = _whole(header["index"], MAX_PLACE), _whole(header["ordinal"], MAX_PLACE)
    size, mtime_text = header["size"], header["mtime"]
    if index <= after or not isinstance(header["utf8"], bool):
        raise ValueError("member")
    if not isinstance(mtime_text, str) or len(mtime_text) > MAX_MTIME:
        raise ValueError("mtime")
    if not mtime_text.isascii() or not mtime_text.isprintable():
        raise ValueError("mtime")
    return Member(
        index, bytes.fromhex(header["name"]), None if size is None else _whole(size, MAX_SIZE), mtime_text,
        reason(header["reason"]), header["utf8"], ordinal,
    )  # fmt: skip


def reason(code: Any) -> str:
    """One of the codes of results.py, or none. Raises ValueError."""
    if not isinstance(code, str) or code not in results.REASONS:
        raise ValueError("reason")
    return code


def _whole(value: Any, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError("number")
    return value
