"""An exhibit taken out of its case: figures, queue, tallies, log and later exports no longer see it."""

from pathlib import Path

import pytest

from cases import decisions, ending, events, evidence, figures, investigations, passwords, removal, review, tiles
from cases.errors import CaseIsClosed, ReasonNeeded
from cases.exports import snapshot
from cases.ingest import contents, holding, ledger, listing, sweeping
from cases.ingest.base import Row
from cases.ingest.contents import Hashed
from cases.models import Batch, Case, Exhibit, Item
from tests import factories, statements
from tests.cases.ingest.trees import add, picture, take_in, tree
from workbench import checks, storage
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two(case: Case) -> tuple[Exhibit, Exhibit]:
    """Two exhibits that share one picture; each has one of its own, the first a file that could not be read."""
    first, second = factories.exhibit(case, "NM-01"), factories.exhibit(case, "NM-02")
    for exhibit, names in ((first, ("shared", "first")), (second, ("shared", "second"))):
        for name in names:
            factories.item(exhibit, name)
    factories.rejected(first, "broken.jpg")
    return first, second


def remove(exhibit: Exhibit, reason: str = "seized from a neighbour") -> bool:
    removal.ask(exhibit, by=exhibit.case.lead, reason=reason)
    return removal.carry_out(exhibit.pk)


def states(case: Case) -> list[str]:
    return sorted(Item.objects.filter(case=case).values_list("state", flat=True))


def verbs(exhibit: Exhibit) -> list[str]:
    told = AuditEvent.objects.filter(subject=f"exhibit:{exhibit.public_id}").order_by("seq")
    return list(told.values_list("verb", flat=True))


def test_what_lay_only_there_is_excluded_and_what_lies_elsewhere_stays(case: Case, two: tuple[Exhibit, ...]) -> None:
    assert remove(two[0])
    assert states(case) == ["excluded", "open", "open"]
    now = figures.of(case)
    assert (now.files, now.problems, now.unique, now.left) == (2, 0, 2, 2)
    assert checks.broken() == []


def test_the_log_tells_who_asked_why_and_what_went(case: Case, two: tuple[Exhibit, ...]) -> None:
    remove(two[0])
    assert verbs(two[0]) == [events.REMOVAL_ASKED, events.REMOVED]
    told = AuditEvent.objects.get(verb=events.REMOVED)
    assert told.actor == case.lead.username
    assert "seized from a neighbour" in told.body
    assert '"files":3' in told.body
    assert '"contents":2' in told.body


def test_removing_twice_changes_nothing_more(case: Case, two: tuple[Exhibit, ...]) -> None:
    remove(two[0])
    assert not removal.carry_out(two[0].pk)
    with pytest.raises(evidence.NotInThisState):
        remove(two[0])
    assert verbs(two[0]).count(events.REMOVED) == 1


def test_a_worker_that_was_lost_is_followed_by_another(two: tuple[Exhibit, ...]) -> None:
    removal.ask(two[0], by=two[0].case.lead, reason="wrong case")
    assert sweeping.unfinished().to_remove == [two[0].pk]
    assert removal.carry_out(two[0].pk)
    assert sweeping.unfinished().to_remove == []


def test_the_unit_on_somebodys_screen_stays_until_its_batch_closes(case: Case, two: tuple[Exhibit, ...]) -> None:
    batch = review.claim(case=case, by=case.lead)
    remove(two[0])
    assert len(tiles.units(batch)) == 3
    assert [left["reason"] for left in review.left_queue(batch)] == ["its exhibit was removed"]
    assert states(case) == ["open"] * 3
    assert checks.broken() == []
    ending.close(batch=batch, by=case.lead)
    assert states(case) == ["excluded", "open", "open"]
    assert checks.broken() == []


