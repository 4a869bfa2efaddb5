"""A stack while others are at its pictures too: colleagues, sets, removals, the builder; and what is done again."""

from collections.abc import Callable
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections, transaction
from django.db.models import F

from cases import acts, ending, inspector, investigations, removal, review, states, tiles
from cases.models import Batch, Case, Content, Decision, Item, SecondOpinion, Stack, StackRule
from cases.stacking import building, waiting
from tests.cases import material
from tests.cases.stacking.test_deciding import NAMES, decided
from tests.cases.test_acts import counts, wish
from tests.hashsets.test_near_index import pdq
from workbench import checks
from workbench.models import User

pytestmark = pytest.mark.django_db


def stacked(case: Case, by: User, bits: dict[str, int], ref: str = "NM-01") -> dict[str, Content]:
    made = material.pictures(case, by, list(bits), ref)
    for content, number in zip(made, bits.values(), strict=True):
        Content.objects.filter(pk=content.pk).update(pdq=pdq(1, number), pdq_quality=80)
    waiting.note([content.pk for content in made])
    building.build(case.pk)
    return dict(zip(bits, made, strict=True))


@pytest.fixture
def contents(case: Case, dana: User) -> dict[str, Content]:
    """A stack of five, three of them near one another."""
    return stacked(case, dana, NAMES)


@pytest.fixture
def elsewhere(contents: dict[str, Content], milo: User) -> Callable[[str, str], None]:
    """Milo decides one of the pictures in a case of his own."""

    def act(name: str, code: str = "3") -> None:
        number = f"26-{Case.objects.count() + 10}"
        other = investigations.create(number=number, name="Millrace", scheme_id="landscapes-t1", by=milo)
        material.pictures(other, milo, [name])
        batch = review.claim(case=other, by=milo)
        [answer] = acts.act(batch=batch, by=milo, wishes=[wish(tiles.units(batch)[0], code=code)])
        assert answer["status"] == "saved"
        ending.close(batch=batch, by=milo)

    return act


def shown(case: Case, contents: dict[str, Content]) -> str:
    content = Stack.objects.get(case=case, open_items__gt=0).cover.content_id  # type: ignore[union-attr]
    return next(name for name, one in contents.items() if one.pk == content)


def press(batch: Batch, by: User, kind: str = "decide", **more: Any) -> dict[str, Any]:
    """A key on the batch's first unit, as it is now."""
    [unit, *_] = tiles.units(batch)
    if kind not in {"undo", "redo"}:
        more["item"] = UUID(str(unit["item"]))
    made = wish(unit, kind, **more)
    [answer] = acts.act(batch=batch, by=by, wishes=[made])
    return answer | {"wish": made}


def near_of(case: Case, contents: dict[str, Content]) -> str:
    """One that Shift would decide beside the picture shown."""
    return next(name for name in ("cover", "near", "nearer") if name != shown(case, contents))


def test_what_a_colleague_decided_first_stands_and_the_rest_is_decided(
    case: Case, dana: User, contents: dict[str, Content], elsewhere: Callable[[str, str], None]
) -> None:
    batch = review.claim(case=case, by=dana)
    taken = near_of(case, contents)
    elsewhere(taken, "3")
    answer = press(batch, dana, code="1", scope="stack")
    assert (answer["status"], answer["files"]) == ("saved", 2)
    told = decided(contents)
    assert sorted(row[0] for row in told.values()) == ["1", "1", "3"]
    assert told[taken][0] == "3"
    assert not SecondOpinion.objects.exists()
    assert checks.broken(None) == []


def test_a_colleague_who_was_first_at_the_picture_shown_gets_a_second_opinion_and_the_stack_goes_on(
    case: Case, dana: User, contents: dict[str, Content], elsewhere: Callable[[str, str], None]
) -> None:
    batch = review.claim(case=case, by=dana)
    first = shown(case, contents)
    elsewhere(first, "3")
    assert press(batch, dana, code="1", scope="stack")["status"] == "conflict"
    assert SecondOpinion.objects.count() == 1
    assert set(decided(contents)) == {first}
    assert shown(case, contents) != first
    assert press(batch, dana, code="1", scope="stack")["status"] == "saved"
    assert checks.broken(None) == []
    ending.close(batch=batch, by=dana)
    assert checks.broken(None) == []


