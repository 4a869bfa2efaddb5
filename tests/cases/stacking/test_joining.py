"""Stacks put together by hand: what moves, what a join does not decide, what Z and Shift+Z make of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from django.utils import timezone

from cases import acts, ending, members, resuming, review, tiles
from cases.models import Arrival, Batch, Case, Content, Item, Stack, StackMove, StackRule
from cases.queue import adding
from cases.stacking import arrivals, building, waiting
from cases.units import Wish
from hashsets.near import dihedral
from tests.cases import material
from tests.cases.stacking.test_parting import opened
from tests.cases.test_acts import counts, wish
from tests.hashsets.test_near_index import pdq
from tests.people import signed_in
from workbench import checks
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db
# Bits from the motif: a stack of two, one that would be near it, one farther, and one that has no hash.
NAMES: dict[str, int | None] = {"a": 0, "b": 3, "near": 10, "far": 60, "plain": None}


@pytest.fixture
def contents(case: Case, dana: User) -> dict[str, Content]:
    made = material.pictures(case, dana, list(NAMES))
    for place, (content, bits) in enumerate(zip(made, NAMES.values(), strict=True)):
        if bits is not None:
            Content.objects.filter(pk=content.pk).update(pdq=pdq(1, bits), pdq_quality=80)
        if place == 1:  # the others are told apart from these two by a person only
            waiting.note([one.pk for one in made[:2]])
            building.build(case.pk)
    return dict(zip(NAMES, made, strict=True))


@pytest.fixture
def batch(case: Case, dana: User, contents: dict[str, Content]) -> Batch:
    return review.claim(case=case, by=dana)


def units(batch: Batch) -> dict[str, dict[str, Any]]:
    """The units by the name of the picture that each shows."""
    names = {str(Item.objects.get(case=batch.case, content__sha256=material.digests(name)[0]).public_id): name
             for name in NAMES}  # fmt: skip
    return {names[unit["item"]]: unit for unit in tiles.units(batch)}


def lead(batch: Batch) -> dict[str, Any]:
    """The unit of several."""
    return max(tiles.units(batch), key=lambda unit: unit["items"])


def join(batch: Batch, *names: str, into: str | None = None) -> Wish:
    """U on the stack of two, or another unit, with some others."""
    now = units(batch)
    target = now[into] if into else lead(batch)
    joins = tuple((UUID(now[name]["id"]), now[name]["version"]) for name in names)
    return wish(target, "join", joins=joins)


def press(batch: Batch, made: Wish) -> dict[str, Any]:
    [answer] = acts.act(batch=batch, by=batch.user, wishes=[made])
    return answer


def again(batch: Batch, kind: str, made: Wish) -> dict[str, Any]:
    """Z or Shift+Z on the unit of an act."""
    [unit] = [unit for unit in tiles.units(batch) if unit["id"] == str(made.stack)]
    one = wish(unit, kind, undoes=made.key, item=made.item if kind == "redo" else None)
    return press(batch, one) | {"wish": one}


def shape(batch: Batch) -> list[tuple[int, str, int, int]]:
    return [(unit["position"], unit["item"], unit["left"], unit["near"]) for unit in tiles.units(batch)]


def lies() -> list[Any]:
    fields = ("pk", "stack", "joined", "turned", "aligned", "apart")
    return sorted(Item.objects.values_list(*fields))


def test_what_is_joined_is_one_unit_and_shift_decides_only_what_is_near_or_was_opened(
    case: Case, batch: Batch, contents: dict[str, Content]
) -> None:
    made = join(batch, "near", "far", "plain")
    answer = press(batch, made)
    assert (answer["status"], answer["files"], len(answer["took"])) == ("saved", 3, 3)
    [unit] = tiles.units(batch)
    assert (unit["items"], unit["left"], unit["near"]) == (5, 5, 3)
    assert set(Item.objects.filter(joined="person").values_list("content", flat=True)) == {
        contents[name].pk for name in ("near", "far", "plain")
    }
    assert StackRule.objects.filter(kind="together").count() == 3
    assert AuditEvent.objects.filter(verb="stack.join").count() == 1
    opened(batch, contents["far"])
    told = members.of(Stack.objects.get(public_id=unit["id"]), batch)["members"]
    assert [one["distance"] is None for one in told] == [False] * 4 + [True]
    press(batch, wish(unit, scope="rest"))
    assert counts(case) == {"decided": 4, "open": 1}  # a join is no look: the one without a hash has one of its own
    assert checks.broken(None) == []


def test_undo_puts_everything_back_to_its_place_and_redo_joins_again(
    case: Case, batch: Batch, contents: dict[str, Content]
) -> None:
    before, lay = shape(batch), lies()
    made = join(batch, "near", "far")
    press(batch, made)
    after = shape(batch)
    assert [step["act"] for step in resuming.steps(batch)] == ["join"]
    back = again(batch, "undo", made)
    assert (back["status"], len(back["back"])) == ("saved", 2)
    assert (shape(batch), lies()) == (before, lay)
    assert checks.broken(None) == []
    redone = again(batch, "redo", made)
    assert (redone["status"], len(redone["took"])) == ("saved", 2)
    assert shape(batch) == after
    assert again(batch, "undo", redone["wish"])["status"] == "saved"
    assert (shape(batch), lies()) == (before, lay)
    assert AuditEvent.objects.filter(verb="stack.unjoin").count() == 2
    assert checks.broken(None) == []


def test_a_place_that_somebody_took_meanwhile_is_not_taken_from_him(
    case: Case, dana: User, batch: Batch, contents: dict[str, Content]
) -> None:
    last = max(units(batch).items(), key=lambda pair: pair[1]["position"])[0]
    made = join(batch, last)
    press(batch, made)
    [later] = material.pictures(case, dana, ["later"], ref="NM-02")
    adding.add(batch=batch, by=dana, items=[Item.objects.get(content=later).public_id])
    assert again(batch, "undo", made)["status"] == "saved"
    positions = [unit["position"] for unit in tiles.units(batch)]
    assert len(set(positions)) == len(positions) == 5
    assert checks.broken(None) == []


def test_joined_turned_copies_are_measured_as_they_lie(case: Case, batch: Batch, contents: dict[str, Content]) -> None:
    turned = dihedral.variants(np.frombuffer(pdq(1, 2), dtype=np.uint8).reshape(1, 32))[0][3].tobytes()
    Content.objects.filter(pk=contents["plain"].pk).update(pdq=turned, pdq_quality=80)
    press(batch, join(batch, "plain"))
    item = Item.objects.get(content=contents["plain"])
    assert (item.turned > 0, item.aligned is not None) == (True, True)
    assert lead(batch)["near"] == 3


def test_a_split_takes_a_join_back_and_is_done_again_by_redo(
    case: Case, batch: Batch, contents: dict[str, Content]
) -> None:
    press(batch, join(batch, "far"))
    out = Item.objects.get(content=contents["far"]).public_id
    made = wish(lead(batch), "split", item=out, items=(out,))
    assert press(batch, made)["status"] == "saved"
    assert set(StackRule.objects.values_list("kind", flat=True)) == {"apart"}
    assert again(batch, "undo", made)["status"] == "saved"
    assert set(StackRule.objects.values_list("kind", flat=True)) == {"together"}
    redone = again(batch, "redo", made)
    assert (redone["status"], redone["made"]) == ("saved", units(batch)["far"]["id"])
    assert again(batch, "undo", redone["wish"])["gone"] == redone["made"]
    assert again(batch, "redo", redone["wish"])["status"] == "saved"
    ending.close(batch=batch, by=batch.user)
    waiting.note([content.pk for content in contents.values()])
    building.build(case.pk)
    assert Item.objects.get(content=contents["far"]).stack.open_items == 1  # what was moved out never comes back
    assert checks.broken(None) == []


def test_building_again_dissolves_no_join(case: Case, batch: Batch, contents: dict[str, Content]) -> None:
    press(batch, join(batch, "plain", into="far"))
    press(batch, join(batch, "near"))
    ending.close(batch=batch, by=batch.user)
    waiting.note([content.pk for content in contents.values()])
    building.build(case.pk)
    assert sorted(Stack.objects.filter(state="open").values_list("open_items", flat=True)) == [2, 3]


def test_only_what_is_in_ones_own_batch_as_it_was_seen_is_joined(
    case: Case, dana: User, milo: User, batch: Batch, contents: dict[str, Content]
) -> None:
    [other] = material.pictures(case, milo, ["other"], ref="NM-02")
    theirs = review.claim(case=case, by=milo)
    held = Item.objects.get(content=other).stack
    before = lies()
    foreign = wish(lead(batch), "join", joins=((held.public_id, held.version),))
    unknown = wish(lead(batch), "join", joins=((uuid4(), 1),))
    late = join(batch, "near")
    acts.act(batch=batch, by=dana, wishes=[wish(units(batch)["near"], "flag")])
    for made in (foreign, unknown, late):
        answer = press(batch, made)
        assert (answer["status"], "Look at it again" in answer["message"]) == ("stale", True)
    ending.close(batch=theirs, by=milo)
    assert press(batch, foreign)["status"] == "stale"  # nor what nobody holds: it is added first
    press(batch, wish(units(batch)["far"]))
    assert press(batch, join(batch, "far"))["status"] == "refused"
    assert (lies(), StackMove.objects.count()) == (before, 0)


def test_a_key_and_a_join_that_come_at_once_are_carried_out_in_turn(
    case: Case, batch: Batch, contents: dict[str, Content]
) -> None:
    now = units(batch)
    first = wish(now["near"], "flag")
    late = wish(lead(batch), "join", joins=((UUID(now["near"]["id"]), now["near"]["version"] + 1),))
    then = Wish(uuid4(), "decide", late.stack, late.version + 1, "1", "stack")
    answers = acts.act(batch=batch, by=batch.user, wishes=[first, late, then])
    assert [answer["status"] for answer in answers] == ["saved"] * 3
    assert counts(case) == {"decided": 3, "open": 2}
    assert again(batch, "undo", late)["status"] == "refused"  # a later decision stands
    assert checks.broken(None) == []


def test_the_interface_takes_joins_with_a_join_only(batch: Batch, dana: User) -> None:
    client, now = signed_in(dana), units(batch)
    act = {"key": str(uuid4()), "act": "join", "stack": lead(batch)["id"], "version": lead(batch)["version"]}
    one = {"stack": now["far"]["id"], "version": now["far"]["version"]}
    itself = {"stack": act["stack"], "version": 1}
    address = f"/api/v1/batches/{batch.public_id}/decisions"
    for body in (act | {"joins": [itself]}, act | {"joins": [one, one]}, act | {"act": "flag", "joins": [one]}):
        assert client.post(address, {"acts": [body]}, content_type="application/json").status_code == 400
    answer = client.post(address, {"acts": [act | {"joins": [one]}]}, content_type="application/json")
    assert answer.json()["results"][0]["took"] == [one["stack"]]


def test_a_picture_that_comes_while_its_stack_is_held_joins_when_the_batch_is_over(
    case: Case, dana: User, batch: Batch, contents: dict[str, Content]
) -> None:
    before = tiles.units(batch)
    for name, bits in (("late", 1), ("later", 2)):
        [content] = material.pictures(case, dana, [name], ref=name)
        Content.objects.filter(pk=content.pk).update(pdq=pdq(1, bits), pdq_quality=80)
        waiting.note([content.pk])
    assert building.build(case.pk) == building.Built(0, 0)
    assert tiles.units(batch) == before  # nothing on screen moves
    assert (waiting.due(), waiting.awaited(batch.pk)) == ([], {Stack.objects.get(public_id=lead(batch)["id"]).pk: 2})
    client, address = signed_in(dana), f"/api/v1/batches/{batch.public_id}"
    assert client.get(f"{address}/changes").json()["arrived"] == 2
    answer = client.post(f"{address}/close", {}, content_type="application/json").json()
    assert answer["joined"] == 2
    assert "2 more pictures joined after your batch" in client.get(answer["next"]).content.decode()
    assert max(Stack.objects.values_list("open_items", flat=True)) == 4
    assert waiting.due() == [case.pk]
    building.build(case.pk)
    assert waiting.due() == []
    assert checks.broken(None) == []


def test_where_the_stack_is_decided_meanwhile_nothing_that_came_is_lost(
    case: Case, dana: User, batch: Batch, contents: dict[str, Content]
) -> None:
    [content] = material.pictures(case, dana, ["late"], ref="NM-02")
    Content.objects.filter(pk=content.pk).update(pdq=pdq(1, 5), pdq_quality=80)
    waiting.note([content.pk])
    building.build(case.pk)
    acts.act(batch=batch, by=dana, wishes=[wish(unit, scope="stack") for unit in tiles.units(batch)])
    assert ending.close(batch=batch, by=dana)["joined"] == 0
    building.build(case.pk)
    assert waiting.due() == []
    assert tiles.units(review.claim(case=case, by=dana))[0]["items"] == 1
    assert counts(case) == {"decided": 5, "open": 1}


@pytest.mark.parametrize("ends", ["closed", "expired", "taken away"])
def test_of_what_came_while_a_batch_was_held_its_person_is_told_until_it_is_decided(
    case: Case, dana: User, milo: User, sam: User, batch: Batch, contents: dict[str, Content], ends: str
) -> None:
    came(case, dana, "late", 5)
    building.build(case.pk)
    acts.act(batch=batch, by=dana, wishes=[wish(unit, scope="stack") for unit in tiles.units(batch)])
    if ends == "closed":
        ending.close(batch=batch, by=dana)
    elif ends == "expired":
        Batch.objects.update(lease_until=timezone.now())
        ending.expire_batches()
    else:
        ending.release(case=case, user=dana).record(sam, case)
    assert told(dana) == (True, True)
    assert told(milo) == (False, True)  # the case's page says it to all
    last = review.claim(case=case, by=milo)
    acts.act(batch=last, by=milo, wishes=[wish(unit) for unit in tiles.units(last)])
    assert told(dana) == (False, False)


def test_of_what_joins_a_stack_later_who_acted_on_it_last_is_told(
    case: Case, dana: User, milo: User, batch: Batch, contents: dict[str, Content]
) -> None:
    ending.close(batch=batch, by=dana)
    second = review.claim(case=case, by=milo)
    acts.act(batch=second, by=milo, wishes=[wish(lead(second), "skip")])
    ending.close(batch=second, by=milo)
    came(case, dana, "late", 2)
    assert building.build(case.pk) == building.Built(1, 1)
    assert (told(dana), told(milo)) == ((False, True), (True, True))
    Arrival.objects.update(at=timezone.now() - timedelta(arrivals.DAYS + 1))
    assert told(milo) == (False, False)
    came(case, dana, "later", 3)
    building.build(case.pk)
    assert Arrival.objects.count() == 1  # the old one went


def came(case: Case, by: User, name: str, bits: int) -> None:
    """A picture that resembles the stack of two comes on an exhibit of its own."""
    [content] = material.pictures(case, by, [name], ref=name)
    Content.objects.filter(pk=content.pk).update(pdq=pdq(1, bits), pdq_quality=80)
    waiting.note([content.pk])


def told(by: User) -> tuple[bool, bool]:
    """Whether the person's own page says that something came, and whether the case's does."""
    client, case = signed_in(by), Case.objects.get()
    home = client.get("/", secure=True).content.decode()
    page = client.get(f"/cases/{case.public_id}/", secure=True).content.decode()
    return "Came after your batch" in home, "1 picture came after a batch" in page
