"""PURE: text that others wrote, as it may be shown on a page or a terminal (security.md 4.4).

Control, bidirectional and invisible characters and undecodable bytes become visible escapes; the text itself is
kept elsewhere as it came, this one is only for eyes.
"""

import unicodedata

_ESCAPED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # Unicode categories that change text without being seen
JOINERS = "\u200c\u200d"  # which some scripts cannot be written without


def visible(text: str) -> str:
    """`photo\\u202egpj.exe`, `caf\\xe9.jpg` (a byte that was no UTF-8), `two\\nlines`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if _plain(character) else _escape(character) for character in text)


def visible_lines(text: str) -> str:
    """The same for text of several lines: line feeds stay, nothing else that moves the cursor."""
    return "\n".join(map(visible, text.split("\n")))


def _plain(character: str) -> bool:
    return unicodedata.category(character) not in _ESCAPED


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return named.get(character) or (
        f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    )


def readable(text: str) -> bool:
    """Whether every character of what a person typed can be seen; the joiners that some scripts need count as seen."""
    return all(character.isprintable() or character in JOINERS for character in text)
