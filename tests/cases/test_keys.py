"""What a key leaves behind on a unit that was handled before, and how to come back from it."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import acts, investigations, publishing, review, tiles
from cases.models import Act, Batch, Case, Decision, Item, Offer, SecondOpinion, Stack, Standing, Viewing
from cases.units import Wish
from tests import statements
from tests.cases import material
from tests.cases.test_acts import counts
from workbench import checks
from workbench.models import User

pytestmark = pytest.mark.django_db


class Keys:
    """One unit under a person's hands: presses keys as the review page does, each at the version before."""

    def __init__(self, batch: Batch, unit: dict[str, Any]) -> None:
        self.batch, self.stack, self.version = batch, UUID(str(unit["id"])), unit["version"]

    def press(self, kind: str, code: str | None = None, undoes: UUID | None = None) -> dict[str, Any]:
        """One act; its answer, with its key as `act`."""
        wish = Wish(uuid4(), kind, self.stack, self.version, code, undoes=undoes)
        [answer] = acts.act(batch=self.batch, by=self.batch.user, wishes=[wish])
        self.version = answer["version"]
        return answer | {"act": wish.key}

    @property
    def shown(self) -> tuple[str | None, str | None]:
        """Code and outcome of the unit, as a page that is loaded now shows them."""
        found = next(unit for unit in tiles.units(self.batch) if unit["id"] == str(self.stack))
        return found["code"], found["outcome"]


@pytest.fixture
def batch(case: Case, dana: User) -> Batch:
    material.pictures(case, dana, ["a"])
    return review.claim(case=case, by=dana)


@pytest.fixture
def keys(batch: Batch) -> Keys:
    return Keys(batch, tiles.units(batch)[0])


def looked(batch: Batch) -> None:
    """Dana unveiled the picture: what she decides is offered."""
    Viewing.objects.create(
        user=batch.user, content=Item.objects.get().content, case=batch.case, batch=batch, revealed_ms=400
    )


@pytest.mark.parametrize(
    ("kind", "outcome", "state"), [("unsure", "unsure", "unsure"), ("skip", "skipped", "open"), ("clear", None, "open")]
)
def test_a_decision_does_not_outlive_unsure_skip_or_clear(
    case: Case, batch: Batch, keys: Keys, kind: str, outcome: str | None, state: str
) -> None:
    looked(batch)
    keys.press("decide", "1")
    answer = keys.press(kind)
    assert (answer["status"], answer["code"], answer["outcome"]) == ("saved", None, outcome)
    assert keys.shown == (None, outcome)
    assert Standing.objects.get().code is None
    assert Offer.objects.get().state == Offer.State.RETURNED
    assert counts(case) == {state: 1}
    assert checks.broken() == []


@pytest.mark.parametrize("kind", ["unsure", "skip", "clear"])
def test_what_is_published_is_neither_marked_nor_cleared(batch: Batch, keys: Keys, sam: User, kind: str) -> None:
    looked(batch)
    keys.press("decide", "1")
    publishing.approve(offers=[Offer.objects.get().public_id], by=sam)
    assert keys.press(kind)["status"] == "refused"
    assert keys.shown == ("1", None)
    assert Offer.objects.get().state == Offer.State.PUBLISHED


@pytest.mark.parametrize("kind", ["unsure", "skip", "clear"])
def test_what_a_colleague_decided_is_neither_marked_nor_cleared(case: Case, dana: User, milo: User, kind: str) -> None:
    other = investigations.create(number="26-2", name="Millrace", scheme_id="landscapes-t1", by=milo)
    material.pictures(case, dana, ["a"])
    material.pictures(other, milo, ["a"])
    mine, theirs = review.claim(case=case, by=dana), review.claim(case=other, by=milo)
    Keys(theirs, tiles.units(theirs)[0]).press("decide", "2")
    keys = Keys(mine, tiles.units(mine)[0])
    assert keys.press(kind)["status"] == "refused"
    assert Standing.objects.get().code == "2"
    assert not Item.objects.filter(unsure=True).exists()


def test_clear_leaves_nothing_standing_however_often_the_unit_was_decided(case: Case, keys: Keys) -> None:
    keys.press("decide", "1")
    keys.press("decide", "2")
    assert keys.press("clear")["code"] is None
    assert Standing.objects.get().code is None
    assert counts(case) == {"open": 1}
    assert keys.press("clear")["status"] == "refused"  # nothing is left to clear


@pytest.mark.parametrize(("kind", "outcome"), [("unsure", "unsure"), ("skip", "skipped")])
def test_clear_ends_a_mark_and_its_undo_sets_it_again(case: Case, keys: Keys, kind: str, outcome: str) -> None:
    keys.press(kind)
    cleared = keys.press("clear")
    assert (cleared["status"], keys.shown) == ("saved", (None, None))
    assert not Stack.objects.filter(sort_key__startswith="~").exists()
    assert keys.press("undo", undoes=cleared["act"])["outcome"] == outcome
    assert checks.broken() == []


def test_one_mark_ends_the_other(keys: Keys) -> None:
    keys.press("skip")
    keys.press("unsure")
    assert not Stack.objects.filter(sort_key__startswith="~").exists()
    keys.press("skip")
    assert keys.shown == (None, "skipped")
    assert not Item.objects.filter(unsure=True).exists()


