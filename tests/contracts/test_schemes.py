"""Every category scheme that comes with Winnow, and what the loader refuses."""

import json
from typing import Any

import pytest

from hashsets.schemes import DISPOSITIONS, FOLDER, BadScheme, SchemeDoc, load, load_all

each_scheme = pytest.mark.parametrize("scheme", load_all(), ids=lambda scheme: scheme.id)


def a_scheme(**changes: Any) -> dict[str, Any]:
    category = {"code": "A", "key": "a", "name": "Alpine", "disposition": "relevant", "colour": 1, "glyph": "bar"}
    doc = {"id": "x", "version": 1, "name": "X", "region": "Default", "source": "test", "mappings": []}
    return {**doc, "categories": [{**category, "publishable": True}], **changes}


@each_scheme
def test_each_code_is_unique_and_has_a_disposition_and_a_key(scheme: SchemeDoc) -> None:
    assert len({category.code for category in scheme.categories}) == len(scheme.categories) > 0
    assert len({category.key for category in scheme.categories}) == len(scheme.categories)
    assert all(category.disposition in DISPOSITIONS for category in scheme.categories)


@each_scheme
def test_a_mapping_names_what_it_loses(scheme: SchemeDoc) -> None:
    codes = {category.code for category in scheme.categories}
    for mapping in scheme.mappings:
        assert set(mapping.codes) == codes or mapping.loses


@each_scheme
def test_a_file_bears_the_name_of_its_scheme(scheme: SchemeDoc) -> None:
    assert (FOLDER / f"{scheme.id}.json").is_file()


def test_the_training_scheme_is_harmless_and_whole() -> None:
    scheme = next(scheme for scheme in load_all() if scheme.id == "landscapes-t1")
    rows = [(category.key, category.name, category.disposition, category.glyph) for category in scheme.categories]
    assert rows == [
        ("1", "Alpine", "relevant", "square"),
        ("2", "Coastal", "relevant", "triangle"),
        ("3", "Rendered", "relevant", "diamond"),
        ("4", "Comparison", "comparison", "circle"),
        ("5", "Non-pertinent", "not_relevant", "bar"),
    ]


def test_a_code_the_scheme_lacks_is_unmapped_and_none_is_no_verdict() -> None:
    scheme = next(scheme for scheme in load_all() if scheme.id == "us-pvic")
    assert [scheme.disposition(code) for code in ("0", "1", "4", "99", None)] == [
        "not_relevant",
        "relevant",
        "comparison",
        "unmapped",
        "no_verdict",
    ]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"categories": []}, "no categories"),
        ({"categories": a_scheme()["categories"] * 2}, "code 'A' twice"),
        ({"categories": [{**a_scheme()["categories"][0], "disposition": "nice"}]}, "disposition 'nice'"),
        ({"categories": [{**a_scheme()["categories"][0], "key": ""}]}, "a key is one character"),
        ({"categories": [{**a_scheme()["categories"][0], "colour": 0}]}, "colour 0"),
        ({"categories": [{"code": "A"}]}, "missing"),
        ({"mappings": [{"to": "y", "codes": {"Q": "1"}, "loses": "all"}]}, "maps 'Q'"),
        ({"mappings": [{"to": "y", "codes": {}, "loses": ""}]}, "does not say what it loses"),
        ({"id": ""}, "no id"),
        ({"surplus": 1}, "surplus"),
    ],
)
def test_a_scheme_that_contradicts_itself_is_refused_by_name(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(BadScheme, match=named):
        load(json.dumps(a_scheme(**changes)))


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(BadScheme):
        load("[")
