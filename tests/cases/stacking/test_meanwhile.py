"""What happens to a stack between two keys: another key, another tab, a colleague in another case."""

from typing import Any
from uuid import UUID

import pytest

from cases import acts, ending, investigations, members, review, tiles
from cases.models import Batch, Case, Content, Item, Stack
from tests.cases import material
from tests.cases.stacking.test_deciding import contents, decided  # noqa: F401 a fixture
from tests.cases.stacking.test_parting import batch, item, press  # noqa: F401 a fixture
from tests.cases.test_acts import counts, wish
from workbench import checks
from workbench.models import User

pytestmark = pytest.mark.django_db
Stacked = dict[str, Content]


def elsewhere(milo: User, *names: str, code: str = "2") -> None:
    """A colleague decides the same pictures in a case of his own."""
    other = investigations.create(number="26-2", name="Millrace", scheme_id="landscapes-t1", by=milo)
    material.pictures(other, milo, list(names))
    held = review.claim(case=other, by=milo)
    acts.act(batch=held, by=milo, wishes=[wish(unit, code=code) for unit in tiles.units(held)])


def shown(batch: Batch, contents: Stacked) -> str:  # noqa: F811
    """The name of the picture that the first unit shows."""
    item = tiles.units(batch)[0]["item"]
    return next(name for name, content in contents.items() if Item.objects.get(public_id=item).content_id == content.pk)


def test_the_rest_leaves_what_was_decided_by_a_key_of_its_own(batch: Batch, contents: Stacked) -> None:  # noqa: F811
    first = shown(batch, contents)
    press(batch, code="3")
    press(batch, code="1", scope="rest", item=item(contents[first]))  # pressed before the answer to the first came
    told = decided(contents)
    assert told[first][0] == "3"
    assert {row[0] for name, row in told.items() if name != first} == {"1"}
    assert len(told) == 3
    assert checks.broken(None) == []


def test_the_rest_done_again_leaves_it_too(batch: Batch, contents: Stacked) -> None:  # noqa: F811
    first = shown(batch, contents)
    single = press(batch, code="3")
    rest = press(batch, code="1", scope="rest", item=item(contents[first]))
    told = decided(contents)
    for done in (rest, single):
        assert press(batch, "undo", undoes=done["key"])["status"] == "saved"
    assert press(batch, "redo", undoes=rest["key"], item=item(contents[first]))["status"] == "saved"
    assert decided(contents) == {name: row for name, row in told.items() if name != first}


def test_a_stack_to_which_somebody_comes_back_shows_him(
    batch: Batch,  # noqa: F811
    milo: User,
    contents: Stacked,  # noqa: F811
) -> None:
    first = shown(batch, contents)
    others = tuple(item(content) for name, content in contents.items() if name != first)
    out = press(batch, "split", items=others, item=others[0])
    press(batch, code="2")
    assert press(batch, "undo", undoes=out["key"])["status"] == "saved"
    ending.close(batch=batch, by=batch.user)
    assert checks.broken(None) == []


def test_who_asks_again_whether_some_were_put_back_hears_the_same(batch: Batch, contents: Stacked) -> None:  # noqa: F811
    out = press(batch, "split", items=(item(contents["far"]),))
    undo = wish(tiles.units(batch)[0], "undo", undoes=out["key"])
    first, again = [acts.act(batch=batch, by=batch.user, wishes=[undo])[0] for _sent in range(2)]
    assert again == first | {"status": "repeat"}
    assert again["gone"] == out["made"]


@pytest.mark.parametrize("kind", ["clear", "unsure"])
def test_of_a_stack_that_is_decided_a_key_on_one_picture_takes_back_that_one(
    batch: Batch,  # noqa: F811
    contents: Stacked,  # noqa: F811
    kind: str,
) -> None:
    for name in contents:
        press(batch, item=item(contents[name]))
    assert press(batch, kind, item=item(contents["near"]))["files"] == 1
    assert set(decided(contents)) == set(contents) - {"near"}
    assert checks.broken(None) == []


def test_no_unit_tells_what_a_colleague_decided(
    case: Case,
    batch: Batch,  # noqa: F811
    milo: User,
    contents: Stacked,  # noqa: F811
) -> None:
    first = shown(batch, contents)
    *others, last = (name for name in contents if name != first)
    for name in others:
        press(batch, item=item(contents[name]), code="1")
    elsewhere(milo, first)
    press(batch, item=item(contents[last]), code="1")
    assert counts(case) == {"decided": 5}
    [unit] = tiles.units(batch)
    assert (shown(batch, contents), unit["code"]) == (first, None)
    stack = Stack.objects.get(public_id=unit["id"])
    assert {one["code"] for one in members.of(stack, batch)["members"]} == {"1"}


def test_a_flag_on_what_a_colleague_decided_tells_no_category(case: Case, dana: User, milo: User) -> None:
    material.pictures(case, dana, ["only"])
    held = review.claim(case=case, by=dana)
    elsewhere(milo, "only")
    press(held, "flag")
    [unit] = tiles.units(held)
    assert unit["code"] is None
    answer = press(held, code="1")
    assert answer["status"] == "conflict"


def test_acts_reach_nothing_of_another_stack(batch: Batch, case: Case, milo: User, contents: Stacked) -> None:  # noqa: F811
    other = investigations.create(number="26-3", name="Weir", scheme_id="landscapes-t1", by=milo)
    [foreign] = material.pictures(other, milo, ["strange"])
    theirs = Item.objects.get(content=foreign).public_id
    before = _every()
    for kind, more in _REACHING:
        answer = press(batch, kind, **more(theirs))
        assert answer["status"] in {"stale", "refused"}, kind
    assert _every() == before
    assert checks.broken(None) == []


_REACHING: list[tuple[str, Any]] = [
    ("split", lambda one: {"items": (one,)}),
    ("split", lambda one: {"items": (one,), "item": one}),
    ("cover", lambda one: {"item": one}),
    ("decide", lambda one: {"item": one}),
    ("undo", lambda one: {"undoes": one}),
    ("redo", lambda one: {"undoes": one}),
]


def _every() -> set[tuple[UUID, int, str]]:
    return set(Item.objects.values_list("public_id", "stack_id", "state"))
