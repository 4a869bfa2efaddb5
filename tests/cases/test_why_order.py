"""Why a unit stands where it stands: only in the person's own first batch, in sums, and nothing for a second view."""

import pytest

from cases import decisions, inspector, review
from cases.models import Case, Item
from cases.queue.filters import Wanted
from tests import factories
from workbench.models import User

pytestmark = pytest.mark.django_db


def told(item: Item, by: User) -> dict[str, str]:
    item.stack.refresh_from_db()
    return {line["did"]: line["text"] for line in inspector.unit(item.stack, by=by)["why"]}


@pytest.fixture
def beside(case: Case) -> list[Item]:
    """Four in one folder."""
    exhibit = factories.exhibit(case)
    return [factories.item(exhibit, name, f"in/{name}") for name in "abcd"]


PROMISES: list[tuple[dict[str, object], set[str]]] = [
    ({}, {"order"}),
    ({"promise": 10, "camera": "tern t1"}, {"order", "camera"}),
    ({"promise": 30, "camera": "tern t1"}, {"order", "camera"}),
    # of folder and camera together, what the sum does not tell is not said
    ({"promise": 11}, {"order", "folder"}),
    ({"promise": 20}, {"order", "folder"}),  # as much as a camera weighs, of a file that names none
    ({"promise": 70, "near": True, "camera": "tern t1"}, {"order", "folder"}),
    ({"promise": 100, "near": True, "camera": "tern t1"}, {"order", "folder", "camera"}),
    ({"joined": "pdq"}, {"order", "stack"}),
]


@pytest.mark.parametrize(("columns", "expected"), PROMISES)
def test_what_made_an_item_promising_is_told_as_far_as_its_columns_say(
    case: Case, dana: User, beside: list[Item], columns: dict[str, object], expected: set[str]
) -> None:
    first, *_rest = beside
    decisions.decide_content(case=case, content=beside[1].content, code="1", by=dana, via="page", viewed=True)
    Item.objects.filter(pk=first.pk).update(**columns)
    review.claim(case=case, by=dana, wanted=Wanted(folder="in"))
    said = told(first, dana)
    assert said.keys() - {"none", "later"} == expected
    assert said["order"] == "Order of this batch: look-alikes together. It asks for: Folder: in."
    if "folder" in said:
        assert said["folder"] == ("Of the 3 items around it in its folder 1 is known or decided as one that matters.")
    assert " 1 Alpine" not in " ".join(said.values())


def test_nobody_elses_batch_is_told_of(case: Case, dana: User, milo: User, beside: list[Item]) -> None:
    review.claim(case=case, by=dana)
    assert "order" not in told(beside[0], milo)
