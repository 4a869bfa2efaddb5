"""`make words`: brings the catalogs of locale/ to the texts of the code, and says what has no translation yet.

A text that is gone leaves the catalog; a new one is added without a translation. Nothing is guessed from similar texts.
"""

import sys

import django
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from workbench.translating import catalogs, extraction


def main() -> int:
    """The number of texts that lack a translation, as far as an exit status goes."""
    django.setup()
    wanted = extraction.texts()
    lacking = []
    for locale in catalogs.locales():
        given = catalogs.read(locale)
        _bring(given, wanted)
        with catalogs.path_of(locale).open("wb") as file:
            write_po(file, given, width=120, sort_output=True, include_lineno=False, ignore_obsolete=True)
        lacking += [f"{locale}: {line}" for line in catalogs.incomplete(wanted, given)]
    sys.stdout.write("".join(f"{line}\n" for line in [*lacking, f"{len(lacking)} texts lack a translation."]))
    return int(bool(lacking))


def _bring(given: Catalog, wanted: Catalog) -> None:
    header, created = given.header_comment, given.creation_date
    given.update(wanted, no_fuzzy_matching=True, update_header_comment=False)
    given.header_comment, given.creation_date = header, created  # else every run would change the file


if __name__ == "__main__":
    sys.exit(main())
