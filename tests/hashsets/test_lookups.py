"""Look-ups of hashes that many entries have, and that are asked for many times."""

from pathlib import Path

import pytest
from django.db import connection, transaction
from django.urls import reverse

from hashsets import generations, lookups
from hashsets.index import building, shelf
from hashsets.models import HashSet
from tests.hashsets import makers
from tests.people import People, signed_in
from tests.scripts import Script

pytestmark = pytest.mark.django_db
MD5, LONELY = "ab" * 16, "cd" * 16


@pytest.fixture
def twins(people: People) -> HashSet:
    """A set in which 25 entries share an MD5."""
    made = makers.hash_set(people.supervisor, "Twins")
    with transaction.atomic(), connection.cursor() as cursor:
        locked = generations.lock(made)
        cursor.execute(
            "INSERT INTO hashsets_entry (set_id, ident, twin, md5, sha1, code, disposition, trust, added_in)"
            " SELECT %s, m, n, m, substr(sha256(int8send(n)), 1, 20), '1', 'relevant', 'trusted', 1"
            " FROM generate_series(1, 25) n, decode(%s, 'hex') m"
            " UNION ALL SELECT %s, m, 0, m, NULL, '1', 'relevant', 'trusted', 1 FROM decode(%s, 'hex') m",
            [made.pk, MD5, made.pk, LONELY],
        )
        generations.move(locked, generations.Step("a test", 26, 0), by=people.supervisor)
    made.refresh_from_db()
    return made


@pytest.mark.parametrize("indexed", [True, False])
def test_a_hash_that_many_entries_have_is_answered_with_some_and_says_how_many_more(
    twins: HashSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, indexed: bool
) -> None:
    monkeypatch.setattr(shelf, "root", lambda: tmp_path / "index")
    monkeypatch.setattr(building, "SMALL", 1 if indexed else 1000)
    assert building.build(twins.pk) == indexed
    many, one, none = lookups.lookup(twins.owner_id, [MD5, LONELY, "ef" * 16])
    assert [(answer.known, len(answer.hits), answer.more) for answer in (many, one, none)] == [
        (True, 20, 5),
        (True, 1, 0),
        (False, 0, 0),
    ]
    assert many.as_json()["more"] == 5


def test_a_hash_that_is_asked_for_twice_is_answered_once(twins: HashSet, people: People) -> None:
    first, second, other = lookups.lookup(twins.owner_id, [MD5, f" {MD5} ", MD5.upper()])
    assert first is second
    assert len(other.hits) == len(first.hits) == 20
    status, told = Script(people.investigator).post(
        "lookup", {"purpose": "phone of case 0417", "hashes": [MD5, MD5, "rubbish", "rubbish", LONELY]}
    )
    assert (status, told["asked"], told["known"]) == (200, 5, 3)
    rows = [(one["hash"], len(one["matches"]), one["more"]) for one in told["answers"]]
    assert rows == [(MD5, 20, 5), (LONELY, 1, 0)]
    assert [one["hash"] for one in told["problems"]] == ["rubbish"]


def test_the_page_says_how_many_more_entries_have_a_hash(twins: HashSet, people: People) -> None:
    page = signed_in(people.investigator).post(
        reverse("hashsets:lookup"), {"hashes": MD5, "purpose": "case 0417"}, secure=True
    )
    assert "5 more with this hash" in page.content.decode()
