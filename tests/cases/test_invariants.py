"""Every invariant holds after the product's own work, and each one sees its own kind of damage."""

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from cases import decisions, matching, publishing
from cases.models import Case, Content, Exhibit, Item, Offer
from hashsets import policies
from tests import factories
from tests.damage import as_superuser, rolled_back
from tests.damage import past_all_guards as damage
from tests.people import everybody
from workbench import checks
from workbench.models import User


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Exhibit]:
    """The world, built once; every test damages it in a savepoint of its own."""
    with django_db_blocker.unblock(), as_superuser(), rolled_back():
        yield build()


@pytest.fixture
def world(built: Exhibit) -> Iterator[Exhibit]:
    """The world, whole again for the next test."""
    with rolled_back():
        yield built


def build() -> Exhibit:
    """A case with a few pictures in two exhibits, a rejected file, decisions, a published entry that the other
    agency's case has matched, a policy, an export."""
    people = everybody()
    case = factories.case(people.investigator, people.colleague, people.supervisor)
    first, second = factories.exhibit(case), factories.exhibit(case)
    for number in range(3):
        factories.item(first, f"shared {number}")
        factories.item(second, f"shared {number}" if number < 2 else "")
    factories.rejected(first, "broken.jpg")
    factories.item(factories.exhibit(factories.case(people.outsider)), "shared 0")
    factories.publishing_set(people.north)
    contents = list(Content.objects.filter(agency=people.north).order_by("pk"))
    decide(case, contents[0], "1", people.investigator)
    decide(case, contents[1], "2", people.investigator)
    decide(case, contents[1], "5", people.colleague, reason="clearer now")
    draft = Offer.objects.get(decision__content=contents[0])
    publishing.approve(offers=[draft.public_id], by=people.supervisor)
    policies.set_policy(draft.set, agency=people.south, action="accept", min_trust="provisional", by=people.outsider)
    for agency, hash_set in matching.behind():
        matching.rematch(agency, hash_set)
    factories.export(case, people.exporter)
    return first


def decide(case: Case, content: Content, code: str, by: User, reason: str = "") -> None:
    """One decision by somebody who looked."""
    decisions.decide_content(case=case, content=content, code=code, by=by, via="test", reason=reason, viewed=True)


def numbers(case: Case | None = None) -> set[int]:
    """The numbers of the invariants that are broken."""
    return {one.invariant for one in checks.broken(case.pk if case else None)}


def test_all_invariants_hold_after_the_work_of_the_product(world: Exhibit) -> None:
    assert checks.broken() == []
    assert {one.number for one in checks.invariants()} == set(range(1, 12))