def test_backspace_on_a_finished_stack_leaves_what_a_colleague_decided(
    case: Case, dana: User, contents: dict[str, Content], elsewhere: Callable[[str, str], None]
) -> None:
    batch = review.claim(case=case, by=dana)
    elsewhere(near_of(case, contents), "3")
    for _look in range(2):
        press(batch, dana, scope="stack")
    assert counts(case) == {"decided": 5}
    assert press(batch, dana, "clear", scope="stack")["status"] == "saved"
    assert {row[0] for row in decided(contents).values()} == {"3"}
    assert counts(case) == {"decided": 1, "open": 4}
    assert checks.broken(None) == []


def test_a_picture_that_a_colleague_closed_meanwhile_is_not_shown_again_by_z(
    case: Case, dana: User, contents: dict[str, Content], elsewhere: Callable[[str, str], None]
) -> None:
    batch = review.claim(case=case, by=dana)
    first = shown(case, contents)
    unsure = press(batch, dana, "unsure")["wish"]
    elsewhere(first, "3")
    press(batch, dana, "flag")  # the stack is looked at again
    assert press(batch, dana, "undo", undoes=unsure.key)["status"] == "saved"
    assert shown(case, contents) != first
    assert press(batch, dana, "redo", undoes=unsure.key)["status"] == "refused"  # another picture is shown
    ending.close(batch=batch, by=dana)
    assert checks.broken(None) == []


def test_a_picture_whose_exhibit_is_gone_is_decided_by_nobody_and_shown_to_nobody(case: Case, dana: User) -> None:
    contents = stacked(case, dana, {"cover": 0, "nearer": 2})
    gone = stacked(case, dana, {"near": 5, "nearest": 1}, "NM-02")
    assert Stack.objects.filter(state="open").count() == 1
    batch = review.claim(case=case, by=dana)
    exhibit = case.exhibits.get(ref="NM-02")
    removal.ask(exhibit, by=case.lead, reason="Not ours")
    assert removal.carry_out(exhibit.pk)
    press(batch, dana, scope="stack")
    assert set(decided(contents | gone)) == set(contents)
    ending.close(batch=batch, by=dana)
    assert checks.broken(None) == []


def test_what_became_known_is_neither_decided_by_shift_nor_reopened_by_x(
    case: Case, dana: User, contents: dict[str, Content]
) -> None:
    batch = review.claim(case=case, by=dana)
    away = contents[near_of(case, contents)]
    with states.settling([away.pk]):
        Content.objects.filter(pk=away.pk).update(preview="pending")  # as a set or a removal: it is not to be looked at
    for _look in range(3):
        press(batch, dana, scope="stack")
    assert counts(case) == {"decided": 4, "waiting": 1}
    press(batch, dana, "unsure")
    assert Item.objects.get(case=case, content=away).unsure is False
    assert checks.broken(None) == []


def test_acts_on_one_stack_in_one_call_are_each_about_the_picture_shown_by_then(
    case: Case, dana: User, contents: dict[str, Content]
) -> None:
    batch = review.claim(case=case, by=dana)
    [unit] = tiles.units(batch)
    whole = wish(unit, scope="stack")
    back = wish(unit | {"version": whole.version + 1}, "undo", undoes=whole.key)
    again = wish(unit | {"version": whole.version + 2}, "redo", undoes=whole.key)
    answers = acts.act(batch=batch, by=dana, wishes=[whole, back, again])
    assert [answer["status"] for answer in answers] == ["saved"] * 3
    assert set(decided(contents)) == {"cover", "near", "nearer"}
    assert acts.act(batch=batch, by=dana, wishes=[whole, back, again]) == [
        answer | {"status": "repeat"} for answer in answers
    ]
    last = wish(unit | {"version": whole.version + 3}, code="2", scope="stack")
    late = wish(unit | {"version": whole.version + 4}, code="2", item=UUID(str(unit["item"])))
    assert [a["status"] for a in acts.act(batch=batch, by=dana, wishes=[last, late])] == ["saved", "saved"]
    assert Decision.objects.filter(standing__code__isnull=False, distance__gt=16).count() == 0
    assert checks.broken(None) == []


def test_undo_brings_back_how_far_an_inherited_decision_was(
    case: Case, dana: User, contents: dict[str, Content]
) -> None:
    batch = review.claim(case=case, by=dana)
    for _look in range(2):
        press(batch, dana, code="1", scope="stack")
    before = decided(contents)
    anew = press(batch, dana, code="2", scope="stack")["wish"]
    press(batch, dana, "undo", undoes=anew.key)
    assert decided(contents) == before
    assert not Item.objects.filter(unsure=True).exists()


