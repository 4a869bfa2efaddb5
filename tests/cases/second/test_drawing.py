"""Who needs a second view: the shares, what is always asked for, and that anybody may check the draw."""

import hashlib

import pytest

from cases import acts, decisions, review, tiles
from cases.errors import ReasonNeeded
from cases.models import Case, Content, Decision, SecondView, Viewing
from cases.second import shares
from cases.stacking import building, waiting
from hashsets import scheme_tables
from tests.cases import material
from tests.cases.second.test_queue import decide
from tests.cases.test_acts import wish
from tests.hashsets.test_near_index import pdq
from workbench.errors import BadInput, NotAllowed
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db


def lot(decision: Decision) -> float:
    """The decision's lot in percent, and by other bytes its place; worked out here anew."""
    digest = hashlib.sha256(decision.public_id.bytes).digest()
    return int.from_bytes(digest[:3], "big") * 100 / 2**24


def wanted() -> set[int]:
    return set(SecondView.objects.filter(state="open").values_list("decision", flat=True))


def test_what_is_shared_is_always_drawn_and_of_the_rest_those_whose_lot_is_low(case: Case, dana: User) -> None:
    decide(case, dana, ["1"] * 5 + ["4"] * 195)
    low = {row.pk for row in Decision.objects.filter(code="4") if lot(row) < 3}
    assert wanted() == low | set(Decision.objects.filter(code="1").values_list("pk", flat=True))
    [view] = SecondView.objects.filter(decision__code="1")[:1]
    assert view.decision
    assert view.sort_key == hashlib.sha256(view.decision.public_id.bytes).digest()[4:12].hex()


def test_a_supervisor_changes_a_share_with_a_reason_as_one_event(case: Case, dana: User, sam: User) -> None:
    scheme = scheme_tables.latest("landscapes-t1")
    for by, percents, reason, refused in (
        (dana, {"4": 50}, "more", NotAllowed),
        (sam, {"4": 50}, " ", ReasonNeeded),
        (sam, {"4": 101}, "more", BadInput),
        (sam, {"9": 5}, "more", BadInput),
    ):
        with pytest.raises(refused):
            shares.change(scheme=scheme, percents=percents, by=by, reason=reason)
    assert shares.change(scheme=scheme, percents={"4": 50, "1": 0, "": 5}, by=sam, reason="trial month") == 2
    assert [share.percent for share in shares.of(sam.agency, scheme)] == [0, 100, 100, 50, 100, 5]
    assert AuditEvent.objects.filter(verb="second.share").count() == 1
    decide(case, dana, ["1"] * 5 + ["4"] * 50)
    assert wanted() == {row.pk for row in Decision.objects.filter(code="4") if lot(row) < 50}


def test_of_a_stack_decision_that_reached_ten_one_follower_at_least_is_drawn(case: Case, dana: User) -> None:
    made = material.pictures(case, dana, [f"s{n}" for n in range(14)])
    for number, content in enumerate(made):
        Content.objects.filter(pk=content.pk).update(pdq=pdq(1, number % 5), pdq_quality=80)
    waiting.note([content.pk for content in made])
    building.build(case.pk)
    batch = review.claim(case=case, by=dana)
    [unit] = tiles.units(batch)
    acts.act(batch=batch, by=dana, wishes=[wish(unit, scope="stack")])
    followers = list(Decision.objects.filter(basis="inherited"))
    assert len(followers) == 13
    least = min(followers, key=lot).pk
    low = {row.pk for row in followers if lot(row) < 5}
    cover = Decision.objects.exclude(basis="inherited").get().pk
    assert wanted() == low | {least, cover}


def test_flags_and_unsure_marks_are_asked_for_and_no_more_once_they_go(case: Case, dana: User, sam: User) -> None:
    shares.change(scheme=case.scheme, percents={"4": 0}, by=sam, reason="nothing is drawn here but what is marked")
    material.pictures(case, dana, ["a", "b", "c"])
    batch = review.claim(case=case, by=dana)
    flagged, unsure, later = tiles.units(batch)
    acts.act(batch=batch, by=dana, wishes=[wish(flagged, "flag"), wish(unsure, "unsure"), wish(later, code="4")])
    [flagged, unsure, later] = tiles.units(batch)
    acts.act(batch=batch, by=dana, wishes=[wish(flagged, code="4"), wish(later, "flag")])
    views = SecondView.objects.filter(state="open")
    assert sorted((view.why, view.decision is None) for view in views) == [
        ("flag", False), ("flag", False), ("unsure", True)
    ]  # fmt: skip
    [_flagged, unsure, later] = tiles.units(batch)
    acts.act(batch=batch, by=dana, wishes=[wish(unsure, "clear"), wish(later, "flag")])
    assert [view.item.content_id for view in views.all()] == [Decision.objects.order_by("pk").last().content_id]  # type: ignore[union-attr]


def test_a_superseded_decision_is_not_asked_for_and_the_new_one_is(case: Case, dana: User, sam: User) -> None:
    decide(case, dana, "1", 1)
    content = Content.objects.get()
    Viewing.objects.create(user=sam, content=content, case=case, revealed_ms=300)
    decisions.decide_content(case=case, content=content, code="2", by=sam, via="page", reason="clearer")
    assert {row.code for row in Decision.objects.filter(pk__in=wanted())} == {"2"}
    assert sorted(SecondView.objects.values_list("state", flat=True)) == ["dropped", "open"]


def test_what_an_operator_enters_by_command_is_not_drawn(case: Case, dana: User) -> None:
    [content] = material.pictures(case, dana, ["a"])
    decisions.decide_content(case=case, content=content, code="1", by=dana, via="command", viewed=True)
    assert wanted() == set()
