"""What looks like an entry of a set is tagged, with its distance, and closes nothing."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from cases import candidates, decisions, investigations, matching, near_matching, publishing, why
from cases.candidates import Aim
from cases.ingest import previews
from cases.ingest.findings import Finding
from cases.models import Case, Content, Item, Match, NearDue, Offer, SetSync
from hashsets import near_index, sets
from hashsets.following import mirroring
from hashsets.models import Entry, HashSet, Remote
from hashsets.remotes import Page, RemoteRecord, Removed
from tests.cases import material
from tests.cases.test_acts import counts
from tests.cases.test_matching import sync
from tests.cases.test_pages import signed_in
from tests.hashsets import makers
from tests.hashsets.lists import document, load
from tests.hashsets.test_near_index import pdq, with_pdq
from workbench import checks
from workbench.jail import Preview
from workbench.models import User

pytestmark = pytest.mark.django_db


def picture(case: Case, by: User, name: str, value: bytes | None) -> Content:
    """A picture that was decoded, with this PDQ."""
    content = material.pictures(case, by, [name], ref=f"ref {name}")[0]
    decoded(content, value)
    content.refresh_from_db()
    return content


def decoded(content: Content, value: bytes | None) -> None:
    """What the ingest does with what the decoder says."""
    Content.objects.filter(pk=content.pk).update(preview="pending")
    quality = 90 if value else 20
    made = Preview(
        "made", "still", veil=b"veil", width=640, height=480, pdq=value or b"", pdq_quality=quality, pdq_width=500
    )
    previews._store(content.agency, [Finding.of(content.pk, made)])


def tags(content: Content) -> dict[int, int]:
    """Distances of the tags in force, by entry."""
    rows = Match.objects.filter(content=content, kind="pdq", lost_in=None, strong=False)
    return dict(rows.values_list("entry", "distance"))


@pytest.fixture
def listed(sam: User) -> HashSet:
    """A set of the agency, for lists."""
    return makers.hash_set(sam, "List", scheme="us-pvic")


def test_what_comes_in_is_tagged_with_its_distance_and_stays_in_the_queue(
    case: Case, dana: User, sam: User, listed: HashSet, tmp_path: Path
) -> None:
    load(listed, document(tmp_path, *(with_pdq(n) for n in range(1, 5))), by=sam)
    near_index.build(listed.pk)
    sync()
    near, far, flat = (picture(case, dana, name, value) for name, value in
                       (("a", pdq(1, 31)), ("b", pdq(1, 32)), ("c", None)))  # fmt: skip
    assert list(tags(near).values()) == [31]
    assert (tags(far), tags(flat)) == ({}, {})
    assert counts(case) == {"open": 3}
    assert checks.broken(None) == []


def test_a_new_version_tags_and_untags_what_is_there(
    case: Case, dana: User, sam: User, listed: HashSet, tmp_path: Path
) -> None:
    one, two = picture(case, dana, "a", pdq(1, 7)), picture(case, dana, "b", pdq(2, 9))
    load(listed, document(tmp_path, with_pdq(1)), by=sam)
    sync()
    assert (list(tags(one).values()), tags(two)) == ([7], {})
    load(listed, document(tmp_path, with_pdq(2)), by=sam)
    sync()
    assert (tags(one), list(tags(two).values())) == ({}, [9])
    assert counts(case) == {"open": 2}
    assert Match.objects.get(content=one).lost_in == 2
    assert checks.broken(None) == []
    load(listed, document(tmp_path, with_pdq(1), with_pdq(2)), by=sam)
    sync()
    assert (list(tags(one).values()), list(tags(two).values())) == ([7], [9])
    assert checks.broken(None) == []


def test_a_picture_that_is_decoded_anew_is_tagged_anew(
    case: Case, dana: User, sam: User, listed: HashSet, tmp_path: Path
) -> None:
    load(listed, document(tmp_path, with_pdq(1), with_pdq(2)), by=sam)
    sync()
    content = picture(case, dana, "a", pdq(1, 3))
    for value, distances in ((pdq(1, 8), [8]), (pdq(2, 5), [5]), (pdq(3), []), (pdq(1, 8), [8]), (None, [])):
        decoded(content, value)
        assert list(tags(content).values()) == distances
        assert checks.broken(None) == []


def test_of_a_crowd_the_nearest_are_kept_and_others_step_in(
    case: Case, dana: User, sam: User, listed: HashSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_matching, "MOST", 3)
    crowd = {n: with_pdq(n, pdq(1, n).hex()) for n in range(1, 9)}
    load(listed, document(tmp_path, *crowd.values()), by=sam)
    sync()
    content = picture(case, dana, "a", pdq(1))
    assert sorted(tags(content).values()) == [1, 2, 3]
    assert checks.broken(None) == []
    load(listed, document(tmp_path, *(crowd[n] for n in (1, 5, 6, 7, 8))), by=sam)
    sync()
    assert sorted(tags(content).values()) == [1, 5, 6]
    assert checks.broken(None) == []


def test_an_approved_decision_carries_the_pdq_of_the_picture_to_others(
    case: Case, dana: User, sam: User, ines: User
) -> None:
    theirs = investigations.create(number="S-1", name="Quayside", scheme_id="landscapes-t1", by=ines)
    alike = picture(theirs, ines, "other", pdq(1, 12))
    mine = picture(case, dana, "a", pdq(1))
    decisions.decide_content(case=case, content=mine, code="1", by=dana, via="test", reason="", viewed=True)
    offers = [row.public_id for row in Offer.objects.all()]
    publishing.approve(offers=offers, by=sam)
    sync()
    assert list(tags(alike).values()) == [12]
    assert counts(theirs) == {"open": 1}
    assert checks.broken(None) == []


def test_why_says_in_words_what_looks_alike_and_that_it_hides_nothing(
    case: Case, dana: User, sam: User, listed: HashSet, tmp_path: Path
) -> None:
    load(listed, document(tmp_path, with_pdq(1), with_pdq(2, pdq(1, 9).hex())), by=sam)
    sync()
    content = picture(case, dana, "a", pdq(1, 4))
    texts = [line.text for line in why.lines(content, blind=True)]
    assert texts[0].startswith("No exact match in ")
    assert texts[1:] == [
        "List, version 1: PDQ, distance 4. Hides nothing: looks alike, 4 of 256 bits differ, which is never proof."
    ]
    client: Client = signed_in(dana)
    page = client.get(f"/items/{Item.objects.get().public_id}/").content.decode()
    assert "4 of 256 bits differ" in page
    load(listed, document(tmp_path, with_pdq(5)), by=sam)
    sync()
    assert [line.text for line in why.lines(content, blind=True)][1:] == [
        "List, version 1: PDQ, distance 4. The entry was withdrawn in version 2."
    ]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A re-match is several transactions already where contents are few."""
    for module in (candidates, matching):
        monkeypatch.setattr(module, "CHUNK", 1)
    monkeypatch.setattr(near_matching, "GROUP", 1)


