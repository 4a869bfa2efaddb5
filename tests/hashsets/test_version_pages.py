"""The pages of versions: what changed, going back, one hash in a set, and what two sets have in common."""

import json
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.urls import reverse
from django.utils import timezone

from hashsets import comparisons, tasks, versions
from hashsets.models import Comparison, HashSet
from tests.hashsets import makers
from tests.hashsets.lists import digest, media
from tests.hashsets.pages import text, url
from tests.hashsets.test_versions import load
from tests.people import People, signed_in
from workbench.models import AuditEvent


@pytest.fixture
def harbour(people: People, tmp_path: Path) -> HashSet:
    """A set of two versions: 1 to 3; then 1 again, 2 in another category, 3 gone, 4 new."""
    made = makers.hash_set(people.supervisor, "Harbour", scheme="us-pvic")
    load(made, people, tmp_path, media(1), media(2), media(3))
    load(made, people, tmp_path, media(1), media(2, 2), media(4))
    return made


def at(name: str, of: HashSet, *numbers: int) -> str:
    return reverse(f"hashsets:{name}", args=[of.public_id, *numbers])


def test_the_list_of_versions_leads_to_what_changed_and_back(harbour: HashSet, people: People) -> None:
    for name in ("set", "versions"):
        page = signed_in(people.supervisor).get(url(name, harbour), secure=True).content.decode()
        assert at("diff", harbour, 1, 2) in page
        assert at("rollback", harbour, 1) in page
        assert at("rollback", harbour, 2) not in page, "it is in force"
    assert (
        at("rollback", harbour, 1)
        not in signed_in(people.auditor).get(url("set", harbour), secure=True).content.decode()
    )
    older = signed_in(people.supervisor).get(url("versions", harbour) + "?after=2", secure=True)
    assert ("v1" in text(older), "v2" in text(older)) == (True, False)


def test_a_diff_shows_counts_by_category_and_both_sides_of_each_entry(
    harbour: HashSet, people: People, tmp_path: Path
) -> None:
    client = signed_in(people.supervisor)
    seen = text(client.get(at("diff", harbour, 1, 2), secure=True))
    assert "1 added, 1 withdrawn, 1 changed" in seen
    for number in (2, 3, 4):
        assert digest(number, 40) in seen
    assert digest(1, 40) not in seen
    load(harbour, people, tmp_path, media(1, IsDistributed="true", Tags="rework"), media(2, 2), media(4))
    more = text(client.get(at("diff", harbour, 2, 3), secure=True))
    assert "distributed: not said → yes" in more.casefold()
    assert "tags: not said → " in more
    only = text(client.get(at("diff", harbour, 1, 2) + "?only=withdrawn", secure=True))
    assert (digest(3, 40) in only, digest(4, 40) in only) == (True, False)
    assert client.get(at("diff", harbour, 1, 2) + "?only=odd", secure=True).status_code == 400
    assert client.get(at("diff", harbour, 1, 9), secure=True).status_code == 404


def test_who_pages_through_what_changed_leaves_an_event_for_each_page(
    harbour: HashSet, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions.changes, "__kwdefaults__", {"only": "", "after": "", "most": 2})
    client, page, shown = signed_in(people.investigator), at("diff", harbour, 1, 2), []
    while page:
        answer = client.get(page, secure=True)
        shown.append(len(answer.context["rows"]))
        page = answer.context["next_url"] and at("diff", harbour, 1, 2) + answer.context["next_url"]
    events = [json.loads(event.body) for event in AuditEvent.objects.filter(verb="set.read").order_by("seq")]
    assert shown == [event["details"]["entries"] for event in events] == [2, 1]
    assert {(event["actor"], event["details"]["set"], event["details"]["new"]) for event in events} == {
        ("investigator", "Harbour", 2)
    }


def test_going_back_is_previewed_and_needs_a_reason(harbour: HashSet, people: People) -> None:
    client, page = signed_in(people.supervisor), at("rollback", harbour, 1)
    assert "1 entry comes back, 1 leaves, 1 changes." in text(client.get(page, secure=True))
    refused = client.post(page, {"reason": " "}, secure=True)
    assert "Say why" in text(refused)
    done = client.post(page, {"reason": "the wrong list"}, secure=True, follow=True)
    assert "Version 3 is in force, as version 1 was: 1 entry comes back, 1 leaves, 1 changes." in text(done)
    assert "Back to version 1: the wrong list" in text(done)
    assert "nothing to go back to" in text(client.get(page, secure=True))


def test_what_takes_long_is_counted_by_a_worker_and_the_page_says_so(
    harbour: HashSet, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, ...]] = []
    monkeypatch.setattr(comparisons.diff, "__kwdefaults__", {"patience": 1})
    monkeypatch.setattr(tasks.compare, "delay", lambda *ids: asked.append(ids))
    monkeypatch.setattr(versions, "COUNT", "SELECT '1', '2', count(pg_sleep(0.1))")
    client, page = signed_in(people.supervisor), at("diff", harbour, 1, 2)
    assert "A worker does it" in text(client.get(page, secure=True))
    assert asked == [(harbour.pk, 1, harbour.pk, 2)]
    tasks.compare(*asked[0])
    assert "0 added, 0 withdrawn, 1 changed" in text(client.get(page, secure=True))


