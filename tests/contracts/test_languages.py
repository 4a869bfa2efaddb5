"""Every language that is shipped is complete, and says what the English says."""

import ast
import re

import pytest
from babel.messages.catalog import Catalog

from workbench.launcher.addresses import CHECKOUT
from workbench.translating import catalogs, extraction

TAGS = re.compile(r"<[^>]+>")


@pytest.fixture(scope="module")
def wanted() -> Catalog:
    """Every text of the code as it is now."""
    return extraction.texts()


@pytest.mark.parametrize("locale", catalogs.locales())
def test_every_text_has_a_translation_with_the_same_placeholders(locale: str, wanted: Catalog) -> None:
    lacking = list(catalogs.incomplete(wanted, catalogs.read(locale)))
    assert lacking == [], "run `make words`, then translate what it lists in locale/"


@pytest.mark.parametrize("locale", catalogs.locales())
def test_a_translation_is_as_sober_as_the_english_and_keeps_its_marks(locale: str) -> None:
    for message in filter(lambda one: one.id, catalogs.read(locale)):
        pairs = zip(_forms(message.id), _forms(message.string), strict=False)
        for english, said in pairs:
            assert "!" not in said or "!" in english, said
            assert TAGS.findall(said) == TAGS.findall(english), said
            assert (said[:1].isspace(), said[-1:].isspace()) == (english[:1].isspace(), english[-1:].isspace()), said


def test_no_text_stands_within_an_f_string_where_nobody_finds_it() -> None:
    """Whoever gathers texts reads an f-string as one piece, so what is marked in it would stay English."""
    marks, hidden = set(extraction.KEYWORDS), list[str]()
    for path in (path for app in ("workbench", "hashsets", "cases") for path in (CHECKOUT / app).rglob("*.py")):
        pieces = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.JoinedStr))
        calls = (node for piece in pieces for node in ast.walk(piece) if isinstance(node, ast.Call))
        hidden += [
            f"{path.name}:{call.lineno}"
            for call in calls
            if isinstance(call.func, ast.Name) and call.func.id in marks and isinstance(call.args[0], ast.Constant)
        ]
    assert hidden == []


def _forms(text: object) -> list[str]:
    return [str(form) for form in text] if isinstance(text, tuple | list) else [str(text)]


def test_texts_are_found_in_python_templates_scripts_and_docstrings_of_errors(wanted: Catalog) -> None:
    for text in ("Skip to main content", "Nothing to undo in this batch.", "Investigator", "Signed in"):
        assert wanted.get(text) is not None, text
    assert wanted.get("Nothing that you could take now fits this filter. Drop the filter, or ask for less with it.")
    assert wanted.get(("%(n)s item", "%(n)s items")) is not None
    assert wanted.get("The decision in force for a content under a scheme.") is None  # a table's docstring


def test_the_texts_of_scripts_come_as_one_script_without_markup() -> None:
    code = catalogs.script(catalogs.read("de"))
    assert code.startswith("globalThis.winnowWords={plural:(n)=>Number((n != 1)),texts:{")
    assert '"Undo":"Rückgängig"' in code
    assert "Skip to main content" not in code
