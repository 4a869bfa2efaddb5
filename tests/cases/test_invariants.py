"""Every invariant holds after the product's own work, and each one sees its own kind of damage."""

import pytest

from cases.models import Case, Exhibit, Item
from tests import factories
from tests.damage import Damage
from tests.people import People
from workbench import checks

pytestmark = pytest.mark.usefixtures("damage")


@pytest.fixture
def world(damage: Damage, people: People) -> Exhibit:
    """A case with a few pictures in two exhibits, a rejected file, and a case of the other agency."""
    case = factories.case(people.investigator, people.colleague)
    first, second = factories.exhibit(case), factories.exhibit(case)
    for number in range(3):
        factories.item(first, f"shared {number}")
        factories.item(second, f"shared {number}" if number < 2 else "")
    factories.rejected(first, "broken.jpg")
    factories.items(factories.exhibit(factories.case(people.outsider)), 2)
    return first


def numbers(case: Case | None = None) -> set[int]:
    """The numbers of the invariants that are broken."""
    return {one.invariant for one in checks.broken(case.pk if case else None)}


def test_all_invariants_hold_after_the_work_of_the_product(world: Exhibit) -> None:
    assert checks.broken() == []
    assert {one.number for one in checks.invariants()} == set(range(1, 12))


def test_damage_in_another_case_is_not_told_of_this_one(world: Exhibit, damage: Damage) -> None:
    damage("UPDATE cases_exhibit SET seen = 7 WHERE case_id <> %s", world.case_id)
    assert numbers(world.case) == set()
    assert numbers() == {1}


NO_REASON = """
ALTER TABLE cases_fileinstance DROP CONSTRAINT rejected_has_reason_and_no_content;
UPDATE cases_fileinstance SET reason = '' WHERE state = 'rejected'; UPDATE cases_exhibit SET problems = 0
"""
NO_CONTENT = """
ALTER TABLE cases_fileinstance DROP CONSTRAINT after_pending_has_content;
UPDATE cases_fileinstance SET content_id = NULL WHERE state = 'accepted'
"""
DONE_BUT_OPEN = """
ALTER TABLE cases_stack DROP CONSTRAINT stack_open_when_items_are; UPDATE cases_stack SET state = 'done'
"""
# invariant, what somebody did to the tables
DAMAGES = [
    (1, "UPDATE cases_exhibit SET seen = seen + 1"),
    (1, "UPDATE cases_exhibit SET accepted = accepted - 1, pending = pending + 1"),
    (1, "DELETE FROM cases_fileinstance WHERE state = 'rejected'"),
    (1, NO_REASON),
    (1, NO_CONTENT),
    (2, "DELETE FROM cases_item WHERE id = (SELECT max(id) FROM cases_item)"),
    (2, "DELETE FROM cases_fileinstance WHERE content_id = (SELECT max(content_id) FROM cases_item)"),
    (2, "UPDATE cases_item SET stack_id = (SELECT max(id) FROM cases_stack)"),
    (3, "UPDATE cases_stack SET open_items = 2"),
    (3, DONE_BUT_OPEN),
    (4, "UPDATE cases_item SET state = 'known', known = true"),
    (4, "UPDATE cases_exhibit SET removed_at = now()"),
    (4, "UPDATE cases_tally SET items = items + 1 WHERE exhibit_id IS NULL"),
    (4, "UPDATE cases_tally SET files = files + 1 WHERE exhibit_id IS NOT NULL"),
    (4, "DELETE FROM cases_tally"),
    (5, "UPDATE cases_stack SET lease_until = now() + interval '1 hour'"),
]


@pytest.mark.parametrize(("number", "sql"), DAMAGES)
def test_damage_is_seen_by_its_invariant(world: Exhibit, damage: Damage, number: int, sql: str) -> None:
    damage(sql)
    assert number in numbers()


def test_a_stack_held_for_a_batch_of_another_case_is_told(world: Exhibit, damage: Damage) -> None:
    item = Item.objects.filter(case=world.case).first()
    assert item is not None
    other = Case.objects.exclude(pk=world.case_id).get()
    damage(
        "INSERT INTO cases_batch (public_id, number, case_id, user_id, state, size, on_screen_ms, lease_until)"
        " VALUES (gen_random_uuid(), 1, %s, %s, 'open', 1, 0, now() + interval '1 hour')",
        other.pk,
        other.lead_id,
    )
    damage(
        "UPDATE cases_stack SET batch_id = (SELECT max(id) FROM cases_batch), lease_until = now() + interval '1 hour'"
        " WHERE id = %s",
        item.stack_id,
    )
    assert numbers(world.case) == {5}