def test_damage_in_another_case_is_not_told_of_this_one(world: Exhibit) -> None:
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
APPROVED_ALONE = """
ALTER TABLE cases_offer DROP CONSTRAINT offer_approved_by_another;
UPDATE cases_offer SET approved_by_id = offered_by_id
"""
APPROVED_BY_NOBODY = """
ALTER TABLE cases_offer DROP CONSTRAINT published_by_two; UPDATE cases_offer SET approved_by_id = NULL
"""
SECOND_EXPORT = """
INSERT INTO cases_export (public_id, case_id, product, state_digest, as_of, file_name, sha256, size, by_id, by_name)
SELECT gen_random_uuid(), case_id, product, sha256, as_of, file_name, state_digest, size, by_id, by_name
FROM cases_export
"""
STRANGER = """
UPDATE cases_casemember SET user_id = (SELECT id FROM workbench_user WHERE username = 'outsider')
WHERE user_id = (SELECT id FROM workbench_user WHERE username = 'colleague')
"""
FOREIGN_CONTENT = """
UPDATE cases_content SET agency_id = (SELECT max(id) FROM workbench_agency)
WHERE id = (SELECT content_id FROM cases_decision WHERE supersedes_id IS NOT NULL)
"""
# invariant, what somebody did to the tables
DAMAGES = [
    (1, "UPDATE cases_exhibit SET seen = seen + 1"),
    (1, "UPDATE cases_exhibit SET accepted = accepted - 1, pending = pending + 1"),
    (1, "DELETE FROM cases_fileinstance WHERE state = 'rejected'"),
    (1, NO_REASON),
    (1, NO_CONTENT),
    (1, "UPDATE cases_fileinstance SET members = 'unlisted' WHERE state = 'accepted'"),
    (1, "UPDATE cases_fileinstance SET parent_id = (SELECT max(id) FROM cases_fileinstance) WHERE state = 'accepted'"),
    (2, "DELETE FROM cases_item WHERE id = (SELECT max(id) FROM cases_item)"),
    (2, "DELETE FROM cases_fileinstance WHERE content_id = (SELECT max(content_id) FROM cases_item)"),
    (2, "UPDATE cases_item SET stack_id = (SELECT max(id) FROM cases_stack)"),
    (3, "UPDATE cases_stack SET open_items = 2 WHERE state = 'open'"),
    (3, DONE_BUT_OPEN),
    (3, "UPDATE cases_stack SET cover_id = (SELECT min(cover_id) FROM cases_stack)"),
    (4, "UPDATE cases_item SET state = 'known', known = true"),
    (4, "UPDATE cases_exhibit SET removed_at = now()"),
    (4, "UPDATE cases_tally SET items = items + 1 WHERE exhibit_id IS NULL"),
    (4, "UPDATE cases_tally SET files = files + 1 WHERE exhibit_id IS NOT NULL"),
    (4, "DELETE FROM cases_tally"),
    (5, "UPDATE cases_stack SET lease_until = now() + interval '1 hour'"),
    (6, "UPDATE cases_decision SET supersedes_id = NULL"),
    (6, "UPDATE cases_decision SET content_id = (SELECT max(content_id) FROM cases_item)"),
    (6, "DELETE FROM cases_decision WHERE supersedes_id IS NOT NULL"),
    (6, "UPDATE cases_standing SET code = '4'"),
    (6, "DELETE FROM cases_standing"),
    (7, "UPDATE cases_match SET lost_in = 1"),
    (7, "DELETE FROM cases_match"),
    (7, "UPDATE cases_match SET strong = false"),
    (7, "UPDATE hashsets_entry SET removed_in = 1"),
    (7, "UPDATE cases_setsync SET generation = 0"),
    (8, "UPDATE cases_decision SET code = '3'"),
    (8, "UPDATE cases_decision SET by_id = (SELECT id FROM workbench_user WHERE username = 'welfare')"),
    (8, "UPDATE cases_decision SET public_id = gen_random_uuid()"),
    (8, "DELETE FROM cases_decision"),
    (8, "UPDATE cases_offer SET state = 'held'"),
    (8, "DELETE FROM cases_offer"),
    (8, "DELETE FROM cases_export"),
    (8, "DELETE FROM hashsets_vote"),
    (8, "UPDATE hashsets_policy SET action = 'off'"),
    (8, "UPDATE hashsets_policy SET public_id = gen_random_uuid()"),
    (8, "UPDATE workbench_membership SET public_id = gen_random_uuid() WHERE role = 'welfare'"),
    (8, "DELETE FROM workbench_membership WHERE role = 'welfare'"),
    (8, "DELETE FROM workbench_auditevent WHERE verb = 'decision.set'"),
    (9, APPROVED_ALONE),
    (9, "UPDATE cases_offer SET decided_by_id = (SELECT id FROM workbench_user WHERE username = 'welfare')"),
    (9, APPROVED_BY_NOBODY),
    (10, "UPDATE cases_case SET agency_id = (SELECT id FROM workbench_agency WHERE slug = 'southmoor')"),
    (10, FOREIGN_CONTENT),
    (10, "UPDATE cases_offer SET agency_id = (SELECT id FROM workbench_agency WHERE slug = 'southmoor')"),
    (10, "UPDATE hashsets_hashset SET owner_id = (SELECT id FROM workbench_agency WHERE slug = 'southmoor')"),
    (10, STRANGER),
    (10, "UPDATE hashsets_hashset SET reach = 'agency'"),
    (11, SECOND_EXPORT),
]


@pytest.mark.parametrize(("number", "sql"), DAMAGES)
def test_damage_is_seen_by_its_invariant(world: Exhibit, number: int, sql: str) -> None:
    damage(sql)
    assert number in numbers()


def test_a_stack_held_for_a_batch_of_another_case_is_told(world: Exhibit) -> None:
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