def once_after(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Have something done behind the first group that a re-match moves."""
    move, left = matching._move, [act]

    def moved(aim: Aim, content_ids: Sequence[int]) -> tuple[set[int], set[int]]:
        found = move(aim, content_ids)
        if left:
            left.pop()()
        return found

    monkeypatch.setattr(matching, "_move", moved)


@pytest.mark.usefixtures("few")
def test_what_is_decoded_while_a_rematch_is_under_way_keeps_no_tag_of_the_old_version_and_gets_those_of_the_new(
    case: Case, dana: User, sam: User, listed: HashSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(listed, document(tmp_path, with_pdq(1), with_pdq(2)), by=sam)
    sync()
    tagged, old, new, both, changed = (
        picture(case, dana, name, value) for name, value in
        (("a", pdq(1, 3)), ("b", None), ("c", None), ("d", None), ("e", pdq(2, 8)))
    )  # fmt: skip
    load(listed, document(tmp_path, with_pdq(2), with_pdq(3)), by=sam)

    def meanwhile() -> None:
        for content, value in ((old, pdq(1, 5)), (new, pdq(3, 6)), (both, pdq(2, 4)), (changed, pdq(3, 1))):
            decoded(content, value)
        assert list(tags(old).values()) == [5]  # as of the version that is in force for the agency so far
        assert NearDue.objects.count() == 4

    once_after(monkeypatch, meanwhile)
    sync()
    assert [list(tags(one).values()) for one in (tagged, old, new, both, changed)] == [[], [], [6], [4], [1]]
    assert NearDue.objects.count() == 0
    assert SetSync.objects.get(set=listed, agency=case.agency_id).generation == 2
    assert checks.broken(None) == []


def test_no_ingest_waits_while_a_rematch_searches_what_looks_alike(
    case: Case, dana: User, sam: User, listed: HashSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = picture(case, dana, "a", pdq(1, 3))
    load(listed, document(tmp_path, with_pdq(1)), by=sam)
    pages, depths = near_matching._pages, list[int]()

    def watched(agency_id: int) -> object:
        depths.append(len(connection.savepoint_ids))
        return pages(agency_id)

    monkeypatch.setattr(near_matching, "_pages", watched)
    depth = len(connection.savepoint_ids)
    sync()
    assert (depths, list(tags(content).values())) == ([depth], [3])  # in no transaction, so that no lock is held


def test_a_retired_set_tags_nothing_more(case: Case, dana: User, sam: User, listed: HashSet, tmp_path: Path) -> None:
    load(listed, document(tmp_path, with_pdq(1)), by=sam)
    sync()
    sets.retire(listed, by=sam, reason="over")
    sync()
    assert tags(picture(case, dana, "a", pdq(1, 3))) == {}
    assert checks.broken(None) == []


def test_what_a_followed_bank_lists_by_its_pdq_alone_tags_and_closes_nothing(
    case: Case, dana: User, sam: User, listed: HashSet
) -> None:
    """Its page tells the PDQ that it stands by (decision 0027)."""
    content = picture(case, dana, "a", pdq(1, 7))
    remote = Remote.objects.create(set=listed, kind="stopncii", place="a test", code="1", by=sam, by_name="x")
    mirroring.apply(remote, [Page("1", [RemoteRecord("a", {"pdq": pdq(1).hex()})])], by=sam)
    sync()
    assert list(tags(content).values()) == [7]
    assert counts(case) == {"open": 1}
    [entry] = Entry.objects.filter(set=listed)
    address = f"/hashsets/{listed.public_id}/entries/{entry.public_id}/{entry.id}/"
    assert pdq(1).hex() in signed_in(sam).get(address, secure=True).content.decode()
    mirroring.apply(remote, [Page("2", removed=[Removed("a")])], by=sam)
    sync()
    assert tags(content) == {}
    assert checks.broken(None) == []
