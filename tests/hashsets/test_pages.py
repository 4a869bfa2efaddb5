"""The pages of the hash sets: what they show, take and refuse."""

import re
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hashsets import exchange, importing
from hashsets.importing import Part
from hashsets.models import HashSet
from tests.hashsets import makers
from tests.hashsets.lists import digest, document, media
from tests.hashsets.pages import text, url
from tests.people import People, signed_in


def test_the_list_shows_name_version_and_number(hash_set: HashSet, people: People) -> None:
    seen = text(signed_in(people.investigator).get(reverse("hashsets:list"), secure=True))
    assert "Harbour" in seen
    assert "v1" in seen
    assert "New set" not in seen


def test_the_list_costs_the_same_for_any_number_of_sets(people: People) -> None:
    counts = []
    for _round in range(2):
        makers.publish(makers.hash_set(people.supervisor), makers.picture("lake"), by=people.supervisor)
        client = signed_in(people.supervisor)
        client.get(reverse("hashsets:list"), secure=True)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("hashsets:list"), secure=True).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_set_shows_its_versions_categories_and_policies(hash_set: HashSet, people: People) -> None:
    seen = text(signed_in(people.supervisor).get(url("set", hash_set), secure=True))
    for words in ("first.json", "+3", "Accept", "default", "Import a list", "Save the set", "version 1, 3 hashes"):
        assert words in seen
    assert seen.count("Noted only") == 3, "comparison, no verdict and unmapped never close an item"


def test_an_empty_set_asks_for_a_list_only_of_whom_may_import_one_into_it(people: People) -> None:
    for own, offers, words in (
        (True, False, "Import a list of hashes."),
        (True, True, "It is filled by what is approved under Publish"),
        (False, False, "Nothing has come into it yet."),
    ):
        empty = makers.hash_set(people.supervisor, f"Empty {words}", reach="node", receives_offers=offers)
        person = people.supervisor if own else people.outsider
        seen = text(signed_in(person).get(url("set", empty), secure=True))
        assert words in seen
        assert ("Import a list of hashes." in seen) == (own and not offers)


def test_a_set_for_every_agency_hides_its_sources_from_the_others(people: People, tmp_path: Path) -> None:
    shared = makers.hash_set(people.supervisor, "Shared", reach="node")
    importing.import_file(shared, [Part(document(tmp_path, media(1)), "secret.json")], by=people.supervisor)
    client = signed_in(people.outsider)
    seen = text(client.get(url("set", shared), secure=True))
    assert "Shared" in seen
    assert "secret.json" not in seen
    assert "Save the set" not in seen
    assert client.get(url("export", shared) + "?format=csv", secure=True).status_code == 403
    assert client.post(url("import", shared), secure=True).status_code == 403


def test_no_page_holds_a_picture(hash_set: HashSet, people: People) -> None:
    for address in (reverse("hashsets:list"), url("set", hash_set), reverse("hashsets:lookup")):
        page = signed_in(people.supervisor).get(address, secure=True).content.decode()
        assert "<img" not in page
        assert "/media/" not in page


def test_a_supervisor_makes_a_set(people: People) -> None:
    data = {"name": "Alpine", "role": "relevant", "scheme": "landscapes-t1", "reach": "node", "vouched": "on"}
    answer = signed_in(people.supervisor).post(reverse("hashsets:new"), data, secure=True)
    made = HashSet.objects.get(name="Alpine")
    assert answer.headers["Location"] == url("set", made)
    assert (made.owner, made.reach, made.trust) == (people.north, "node", "trusted")
    again = signed_in(people.supervisor).post(reverse("hashsets:new"), data, secure=True)
    assert "already" in text(again)


def test_a_set_is_called_what_it_looks_like(people: People) -> None:
    data = {"name": "Alp\u202eeni", "role": "relevant", "scheme": "landscapes-t1", "reach": "node"}
    answer = signed_in(people.supervisor).post(reverse("hashsets:new"), data, secure=True)
    assert "Character 4 of the name cannot be seen (U+202E). Type the name anew" in text(answer)
    answer = signed_in(people.supervisor).post(reverse("hashsets:new"), data | {"name": "  "}, secure=True)
    assert not HashSet.objects.exists()


def test_a_new_set_starts_with_the_scheme_that_the_agency_uses(people: People) -> None:
    def chosen() -> list[str]:
        page = signed_in(people.supervisor).get(reverse("hashsets:new"), secure=True).content.decode()
        return re.findall(
            r'<option value="([a-z0-9.-]+)" selected', page.split('name="scheme"')[1].split("</select>")[0]
        )

    assert chosen() == []
    makers.hash_set(people.outsider, "Theirs", scheme="uk-abc")
    for number, scheme in enumerate(("uk-abc", "us-pvic", "us-pvic")):
        makers.hash_set(people.supervisor, f"Set {number}", scheme=scheme)
    assert chosen() == ["us-pvic"]


