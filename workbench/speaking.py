"""Gives the words of those who know no framework to Django's translations: the language of the request, or English."""

from functools import partial

from django.utils import formats, translation

from workbench import words


def digits(value: float, decimals: int | None) -> str:
    """The number as the language of the request writes it."""
    return formats.number_format(value, decimals, use_l10n=True, force_grouping=True)


def begin() -> None:
    """From here on `words` speaks the language of the request."""
    words.language.gettext = translation.gettext
    words.language.ngettext = translation.ngettext
    words.language.digits = digits
    words.language.in_english = partial(translation.override, "en")
