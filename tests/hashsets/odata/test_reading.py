"""Another organisation reads a set: service document, metadata, baseline and delta."""

from typing import Any

import pytest

from hashsets import feed
from hashsets.models import Entry, HashSet
from tests.hashsets import makers
from tests.hashsets.odata.partner import Script
from tests.people import People

pytestmark = pytest.mark.django_db


def read(script: Script, path: str, **headers: str) -> list[dict[str, Any]]:
    """All pages, from that one on."""
    pages = []
    while True:
        answer = script.get(path, **headers)
        assert answer.status_code == 200, answer.content
        pages.append(answer.json())
        path = pages[-1].get("@odata.nextLink", "")
        if not path:
            return pages


def values(pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries of all pages."""
    return [one for page in pages for one in page["value"]]


def digits(name: str) -> str:
    """The MD5 of a picture as it travels."""
    return (makers.picture(name).md5 or b"").hex().upper()


def test_the_service_document_names_the_entity_sets(script: Script) -> None:
    told = script.get("").json()
    assert [one["name"] for one in told["value"]] == ["HashSets", "Media"]
    assert script.get("$metadata").content.startswith(b"<?xml")


def test_the_sets_are_those_that_are_shared(script: Script, shared: HashSet, people: People) -> None:
    makers.hash_set(people.supervisor, "Private")
    [told] = script.get("HashSets").json()["value"]
    assert told["SetID"] == str(shared.public_id)
    assert (told["HeadSeq"], told["EntryCount"], told["Kind"]) == (3, 3, "relevant")


def test_a_baseline_comes_page_by_page_and_ends_with_a_delta_link(script: Script, shared: HashSet) -> None:
    pages = read(script, f"HashSets({shared.public_id})/Media", prefer="odata.track-changes, odata.maxpagesize=2")
    assert [len(page["value"]) for page in pages] == [2, 1]
    assert "@odata.deltaLink" in pages[-1]
    assert {one["MD5"] for one in values(pages)} == {digits(name) for name in "abc"}


def test_a_delta_has_what_came_and_what_left(script: Script, shared: HashSet, people: People) -> None:
    [page] = read(script, f"HashSets({shared.public_id})/Media", prefer="odata.track-changes")
    makers.publish(shared, makers.picture("d"), by=people.supervisor)
    gone = Entry.objects.get(set=shared, md5=makers.picture("a").md5)
    makers.withdraw(shared, gone.id, by=people.supervisor)
    feed.number(shared.pk)
    [delta] = read(script, page["@odata.deltaLink"])
    came, left = delta["value"]
    assert came["MD5"] == digits("d")
    assert left == {
        "@odata.context": f"http://localhost/odata/v1/$metadata#HashSets({shared.public_id})/Media/$deletedEntity",
        "id": f"Media({gone.public_id})",
        "reason": "deleted",
        "Seq": 5,
    }
    [newer] = read(script, page["@odata.deltaLink"], odata_maxversion="4.01")
    assert newer["value"][1] == {
        "@removed": {"reason": "deleted"},
        "@id": f"Media({gone.public_id})",
        "Seq": 5,
    }
