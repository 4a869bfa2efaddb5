"""Every category scheme that comes with Winnow, and what the loader refuses."""

import json
from typing import Any

import pytest

from hashsets.schemes import DISPOSITIONS, FOLDER, BadScheme, SchemeDoc, load, load_all
from tests.shared_data import shared

each_scheme = pytest.mark.parametrize("scheme", load_all(), ids=lambda scheme: scheme.id)


def a_scheme(**changes: Any) -> dict[str, Any]:
    category = {"code": "A", "key": "1", "name": "Alpine", "disposition": "relevant", "colour": 1, "glyph": "bar"}
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
        ({"categories": [{**a_scheme()["categories"][0], "key": ""}]}, "a key is a digit"),
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


@each_scheme
def test_a_mapping_leads_to_codes_that_are_there(scheme: SchemeDoc) -> None:
    known = {other.id: {category.code for category in other.categories} for other in load_all()}
    for mapping in scheme.mappings:
        assert mapping.to in known
        assert set(mapping.codes.values()) <= known[mapping.to]
        assert mapping.to != scheme.id


def test_the_public_schemes_are_those_of_the_catalogue_of_sources() -> None:
    """Codes, names, dispositions and mappings as category-schemes.json has them, each with where it was seen."""
    catalogue = json.loads(shared("vics/category-schemes.json").read_text("utf-8"))
    ours = {scheme.id: scheme for scheme in load_all()}
    told = {each["id"]: each for each in catalogue["schemes"] if each["id"] in ours}
    assert told.keys() == ours.keys() - {"landscapes-t1"}
    for scheme_id, each in told.items():
        rows = {(str(code["code"]), code["name"], code["disposition"]) for code in each["codes"]}
        assert {(one.code, one.name, one.disposition) for one in ours[scheme_id].categories} == rows
        assert ours[scheme_id].region == each["region"]
        assert ours[scheme_id].source.endswith("vics.md section 5")
    for each in catalogue["mappings"]:
        (mapping,) = [one for one in ours[each["from"]].mappings if one.to == each["to"]]
        assert mapping.codes == {code: str(to) for code, to in each["map"].items() if to is not None}
        assert bool(mapping.loses) or each["lossless"]
