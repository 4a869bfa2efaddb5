"""Words of SQL text, a piece at a time: read, never run. PURE.

Of SQL this knows what SQLite writes: texts with doubled quotes, blobs, numbers, names in any quotes, comments. What is
longer than any honest word, as the rest of a file behind a quote that nobody closed, is refused: memory stays bounded
whatever a file holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from hashsets.exchange.base import MalformedDocument
from hashsets.exchange.text_source import TextSource

MAX_TOKEN = 1 << 20  # characters
_PIECE = 1 << 16  # characters that are read at least before a word that was cut is looked at again
_TOKEN = re.compile(
    r"""(?P<blank>[\s\ufeff]++|--[^\n]*+\n|/\*(?:[^*]|\*(?!/))*+\*/)
    |(?P<text>'[^']*+(?:''[^']*+)*+')
    |(?P<blob>[xX]'[0-9A-Fa-f]*+')
    |(?P<number>[0-9]++(?:\.[0-9]*+)?(?:[eE][+-]?[0-9]++)?)
    |(?P<word>(?![xX]')[^\W0-9][\w$]*+)
    |(?P<name>"[^"]*+(?:""[^"]*+)*+"|`[^`]*+(?:``[^`]*+)*+`|\[[^]]*+\])
    |(?P<mark>-(?!-)|/(?!\*)|[^'"`\[\w/-])""",
    re.VERBOSE,
)
_LAST_COMMENT = re.compile(r"--[^\n]*+\Z")


class Token(NamedTuple):
    """One word: text, blob, number, word, name (in quotes) or mark; `value` without its quotes."""

    kind: str
    value: str


class Tokens:
    """The words of a document, in order."""

    def __init__(self, source: TextSource) -> None:
        self._source = source
        self._chunks = source.chunks()
        self._passed = source.start  # bytes before the buffer
        self._text = ""
        self._at = self._counted = 0  # in the buffer: where the next word begins, and up to where lines are counted
        self._line = 1
        self._ended = False

    @property
    def line(self) -> int:
        """The line of the last word's end, counted from 1."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def fail(self, reason: str) -> MalformedDocument:
        """The error for this place."""
        at = self._passed + self._source.bytes_of(self._text[: self._at])
        return MalformedDocument(at, f"{reason} (line {self.line:,})")

    def __iter__(self) -> Iterator[Token]:
        """Raises MalformedDocument where a quote or comment has no end, and for what the source raises."""
        while self._more():
            while (found := _TOKEN.match(self._text, self._at)) and (found.end() < len(self._text) or self._ended):
                self._at = found.end()
                if (kind := str(found.lastgroup)) != "blank":
                    yield Token(kind, _bare(kind, found[0]))
        if self._at < len(self._text) and not _LAST_COMMENT.match(self._text, self._at):
            raise self.fail("looks truncated: a quote or comment that begins here has no end")

    def _more(self) -> bool:
        """Drop what is read, append more than was left over; False when the document has no more."""
        if self._ended:
            return False
        if len(self._text) - self._at > MAX_TOKEN:
            raise self.fail(f"a word of more than {MAX_TOKEN:,} characters begins here: no honest list holds one")
        self._line = self.line
        self._passed += self._source.bytes_of(self._text[: self._at])
        pieces = [self._text[self._at :]]
        wanted = 2 * len(pieces[0]) + _PIECE
        while sum(map(len, pieces)) < wanted and not self._ended:
            chunk = next(self._chunks, None)
            self._ended = chunk is None
            pieces.append(chunk or "")
        self._text, self._at, self._counted = "".join(pieces), 0, 0
        return True


def _bare(kind: str, found: str) -> str:
    if kind == "text":
        return found[1:-1].replace("''", "'")
    if kind == "blob":
        return found[2:-1]
    return found[1:-1].replace(found[0] * 2, found[0]) if kind == "name" else found
