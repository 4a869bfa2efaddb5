"""Second views: who is asked, what is given, and what becomes of it when the batch ends."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from cases import acts, decisions, ending, investigations, review, tiles
from cases.errors import BatchOver, NothingLeft
from cases.models import Batch, Case, Decision, Disagreement, Item, SecondOpinion, SecondView, Standing, Viewing
from cases.second import acts as second_acts
from cases.second import queue
from cases.units import Wish
from tests.cases import material
from tests.cases.test_acts import counts, wish
from workbench import checks
from workbench.models import User

pytestmark = pytest.mark.django_db


def decide(case: Case, by: User, code: str | Sequence[str] = "1", number: int = 3, *, viewed: bool = False) -> None:
    """So many pictures, decided by somebody whose batch is over."""
    codes = [code] * number if isinstance(code, str) else list(code)
    contents = material.pictures(case, by, [f"{by.username}{n}" for n in range(len(codes))])
    batch = review.claim(case=case, by=by)
    for content in contents if viewed else ():
        Viewing.objects.create(user=by, content=content, case=case, batch=batch, revealed_ms=400)
    units = tiles.units(batch, limit=200)
    acts.act(batch=batch, by=by, wishes=[wish(unit, code=one) for unit, one in zip(units, codes, strict=True)])
    ending.close(batch=batch, by=by)


def give(batch: Batch, by: User, code: str = "1", kind: str = "decide") -> list[dict[str, object]]:
    wishes = [wish(unit, kind, code=code) for unit in queue.units(batch, limit=200)]
    return second_acts.act(batch=batch, by=by, wishes=wishes)


def test_what_agrees_closes_the_wish_and_what_differs_opens_a_disagreement(case: Case, dana: User, milo: User) -> None:
    decide(case, dana, ["1", "2"])
    with pytest.raises(NothingLeft):
        queue.claim(case=case, by=dana)  # never one's own
    batch = queue.claim(case=case, by=milo)
    assert [answer["status"] for answer in give(batch, milo)] == ["saved", "saved"]
    assert not SecondOpinion.objects.exists()  # it counts when the batch is over
    assert ending.close(batch=batch, by=milo)["decided"] == 2
    assert {row.state for row in SecondView.objects.all()} == {"done"}
    assert {(row.code, row.reason) for row in SecondOpinion.objects.all()} == {("1", "sample")}
    [differing] = Disagreement.objects.all()
    assert (differing.decision.code, differing.opinion.code) == ("2", "1")
    assert counts(case) == {"decided": 2}
    assert checks.broken(None) == []


def test_a_batch_is_offered_once_the_first_look_is_over_and_to_one_person_at_a_time(
    case: Case, dana: User, milo: User, sam: User
) -> None:
    material.pictures(case, dana, ["a", "b"])
    first = review.claim(case=case, by=dana)
    acts.act(batch=first, by=dana, wishes=[wish(unit) for unit in tiles.units(first)])
    with pytest.raises(NothingLeft):
        queue.claim(case=case, by=milo)  # Dana may still take back
    ending.close(batch=first, by=dana)
    mine = queue.claim(case=case, by=milo)
    assert (mine.size, queue.claim(case=case, by=milo)) == (2, mine)
    with pytest.raises(NothingLeft):
        queue.claim(case=case, by=sam)


def test_undo_and_redo_go_any_number_of_steps_and_a_lost_browser_loses_nothing(
    case: Case, dana: User, milo: User
) -> None:
    decide(case, dana, "1", 1)
    batch = queue.claim(case=case, by=milo)

    def press(kind: str, code: str | None = None, undoes: UUID | None = None) -> Wish:
        [unit] = queue.units(batch)
        made = Wish(uuid4(), kind, UUID(unit["id"]), unit["version"], code, undoes=undoes)
        [answer] = second_acts.act(batch=batch, by=milo, wishes=[made])
        assert answer["status"] == "saved", answer
        return made

    def shown() -> tuple[str | None, str | None]:
        [unit] = queue.units(batch)
        return unit["code"], unit["outcome"]

    one, two, three = press("decide", "1"), press("decide", "2"), press("unsure")
    assert shown() == (None, "unsure")
    for undone, left in ((three, ("2", None)), (two, ("1", None)), (one, (None, None))):
        press("undo", undoes=undone.key)
        assert shown() == left
    press("redo", undoes=one.key)
    again = press("redo", undoes=three.key)
    assert (shown(), [step["act"] for step in second_acts.steps(batch)]) == ((None, "unsure"), ["redo", "redo"])
    press("undo", undoes=again.key)
    Batch.objects.filter(pk=batch.pk).update(lease_until=Batch.objects.get(pk=batch.pk).opened_at - timedelta(1))
    with pytest.raises(BatchOver):
        second_acts.act(batch=batch, by=milo, wishes=[])
    assert ending.expire_batches() == 1
    assert SecondOpinion.objects.get().code == "1"
    assert checks.broken(None) == []


def test_an_act_sent_twice_counts_once_and_a_stale_one_writes_nothing(case: Case, dana: User, milo: User) -> None:
    decide(case, dana, "1", 1)
    batch = queue.claim(case=case, by=milo)
    [unit] = queue.units(batch)
    once = wish(unit)
    for status in ("saved", "repeat"):
        [answer] = second_acts.act(batch=batch, by=milo, wishes=[once])
        assert (answer["status"], answer["code"]) == (status, "1")
    now = unit | {"version": unit["version"] + 1}
    for late, status in ((wish(unit), "stale"), (wish(now, "flag"), "refused"), (wish(now, "split"), "refused")):
        [answer] = second_acts.act(batch=batch, by=milo, wishes=[late])
        assert answer["status"] == status
    assert SecondView.objects.get().version == unit["version"] + 1


def test_what_one_person_was_unsure_of_another_decides(case: Case, dana: User, milo: User) -> None:
    material.pictures(case, dana, ["a"])
    first = review.claim(case=case, by=dana)
    acts.act(batch=first, by=dana, wishes=[wish(unit, "unsure") for unit in tiles.units(first)])
    ending.close(batch=first, by=dana)
    with pytest.raises(NothingLeft):
        queue.claim(case=case, by=dana)
    batch = queue.claim(case=case, by=milo)
    give(batch, milo, "5")
    ending.close(batch=batch, by=milo)
    made = Decision.objects.get()
    assert (made.by, made.code, made.act.via, Item.objects.get().state) == (milo, "5", "second", "decided")
    assert [view.decision for view in SecondView.objects.filter(state="open")] == [made]  # and wants a second view
    assert queue.claim(case=case, by=dana).size == 1
    assert checks.broken(None) == []


def test_unsure_goes_to_somebody_else_and_skipped_comes_last(case: Case, dana: User, milo: User, sam: User) -> None:
    decide(case, dana, "1", 3)
    batch = queue.claim(case=case, by=milo)
    one, two, _three = queue.units(batch)
    second_acts.act(batch=batch, by=milo, wishes=[wish(one, "unsure"), wish(two, "skip")])
    ending.close(batch=batch, by=milo)
    again = queue.claim(case=case, by=milo)
    assert [unit["id"] for unit in queue.units(again)][-1] == two["id"]
    assert one["id"] not in {unit["id"] for unit in queue.units(again)}
    ending.close(batch=again, by=milo)
    assert one["id"] in {unit["id"] for unit in queue.units(queue.claim(case=case, by=sam))}


def test_a_conflict_is_the_second_view_and_asks_for_a_ruling(case: Case, dana: User, milo: User) -> None:
    other = investigations.create(number="26-2", name="Millrace", scheme_id="landscapes-t1", by=milo, team=[dana])
    material.pictures(case, dana, ["a"])
    material.pictures(other, dana, ["a"])
    mine, theirs = review.claim(case=case, by=dana), review.claim(case=other, by=milo)
    acts.act(batch=theirs, by=milo, wishes=[wish(tiles.units(theirs)[0], code="2")])
    acts.act(batch=mine, by=dana, wishes=[wish(tiles.units(mine)[0], code="1")])
    assert (SecondView.objects.get().state, SecondOpinion.objects.get().reason) == ("done", "conflict")
    assert Disagreement.objects.get().decision == Standing.objects.get().decision


def test_an_opinion_on_what_was_superseded_meanwhile_is_kept_without_a_disagreement(
    case: Case, dana: User, milo: User, sam: User
) -> None:
    decide(case, dana, "1", 1)
    batch = queue.claim(case=case, by=milo)
    give(batch, milo, "3")
    content = Decision.objects.get().content
    decisions.decide_content(case=case, content=content, code="2", by=sam, via="page", reason="clearer")
    ending.close(batch=batch, by=milo)
    opinion = SecondOpinion.objects.get()
    assert (opinion.code, opinion.decision.code, Disagreement.objects.exists()) == ("3", "1", False)
    assert [view.decision.code for view in SecondView.objects.filter(state="open") if view.decision] == ["2"]
    assert checks.broken(None) == []
