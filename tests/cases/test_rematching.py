"""A re-match of many contents: by the index or without, in groups, killed and begun again, while evidence comes in."""

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import activity, candidates, investigations, matching
from cases.candidates import Aim
from cases.models import Case, Match, SetSync
from hashsets import policies
from hashsets.index import building, shelf
from hashsets.index.searching import Found
from hashsets.models import HashSet
from tests.cases import material
from tests.cases.test_acts import counts
from tests.cases.test_matching import entry, own_set, sync
from tests.hashsets import makers
from workbench import checks, prepared
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Groups of three contents, pages of four, an index for every set, in a folder of the test's own."""
    monkeypatch.setattr(shelf, "root", lambda: tmp_path / "index")
    monkeypatch.setattr(building, "SMALL", 1)
    monkeypatch.setattr(candidates, "FEW", 0)
    monkeypatch.setattr(candidates, "ROWS", 4)
    monkeypatch.setattr(candidates, "CHUNK", 3)
    monkeypatch.setattr(matching, "CHUNK", 3)
    monkeypatch.setattr(prepared, "FEW", 2)  # three contents are many: their states are computed by one join


def filled(case: Case, sam: User, names: Sequence[str]) -> HashSet:
    """The case's set with entries of all strengths."""
    chance = random.Random(3)
    rows = []
    for name in names:
        lacks = chance.choice(
            [
                *({}, {"sha256": None}, {"sha1": None, "sha256": None}, {"md5": None, "sha256": None}),
                *({"sha256": None, "size": 999}, {"sha256": material.digests(name)[0][:16] + bytes(16)}),
            ]
        )
        rows.append(entry(name, **lacks))  # type: ignore[arg-type]
    hash_set = own_set(case)
    makers.publish(hash_set, *rows, by=sam)
    return hash_set


def pairs(case: Case) -> set[tuple[bytes, int, str, bool]]:
    rows = Match.objects.filter(content__agency=case.agency_id, lost_in=None)
    return {(bytes(s), e, k, t) for s, e, k, t in rows.values_list("content__sha256", "entry", "kind", "strong")}


def told(case: Case) -> list[dict[str, int]]:
    found = AuditEvent.objects.filter(verb="match.update", case=case.public_id).order_by("seq")
    return [{name: json.loads(one.body)["details"][name] for name in ("left", "back", "known")} for one in found]