def test_the_heading_of_a_set_says_each_thing_once(hash_set: HashSet, people: People) -> None:
    page = signed_in(people.supervisor).get(url("set", hash_set), secure=True).content.decode()
    said = re.search(r'<p class="sub">(.*?)</p>', page, re.DOTALL)
    assert said
    parts = [part.strip() for part in re.sub(r"<[^>]+>", " ", said[1]).split("·")]
    assert parts[0] == "This agency"
    assert len(set(parts)) == len(parts) == 4


def test_a_set_is_retired_with_a_reason_and_then_offers_nothing_more(hash_set: HashSet, people: People) -> None:
    client = signed_in(people.supervisor)
    assert client.post(url("retire", hash_set), {"reason": " "}, secure=True).status_code == 400
    assert client.post(url("retire", hash_set), {"reason": "superseded"}, secure=True).status_code == 302
    seen = text(client.get(url("set", hash_set), secure=True))
    assert "retired" in seen
    for act in ("Retire set", "Import a list", "Change for all"):
        assert act not in seen


def test_only_the_owner_retires_a_set_for_every_agency(people: People) -> None:
    shared = makers.hash_set(people.supervisor, "Shared", reach="node")
    assert signed_in(people.outsider).post(url("retire", shared), {"reason": "no"}, secure=True).status_code == 403
    shared.refresh_from_db()
    assert shared.retired_at is None


def test_entries_without_a_category_of_the_scheme_are_told(people: People, tmp_path: Path) -> None:
    made = makers.hash_set(people.supervisor, "Harbour", scheme="us-pvic")
    path = document(tmp_path, media(1), media(2, 77))
    importing.import_file(made, [Part(path, "first.json")], by=people.supervisor)
    seen = text(signed_in(people.supervisor).get(url("set", made), secure=True))
    assert "1 entry has no category of this scheme" in seen


def test_the_page_offers_every_format_there_is(hash_set: HashSet, people: People) -> None:
    page = signed_in(people.supervisor).get(url("set", hash_set), secure=True)
    seen, source = text(page), page.content.decode()
    assert [format_.label for format_ in exchange.BUILT_IN if format_.label not in seen] == []
    saved = re.findall(r'<option value="([a-z0-9.]+)">', source.split('id="format"')[1].split("</select>")[0])
    assert saved == list(exchange.WRITERS)
    refused = signed_in(people.exporter).get(url("export", hash_set), {"format": "dfxml"}, secure=True)
    assert (refused.status_code, ", ".join(exchange.WRITERS) in text(refused)) == (400, True)


@pytest.mark.parametrize("format_id", exchange.WRITERS)
def test_a_set_is_saved_as_a_file(format_id: str, hash_set: HashSet, people: People) -> None:
    answer = signed_in(people.exporter).get(url("export", hash_set), {"format": format_id}, secure=True)
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert answer.headers["Content-Length"] == str(len(body))
    assert body.upper().count(digest(1).upper().encode()) >= 1
    ending = {"csv": "csv", "vics1.3": "vics1.3.json", "vics2.0": "vics2.0.json"}[format_id]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="harbour-v1.{ending}"'


def test_the_region_of_an_export_can_be_chosen(hash_set: HashSet, people: People) -> None:
    client, address = signed_in(people.exporter), url("export", hash_set)
    answer = client.get(address, {"format": "vics2.0", "region": "UK"}, secure=True)
    assert b"2.0.xml/UK/$metadata#Media" in b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert client.get(address, {"format": "vics2.0", "region": "a b/c"}, secure=True).status_code == 400


ROUTES = [
    ("set", "get", {}),
    ("import", "get", {}),
    ("import", "post", {}),
    ("policy", "get", {}),
    ("policy", "post", {"action": "accept", "min_trust": "trusted", "reason": "agreed"}),
    ("export", "get", {"format": "csv"}),
]


@pytest.mark.parametrize(("name", "method", "data"), ROUTES)
def test_the_set_of_another_agency_does_not_exist(
    name: str, method: str, data: dict[str, str], hash_set: HashSet, people: People
) -> None:
    answer = getattr(signed_in(people.outsider), method)(url(name, hash_set), data, secure=True)
    assert answer.status_code == 404


@pytest.mark.parametrize(("name", "method", "data"), [*ROUTES[1:], ("set", "get", {})])
def test_welfare_officers_do_nothing_with_sets(
    name: str, method: str, data: dict[str, str], hash_set: HashSet, people: People
) -> None:
    answer = getattr(signed_in(people.welfare), method)(url(name, hash_set), data, secure=True)
    assert answer.status_code == 403
