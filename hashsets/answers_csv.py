"""The answer of a look-up as CSV: one line for each entry that has a hash, and one for each hash that none has."""

import csv
from collections.abc import Iterator
from io import StringIO

from hashsets.exchange.csv_text import cell
from hashsets.lookups import Answer, Row

COLUMNS = ("line", "hash", "name", "result", "set", "version", "category", "match", "strength", "bits_away", "trust",
           "disposition", "more")  # fmt: skip
NO_CATEGORY = "no category given"


def written(rows: list[Row]) -> str:
    """The whole document, a header first, in the order of what was asked."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for one, answer in rows:
        said = [str(one.line), answer.hash, one.name, result(answer)]
        writer.writerows([cell(text) for text in [*said, *of_entry]] for of_entry in _entries(answer))
    return out.getvalue()


def result(answer: Answer) -> str:
    """known, looks alike, unknown; or why it was not looked up."""
    return answer.problem or ("known" if answer.known else "looks alike" if answer.hits else "unknown")


def _entries(answer: Answer) -> Iterator[list[str]]:
    """What is told of each entry; one empty line of it where there is none."""
    if not answer.hits:
        yield [""] * 9
    for hit in answer.hits:
        yield [
            hit.set, str(hit.version), hit.category or NO_CATEGORY, hit.kind, hit.strength,
            str(hit.distance) if hit.strength == "near" else "", hit.trust, hit.disposition, str(answer.more),
        ]  # fmt: skip
