"""Makes the catalogs of locale/ ready for a running Winnow: one file for Django, one script for the browser.

Both lie in the data folder, never in the checkout, and are made anew at a start of changed code (launcher/prepare.py).
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from workbench.launcher.addresses import CHECKOUT
from workbench.translating import extraction

SOURCES = CHECKOUT / "locale"
DIGITS = 12  # of the hash in a script's name: its content never changes, so a browser may keep it for good


def path_of(locale: str) -> Path:
    """Where the texts of a locale lie, as `de` or `pt_BR`."""
    return SOURCES / locale / "LC_MESSAGES" / "django.po"


def locales() -> list[str]:
    """The locales there are texts for."""
    return sorted(path.parents[1].name for path in SOURCES.glob("*/LC_MESSAGES/django.po"))


def read(locale: str) -> Catalog:
    """The texts of a locale."""
    with path_of(locale).open("rb") as file:
        return read_po(file, locale=locale)


def make(data: Path) -> None:
    """Write every locale's catalogs below the data folder. Some seconds."""
    for locale in locales():
        write(read(locale), locale, data)


def write(catalog: Catalog, locale: str, data: Path) -> None:
    """The two catalogs of one locale; scripts of earlier texts go."""
    folder = data / "locale" / locale / "LC_MESSAGES"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "django.mo").open("wb") as file:
        write_mo(file, catalog)
    code = script(catalog).encode()
    scripts = data / "static" / "words"
    scripts.mkdir(parents=True, exist_ok=True)
    for old in scripts.glob(f"{locale}.*.js"):
        old.unlink()
    (scripts / f"{locale}.{hashlib.sha256(code).hexdigest()[:DIGITS]}.js").write_bytes(code)


def script(catalog: Catalog) -> str:
    """What `words.js` finds: the texts of scripts, and which of two or more forms a number takes."""
    used = {_forms(message.id)[0] for message in extraction.scripts()}
    texts = dict(pair for message in catalog if (pair := _pair(message)) and pair[0] in used)
    said = json.dumps(texts, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return f"globalThis.winnowWords={{plural:(n)=>Number({catalog.plural_expr}),texts:{said}}};\n"


def _pair(message: Message) -> tuple[str, str | list[str]] | None:
    """A text, or the singular of one in both numbers, and what it becomes; None where it has no translation."""
    said = _forms(message.string)
    if not message.id or message.fuzzy or not all(said):
        return None
    return (message.id[0], said) if isinstance(message.id, tuple) else (str(message.id), said[0])


def _forms(text: object) -> list[str]:
    return [str(form) for form in text] if isinstance(text, tuple | list) else [str(text or "")]


def incomplete(wanted: Catalog, given: Catalog) -> Iterator[str]:
    """What a reader of this language would see in English, or wrongly filled: one line for each text."""
    for message in wanted:
        if not message.id:
            continue
        found = given.get(message.id, message.context)
        if found is None or _pair(found) is None:
            yield f"missing: {message.id!r}"
        elif _holes(message.id) != _holes(found.string):
            yield f"other placeholders: {message.id!r}"


def _holes(text: object) -> set[str]:
    """The names a text is filled with: `%(name)s`, `{name}`."""
    return {hole for form in _forms(text) for hole in extraction.HOLE.findall(form)}
