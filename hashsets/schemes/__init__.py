"""Category schemes as data, one JSON file each, and the loader that checks them. PURE.

The files fill the tables once (`load_all`); after that the table rules. A code is text and verbatim;
what Winnow derives from it is the disposition. vics.md section 5.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.visible import readable, visible

FOLDER = Path(__file__).parent
DISPOSITIONS = ("no_verdict", "not_relevant", "relevant", "relevant_restricted", "comparison", "unmapped")
KEYS = tuple("1234567890")  # of the review desk, in the order of a keyboard
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")  # as browsers name it, in small letters
LONGEST = 200  # characters of a name
GLYPHS = ("square", "triangle", "diamond", "circle", "bar", "cross", "ring", "hexagon", "star")


class BadScheme(WorkbenchError):
    """A category scheme contradicts itself. Correct its file."""

    code = "bad-scheme"


@dataclass(frozen=True, slots=True)
class CategoryDoc:
    """One category: `key` is the single key that decides it, `colour` an index into the palette (1..9).

    `labels`: its name in other languages, {"de": "Küste"}; shown to who reads these, never exported.
    """

    code: str
    key: str
    name: str
    disposition: str
    colour: int
    glyph: str
    publishable: bool
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MappingDoc:
    """How codes translate into another scheme; `loses` says in words what gets lost ("" = nothing).

    A mapping is only ever a suggestion beside the code, never written over it.
    """

    to: str
    codes: dict[str, str]
    loses: str


@dataclass(frozen=True, slots=True)
class SchemeDoc:
    """One version of one scheme, categories in the order of the screen."""

    id: str
    version: int
    name: str
    region: str
    source: str
    categories: tuple[CategoryDoc, ...]
    mappings: tuple[MappingDoc, ...]

    def disposition(self, code: str | None) -> str:
        """What `code` stands for here: None is no verdict, a code we do not know is unmapped."""
        if code is None:
            return "no_verdict"
        return next((category.disposition for category in self.categories if category.code == code), "unmapped")


def load_all() -> tuple[SchemeDoc, ...]:
    """Every scheme in this folder, by id. Raises BadScheme."""
    return tuple(load(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json")))


def load(text: str) -> SchemeDoc:
    """The checked scheme in one JSON document. Raises BadScheme naming what is wrong."""
    try:
        doc = json.loads(text)
        categories = tuple(CategoryDoc(**category) for category in doc.pop("categories"))
        mappings = tuple(MappingDoc(**mapping) for mapping in doc.pop("mappings"))
        scheme = SchemeDoc(**doc, categories=categories, mappings=mappings)
    except (KeyError, TypeError, ValueError) as error:
        raise BadScheme(f"Not a category scheme: {error}") from None
    problems = list(_problems(scheme))
    if problems:
        raise BadScheme(f"Scheme {scheme.id}: {problems[0]}", problems)
    return scheme


def _problems(scheme: SchemeDoc) -> list[str]:
    codes = [category.code for category in scheme.categories]
    keys = [category.key for category in scheme.categories]
    found = [f"no {name}" for name in ("id", "version", "name") if not getattr(scheme, name)]
    if not codes:
        found.append("no categories")
    found += [f"code {code!r} twice" for code in sorted(set(codes)) if codes.count(code) > 1]
    found += [f"key {key!r} twice" for key in sorted(set(keys)) if keys.count(key) > 1]
    for category in scheme.categories:
        found += _category_problems(category)
    shown = [scheme.name, scheme.source, *codes, *(category.name for category in scheme.categories)]
    shown += [
        label for category in scheme.categories if _are_labels(category.labels) for label in category.labels.values()
    ]
    shown += [text for mapping in scheme.mappings for text in (mapping.loses, *mapping.codes.values())]
    found += [f"{visible(text)}: a character that cannot be seen" for text in shown if not readable(text)]
    for mapping in scheme.mappings:
        unknown = sorted(set(mapping.codes) - set(codes))
        found += [f"maps {code!r}, which it does not have" for code in unknown]
        if set(mapping.codes) != set(codes) and not mapping.loses:
            found.append(f"the mapping to {mapping.to} does not say what it loses")
    return found


def _category_problems(category: CategoryDoc) -> list[str]:
    checks = {
        "no code": bool(category.code),
        "a key is a digit": category.key in KEYS,
        "no name": bool(category.name),
        f"disposition {category.disposition!r}": category.disposition in DISPOSITIONS,
        f"colour {category.colour!r} is not 1 to 9": category.colour in range(1, 10),
        f"glyph {category.glyph!r}": category.glyph in GLYPHS,
        "labels are a text for each language, such as de": _are_labels(category.labels),
    }
    return [f"category {category.code!r}: {problem}" for problem, fine in checks.items() if not fine]


def _are_labels(labels: object) -> bool:
    """Whether these are names by language."""
    return isinstance(labels, dict) and all(
        isinstance(label, str) and 0 < len(label.strip()) <= LONGEST and LANGUAGE.fullmatch(language)
        for language, label in labels.items()
    )
