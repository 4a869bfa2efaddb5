"""What every export keeps to: the same state gives the same bytes anywhere, and the manifest names every file."""

import hashlib
import json
import os
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone, translation

from cases import exports
from cases.exports import Options, Product
from cases.models import Case, Export
from tests.cases.exports import scene
from tests.people import People

pytestmark = pytest.mark.django_db
every_product = pytest.mark.parametrize("product", exports.BUILT_IN, ids=lambda product: product.id)


@pytest.fixture
def case(people: People) -> Case:
    """One decided, one known, one rejected, the rest open."""
    case = scene.made(people)
    scene.decide(case, "lake", "1", people.investigator)
    scene.known(case, "ridge", "2", people.supervisor)
    return case


def variants(product: Product) -> list[Options]:
    return [Options(version=version) for version in product.described.versions] or [Options()]


def built(case: Case, product: Product, options: Options, people: People) -> bytes:
    """The bytes of an export that is forgotten again, so that nothing but the case can make them equal."""
    with scene.forgotten():
        export = exports.build(case=case, product=product, by=people.supervisor, options=options)
        path = exports.stored(export)
        data = path.read_bytes()
        path.unlink()
    return data


@every_product
def test_the_same_state_gives_the_same_bytes(case: Case, people: People, product: Product) -> None:
    for options in variants(product):
        assert built(case, product, options, people) == built(case, product, options, people)


@contextmanager
def machine_in(zone: str) -> Iterator[None]:
    """The process believes to be in that time zone."""
    with mock.patch.dict(os.environ, {"TZ": zone}):
        time.tzset()
        yield
    time.tzset()


@every_product
def test_neither_locale_nor_time_zone_nor_person_matters(
    case: Case, people: People, product: Product, settings: Any
) -> None:
    for options in variants(product):
        here = built(case, product, options, people)
        settings.USE_THOUSAND_SEPARATOR = False
        with translation.override("de"), timezone.override("Asia/Kathmandu"), machine_in("Pacific/Chatham"):
            assert built(case, product, options, people) == here


@every_product
def test_the_manifest_names_every_file(case: Case, people: People, product: Product) -> None:
    export = exports.build(case=case, product=product, by=people.supervisor)
    members = scene.members(export)
    manifest = json.loads(members.pop("manifest.json"))
    assert {one["name"]: (one["size"], one["sha256"]) for one in manifest["files"]} == {
        name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in members.items()
    }
    assert "README.txt" in members
    assert members["README.txt"].decode() == product.readme


@every_product
def test_nothing_in_the_package_tells_when_or_where_it_was_made(case: Case, people: People, product: Product) -> None:
    export = exports.build(case=case, product=product, by=people.supervisor)
    with zipfile.ZipFile(exports.stored(export)) as archive:
        for info in archive.infolist():
            assert (info.date_time, info.compress_type, info.create_system) == ((1980, 1, 1, 0, 0, 0), 0, 3)
            assert "\\" not in info.filename
        names = archive.namelist()
    assert names == [*sorted(names[:-1]), "manifest.json"]
    today = datetime.now(UTC).strftime("%d %B %Y").encode()
    assert all(today not in data for data in scene.members(export).values())


@every_product
def test_any_decision_makes_it_another_export(case: Case, people: People, product: Product) -> None:
    first = exports.build(case=case, product=product, by=people.supervisor)
    scene.decide(case, "dune", "3", people.investigator)
    second = exports.build(case=case, product=product, by=people.supervisor)
    assert first.state_digest != second.state_digest
    assert Export.objects.filter(case=case).count() == 2


@every_product
def test_a_variant_fits_its_column(product: Product) -> None:
    for options in variants(product):
        longest = replace(options, region="Custom" if options.version == "2.0" else "", media=True)
        chosen = longest if product.described.versions else options
        assert len(product.variant(chosen)) <= Export._meta.get_field("product").max_length  # type: ignore[operator]
