"""Several people give second views at once, and lose their browsers: nothing is held by two, lost, or given twice."""

from collections.abc import Iterator
from threading import Thread

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import F

from cases import ending, investigations
from cases.errors import NothingLeft
from cases.models import Batch, Case, SecondOpinion, SecondView
from cases.second import acts as second_acts
from cases.second import queue
from tests.cases.second.test_queue import decide
from tests.cases.test_acts import wish
from workbench import checks, people
from workbench.models import Role, User

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE, VIEWS = 4, 60


def test_each_view_is_given_once_by_somebody_who_did_not_decide(
    case: Case, dana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(case, dana, "1", VIEWS)
    monkeypatch.setattr(settings, "BATCH_ITEMS", 7)
    team = [
        people.add_person(username=f"reader-{n}", name=f"Reader {n}", agency=case.agency, roles={Role.INVESTIGATOR})
        for n in range(PEOPLE)
    ]
    for person in team:
        investigations.add_member(case=case, person=person, by=dana)
    troubles = list[BaseException]()

    def work(person: User) -> None:
        try:
            for number, batch in enumerate(batches(case, person)):
                give_half_and_lose(batch, person) if number % 2 else give_all(batch, person)
        except BaseException as error:
            troubles.append(error)
        finally:
            connection.close()

    threads = [Thread(target=work, args=(person,)) for person in team]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    assert set(SecondView.objects.values_list("state", flat=True)) == {"done"}
    opinions = SecondOpinion.objects.all()
    assert opinions.count() == opinions.values("decision").distinct().count() == VIEWS
    assert not opinions.filter(by=F("decided_by")).exists()
    assert checks.broken(None) == []


def batches(case: Case, person: User) -> Iterator[Batch]:
    """One batch after the other, until none is left for the person."""
    while True:
        try:
            yield queue.claim(case=case, by=person)
        except NothingLeft:
            return


def give_all(batch: Batch, by: User) -> None:
    second_acts.act(batch=batch, by=by, wishes=[wish(unit, code="1") for unit in queue.units(batch)])
    ending.close(batch=batch, by=by)


def give_half_and_lose(batch: Batch, by: User) -> None:
    """The browser is gone and never comes back: the time of the batch runs out."""
    units = queue.units(batch)
    second_acts.act(batch=batch, by=by, wishes=[wish(unit, code="1") for unit in units[: -(-len(units) // 2)]])
    Batch.objects.filter(pk=batch.pk).update(lease_until=F("opened_at"))
