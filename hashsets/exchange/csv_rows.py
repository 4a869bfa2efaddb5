"""Rows of a CSV or TSV file: lines, separator, comments. PURE.

One line is one row: a stray quote then spoils one row and not the rest of the file. Our own writer shows
line breaks inside a cell as escapes (csv_text).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from hashsets.exchange.base import Report
from hashsets.exchange.text_source import TextSource

MAX_LINE = 1 << 17  # characters; what the csv module takes in one field
_SEPARATORS = (";", "\t", ",")
_LINE_END = re.compile(r"\r\n|\n|\r(?!\Z)")  # a CR at the very end may be half of a CR LF

Row = list[str]


def rows(source: TextSource, report: Report) -> Iterator[tuple[int, Row]]:
    """Line number and cells of every line that is not blank, a comment or `sep=`."""
    separator = ""
    for number, line in enumerate(lines(source), 1):
        if line is None:
            report.read += 1
            report.skip("too-long", report.read, f"line {number}")
            continue
        if found := re.fullmatch(r"\s*sep=(.)\s*", line, re.IGNORECASE):
            separator = found[1]
        if is_passed(line):
            continue
        separator = separator or separator_of(line)
        try:
            yield number, next(csv.reader([line], delimiter=separator), []) if '"' in line else line.split(separator)
        except csv.Error as error:
            report.read += 1
            report.skip("not-a-row", report.read, f"line {number}: {error}")


def lines(source: TextSource) -> Iterator[str | None]:
    """Every line without its end; None for one too long to be meant. A quoted cell cannot hold a line break."""
    rest, too_long = "", False
    for chunk in source.chunks():
        text, start = rest + chunk, 0
        for end in _LINE_END.finditer(text):
            line = text[start : end.start()]
            yield None if too_long or len(line) > MAX_LINE else line
            start, too_long = end.end(), False
        rest = text[start:]
        if len(rest) > MAX_LINE:
            rest, too_long = "", True
    if rest or too_long:
        yield None if too_long else rest.rstrip("\r")


def is_passed(line: str) -> bool:
    return not line.strip() or line.startswith("#") or line.strip().lower().startswith("sep=")


def separator_of(line: str) -> str:
    """The separator that cuts the line into most cells; a comma when none does."""
    return max(_SEPARATORS, key=lambda each: (line.count(each), each == ","))
