"""A language nobody speaks, for the tests: every text longer, with accents, in brackets, read from right to left.

What is shown in plain letters did not go through gettext; what has no room for it has none for German either.
"""

import re
from pathlib import Path

from babel.messages.catalog import Catalog, Message

from workbench.translating import catalogs, extraction

LANGUAGE = "ar-xb"  # Django takes the direction from the first part
LOCALE = "ar_XB"
MORE = 0.4
ACCENTS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "áƀçðéƒĝĥíĵķļɱñóþɋŕšţúṽŵẋýžÁƁÇÐÉƑĜĤÍĴĶĻṀÑÓÞɊŔŠŢÚṼŴẊÝŽ",
)
KEPT = re.compile(rf"({extraction.HOLE.pattern}|%%|<[^>]+>|&\w+;)")


def write(data: Path) -> None:
    """Put the catalogs of this language where those of real ones lie."""
    catalog = Catalog(locale="en", charset="utf-8")
    for message in extraction.texts():
        if message.id:
            catalog.add(message.id, string=_said(message), context=message.context)
    catalogs.write(catalog, LOCALE, data)


def _said(message: Message) -> str | tuple[str, ...]:
    return tuple(map(said, message.id)) if isinstance(message.id, tuple) else said(str(message.id))


def _more(letters: int) -> str:
    """So much longer, in words that can go to the next line as others do."""
    dots = "·" * round(MORE * letters)
    return " ".join(dots[at : at + 6] for at in range(0, len(dots), 6))


def said(text: str) -> str:
    """`⟦Ðéçíðé ···⟧` for `Decide`; what it is filled with, and blanks around it, stay."""
    core = text.strip()
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    accented = "".join(part if place % 2 else part.translate(ACCENTS) for place, part in enumerate(KEPT.split(core)))
    return f"{before}⟦{accented} {_more(len(core))}⟧{after}"
