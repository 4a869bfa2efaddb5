"""Texts that people read, for whoever may not know Django, and marks for texts that stand in tables. PURE.

A text is translated where it is shown. What stands in a table of a module is marked there (`noop`, or `either` for
both numbers) and translated by whoever takes it out. Decision 0018 says which texts stay English. Without Django,
as in a script that reads a list, everything is English.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass


def _english_plural(one: str, many: str, number: int) -> str:
    return one if number == 1 else many


def _english_digits(value: float, decimals: int | None) -> str:
    return f"{value:,}" if decimals is None else f"{value:,.{decimals}f}"


@dataclass(slots=True)
class Language:
    """How texts and numbers come into the language of the moment."""

    gettext: Callable[[str], str] = str
    ngettext: Callable[[str, str, int], str] = _english_plural
    digits: Callable[[float, int | None], str] = _english_digits
    in_english: Callable[[], AbstractContextManager[None]] = nullcontext


language = Language()  # Django's takes its place when the apps are ready (apps.py)


def gettext(text: str) -> str:
    """The text in the language of the moment."""
    return language.gettext(text)


def ngettext(one: str, many: str, number: int) -> str:
    """The text for so many, in the language of the moment."""
    return language.ngettext(one, many, number)


def digits(value: float, decimals: int | None = None) -> str:
    """The number with its digits grouped and its point as the language of the moment has them."""
    return language.digits(value, decimals)


def in_english() -> AbstractContextManager[None]:
    """For what machines, the log and other agencies read, whoever asks for it."""
    return language.in_english()


def noop(text: str) -> str:
    """Mark a text: somebody else gives it to `gettext`."""
    return text


def either(one: str, many: str) -> tuple[str, str]:
    """Mark a text in both numbers: `ngettext(*TEXT, count)` translates it."""
    return one, many
