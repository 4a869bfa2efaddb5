"""What matching moves while a batch holds it: said on every page, counted where it stands, told in the end."""

import html
import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cases import activity, acts, ending, figures, held_moves, investigations, review, tiles
from cases.models import Batch, Case, Item, Match, Stack
from hashsets import policies
from hashsets.models import Entry
from tests.cases import material
from tests.cases.test_acts import counts, wish
from tests.cases.test_matching import entry, own_set, sync
from tests.cases.test_pages import signed_in
from tests.hashsets import makers
from tests.hashsets.pages import text
from workbench import checks
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db
OWN = "Northmoor, Landscapes T1"
NUMBERS = ("set", "generation", "batch", "left", "back", "known")


def told(case: Case) -> list[tuple[object, ...]]:
    """What was told of batches, and by whom."""
    found = AuditEvent.objects.filter(verb="match.update", case=case.public_id).order_by("seq")
    bodies = [json.loads(one.body) for one in found]
    return [
        (one["actor"], *(one["details"].get(name) for name in NUMBERS)) for one in bodies if "batch" in one["details"]
    ]


@pytest.fixture
def held(case: Case, dana: User, sam: User) -> Batch:
    """Dana's batch of three pictures, of which the set has come to know two since."""
    material.pictures(case, dana, ["a", "b", "c"])
    batch = review.claim(case=case, by=dana)
    makers.publish(own_set(case), entry("a"), entry("b"), by=sam)
    sync()
    return batch


def item_of(case: Case, name: str) -> Item:
    return Item.objects.get(case=case, content__sha256=material.digests(name)[0])


def page(user: User, name: str, public_id: object) -> str:
    return html.unescape(text(signed_in(user).get(reverse(name, args=[public_id]))))


@pytest.mark.usefixtures("held")
def test_every_page_says_what_waits_for_the_batch_and_the_counts_agree(
    case: Case, dana: User, milo: User, sam: User
) -> None:
    (one,) = held_moves.of_case(case)
    assert (one.batch, one.holder_name, one.cause.text, one.known, one.proposed, one.back) == (
        1, "Dana Okafor", f"{OWN}, version 1", 2, 0, 0,
    )  # fmt: skip
    assert (figures.of(case).left, figures.of(case).known) == (3, 0)
    said = f"2 items left to decide are known since {OWN}, version 1. They are in %s until that closes"
    for user, whose in ((sam, "Dana Okafor's batch 1"), (dana, "your batch 1"), (milo, "a colleague's batch")):
        assert said % whose in page(user, "cases:case", case.public_id)
        of_one = page(user, "cases:item", item_of(case, "a").public_id)
        assert f"Known since {OWN}, version 1. It is in {whose} until that closes" in of_one
        assert "It does so when the batch is over." in of_one
    assert "until that closes" not in page(sam, "cases:item", item_of(case, "c").public_id)
    assert checks.broken() == []


@pytest.mark.parametrize("end", ["close", "expire", "leave the team", "close the case"])
def test_what_left_is_told_once_with_set_and_version_however_the_batch_ends(
    end: str, case: Case, held: Batch, dana: User, sam: User
) -> None:
    if end == "close":
        ending.close(batch=held, by=dana)
        ending.close(batch=held, by=dana)
    elif end == "expire":
        Batch.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
        assert ending.expire_batches() == 1
    elif end == "leave the team":
        investigations.remove_member(case=case, person=dana, by=sam)
    else:
        investigations.close(case=case, by=sam, reason="over")
    assert told(case) == [("system", OWN, 1, 1, 2, 0, 2)]
    assert counts(case) == {"known": 2, "open": 1}
    lines = {(line["who"], line["text"]) for line in activity.latest(case, by=case.lead)}
    assert ("Winnow", f"{OWN} v1, batch 1: 2 left the queue") in lines
    assert held_moves.of_case(case) == []
    assert checks.broken() == []


@pytest.mark.parametrize("end", ["both expire", "a colleague closes his"])
def test_copies_in_overdue_batches_of_other_cases_are_told_too(
    end: str, case: Case, held: Batch, dana: User, milo: User, sam: User
) -> None:
    other = investigations.create(number="26-2", name="Quay", scheme_id="landscapes-t1", by=dana, team=[milo])
    makers.withdraw(own_set(case), *Entry.objects.values_list("id", flat=True), by=sam)
    sync()
    material.pictures(other, dana, ["a"])
    batch = review.claim(case=other, by=milo)
    makers.publish(own_set(case), entry("a"), by=sam)
    sync()
    late = Batch.objects.filter(pk=held.pk) if end == "a colleague closes his" else Batch.objects.all()
    late.update(lease_until=timezone.now() - timedelta(minutes=1))
    Stack.objects.filter(batch__in=late).update(lease_until=timezone.now() - timedelta(minutes=1))
    if end == "a colleague closes his":
        ending.close(batch=batch, by=milo)
    ending.expire_batches()
    assert [(told(one), counts(one)["known"]) for one in (case, other)] == [
        ([("system", OWN, 3, 1, 1, 0, 1)], 1), ([("system", OWN, 3, 1, 1, 0, 1)], 1),
    ]  # fmt: skip
    assert checks.broken() == []