def test_undo_goes_back_through_marks_and_decisions_in_turn_and_redo_forward(keys: Keys) -> None:
    steps = [("skip", None), ("unsure", None), ("decide", "1"), ("clear", None), ("decide", "2"), ("unsure", None)]
    seen = [keys.shown]
    done = []
    for kind, code in steps:
        done.append(keys.press(kind, code)["act"])
        seen.append(keys.shown)
    for number in reversed(range(len(steps))):
        answer = keys.press("undo", undoes=done[number])
        assert (answer["code"], answer["outcome"]) == keys.shown == seen[number]
    for number in range(len(steps)):
        answer = keys.press("redo", undoes=done[number])
        assert (answer["code"], answer["outcome"]) == keys.shown == seen[number + 1]
    assert checks.broken() == []


def test_an_act_that_was_made_again_is_undone_under_its_new_key_and_only_once_under_the_old(keys: Keys) -> None:
    first = keys.press("decide", "1")["act"]
    keys.press("undo", undoes=first)
    again = keys.press("redo", undoes=first)["act"]
    assert keys.press("undo", undoes=first)["status"] == "refused"
    assert keys.press("undo", undoes=again)["status"] == "saved"
    assert keys.shown == (None, None)


def test_taking_back_unsure_brings_the_decision_back_and_offers_it_again(batch: Batch, keys: Keys) -> None:
    looked(batch)
    keys.press("decide", "1")
    unsure = keys.press("unsure")["act"]
    assert keys.press("undo", undoes=unsure)["code"] == "1"
    assert keys.shown == ("1", None)
    assert list(Offer.objects.order_by("pk").values_list("state", flat=True)) == ["returned", "draft"]


def test_a_flag_leaves_the_decision_and_the_place_in_the_queue(keys: Keys) -> None:
    keys.press("decide", "1")
    keys.press("flag")
    assert keys.shown == ("1", None)
    assert Item.objects.get().flagged


def test_a_second_opinion_is_given_once_and_another_is_refused_in_words(case: Case, dana: User, milo: User) -> None:
    other = investigations.create(number="26-2", name="Millrace", scheme_id="landscapes-t1", by=milo)
    material.pictures(case, dana, ["a"])
    material.pictures(other, milo, ["a"])
    mine, theirs = review.claim(case=case, by=dana), review.claim(case=other, by=milo)
    Keys(theirs, tiles.units(theirs)[0]).press("decide", "2")
    keys = Keys(mine, tiles.units(mine)[0])
    assert keys.press("decide", "1")["status"] == "conflict"
    version, written = keys.version, Act.objects.count()
    again = keys.press("decide", "5")
    assert (again["status"], again["version"]) == ("refused", version)
    assert again["message"]
    assert SecondOpinion.objects.get().code == "1"
    assert Act.objects.count() == written


def test_mixed_keys_on_many_units_cost_as_many_queries_as_on_few(case: Case, dana: User) -> None:
    material.pictures(case, dana, [f"p{n}" for n in range(48)])
    batch = review.claim(case=case, by=dana)
    units = tiles.units(batch, limit=200)

    def mixed(some: list[dict[str, Any]]) -> list[Wish]:
        kinds = ["decide", "unsure", "skip", "flag"]
        pairs = [(unit, kinds[place % 4]) for place, unit in enumerate(some)]
        return [Wish(uuid4(), kind, UUID(unit["id"]), 1, "1" if kind == "decide" else None) for unit, kind in pairs]

    few, many = mixed(units[:8]), mixed(units[8:])
    spent = []
    for wishes in (few, many):
        with CaptureQueriesContext(connection) as made:
            acts.act(batch=batch, by=dana, wishes=wishes)
        back = [Wish(uuid4(), "undo", wish.stack, 2, undoes=wish.key) for wish in wishes]
        with CaptureQueriesContext(connection) as undone:
            answers = acts.act(batch=batch, by=dana, wishes=back)
        assert {answer["status"] for answer in answers} == {"saved"}
        spent.append((len(made), len(undone)))
    assert spent == [(21, 25), (21, 25)]
    assert counts(case) == {"open": 48}
    assert Decision.objects.count() == 24
    assert checks.broken() == []


def test_contents_are_locked_once_before_anything_is_written(case: Case, dana: User) -> None:
    material.pictures(case, dana, ["a", "b", "c"])
    batch = review.claim(case=case, by=dana)
    kinds = ("decide", "unsure", "decide")
    pairs = zip(reversed(tiles.units(batch)), kinds, strict=True)
    wishes = [Wish(uuid4(), kind, UUID(unit["id"]), 1, "1" if kind == "decide" else None) for unit, kind in pairs]
    wishes += [Wish(uuid4(), "undo", wish.stack, 2, undoes=wish.key) for wish in wishes]
    with statements.sent() as told:
        acts.act(batch=batch, by=dana, wishes=wishes)
    locking = [place for place, sql in enumerate(told) if "FROM cases_content" in sql and "FOR UPDATE" in sql]
    writing = [place for place, sql in enumerate(told) if "INSERT INTO" in sql or "UPDATE cases_" in sql]
    assert len(locking) == 1
    assert locking[0] < writing[0]