def test_of_a_unit_that_is_decided_meanwhile_the_decision_stands(case: Case, two: tuple[Exhibit, ...]) -> None:
    review.claim(case=case, by=case.lead)
    remove(two[0])
    held = Item.objects.get(case=case, content=factories.content(case.agency, "first"))
    decisions.decide_content(case=case, content=held.content, code="1", by=case.lead, via="test", viewed=True)
    ending.close(batch=Batch.objects.get(), by=case.lead)
    assert states(case) == ["excluded", "open", "open"]
    assert checks.broken() == []
    factories.item(factories.exhibit(case, "NM-03"), "first")
    assert states(case) == ["decided", "open", "open"]


def test_decided_items_leave_figures_and_later_exports(case: Case, two: tuple[Exhibit, ...]) -> None:
    held = factories.content(case.agency, "first")
    decisions.decide_content(case=case, content=held, code="1", by=case.lead, via="test", viewed=True)
    remove(two[0])
    assert figures.detailed(case).by_category == {}
    with snapshot.frozen():
        taken = snapshot.take(case)
        assert [exhibit.ref for exhibit in taken.exhibits] == ["NM-02"]
        assert len(list(taken.rows("SELECT * FROM shown"))) == 2
        assert {row["ref"] for row in taken.rows("SELECT * FROM files")} == {"NM-02"}


@pytest.mark.parametrize("state", ["waiting", "listing", "running", "removing", "removed"])
def test_only_what_stands_still_can_be_removed(case: Case, state: str) -> None:
    exhibit = factories.exhibit(case)
    Exhibit.objects.filter(pk=exhibit.pk).update(state=state)
    with pytest.raises(evidence.NotInThisState):
        removal.ask(exhibit, by=case.lead, reason="wrong case")


def test_a_removal_needs_a_reason_and_an_open_case(case: Case, two: tuple[Exhibit, ...], sam: User) -> None:
    with pytest.raises(ReasonNeeded):
        removal.ask(two[0], by=case.lead, reason="  ")
    investigations.close(case=case, by=sam, reason="done")
    with pytest.raises(CaseIsClosed):
        removal.ask(two[0], by=case.lead, reason="wrong case")


def test_a_case_is_not_closed_while_an_exhibit_is_being_removed(
    case: Case, two: tuple[Exhibit, ...], sam: User
) -> None:
    removal.ask(two[0], by=case.lead, reason="wrong case")
    with pytest.raises(evidence.NotInThisState, match="being removed"):
        investigations.close(case=case, by=sam, reason="done")
    case.refresh_from_db()
    assert case.state == Case.State.OPEN


def test_nothing_more_comes_into_what_was_removed(case: Case, tmp_path: Path) -> None:
    exhibit = take_in(case, tree(tmp_path / "e", {"a.png": picture(1)}))
    remove(exhibit)
    with pytest.raises(evidence.ExhibitTaken, match="was removed"):
        add(case, tmp_path / "e")
    with pytest.raises(evidence.NotInThisState):
        evidence.resume(exhibit, by=case.lead)
    with pytest.raises(evidence.NotInThisState):
        passwords.give(exhibit, passwords=["harbour"], by=case.lead)


def test_files_a_worker_still_reads_are_not_entered_after_the_removal(case: Case, tmp_path: Path) -> None:
    exhibit = add(case, tree(tmp_path / "e", {"a.png": picture(1)}))
    listing.list_files(exhibit.pk)
    row: Row = ledger.claim(exhibit.pk).rows[0]
    with storage.Batch(case.agency) as batch:
        digests = batch.receive([picture(1)])
        batch.commit()
    evidence.pause(exhibit, by=case.lead)
    remove(exhibit)
    assert contents.take_in(holding.get(exhibit.pk), [Hashed(row, digests)]) == []
    assert not Item.objects.filter(case=case).exists()
    assert checks.broken() == []


def test_a_removal_is_some_queries_for_any_number_of_files(case: Case) -> None:
    exhibit = factories.exhibit(case)
    factories.items(exhibit, 40)
    removal.ask(exhibit, by=case.lead, reason="wrong case")
    with statements.sent() as told:
        removal._remove(exhibit)
    assert len([sql for sql in told if "SAVEPOINT" not in sql]) <= 24
    assert states(case) == ["excluded"] * 40