def test_a_hash_is_found_in_a_set_with_what_became_of_it(harbour: HashSet, people: People) -> None:
    client, page = signed_in(people.investigator), url("find", harbour)
    seen = text(client.post(page, {"hash": digest(2).upper()}, secure=True))
    for words in ("since 2", "in force", "from 1, gone in 2", digest(2, 40)):
        assert words in seen
    assert "from 1, gone in 2" in text(client.post(page, {"hash": digest(3, 40)}, secure=True))
    assert "never did" in text(client.post(page, {"hash": digest(9)}, secure=True))
    assert "not an MD5" in text(client.post(page, {"hash": "fa4e"}, secure=True))
    assert AuditEvent.objects.filter(verb="set.search").count() == 3


def test_of_another_agencys_set_only_what_is_in_force_is_found_and_no_version_shown(
    people: People, tmp_path: Path
) -> None:
    shared = makers.hash_set(people.supervisor, "Shared", scheme="us-pvic", reach="node")
    load(shared, people, tmp_path, media(1))
    load(shared, people, tmp_path, media(2))
    client = signed_in(people.outsider)
    assert "since 2" in text(client.post(url("find", shared), {"hash": digest(2)}, secure=True))
    gone = text(client.post(url("find", shared), {"hash": digest(1)}, secure=True))
    assert "does not hold that hash" in gone
    assert "never did" not in gone, "it did"
    for page in (url("versions", shared), at("diff", shared, 1, 2), at("rollback", shared, 1)):
        assert client.get(page, secure=True).status_code == 403


def test_two_sets_are_compared_as_of_the_versions_in_force(harbour: HashSet, people: People, tmp_path: Path) -> None:
    other = makers.hash_set(people.supervisor, "Quayside", scheme="us-pvic")
    load(other, people, tmp_path, media(2, 0), media(9))
    client, page = signed_in(people.investigator), url("overlap", harbour)
    assert "Quayside" in text(client.get(page, secure=True))
    seen = text(client.get(f"{page}?with={other.public_id}", secure=True))
    for words in (
        "version 2 in version 1",
        "33.3 % 1 of 3 entries",
        "50.0 % 1 of 2 entries",
        "1 with another meaning there",
        "1 as 0",
    ):
        assert words in seen, words
    assert client.get(f"{page}?with={uuid4()}", secure=True).status_code == 404
    (event,) = AuditEvent.objects.filter(verb="set.compare")
    assert json.loads(event.body)["details"]["other"] == f"hashset:{other.public_id}"


def test_beside_anothers_set_only_an_own_one_is_laid_by_those_who_may_look_up(
    harbour: HashSet, people: People, tmp_path: Path
) -> None:
    shared = makers.hash_set(people.outsider, "Shared", scheme="us-pvic", reach="node")
    load(shared, replace(people, supervisor=people.outsider), tmp_path, media(2, 0))
    third = makers.hash_set(people.outsider, "Third", scheme="us-pvic", reach="node")
    pages = [f"{url('overlap', one)}?with={other.public_id}" for one, other in
             ((harbour, shared), (shared, harbour), (shared, third))]  # fmt: skip
    answers = [signed_in(people.investigator).get(page, secure=True).status_code for page in pages]
    assert answers == [200, 200, 404]
    answers = [signed_in(people.auditor).get(page, secure=True).status_code for page in pages]
    assert answers == [404, 403, 403]
    HashSet.objects.filter(pk=shared.pk).update(retired_at=timezone.now())
    answers = [signed_in(people.investigator).get(page, secure=True).status_code for page in pages]
    assert answers == [404, 404, 404]
    assert AuditEvent.objects.filter(verb="set.compare").count() == 2


def test_lists_that_are_pairs_without_end_are_given_up_and_that_is_said(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (makers.hash_set(people.supervisor, name, scheme="us-pvic") for name in ("One", "Other"))
    with connection.cursor() as cursor:  # each entry of one is each entry of the other, as far as anybody can tell
        cursor.execute(
            "INSERT INTO hashsets_entry (set_id, ident, sha1, code, disposition, trust, added_in)"
            " SELECT s, int8send(n), decode(repeat('ab', 20), 'hex'), '1', 'relevant', 'trusted', 1"
            " FROM generate_series(1, 3000) n, unnest(%s) s",
            [[one.pk, other.pk]],
        )
        cursor.execute("UPDATE hashsets_hashset SET generation = 1 WHERE id = ANY(%s)", [[one.pk, other.pk]])
    monkeypatch.setattr(comparisons, "WORKER", 50)  # milliseconds
    comparisons.count(one.pk, 1, other.pk, 1)
    comparisons.count(other.pk, 1, one.pk, 1)
    page = f"{url('overlap', one)}?with={other.public_id}"
    assert text(signed_in(people.investigator).get(page, secure=True)).count("took more than half an hour") == 2
    one.refresh_from_db()
    other.refresh_from_db()
    with pytest.raises(comparisons.GivenUp):
        comparisons.overlap(one, other)


def test_a_comparison_that_an_administrator_cancelled_is_not_given_up(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (makers.hash_set(people.supervisor, name, scheme="us-pvic") for name in ("One", "Other"))
    with monkeypatch.context() as cancelled:
        cancelled.setattr(comparisons, "OVERLAP", "SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(20)")
        with pytest.raises(OperationalError, match="user request"):
            comparisons.count(one.pk, 0, other.pk, 0)
    assert not Comparison.objects.exists()
    assert comparisons.overlap(one, other) == comparisons.Overlap([])
