"""One look, one decision: what keys do to a stack of look-alikes, and how it goes on when a part is decided."""

import json
from uuid import UUID, uuid4

import pytest

from cases import acts, ending, investigations, review, states, tiles
from cases.models import Case, Content, Decision, Item, Stack
from cases.stacking import building, waiting
from tests.cases import material
from tests.cases.test_acts import counts, wish
from tests.hashsets.test_near_index import pdq
from workbench import checks
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db

NAMES = {"cover": 0, "near": 5, "nearer": 2, "far": 25, "farther": 28}  # bits from the motif


@pytest.fixture
def contents(case: Case, dana: User) -> dict[str, Content]:
    """A stack of five: two within one look of the cover, two that lie near one another but farther from it."""
    made = material.pictures(case, dana, list(NAMES))
    for content, bits in zip(made, NAMES.values(), strict=True):
        Content.objects.filter(pk=content.pk).update(pdq=pdq(1, bits), pdq_quality=80)
    waiting.note([content.pk for content in made])
    building.build(case.pk)
    assert Stack.objects.filter(state="open").count() == 1
    return dict(zip(NAMES, made, strict=True))


def decided(contents: dict[str, Content]) -> dict[str, tuple[str, str, int]]:
    """By name: code, basis and distance of what stands."""
    rows = Decision.objects.filter(standing__code__isnull=False)
    by_content = {row.content_id: (str(row.code), row.basis, row.distance) for row in rows}
    return {name: by_content[content.pk] for name, content in contents.items() if content.pk in by_content}


def cover(case: Case) -> int:
    found = Stack.objects.get(case=case, open_items__gt=0).cover
    assert found
    return found.content_id


def test_a_plain_key_decides_what_is_shown_and_shows_the_next(
    case: Case, dana: User, contents: dict[str, Content]
) -> None:
    batch = review.claim(case=case, by=dana)
    [unit] = tiles.units(batch)
    assert (unit["items"], unit["left"], unit["near"]) == (5, 5, 3)
    first = cover(case)
    [answer] = acts.act(batch=batch, by=dana, wishes=[wish(unit)])
    assert (answer["status"], answer["files"]) == ("saved", 1)
    assert counts(case) == {"decided": 1, "open": 4}
    [again] = tiles.units(batch)
    assert (again["id"], again["left"], again["code"]) == (unit["id"], 4, None)
    assert again["item"] != unit["item"]
    assert cover(case) != first


def test_shift_decides_whoever_is_within_one_look_and_the_rest_gets_a_cover_of_its_own(
    case: Case, dana: User, contents: dict[str, Content]
) -> None:
    batch = review.claim(case=case, by=dana)
    [unit] = tiles.units(batch)
    [answer] = acts.act(batch=batch, by=dana, wishes=[wish(unit, scope="stack")])
    assert answer["files"] == 3
    told = decided(contents)
    assert set(told) == {"cover", "near", "nearer"}
    assert sorted((basis, bits > 0) for _code, basis, bits in told.values()) == [
        ("inherited", True), ("inherited", True), ("veiled", False)
    ]  # fmt: skip
    bodies = AuditEvent.objects.filter(verb="decision.set").values_list("body", flat=True)
    events = [json.loads(body)["details"] for body in bodies]
    assert sorted(event["distance"] for event in events if event.get("via") == "stack") == sorted(
        bits for _code, basis, bits in told.values() if basis == "inherited"
    )
    [rest] = tiles.units(batch)
    assert (rest["left"], rest["near"]) == (2, 2)
    acts.act(batch=batch, by=dana, wishes=[wish(rest, code="2", scope="stack")])
    assert counts(case) == {"decided": 5}  # two looks for five files
    assert {name for name, row in decided(contents).items() if row[0] == "2"} == {"far", "farther"}
    assert checks.broken(None) == []


def test_a_key_decides_the_picture_it_was_pressed_for_whatever_is_shown_by_then(
    case: Case, dana: User, contents: dict[str, Content]
) -> None:
    batch = review.claim(case=case, by=dana)
    [unit] = tiles.units(batch)
    acts.act(batch=batch, by=dana, wishes=[wish(unit)])
    [now] = tiles.units(batch)
    late = wish(now, code="2", item=UUID(str(unit["item"])))
    elsewhere = wish(now, item=uuid4())
    assert [answer["status"] for answer in acts.act(batch=batch, by=dana, wishes=[late])] == ["saved"]
    assert [answer["status"] for answer in acts.act(batch=batch, by=dana, wishes=[elsewhere])] == ["stale"]
    assert [row[0] for row in decided(contents).values()] == ["2"]
    assert tiles.units(batch)[0]["item"] == now["item"]