def test_what_was_decided_in_the_batch_did_not_leave_by_itself(case: Case, held: Batch, dana: User) -> None:
    known = str(item_of(case, "a").stack.public_id)
    unit = next(unit for unit in tiles.units(held) if unit["id"] == known)
    acts.act(batch=held, by=dana, wishes=[wish(unit)])
    (one,) = held_moves.of_batch(held)
    assert one.known == 1
    of_one = page(dana, "cases:item", item_of(case, "a").public_id)
    assert "Takes the file out of the queue: policy accept. It is decided in this case; the decision stands." in of_one
    ending.close(batch=held, by=dana)
    assert told(case) == [("system", OWN, 1, 1, 1, 0, 1)]
    assert checks.broken() == []


def test_a_tile_of_a_strong_match_says_known_and_one_of_a_weak_match_near(case: Case, held: Batch) -> None:
    Match.objects.filter(content=item_of(case, "b").content).update(strong=False)
    tags = [unit["tags"] for unit in tiles.units(held)]
    assert sorted(tags) == [[], ["known"], ["near known"]]


def test_a_mark_on_what_is_known_by_now_lets_it_go_and_tells_it(case: Case, held: Batch, dana: User) -> None:
    known = str(item_of(case, "a").stack.public_id)
    unit = next(unit for unit in tiles.units(held) if unit["id"] == known)
    acts.act(batch=held, by=dana, wishes=[wish(unit, "flag")])
    ending.close(batch=held, by=dana)
    assert told(case) == [("system", OWN, 1, 1, 1, 0, 1)] * 2
    assert checks.broken() == []


def test_what_comes_to_be_known_and_ceases_to_be_in_one_batch_is_not_told(
    case: Case, held: Batch, dana: User, sam: User
) -> None:
    makers.withdraw(own_set(case), *Entry.objects.values_list("id", flat=True), by=sam)
    sync()
    assert held_moves.of_case(case) == []
    ending.close(batch=held, by=dana)
    assert told(case) == []
    assert counts(case) == {"open": 3}


def test_a_policy_and_a_withdrawal_are_told_as_causes_and_what_is_proposed_apart(
    case: Case, dana: User, sam: User
) -> None:
    one, two, three = (item_of(case, name) for name in material_in_one_stack(case, dana))
    other = makers.hash_set(sam, "Other")
    makers.publish(other, entry("a"), by=sam)
    sync()
    assert counts(case) == {"known": 1, "open": 2}
    batch = review.claim(case=case, by=dana)
    assert {one.stack_id, two.stack_id, three.stack_id} == {one.stack_id}
    makers.publish(own_set(case), entry("b"), by=sam)
    policies.set_policy(own_set(case), agency=case.agency, by=sam, action="propose")
    makers.withdraw(other, *Entry.objects.filter(set=other).values_list("id", flat=True), by=sam)
    sync()
    found = {held.cause.text: (held.known, held.proposed, held.back) for held in held_moves.of_case(case)}
    assert found == {f"{OWN}, version 1": (0, 1, 0), "Other, version 2": (0, 0, 1)}
    said = page(sam, "cases:case", case.public_id)
    assert f"1 item left to decide is proposed since {OWN}, version 1." in said
    assert "1 known item is no longer known since Other, version 2." in said
    assert "No longer known since Other, version 2." in page(sam, "cases:item", one.public_id)
    ending.close(batch=batch, by=dana)
    assert told(case) == [("system", OWN, 1, 1, 1, 0, 0), ("system", "Other", 2, 1, 0, 1, -1)]
    assert checks.broken() == []


def material_in_one_stack(case: Case, dana: User) -> list[str]:
    """Three pictures that are one unit of review."""
    names = ["a", "b", "c"]
    material.pictures(case, dana, names)
    first = item_of(case, "a")
    moved = Item.objects.filter(case=case).exclude(pk=first.pk)
    gone = list(moved.values_list("stack", flat=True))
    moved.update(stack=first.stack_id)
    Stack.objects.filter(pk=first.stack_id).update(open_items=3)
    Stack.objects.filter(pk__in=gone).update(open_items=0, state="done", cover=None)
    return names