def test_z_after_many_covers_ends_where_it_began(case: Case, dana: User, contents: dict[str, Content]) -> None:
    batch = review.claim(case=case, by=dana)
    first = shown(case, contents)
    made = [press(batch, dana, kind)["wish"] for kind in ("flag", "unsure", "decide", "skip", "decide", "unsure")]
    made.append(press(batch, dana, scope="stack")["wish"])
    assert tiles.progress(batch).left == 0
    for one in reversed(made):
        assert press(batch, dana, "undo", undoes=one.key)["status"] == "saved"
        assert checks.broken(None) == []
    assert (shown(case, contents), counts(case)) == (first, {"open": 5})
    assert not Item.objects.filter(flagged=True).exists()
    assert not Stack.objects.filter(sort_key__startswith="~").exists()
    for one in made[:4]:
        assert press(batch, dana, "redo", undoes=one.key)["status"] == "saved"
    assert checks.broken(None) == []


def test_a_batch_whose_time_is_over_gives_the_rest_of_the_stack_back(
    case: Case, dana: User, milo: User, contents: dict[str, Content]
) -> None:
    batch = review.claim(case=case, by=dana)
    press(batch, dana, scope="stack")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_batch SET lease_until = now() - interval '1 s'")
        cursor.execute("UPDATE cases_stack SET lease_until = now() - interval '1 s' WHERE batch_id IS NOT NULL")
    stacked(case, milo, {"late": 27}, "NM-03")
    assert Stack.objects.filter(case=case, state="open").count() == 2  # nothing moves until the batch is given back
    assert ending.expire_batches() == 1
    theirs = review.claim(case=case, by=milo)
    assert press(theirs, milo, scope="stack")["status"] == "saved"
    assert checks.broken(None) == []


def test_who_was_put_apart_from_a_follower_does_not_join_his_stack(case: Case, dana: User) -> None:
    stacked(case, dana, {"a": 0, "b": 6})
    follower = Item.objects.exclude(joined="").get()
    batch = review.claim(case=case, by=dana)
    press(batch, dana, "flag")
    ending.close(batch=batch, by=dana)
    [content] = material.pictures(case, dana, ["c"])
    Content.objects.filter(pk=content.pk).update(pdq=pdq(1, 3), pdq_quality=80)
    item = Item.objects.get(content=content)
    StackRule.objects.create(case=case, one=follower, other=item, kind="apart", act=case.act_set.get())
    waiting.note([content.pk])
    building.build(case.pk)
    assert Stack.objects.filter(state="open").count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_who_close_two_of_a_stack_at_once_none_leaves_a_closed_cover(case: Case, dana: User) -> None:
    contents = stacked(case, dana, {"a": 0, "b": 1, "c": 2, "d": 3})
    first = contents[shown(case, contents)].pk
    with transaction.atomic():
        close(first)
        second = contents[shown(case, contents)].pk  # who would be next
        transaction.set_rollback(True)

    def other() -> None:
        close(second)
        connections.close_all()

    later = Thread(target=other)
    with transaction.atomic():
        close(first)
        later.start()
        later.join(1)
        assert later.is_alive()  # it waits for the stack
    later.join(20)
    assert counts(case) == {"open": 2, "waiting": 2}
    assert checks.broken(None) == []


@transaction.atomic
def close(content: int) -> None:
    """A picture leaves the queue, whoever sees to it."""
    with states.settling([content]):
        Content.objects.filter(pk=content).update(preview="pending")


@pytest.mark.parametrize(
    ("turned", "cover", "said"),
    [(0, 0, ""), (2, 0, "turned"), (5, 0, "mirrored"), (0, 5, "mirrored"), (5, 5, ""), (6, 5, "turned")],
)
def test_the_inspector_says_how_a_member_lies_to_the_picture_shown(
    case: Case, dana: User, contents: dict[str, Content], turned: int, cover: int, said: str
) -> None:
    stack = Stack.objects.get(case=case, state="open")
    Item.objects.filter(stack=stack).update(turned=turned)
    Item.objects.filter(stack=stack, stack__cover=F("pk")).update(turned=cover)
    told = inspector.unit(stack, by=dana)
    assert {member["lies"] for member in told["members"]} == {said}
    assert [member["near"] for member in told["members"]] == [True, True, False, False]
    assert told["stack"] == {"near": 2, "far": 2, "reach": 16}
