"""Looking hashes up by page: what is said, and what goes into the log."""

import json

from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hashsets.models import HashSet
from tests.hashsets.pages import text
from tests.hashsets.test_importing import digest
from tests.people import People, signed_in
from workbench.models import AuditEvent, User


def look_up(user: User, *hashes: str, purpose: str = "case 0417") -> HttpResponse:
    """Paste hashes into the page."""
    told = {"hashes": "\n".join(hashes), "purpose": purpose}
    answer = signed_in(user).post(reverse("hashsets:lookup"), told, secure=True)
    assert isinstance(answer, HttpResponse)
    return answer


def test_a_look_up_says_known_or_unknown_and_is_an_event(hash_set: HashSet, people: People) -> None:
    seen = text(look_up(people.investigator, digest(1).upper(), digest(77), "rubbish"))
    for words in ("1 known, 2 unknown", "Harbour v1", "weak", "rubbish: not an MD5"):
        assert words in seen
    details = json.loads(AuditEvent.objects.get(verb="set.search").body)["details"]
    assert details == {"asked": 3, "known": 1, "purpose": "case 0417"}


def test_a_look_up_without_a_purpose_asks_for_one_and_is_none(hash_set: HashSet, people: People) -> None:
    for purpose in ("", "  x ", "long " * 50):
        seen = text(look_up(people.investigator, digest(1), purpose=purpose))
        assert "what the look-up is for" in seen
        assert "Harbour v1" not in seen
    assert not AuditEvent.objects.filter(verb="set.search").exists()


def test_a_purpose_is_remembered_for_the_session(hash_set: HashSet, people: People) -> None:
    client, page = signed_in(people.investigator), reverse("hashsets:lookup")
    client.post(page, {"hashes": digest(1), "purpose": "quay lights"}, secure=True)
    assert 'value="quay lights"' in client.get(page, secure=True).content.decode()
    assert "quay lights" not in signed_in(people.investigator).get(page, secure=True).content.decode()


def test_a_script_of_the_page_gets_what_is_known_with_the_category_as_it_is_drawn(
    hash_set: HashSet, people: People
) -> None:
    told = {"hashes": f"{digest(2)} {digest(77)}", "purpose": "files dropped"}
    headers = {"accept": "application/json"}
    answer = signed_in(people.investigator).post(reverse("hashsets:lookup"), told, secure=True, headers=headers).json()
    (known,) = answer["answers"]
    (match,) = known["matches"]
    assert (answer["asked"], known["hash"], match["set"]) == (2, digest(2), "Harbour v1")
    assert (match["category"]["code"], match["category"].keys()) == ("2", {"code", "name", "colour", "glyph"})
    told["purpose"] = ""
    refused = signed_in(people.investigator).post(reverse("hashsets:lookup"), told, secure=True, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "purpose-needed")


def test_a_look_up_finds_nothing_in_sets_the_agency_does_not_use(hash_set: HashSet, people: People) -> None:
    assert "0 known, 1 unknown" in text(look_up(people.outsider, digest(1)))


def test_a_look_up_takes_ten_thousand_lines_and_not_one_more(hash_set: HashSet, people: People) -> None:
    many = [digest(number) for number in range(10_000)]
    assert "3 known, 9,997 unknown" in text(look_up(people.investigator, *many))
    assert "At most 10,000" in text(look_up(people.investigator, *many, digest(1)))


def test_a_look_up_costs_one_query_for_the_sets_and_one_per_kind(hash_set: HashSet, people: People) -> None:
    from hashsets import lookups

    with CaptureQueriesContext(connection) as queries:
        lookups.lookup(people.north.pk, [digest(n) for n in range(50)] + [digest(n, 40) for n in range(50)])
    assert len(queries) == 3
