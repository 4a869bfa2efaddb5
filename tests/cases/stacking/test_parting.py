"""The pictures of a stack one by one: each decided by a look of its own, moved out, put back, shown first."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from cases import acts, ending, members, resuming, review, tiles, viewing
from cases.models import Batch, Case, Content, Decision, Item, Stack, StackRule, Viewing
from cases.stacking import building, waiting
from tests.cases.stacking.test_deciding import contents, decided  # noqa: F401 a fixture
from tests.cases.test_acts import counts, wish
from tests.cases.test_pages import signed_in
from workbench import checks
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db
Stacked = dict[str, Content]


@pytest.fixture
def batch(case: Case, dana: User, contents: Stacked) -> Batch:  # noqa: F811 the fixture of the same name
    return review.claim(case=case, by=dana)


def item(content: Content) -> UUID:
    return Item.objects.get(content=content).public_id


def press(batch: Batch, kind: str = "decide", place: int = 0, **more: Any) -> dict[str, Any]:
    """A key on a unit of the batch, as it is now."""
    made = wish(tiles.units(batch)[place], kind, **more)
    [answer] = acts.act(batch=batch, by=batch.user, wishes=[made])
    return answer | {"key": made.key}


def listed(batch: Batch, place: int = 0) -> list[dict[str, Any]]:
    stack = Stack.objects.get(public_id=tiles.units(batch)[place]["id"])
    found: list[dict[str, Any]] = members.of(stack, batch)["members"]
    return found


def opened(batch: Batch, content: Content) -> None:
    """The person unveils a picture."""
    before = timezone.now() - timedelta(minutes=1)
    row = Viewing.objects.create(user=batch.user, content=content, case=batch.case, batch=batch, at=before)
    viewing.unveiled(by=batch.user, looks=[viewing.Look(row.token, 900)])
    assert Viewing.objects.get(pk=row.pk).revealed_ms == 900


def test_the_members_come_by_likeness_to_the_one_shown_first(batch: Batch, contents: Stacked) -> None:  # noqa: F811
    found = listed(batch)
    assert [one["cover"] for one in found] == [True, False, False, False, False]
    distances = [one["distance"] for one in found]
    assert distances == sorted(distances)
    assert [one["near"] for one in found] == [bits <= 16 for bits in distances]


def test_a_key_on_a_member_decides_that_one_and_what_is_shown_first_stays(
    batch: Batch,
    contents: Stacked,  # noqa: F811
) -> None:
    first = tiles.units(batch)[0]["item"]
    answer = press(batch, item=item(contents["far"]), code="3")
    assert (answer["status"], answer["files"]) == ("saved", 1)
    assert {name: row[0] for name, row in decided(contents).items()} == {"far": "3"}
    [unit] = tiles.units(batch)
    assert (unit["item"], unit["left"]) == (first, 4)
    assert [one["code"] for one in listed(batch) if not one["open"]] == ["3"]
    assert press(batch, "undo", undoes=answer["key"])["status"] == "saved"
    assert decided(contents) == {}
    assert tiles.units(batch)[0]["item"] == str(item(contents["far"]))  # what was taken back is shown
    assert checks.broken(None) == []


def test_a_member_that_left_meanwhile_is_not_decided(batch: Batch, contents: Stacked) -> None:  # noqa: F811
    Item.objects.filter(content=contents["far"]).update(state="known")
    states = {one["item"] for one in listed(batch)}
    assert str(item(contents["far"])) not in states


def test_the_rest_is_what_is_near_and_what_was_opened(batch: Batch, contents: Stacked) -> None:  # noqa: F811
    opened(batch, contents["far"])
    assert press(batch, scope="rest")["files"] == 4
    told = decided(contents)
    assert set(told) == {"cover", "near", "nearer", "far"}
    assert told["far"][1:] == ("viewed", next(b for c, b in _bits(batch, contents) if c == "far"))
    assert press(batch, code="2")["status"] == "saved"  # the one that nobody opened has a look of its own
    assert counts(batch.case) == {"decided": 5}


def test_the_rest_is_decided_again_as_it_was(batch: Batch, contents: Stacked) -> None:  # noqa: F811
    opened(batch, contents["far"])
    first = press(batch, scope="rest")
    told = decided(contents)
    press(batch, "undo", undoes=first["key"])
    opened(batch, contents["farther"])  # seen only afterwards: no part of what is done again
    assert press(batch, "redo", undoes=first["key"])["status"] == "saved"
    assert decided(contents) == told


def _bits(batch: Batch, contents: Stacked) -> list[tuple[str, int]]:  # noqa: F811
    names = {one.pk: name for name, one in contents.items()}
    return [(names[row.content_id], row.distance) for row in Decision.objects.all()]


def test_what_is_moved_out_is_a_unit_behind_the_others_and_stays_apart(
    case: Case,
    batch: Batch,
    contents: Stacked,  # noqa: F811
) -> None:
    out = (item(contents["far"]), item(contents["farther"]))
    answer = press(batch, "split", item=out[1], items=out)
    first, second = tiles.units(batch)
    assert (first["left"], second["left"], second["item"]) == (3, 2, str(out[1]))
    assert answer["made"] == second["id"]
    assert second["position"] > first["position"]
    assert StackRule.objects.filter(kind="apart").count() == 2
    assert AuditEvent.objects.filter(verb="stack.split").count() == 1
    assert checks.broken(None) == []
    ending.close(batch=batch, by=batch.user)
    waiting.note([content.pk for content in contents.values()])
    building.build(case.pk)
    assert sorted(Stack.objects.filter(state="open").values_list("open_items", flat=True)) == [2, 3]


def test_moving_out_the_one_shown_first_leaves_another(batch: Batch, contents: Stacked) -> None:  # noqa: F811
    shown = UUID(str(tiles.units(batch)[0]["item"]))
    press(batch, "split", item=shown, items=(shown,))
    first, second = tiles.units(batch)
    assert (first["left"], second["left"], second["item"]) == (4, 1, str(shown))
    assert first["item"] != str(shown)
    assert checks.broken(None) == []


def test_undo_brings_back_what_was_moved_out(batch: Batch, contents: Stacked) -> None:  # noqa: F811
    before = listed(batch)
    answer = press(batch, "split", items=(item(contents["far"]),))
    assert [step["act"] for step in resuming.steps(batch)] == ["split"]
    back = press(batch, "undo", undoes=answer["key"])
    assert (back["status"], back["gone"]) == ("saved", answer["made"])
    assert listed(batch) == before
    assert len(tiles.units(batch)) == 1
    assert not StackRule.objects.filter(kind="apart").exists()
    assert checks.broken(None) == []


def test_undo_leaves_what_was_decided_after_it_was_moved_out(batch: Batch, contents: Stacked) -> None:  # noqa: F811
    answer = press(batch, "split", items=(item(contents["far"]),))
    press(batch, place=1, code="2")
    assert press(batch, "undo", undoes=answer["key"])["status"] == "refused"
    assert decided(contents).keys() == {"far"}


@pytest.mark.parametrize(
    ("names", "said"), [((), "None of these"), (("cover", "near", "nearer", "far", "farther"), "at least")]
)
def test_a_split_that_moves_nobody_or_everybody_is_refused(
    batch: Batch,
    contents: Stacked,  # noqa: F811
    names: tuple[str, ...],
    said: str,
) -> None:
    answer = press(batch, "split", items=tuple(item(contents[name]) for name in names))
    assert answer["status"] == "refused"
    assert said in answer["message"]
    assert Stack.objects.filter(state="open").count() == 1


def test_another_picture_is_shown_first_and_shift_starts_from_it(batch: Batch, contents: Stacked) -> None:  # noqa: F811
    assert press(batch, "cover", item=item(contents["far"]))["status"] == "saved"
    assert listed(batch)[0]["item"] == str(item(contents["far"]))
    press(batch, scope="stack")
    assert set(decided(contents)) == {"far", "farther"}
    assert checks.broken(None) == []


def test_the_interface_tells_the_members_of_what_a_batch_holds_and_of_nothing_else(
    batch: Batch,
    dana: User,
    contents: Stacked,  # noqa: F811
) -> None:
    client, base = signed_in(dana), f"/api/v1/batches/{batch.public_id}"
    unit = tiles.units(batch)[0]
    told = client.get(f"{base}/stacks/{unit['id']}").json()
    assert (len(told["members"]), told["elsewhere"], told["version"]) == (5, 0, unit["version"])
    member = told["members"][-1]
    details = client.get(f"/api/v1/stacks/{unit['id']}?item={member['item']}").json()
    assert (details["item"], details["name"]) == (member["item"], member["name"])
    assert client.get(f"/api/v1/stacks/{unit['id']}?item=nothing").status_code == 400
    far = {"key": str(uuid4()), "act": "decide", "code": "1", "stack": unit["id"], "version": unit["version"]}
    body = {"acts": [far | {"items": [member["item"]]}]}
    assert client.post(f"{base}/decisions", body, content_type="application/json").status_code == 400
    assert decided(contents) == {}
    ending.close(batch=batch, by=dana)
    assert client.get(f"{base}/stacks/{unit['id']}").status_code == 409