def test_the_index_and_postgresql_find_the_same(
    case: Case, dana: User, sam: User, ines: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = investigations.create(number="S-1", name="Quayside", scheme_id="landscapes-t1", by=ines)
    names = [f"picture {n}" for n in range(40)]
    for one, by in ((case, dana), (theirs, ines)):
        material.pictures(one, by, names[:30])
    hash_set = filled(case, sam, names[10:])
    building.build(hash_set.pk)
    asked = list[str]()
    searched = shelf.index(hash_set.public_id, hash_set.generation)
    assert searched is not None
    search = searched.search

    def told_of(kind: str, digests: bytes) -> Found:
        asked.append(kind)
        return search(kind, digests)

    monkeypatch.setattr(searched, "search", told_of)
    matching.rematch(case.agency_id, hash_set.pk)
    assert asked[:3] == ["md5", "sha1", "sha256"]
    monkeypatch.setattr(candidates, "FEW", 1000)
    asked.clear()
    matching.rematch(theirs.agency_id, hash_set.pk)
    assert asked == []
    assert pairs(case) == pairs(theirs)
    assert {kind for _, _, kind, _ in pairs(case)} == {"sha256", "md5+sha1", "md5", "sha1"}
    assert {strong for _, _, _, strong in pairs(case)} == {True, False}
    sync()
    assert checks.broken() == []


def test_what_ended_goes_and_what_came_is_found_by_a_delta(case: Case, dana: User, sam: User) -> None:
    material.pictures(case, dana, [f"picture {n}" for n in range(30)])
    hash_set = own_set(case)
    makers.publish(hash_set, *(entry(f"picture {n}") for n in range(20)), by=sam)
    building.build(hash_set.pk)
    sync()
    gone = Match.objects.order_by("entry").values_list("entry", flat=True)[:1]
    makers.withdraw(hash_set, *gone, by=sam)
    makers.publish(hash_set, entry("picture 25"), by=sam)
    building.build(hash_set.pk)
    assert shelf.delta_path(hash_set.public_id, 1, 3).exists()
    sync()
    assert counts(case) == {"known": 20, "open": 10}
    assert told(case) == [{"left": 20, "back": 0, "known": 20}, {"left": 1, "back": 1, "known": 0}]
    first = activity.latest(case, by=case.lead)[0]
    assert first["text"] == f"{hash_set} v3: 1 left the queue, 1 came back"
    assert checks.broken() == []


def test_what_a_policy_makes_wait_is_told_though_the_queue_stays_as_it_was(case: Case, dana: User, sam: User) -> None:
    material.pictures(case, dana, ["a", "b"])
    hash_set = own_set(case)
    makers.publish(hash_set, entry("a"), entry("b"), by=sam)
    sync()
    for action, known in (("propose", "2 items are known no more"), ("accept", "2 items more are known")):
        policies.set_policy(hash_set, agency=case.agency, by=sam, action=action, disposition=None)
        sync()
        said = activity.latest(case, by=case.lead)[0]["text"]
        assert said == f"{hash_set} v1: {known}, nothing changed in the queue"


def test_what_a_broken_off_rematch_moved_comes_back_with_the_policy_it_went_by(
    case: Case, dana: User, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def says(action: str) -> None:
        policies.set_policy(hash_set, agency=case.agency, by=sam, action=action, disposition=None)

    material.pictures(case, dana, [f"picture {n}" for n in range(10)])
    hash_set = own_set(case)
    makers.publish(hash_set, *(entry(f"picture {n}") for n in range(10)), by=sam)
    says("propose")
    sync()
    assert counts(case) == {"confirm": 10}
    says("accept")
    move, tries = matching._move, iter([True])
    with monkeypatch.context() as dying:
        dying.setattr(matching, "_move", lambda aim, ids: move(aim, ids) if next(tries) else None)
        with pytest.raises(StopIteration):
            matching.rematch(case.agency_id, hash_set.pk)
    assert counts(case) == {"known": 3, "confirm": 7}
    says("propose")
    sync()
    assert (counts(case), checks.broken()) == ({"confirm": 10}, [])


def test_a_rematch_that_is_killed_halfway_goes_on_and_tells_all_that_moved(
    case: Case, dana: User, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    material.pictures(case, dana, [f"picture {n}" for n in range(30)])
    hash_set = own_set(case)
    makers.publish(hash_set, *(entry(f"picture {n}") for n in range(20)), by=sam)
    building.build(hash_set.pk)
    move, moved = matching._move, list[int]()

    def killed(aim: Aim, content_ids: Sequence[int]) -> tuple[set[int], set[int]]:
        if len(moved) == 3:
            raise KeyboardInterrupt
        moved.append(len(content_ids))
        return move(aim, content_ids)

    with monkeypatch.context() as dying:
        dying.setattr(matching, "_move", killed)
        with pytest.raises(KeyboardInterrupt):
            matching.rematch(case.agency_id, hash_set.pk)
    assert counts(case) == {"known": 9, "open": 21}
    assert told(case) == []
    assert SetSync.objects.get(set=hash_set).generation == 0
    assert checks.broken() == []  # halfway is a sound state, too
    assert (case.agency_id, hash_set.pk) in matching.behind()
    sync()
    assert counts(case) == {"known": 20, "open": 10}
    assert told(case) == [{"left": 20, "back": 0, "known": 20}]
    assert SetSync.objects.get(set=hash_set, agency=case.agency_id).moved is None
    assert checks.broken() == []


def test_files_that_come_in_between_two_groups_are_not_passed_by(
    case: Case, dana: User, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    material.pictures(case, dana, [f"picture {n}" for n in range(30)])
    hash_set = own_set(case)
    makers.publish(hash_set, *(entry(f"picture {n}") for n in range(60)), by=sam)
    building.build(hash_set.pk)
    move, late = matching._move, ["NM-02", "NM-03"]

    def meanwhile(aim: Aim, content_ids: Sequence[int]) -> tuple[set[int], set[int]]:
        if late:
            ref = late.pop()
            start = 30 if ref == "NM-03" else 45
            material.pictures(case, dana, [f"picture {n}" for n in range(start, start + 15)], ref=ref)
        return move(aim, content_ids)

    monkeypatch.setattr(matching, "_move", meanwhile)
    sync()
    assert counts(case) == {"known": 60}
    assert told(case) == [{"left": 60, "back": 0, "known": 60}]
    assert checks.broken() == []


def test_a_closed_case_keeps_what_it_had_and_is_told_once(case: Case, dana: User, sam: User) -> None:
    material.pictures(case, dana, [f"picture {n}" for n in range(8)])
    hash_set = own_set(case)
    investigations.close(case=case, by=sam, reason="over")
    makers.publish(hash_set, *(entry(f"picture {n}") for n in range(5)), by=sam)
    sync()
    [note] = AuditEvent.objects.filter(verb="match.note", case=case.public_id)
    assert json.loads(note.body)["details"]["items"] == 5
    assert told(case) == []


def test_a_large_version_waits_for_its_index_some_minutes(case: Case, sam: User) -> None:
    sync()
    hash_set = own_set(case)
    makers.publish(hash_set, entry("a"), by=sam)
    agencies = {agency for agency, one in matching.behind() if one == hash_set.pk}
    assert agencies
    assert [pair for pair in matching.due() if pair[1] == hash_set.pk] == []
    building.build(hash_set.pk)
    assert {agency for agency, one in matching.due() if one == hash_set.pk} == agencies
    shelf.discard(hash_set.public_id)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE hashsets_generation SET at = now() - interval '11 minutes'")
    assert {agency for agency, one in matching.due() if one == hash_set.pk} == agencies  # it seems not to come


def test_while_one_worker_is_at_it_another_has_nothing_to_do(case: Case, dana: User, sam: User) -> None:
    from tests.database import superuser

    material.pictures(case, dana, ["a"])
    hash_set = own_set(case)
    makers.publish(hash_set, entry("a"), by=sam)
    row = matching._sync(case.agency_id, hash_set.pk)
    with superuser() as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", [matching.REMATCH_SPACE, row])
        assert matching.rematch(case.agency_id, hash_set.pk).found == 0
        other.execute("SELECT pg_advisory_unlock(%s, %s)", [matching.REMATCH_SPACE, row])  # its end frees it a bit late
    assert counts(case) == {"open": 1}
    assert matching.rematch(case.agency_id, hash_set.pk).found == 1


def test_where_two_sets_disagree_nobody_is_spared_a_look_however_many_contents_are_settled(
    case: Case, dana: User, sam: User
) -> None:
    names = [f"picture {n}" for n in range(12)]
    material.pictures(case, dana, names)
    filled(case, sam, names)
    other = makers.hash_set(sam, "Other")
    makers.publish(other, *(entry(name, "5" if n % 2 else "1") for n, name in enumerate(names[:8])), by=sam)
    sync()
    with connection.cursor() as cursor:  # the rule for one and for many is the same one
        cursor.execute(
            "SELECT c.id, cases_effect(c.id), m.effect, count(DISTINCT e.disposition) FROM cases_content c"
            " LEFT JOIN cases_effects(ARRAY(SELECT id FROM cases_content)) m ON m.content_id = c.id"
            " LEFT JOIN cases_match k ON k.content_id = c.id AND k.strong AND k.lost_in IS NULL"
            " LEFT JOIN hashsets_entry e ON e.set_id = k.set_id AND e.id = k.entry GROUP BY 1, 2, 3"
        )
        rows = cursor.fetchall()
    assert [one for _id, one, _many, _ in rows] == [many for _id, _one, many, _ in rows]
    assert {0, 2} <= {one for _id, one, *_ in rows}
    assert {one for _id, one, _many, meanings in rows if meanings == 2} == {0}
    assert counts(case)["known"] == sum(one == 2 for _id, one, *_ in rows)
    assert checks.broken() == []


def test_the_end_of_a_rematch_locks_matches_before_it_reads_entries(
    case: Case, dana: User, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As whoever makes a set does: in the other order the two could wait for each other in a ring."""
    material.pictures(case, dana, ["a"])
    filled(case, sam, ["a"])
    collect, before = candidates.collect, list[list[str]]()

    def watched(aim: Aim) -> None:
        said = [query["sql"] for query in connection.queries]
        before.append(said[max(n for n, sql in enumerate(said) if sql.startswith("SAVEPOINT")) :])
        collect(aim)

    monkeypatch.setattr(candidates, "collect", watched)
    with CaptureQueriesContext(connection):
        sync()
    assert [matching.MATCHES_FIRST in said for said in before] == [True]