def test_undo_shows_the_picture_again_and_redo_decides_the_same_ones(
    case: Case, dana: User, contents: dict[str, Content]
) -> None:
    batch = review.claim(case=case, by=dana)
    [unit] = tiles.units(batch)
    whole = wish(unit, scope="stack")
    acts.act(batch=batch, by=dana, wishes=[whole])
    [rest] = tiles.units(batch)
    mark = wish(rest, "unsure")
    acts.act(batch=batch, by=dana, wishes=[mark])
    assert counts(case) == {"decided": 3, "unsure": 1, "open": 1}
    for undone, shown, left in ((mark, rest["item"], 2), (whole, unit["item"], 5)):
        [now] = tiles.units(batch)
        [answer] = acts.act(batch=batch, by=dana, wishes=[wish(now, "undo", undoes=undone.key)])
        assert answer["status"] == "saved"
        [now] = tiles.units(batch)
        assert (now["item"], now["left"]) == (shown, left)
    assert counts(case) == {"open": 5}
    [answer] = acts.act(batch=batch, by=dana, wishes=[wish(now, "redo", undoes=whole.key)])
    assert counts(case) == {"decided": 3, "open": 2}
    assert checks.broken(None) == []


def test_unsure_and_flag_are_about_what_is_shown(case: Case, dana: User, contents: dict[str, Content]) -> None:
    batch = review.claim(case=case, by=dana)
    [unit] = tiles.units(batch)
    acts.act(batch=batch, by=dana, wishes=[wish(unit, "flag")])
    [unit] = tiles.units(batch)
    acts.act(batch=batch, by=dana, wishes=[wish(unit, "unsure")])
    assert [Item.objects.filter(**{mark: True}).count() for mark in ("flagged", "unsure")] == [1, 1]
    [unit] = tiles.units(batch)
    assert (unit["flagged"], unit["outcome"], unit["left"]) == (False, None, 4)


def test_once_all_is_decided_shift_decides_it_anew(case: Case, dana: User, contents: dict[str, Content]) -> None:
    batch = review.claim(case=case, by=dana)
    for code in ("1", "1"):
        [unit] = tiles.units(batch)
        acts.act(batch=batch, by=dana, wishes=[wish(unit, code=code, scope="stack")])
    [unit] = tiles.units(batch)
    assert (unit["left"], unit["near"], unit["code"]) == (0, 2, "1")
    acts.act(batch=batch, by=dana, wishes=[wish(unit, code="3", scope="stack")])
    assert sorted(row[0] for row in decided(contents).values()) == ["1", "1", "1", "3", "3"]


def test_what_a_colleague_decides_elsewhere_leaves_the_stack_and_another_is_shown(
    case: Case, dana: User, milo: User, contents: dict[str, Content]
) -> None:
    shown = cover(case)
    other = investigations.create(number="26-2", name="Millrace", scheme_id="landscapes-t1", by=milo)
    name = next(name for name, content in contents.items() if content.pk == shown)
    material.pictures(other, milo, [name])
    batch = review.claim(case=other, by=milo)
    acts.act(batch=batch, by=milo, wishes=[wish(tiles.units(batch)[0])])
    assert counts(case) == {"decided": 1, "open": 4}
    assert cover(case) != shown
    assert checks.broken(None) == []


def test_a_stack_somebody_holds_keeps_its_cover_until_the_batch_closes(
    case: Case, dana: User, milo: User, contents: dict[str, Content]
) -> None:
    batch = review.claim(case=case, by=dana)
    shown = cover(case)
    with states.settling([shown]):
        Content.objects.filter(pk=shown).update(preview="pending")
    assert cover(case) == shown
    assert review.left_queue(batch) == []  # the others still need somebody
    ending.close(batch=batch, by=dana)
    assert cover(case) != shown
    assert checks.broken(None) == []
