"""Text for a CSV cell that a spreadsheet may open, and back (security.md 4.4). PURE.

The one encoder for CSV: a cell that would start a formula gets an apostrophe before it, control and bidi
characters become visible as \\u{202e}. `plain` undoes both, so our own lists come back equal.
"""

from __future__ import annotations

import re

_FORMULA = "=+-@\t\r＝＋－＠"
_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_SHOWN = re.compile(r"\\u\{([0-9a-f]{1,4})\}")


def cell(text: str) -> str:
    """Text that opens as text, with nothing invisible in it."""
    shown = _HIDDEN.sub(lambda found: f"\\u{{{ord(found[0]):x}}}", text)
    return f"'{shown}" if text.startswith(tuple(_FORMULA)) else shown


def plain(text: str) -> str:
    """What `cell` was given. An apostrophe that guards no formula is the text's own."""
    restored = _SHOWN.sub(_restored, text)
    return restored[1:] if restored.startswith("'") and restored[1:].startswith(tuple(_FORMULA)) else restored


def _restored(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if _HIDDEN.fullmatch(character) else found[0]
