"""The part of a long JSON text that is in memory: a buffer of about a megabyte, and a cursor in it. PURE."""

from __future__ import annotations

import re
from typing import NoReturn

from hashsets.exchange.base import MalformedDocument
from hashsets.exchange.text_source import TextSource

BLANK = re.compile(r"[ \t\n\r]*+")


class TextWindow:
    """`text` is what is there, `_at` the cursor in it; what lies behind the cursor goes when more is read."""

    def __init__(self, source: TextSource) -> None:
        self._source = source
        self._chunks = source.chunks()
        self._passed = source.start  # bytes of the document before text[0]
        self._at = 0
        self.text = ""

    def peek(self) -> str:
        """The next character that is not blank, or "" at the end of the document."""
        while True:
            self._at = match_end(BLANK, self.text, self._at)
            if self._at < len(self.text):
                return self.text[self._at]
            if not self._more():
                return ""

    def fail(self, reason: str, at: int | None = None) -> NoReturn:
        """Raise MalformedDocument for a place in the buffer (default: the cursor)."""
        before = self.text[: self._at if at is None else at]
        raise MalformedDocument(self._passed + self._source.bytes_of(before), reason)

    def _expect(self, characters: str) -> str:
        found = self.peek()
        if not found:
            self.fail("looks truncated")
        if found not in characters:
            self.fail(f"expected {' or '.join(characters)}")
        self._at += 1
        return found

    def _more(self) -> bool:
        """Drop what lies behind the cursor and append the next chunk; False at the end of the document."""
        for chunk in self._chunks:
            if chunk:
                self._passed += self._source.bytes_of(self.text[: self._at])
                self.text = self.text[self._at :] + chunk
                self._at = 0
                return True
        return False

    def _grow(self) -> bool:
        """Double what is there of the value, so that a long one is not scanned over and over."""
        wanted = 2 * (len(self.text) - self._at)
        grown = False
        while (not grown or len(self.text) < wanted) and self._more():
            grown = True
        return grown

    def _need_more(self) -> None:
        if not self._more():
            self.fail("looks truncated", len(self.text))


def match_end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where a pattern that always matches stops matching."""
    found = pattern.match(text, at)
    return found.end() if found else at
