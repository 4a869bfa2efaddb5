"""PURE: how names from evidence are shown. The raw bytes are kept; this text is only for eyes.

Control, bidirectional and invisible characters and undecodable bytes become visible escapes (security.md 4.4).
"""

import unicodedata

_ESCAPED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # Unicode categories that change text without being seen

_JOINERS = "\u200c\u200d"


def display(raw: bytes) -> str:
    """The name as safe text: `photo\\u202egpj.exe`, `caf\\xe9.jpg`, `two\\nlines`."""
    text = raw.decode("utf-8", "surrogateescape")
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if _plain(character) else _escape(character) for character in text)


def base(raw: bytes) -> str:
    """The last part of a path, for lists; the whole where it ends with a slash."""
    return display(raw.replace(b"\\", b"/").rstrip(b"/").rsplit(b"/", 1)[-1]) or display(raw)


def folder(raw: bytes) -> str:
    """The path without its last part, with a leading slash."""
    return "/" + display(raw.replace(b"\\", b"/").strip(b"/").rpartition(b"/")[0])


def readable(text: str) -> bool:
    """Whether every character of what a person typed can be seen; the joiners that some scripts need count as seen."""
    return all(character.isprintable() or character in _JOINERS for character in text)


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
