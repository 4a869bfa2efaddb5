"""The health page: where sets disagree, what is in doubt, which hashes turn up in many cases; nobody else's cases."""

import re
from pathlib import Path

import pytest
from django.urls import reverse

from cases import investigations, set_health
from cases.models import Case, Item
from hashsets import health, importing, policies, versions
from hashsets.importing import Part
from hashsets.models import Entry, HashSet
from hashsets.patience import TakesLonger
from tests.cases import material
from tests.cases.test_matching import sync
from tests.cases.test_pages import signed_in
from tests.cases.test_why import ALONE, HARMLESS, know
from tests.hashsets import makers
from tests.hashsets.lists import document, media
from tests.hashsets.pages import text
from tests.statements import plan
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db


def another_case(dana: User, number: str) -> Case:
    return investigations.create(number=number, name="Quay", scheme_id="landscapes-t1", by=dana)


def seen(user: User) -> str:
    return text(signed_in(user).get(reverse("cases:set_health")))


def test_files_on_which_sets_disagree_are_listed_and_who_reviews_is_not_told_the_categories(
    case: Case, dana: User, sam: User
) -> None:
    material.pictures(case, dana, ["a", "b"])
    for number, one in enumerate([ALONE, ALONE, HARMLESS]):
        know(one, sam, f"Set {number}")
    sync()
    (found,) = set_health.disagreements(sam)
    assert (found.sets, found.codes, found.case, found.state) == (3, "1, 1, 5", "26-1", "open")
    assert found.item == Item.objects.get(content__sha256=material.digests("a")[0]).public_id
    assert "3 sets: 1, 1, 5 Set 0: 1 · Set 1: 1 · Set 2: 5" in seen(sam)
    assert "3 sets Set 0, Set 1, Set 2" in seen(dana)


def test_what_takes_longer_than_a_page_may_wait_is_said_and_the_rest_is_shown(
    case: Case, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_long(_user: User) -> None:
        raise TakesLonger

    monkeypatch.setattr(set_health, "disagreements", too_long)
    monkeypatch.setattr(set_health, "hot", too_long)
    told = seen(sam)
    assert told.count("This takes longer than a page may wait.") == 2
    assert "agree in what it means" not in told


def test_no_statistics_make_it_compare_every_match_with_every_other(case: Case, dana: User, sam: User) -> None:
    material.pictures(case, dana, ["a"])
    for number in range(2):
        know(ALONE, sam, f"Set {number}")
    sync()
    seen_plan = plan(set_health.DISAGREE, {"cases": [case.pk], "agency": sam.agency_id, "most": 50})
    compared = re.findall(r"Join Filter: .*content_id.*", seen_plan)
    # What was matched and what is in reach are two tables, joined as their statistics say; all behind goes by index.
    assert [line for line in compared if "cases_match" not in line] == []


def test_a_hash_in_several_cases_counts_only_those_in_reach(case: Case, dana: User, sam: User, ines: User) -> None:
    shared = makers.hash_set(sam, "Shared", reach="node")
    sha256, md5, sha1 = material.digests("a")
    makers.stored(shared, sam, sha256=sha256, md5=md5, sha1=sha1, size=1000)
    second, sealed = another_case(dana, "26-2"), another_case(dana, "26-3")
    for one in (case, second, sealed):
        material.pictures(one, dana, ["a", "b"])
    Case.objects.filter(pk=sealed.pk).update(sealed=True)
    theirs = investigations.create(number="S-1", name="Quayside", scheme_id="landscapes-t1", by=ines)
    material.pictures(theirs, ines, ["a"])
    sync()
    assert [(one.set, one.hash, one.cases, one.files) for one in set_health.hot(dana)] == [("Shared", md5.hex(), 3, 1)]
    assert [one.cases for one in set_health.hot(sam)] == [2], "a sealed case is not for every supervisor"
    assert set_health.hot(ines) == []


def test_doubtful_entries_and_bad_records_are_counted_by_set(case: Case, sam: User, ines: User, tmp_path: Path) -> None:
    made = makers.hash_set(sam, "Harbour", scheme="us-pvic", reach="node")
    odd = ({"MD5": "nothing"}, media(3, 1, MediaSize="x"), media(2, 2))
    path = document(tmp_path, media(1, 1), media(1, 0), media(2), *odd)
    importing.import_file(made, [Part(path, "odd.json")], by=sam)
    makers.stored(made, sam, trust="disputed", state="disputed")
    (one,) = [one for one in health.of_sets(sam) if not one.well]
    assert (one.conflicts, one.disputed, one.skipped, one.odd) == (1, 1, {"the hash is not one": 1}, 2)
    assert one.two_categories == 1
    (theirs,) = [one for one in health.of_sets(ines) if not one.well]
    assert (theirs.conflicts, theirs.disputed, theirs.skipped) == (1, 1, {}), "others' imports are their own business"
    assert [row["conflict"] for row in health.doubtful(sam)] == [True, False]
    assert health.doubtful(ines) == [], "of others' sets the entries are not named"
    told = seen(sam)
    assert AuditEvent.objects.filter(verb="set.health", actor="sam").count() == 1
    assert "1 × the hash is not one" in told
    assert "contradicts itself" in told
    Entry.objects.filter(set=made, trust="disputed").update(removed_in=HashSet.objects.get(pk=made.pk).generation)
    assert [row["conflict"] for row in health.doubtful(sam)] == [True], "what is not in force is nobody's concern"


def test_going_back_brings_what_a_version_hid_back_into_the_queue(case: Case, dana: User, sam: User) -> None:
    material.pictures(case, dana, ["a", "b"])
    made = makers.hash_set(sam, "Harbour")
    makers.stored(made, sam)
    sha256, md5, sha1 = material.digests("a")
    makers.stored(made, sam, sha256=sha256, md5=md5, sha1=sha1, size=1000)
    policies.set_policy(made, agency=sam.agency, by=sam, action="accept")
    sync()
    item = Item.objects.get(content__sha256=sha256)
    assert item.state == "known"
    versions.roll_back(made, 1, by=sam, reason="the wrong list")
    sync()
    item.refresh_from_db()
    assert item.state == "open"
    versions.roll_back(made, 2, by=sam, reason="it was right after all")
    sync()
    item.refresh_from_db()
    assert item.state == "known"
