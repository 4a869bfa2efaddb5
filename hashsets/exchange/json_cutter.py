"""Cuts values out of a JSON text of any length, in constant memory. PURE.

Values are decoded by the stdlib's scanner as soon as they are whole. The caller walks objects with `members()` and
arrays with `elements()`. Every fault raises MalformedDocument with the byte it was found at.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Generator, Iterator
from typing import Any, NoReturn

from hashsets.exchange.text_source import TextSource
from hashsets.exchange.text_window import BLANK, TextWindow, match_end

MAX_VALUE = 8 << 20  # characters of one value held in memory; a longer one is passed over
MAX_BLOCK = 1 << 20  # characters of elements decoded at once; a record that may be in one is never too long
_ENDS_TRIED = 4  # objects at the end of the buffer behind which no comma stands (yet)
_NEAR_END = 16  # a fault this close to the end of the buffer may only mean that more is to come
_SEPARATOR = re.compile(r"[ \t\n\r]*+([,\]])[ \t\n\r]*+")
_BRACKET = re.compile(r'["\[\]{}]')
_IN_STRING = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
_SCALAR = re.compile(r"[^ \t\n\r,\]}]*+")
_PUNCTUATION = re.compile(r'[\[\]{}",:]')
_ENDS = frozenset(" \t\n\r,]}:")  # what may follow a value
_DEPTH = {"[": 1, "{": 1, "]": -1, "}": -1}


class PassedOver:
    """Stands in the place of a value that was too long or too deep to decode."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class _NotJson(ValueError):
    """NaN and Infinity, which Python would take."""


def _no_constant(name: str) -> NoReturn:
    raise _NotJson(f"{name} is not JSON")


_scan = json.JSONDecoder(parse_constant=_no_constant).scan_once  # type: ignore[attr-defined]


class Cutter(TextWindow):
    """A cursor over a text. `text[start:end]` is the value given last, until the next step."""

    def __init__(self, source: TextSource) -> None:
        super().__init__(source)
        self.start = 0
        self.end = 0
        self._block_end = 0

    def members(self) -> Iterator[str]:
        """The names of the object that starts here; the caller consumes the value after each."""
        self._expect("{")
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            if self.peek() not in ('"', ""):
                self.fail("a name should stand here")
            name = self.value()
            self._expect(":")
            yield str(name)
            if self._expect(",}") == "}":
                return

    def open_array(self) -> bool:
        """Step into the array that starts here; False if it is empty, and so already behind us."""
        self._expect("[")
        if self.peek() != "]":
            return True
        self._at += 1
        return False

    def next_element(self) -> bool:
        """Step from a consumed element to the next one; False at the end of the array."""
        return self._expect(",]") == ","

    def block(self) -> str:
        """Elements from here on that lie whole in the buffer, as the text of an array; "" when none do.

        A guess, until it was decoded: what looks like the end of an object may stand in a string. Once it is
        decoded it is right, for JSON is read from left to right: then `pass_block()` steps behind it.
        """
        while len(self.text) - self._at < MAX_BLOCK // 2 and self._more():
            pass
        end = min(len(self.text), self._at + MAX_BLOCK)
        for _ in range(_ENDS_TRIED):
            end = self.text.rfind("}", self._at, end)
            if end < 0:
                return ""
            if self.text.startswith(",", match_end(BLANK, self.text, end + 1)):
                self._block_end = end + 1
                return f"[{self.text[self._at : end + 1]}]"
        return ""

    def pass_block(self) -> bool:
        """Step behind the block given last, to the next element; False at the end of the array."""
        self.start = self.end = self._at = self._block_end
        return self.next_element()

    def elements(self, most: int = sys.maxsize) -> Generator[Any, None, bool]:
        """At most so many elements from here on, decoded; PassedOver for one that cannot be.

        Returns whether there are more.
        """
        for _ in range(most):
            try:
                value, end = _scan(self.text, self._at)
            except (StopIteration, ValueError, RecursionError):
                value = self.value()
            else:
                if self.text[end : end + 1] in _ENDS:
                    self.start, self.end, self._at = self._at, end, end
                else:  # the end of the buffer, or a fault
                    value = self.value()
            yield value
            separator = _SEPARATOR.match(self.text, self._at)
            if separator and separator.end() < len(self.text):
                self._at = separator.end()
                if separator[1] == "]":
                    return False
            elif not self.next_element():
                return False
        return True

    def value(self) -> Any:
        """Decode the value that starts here, reading on as far as it takes."""
        if not self.peek():
            self.fail("looks truncated")
        while True:
            try:
                value, end = _scan(self.text, self._at)
            except (StopIteration, json.JSONDecodeError) as fault:
                if not self._read_on(fault):
                    return self._pass_over("too-long")
            except RecursionError:
                return self._pass_over("too-deep")
            except ValueError as fault:
                if isinstance(fault, _NotJson):
                    self.fail(str(fault))
                return self._pass_over("unreadable-number")
            else:
                if self._is_whole(end) or not self._more():
                    self.start, self.end, self._at = self._at, end, end
                    return value

    def skip(self) -> None:
        """Pass over the value that starts here without keeping it."""
        if self.peek() not in ('"', "[", "{"):
            while (end := match_end(_SCALAR, self.text, self._at)) == len(self.text) and self._more():
                pass
            self._at = end
            return
        depth = 0
        while True:
            bracket = self._next_bracket()
            if bracket == '"':
                self._leave_string()
            depth += _DEPTH.get(bracket, 0)
            if depth <= 0:
                return

    def end_of_document(self) -> None:
        """Nothing but blanks may follow."""
        if self.peek():
            self.fail("data after the document")

    def _pass_over(self, reason: str) -> PassedOver:
        self.skip()
        self.start = self.end = self._at
        return PassedOver(reason)

    def _is_whole(self, end: int) -> bool:
        """Whether a value that was decoded ends at `end`: of 1.5e7, a buffer may hold no more than 1.5e."""
        return self.text[end : end + 1] in _ENDS or end < len(self.text) - _NEAR_END

    def _read_on(self, fault: StopIteration | json.JSONDecodeError) -> bool:
        """Read on if the fault may only be that the buffer ends here; False if the value is too long for that."""
        if isinstance(fault, json.JSONDecodeError):
            reason, at = fault.msg, fault.pos
        else:
            reason, at = "a value should stand here", fault.value
        unfinished = reason.startswith("Unterminated")
        if not unfinished and at < len(self.text) - _NEAR_END:
            self.fail(reason, at)
        if len(self.text) - self._at > MAX_VALUE:
            return False
        if not self._grow():
            if unfinished or not _PUNCTUATION.search(self.text, at):
                self.fail("looks truncated", len(self.text))
            self.fail(reason, at)
        return True

    def _next_bracket(self) -> str:
        while not (found := _BRACKET.search(self.text, self._at)):
            self._at = len(self.text)
            self._need_more()
        self._at = found.end()
        return found[0]

    def _leave_string(self) -> None:
        while True:
            self._at = match_end(_IN_STRING, self.text, self._at)
            if self.text.startswith('"', self._at):
                self._at += 1
                return
            self._need_more()
