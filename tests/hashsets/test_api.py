"""Hash sets and look-ups by token."""

import hashlib
import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from hashsets.models import HashSet
from tests import factories
from tests.hashsets import makers
from tests.people import People
from tests.scripts import Script, code
from workbench.models import AuditEvent

LAKE = {kind: hashlib.new(kind, b"lake").hexdigest() for kind in ("md5", "sha1", "sha256")}


@pytest.fixture
def lakes(people: People) -> HashSet:
    """A set of two versions that knows two pictures."""
    made = makers.hash_set(people.supervisor, "Lakes")
    makers.publish(made, makers.picture("lake", "2"), by=people.supervisor)
    makers.publish(made, makers.picture("hill", "1"), by=people.supervisor)
    return made


def asked(script: Script, *hashes: str, purpose: str = "phone of case 0417") -> tuple[int, dict[str, Any]]:
    return script.post("lookup", {"purpose": purpose, "hashes": list(hashes)})


def test_the_list_has_the_sets_in_reach_page_by_page(lakes: HashSet, people: People) -> None:
    makers.hash_set(people.outsider, "Hidden")
    makers.hash_set(people.outsider, "Shared", reach="node")
    rows = Script(people.investigator).all("sets", "sets", limit=1)
    assert [(row["name"], row["own"], row["entries"]) for row in rows] == [("Lakes", True, 2), ("Shared", False, 0)]
    assert rows[0]["by_category"] == {"1": 1, "2": 1}


def test_a_set_tells_its_versions_and_to_others_not_where_they_came_from(lakes: HashSet, people: People) -> None:
    HashSet.objects.filter(pk=lakes.pk).update(reach="node")
    _status, mine = Script(people.auditor).get(f"sets/{lakes.public_id}")
    _status, foreign = Script(people.outsider).get(f"sets/{lakes.public_id}")
    assert [(one["number"], one["in_force"], one["entries"]) for one in mine["versions"]] == [
        (2, True, 2),
        (1, False, 1),
    ]
    assert {one["source"] for one in mine["versions"]} == {"a test"}
    assert {(one["source"], one["by"]) for one in foreign["versions"]} == {("", "")}


def test_a_set_out_of_reach_is_not_there(lakes: HashSet, people: People) -> None:
    assert code(Script(people.outsider).get(f"sets/{lakes.public_id}")) == (404, "not-found")
    assert code(Script(people.welfare).get(f"sets/{lakes.public_id}")) == (403, "not-allowed")


def test_a_look_up_names_what_is_known_and_only_that(lakes: HashSet, people: People) -> None:
    status, told = asked(Script(people.investigator), LAKE["md5"].upper(), "f" * 32, LAKE["sha256"], "rubbish")
    assert (status, told["asked"], told["known"]) == (200, 4, 2)
    weak, strong = told["answers"]
    assert (weak["hash"], weak["matches"][0]["strength"]) == (LAKE["md5"].upper(), "weak")
    wanted = {"set": "Lakes", "category": "2", "kind": "sha256", "strength": "strong", "distance": 0}
    assert strong["matches"][0] == strong["matches"][0] | wanted
    assert [one["hash"] for one in told["problems"]] == ["rubbish"]


def test_each_look_up_is_one_event_with_its_purpose_and_no_hash(lakes: HashSet, people: People) -> None:
    asked(Script(people.exporter), LAKE["md5"], "f" * 32, purpose="an audit of lists")
    (event,) = AuditEvent.objects.filter(verb="set.search")
    told = json.loads(event.body)
    assert told["details"] == {"asked": 2, "known": 1, "purpose": "an audit of lists"}
    assert (told["actor"], told["session"][:6], LAKE["md5"] in event.body) == ("exporter", "token ", False)


UNFIT: tuple[Any, ...] = (
    {"hashes": ["0" * 32]}, {"purpose": "", "hashes": ["0" * 32]}, {"purpose": "   ", "hashes": ["0" * 32]},
    {"purpose": "two\nlines", "hashes": ["0" * 32]}, {"purpose": "none", "hashes": []}, {"purpose": "a test"},
    {"purpose": "too many", "hashes": ["0" * 32] * 1001}, {"purpose": "too long", "hashes": ["0" * 201]},
    {"purpose": "a number", "hashes": [7]}, {"purpose": "more", "hashes": ["0" * 32], "sets": ["Lakes"]},
)  # fmt: skip


def test_of_a_look_up_that_does_not_fit_there_is_no_event(lakes: HashSet, people: People) -> None:
    script = Script(people.investigator)
    for body in UNFIT:
        assert code(script.post("lookup", body)) == (400, "bad-input"), str(body)[:100]
    assert not AuditEvent.objects.filter(verb="set.search").exists()


def test_a_look_up_takes_a_thousand_and_costs_the_same_queries_as_one(lakes: HashSet, people: People) -> None:
    script, counts = Script(people.investigator), []
    for number in (1, 1000):
        asked(script, LAKE["sha256"])
        with CaptureQueriesContext(connection) as queries:
            status, told = asked(script, LAKE["sha256"], *(f"{n:064x}" for n in range(1, number)))
        assert (status, told["asked"], told["known"]) == (200, number, 1)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12  # three of them count it, in a transaction of its own


def test_a_token_looks_up_so_many_hashes_a_minute(lakes: HashSet, people: People, settings: Settings) -> None:
    settings.API_HASHES = 250
    script = Script(people.investigator)
    answers = [asked(script, *(f"{n:032x}" for n in range(100))) for _ in range(6)]  # two minutes at most
    assert (429, "too-often") in [code(answer) for answer in answers if answer[0] != 200]
    assert AuditEvent.objects.filter(verb="set.search").count() == sum(answer[0] == 200 for answer in answers)
    assert script.get("sets")[0] == 200  # calls have a limit of their own


def test_of_a_node_without_sets_everything_is_unknown(people: People) -> None:
    factories.hash_set(people.north)
    assert asked(Script(people.investigator), LAKE["md5"])[1]["answers"] == []
