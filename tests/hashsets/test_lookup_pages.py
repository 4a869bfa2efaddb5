"""Looking hashes up by page: what is said, and what goes into the log."""

import csv
import io
import json
import re
from pathlib import Path

from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings

from hashsets.models import HashSet
from tests.hashsets import makers
from tests.hashsets.exchange.list_examples import EMPTY_MD5
from tests.hashsets.lists import digest, load
from tests.hashsets.pages import text, url
from tests.hashsets.test_command import run
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
    for words in ("1 known, 1 unknown, 1 not looked up", "Harbour v1", "weak", "not a hash: line 3 rubbish"):
        assert words in seen
    details = json.loads(AuditEvent.objects.get(verb="set.search").body)["details"]
    assert details == {"asked": 2, "known": 1, "purpose": "case 0417"}


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


def test_what_md5sum_printed_is_looked_up_with_its_names(hash_set: HashSet, people: People) -> None:
    lines = [f"{digest(1)}  pier at dusk.jpg", f"{digest(2)} *two words", f"MD5 (lamp (2).jpg) = {digest(77)}"]
    seen = text(look_up(people.investigator, *lines))
    for words in ("2 known, 1 unknown", "pier at dusk.jpg", "two words", "lamp (2).jpg", "1 unknown hash"):
        assert words in seen
    assert "not looked up" not in seen


def test_of_lines_without_a_hash_twenty_are_shown_and_the_rest_counted(hash_set: HashSet, people: People) -> None:
    seen = text(look_up(people.investigator, *(f"line of prose {number}" for number in range(1, 31)), digest(1)))
    for words in ("1 known, 0 unknown, 30 not looked up", "line 20 line of prose 20", "and 10 more lines"):
        assert words in seen
    assert "line 21" not in seen


def test_the_hash_of_an_empty_file_is_told_apart_and_not_called_unknown(hash_set: HashSet, people: People) -> None:
    seen = text(look_up(people.investigator, f"{EMPTY_MD5}  nothing.txt"))
    assert "0 known, 0 unknown, 1 not looked up" in seen
    assert "zero bytes: line 1" in seen
    assert "No set that your agency uses has any of them" not in seen
    assert "Nothing was looked up" in seen


def test_a_hit_without_a_category_says_so(people: People, tmp_path: Path) -> None:
    plain = makers.hash_set(people.supervisor, "Hashes only")
    (tmp_path / "hashes.txt").write_text(f"{digest(5)}\n")
    load(plain, tmp_path / "hashes.txt", by=people.supervisor)
    assert "on the list, no category given" in text(look_up(people.investigator, digest(5)))
    found = signed_in(people.investigator).post(url("find", plain), {"hash": digest(5)}, secure=True)
    assert "on the list, no category given" in text(found)


def test_the_page_stays_short_and_the_file_of_the_answer_has_every_line(hash_set: HashSet, people: People) -> None:
    many = [digest(3), "=prose", *(f"{digest(number)}  {number}.jpg" for number in range(10, 9_000)), digest(2)]
    page = look_up(people.investigator, *many)
    assert len(re.findall(r'class="hash"', page.content.decode())) == 2 + 200
    assert "and 8,790 more" in text(page)
    told = {"hashes": "\n".join(many), "purpose": "case 0417", "save": "csv"}
    saved = signed_in(people.investigator).post(reverse("hashsets:lookup"), told, secure=True)
    assert "attachment" in saved["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(saved.content.decode())))
    assert [line["line"] for line in lines] == [str(number) for number in range(1, len(many) + 1)]
    assert (lines[0]["result"], lines[0]["set"], lines[0]["category"]) == ("known", "Harbour", "0")
    assert (lines[1]["result"], lines[1]["hash"]) == ("not a hash", "'=prose")
    assert (lines[2]["result"], lines[2]["name"]) == ("unknown", "10.jpg")
    assert AuditEvent.objects.filter(verb="set.search").count() == 2


def test_whatever_way_a_person_asks_the_hashes_count_for_the_one_limit(
    hash_set: HashSet, people: People, settings: Settings
) -> None:
    settings.PERSON_HASHES = 120
    client, page = signed_in(people.investigator), reverse("hashsets:find", args=[hash_set.public_id])

    def by_page() -> bool:
        return "One person may send" not in text(client.post(page, {"hash": digest(1)}, secure=True))

    def by_command() -> bool:
        return run("lookup", by="investigator", stdin="\n".join(digest(n) for n in range(50)))[0] == 0

    # two minutes at most: of six times fifty two of each minute pass, and then not a single hash more
    assert 2 <= sum(by_command() for _ in range(6)) <= 4
    assert not all(by_page() for _ in range(250))
    asked = [json.loads(event.body)["details"]["asked"] for event in AuditEvent.objects.filter(verb="set.search")]
    assert sum(asked) <= 240
