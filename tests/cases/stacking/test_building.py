"""Stacks of a case: built as pictures come in, never against what a person did or holds."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import acts, ending, investigations, review, states, tiles
from cases.models import Case, Content, Item, Stack, StackRule, Uncompared
from cases.stacking import building, waiting
from tests.cases import material
from tests.cases.test_acts import counts, wish
from tests.hashsets.test_near_index import pdq
from workbench import checks
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db

Take = Callable[..., list[Item]]


@pytest.fixture
def take(case: Case, dana: User) -> Take:
    """Takes pictures into the case: a name and a PDQ each, as an ingest leaves them; returns their items."""

    def made(**hashes: bytes | None) -> list[Item]:
        contents = material.pictures(case, dana, list(hashes))
        for content in contents:
            value = hashes[_name(content, hashes)]
            Content.objects.filter(pk=content.pk).update(pdq=value, pdq_quality=value and 80)
        waiting.note([content.pk for content in contents])
        return [Item.objects.get(case=case, content=content) for content in contents]

    return made


def _name(content: Content, names: dict[str, bytes | None]) -> str:
    return next(name for name in names if material.digests(name)[0] == bytes(content.sha256))


def stacks(case: Case) -> list[set[int]]:
    """The items of each stack that is not empty, largest first."""
    found: dict[int, set[int]] = {}
    for item in Item.objects.filter(case=case):
        found.setdefault(item.stack_id, set()).add(item.pk)
    return sorted(found.values(), key=lambda items: (-len(items), min(items)))


def test_what_looks_alike_is_one_stack_and_one_row_of_the_queue(case: Case, dana: User, take: Take) -> None:
    a, b, c, other, without = take(a=pdq(1), b=pdq(1, 6), c=pdq(1, 9), other=pdq(2), without=None)
    assert building.build(case.pk) == building.Built(2, 1)
    assert stacks(case) == [{a.pk, b.pk, c.pk}, {other.pk}, {without.pk}]
    assert counts(case) == {"open": 5}
    assert not Uncompared.objects.exists()
    batch = review.claim(case=case, by=dana)
    units = tiles.units(batch)
    assert sorted((unit["items"], unit["left"], unit["near"]) for unit in units) == [(1, 1, 1), (1, 1, 1), (3, 3, 3)]
    [event] = AuditEvent.objects.filter(verb="stack.build")
    assert '"items":2' in event.body
    assert checks.broken(None) == []


def test_what_comes_later_joins_the_stack_that_is_there(case: Case, take: Take) -> None:
    [first] = take(a=pdq(1))
    building.build(case.pk)
    [later] = take(b=pdq(1, 8))
    building.build(case.pk)
    later.refresh_from_db()
    assert (later.stack_id, later.joined, later.turned, later.aligned) == (first.stack_id, "pdq", 0, None)
    assert building.build(case.pk) == building.Built(0, 0)


def test_nothing_joins_or_leaves_a_stack_that_somebody_holds(case: Case, dana: User, take: Take) -> None:
    [a] = take(a=pdq(1))
    batch = review.claim(case=case, by=dana)
    [b] = take(b=pdq(1, 4))
    assert building.build(case.pk) == building.Built(0, 0)
    assert len(stacks(case)) == 2
    assert Stack.objects.get(pk=a.stack_id).version == 1  # a key pressed now still meets what is on the screen
    ending.close(batch=batch, by=dana)
    building.build(case.pk)
    assert stacks(case) == [{a.pk, b.pk}]


def test_a_decided_picture_takes_nobody_in(case: Case, dana: User, take: Take) -> None:
    [a] = take(a=pdq(1))
    building.build(case.pk)
    batch = review.claim(case=case, by=dana)
    acts.act(batch=batch, by=dana, wishes=[wish(tiles.units(batch)[0])])
    ending.close(batch=batch, by=dana)
    [b] = take(b=pdq(1, 4))
    building.build(case.pk)
    assert stacks(case) == [{a.pk}, {b.pk}]
    assert counts(case) == {"decided": 1, "open": 1}


def test_what_a_person_acted_on_stays_where_it_is(case: Case, dana: User, take: Take) -> None:
    a, b, d = take(a=pdq(1), b=pdq(9), d=pdq(4))
    batch = review.claim(case=case, by=dana)
    acts.act(batch=batch, by=dana, wishes=[wish(unit, "skip") for unit in tiles.units(batch)])
    ending.close(batch=batch, by=dana)
    [c] = take(c=pdq(9, 3))
    building.build(case.pk)  # c may join b's stack, but b, which was skipped, goes nowhere
    assert stacks(case) == [{b.pk, c.pk}, {a.pk}, {d.pk}]


def test_what_a_person_put_apart_stays_apart(case: Case, dana: User, take: Take) -> None:
    a, b = take(a=pdq(1), b=pdq(1, 2))
    batch = review.claim(case=case, by=dana)
    acts.act(batch=batch, by=dana, wishes=[wish(tiles.units(batch)[0], "flag")])
    act = case.act_set.get()
    ending.close(batch=batch, by=dana)
    StackRule.objects.create(case=case, one=min(a, b, key=lambda i: i.pk), other=max(a, b, key=lambda i: i.pk),
                             kind="apart", act=act)  # fmt: skip
    building.build(case.pk)
    assert len(stacks(case)) == 2


def test_known_pictures_stay_out(case: Case, take: Take) -> None:
    a, b = take(a=pdq(1), b=pdq(1, 2))
    Item.objects.filter(pk=b.pk).update(unsure=True)
    with states.settling([b.content_id]):
        pass
    assert building.build(case.pk) == building.Built(0, 0)
    assert len(stacks(case)) == 2
    assert a.stack_id != b.stack_id


def test_cases_are_apart(case: Case, dana: User, take: Take) -> None:
    take(a=pdq(1))
    other = investigations.create(number="26-2", name="Millrace", scheme_id="landscapes-t1", by=dana)
    material.pictures(other, dana, ["z"])
    Content.objects.filter(sha256=material.digests("z")[0]).update(pdq=pdq(1, 1))
    waiting.note(list(Content.objects.values_list("pk", flat=True)))
    for one in (case, other):
        assert building.build(one.pk) == building.Built(0, 0)


def test_a_case_is_due_when_its_evidence_is_in_or_enough_is_new(case: Case, dana: User, take: Take) -> None:
    assert waiting.due() == []
    take(a=pdq(1))
    assert waiting.due() == [case.pk]
    case.exhibits.update(state="running")
    assert waiting.due() == []
    take(**{f"p{n}": pdq(n) for n in range(waiting.FEWEST)})
    case.exhibits.update(state="running")
    assert waiting.due() == [case.pk]


def test_many_pictures_cost_as_many_queries_as_few(case: Case, take: Take) -> None:
    take(a=pdq(1), b=pdq(1, 1))
    with CaptureQueriesContext(connection) as few:
        building.build(case.pk)
    take(**{f"p{n}": pdq(n // 3 + 5, n % 3) for n in range(300)})
    with CaptureQueriesContext(connection) as many:
        assert building.build(case.pk) == building.Built(200, 100)
    assert len(few) == len(many) - 1  # one more page of covers
