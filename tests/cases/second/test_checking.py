"""Hidden check items: among the others and like them, counted for all together, and nothing waits for them."""

import pytest

from cases import acts, ending, publishing, review, tiles
from cases.errors import NothingLeft
from cases.models import Case, Disagreement, Offer, SecondOpinion, SecondView
from cases.second import agreement, queue, shares
from hashsets import scheme_tables
from tests.cases import material
from tests.cases.second.test_queue import decide, give
from tests.cases.test_acts import wish
from tests.people import signed_in
from workbench import checks, people
from workbench.models import Role, User

pytestmark = pytest.mark.django_db


def test_what_two_people_agreed_on_checks_a_third_one(case: Case, dana: User, milo: User, sam: User) -> None:
    scheme = scheme_tables.latest("landscapes-t1")
    assert shares.change(scheme=scheme, percents={}, by=sam, reason="a trial", checks=20) == 1
    decide(case, dana, "1", 10, viewed=True)
    agreed = queue.claim(case=case, by=milo)
    assert agreed.size == 10  # nothing is known yet
    give(agreed, milo, "1")
    ending.close(batch=agreed, by=milo)
    nadia = people.add_person(username="nadia", name="Nadia Fell", agency=sam.agency, roles={Role.INVESTIGATOR})
    with pytest.raises(NothingLeft):
        queue.claim(case=case, by=nadia)  # nobody looks for the sake of a check alone
    material.pictures(case, dana, ["later"], ref="NM-02")
    first = review.claim(case=case, by=dana)
    acts.act(batch=first, by=dana, wishes=[wish(unit, code="1") for unit in tiles.units(first)])
    ending.close(batch=first, by=dana)
    batch = queue.claim(case=case, by=nadia)
    units = queue.units(batch)
    assert [unit["position"] for unit in units] == [1, 2]
    assert len({(unit["version"], *sorted(unit)) for unit in units}) == 1  # nothing tells them apart
    assert publishing.approve(offers=list(Offer.objects.values_list("public_id", flat=True)[:10]), by=sam).done == 10
    give(batch, nadia, "2")
    ending.close(batch=batch, by=nadia)
    assert sorted(SecondOpinion.objects.filter(by=nadia).values_list("reason", flat=True)) == ["check", "sample"]
    assert [one.opinion.reason for one in Disagreement.objects.all()] == ["sample"]
    assert agreement.checks(sam, scheme, 90) == (1, 0)
    assert sum(agreement.pairs(sam, scheme, 90).values()) == 11
    assert "1 hidden check item was given, 0 as known." in signed_in(sam).get("/second/").content.decode()
    assert not SecondView.objects.filter(state="open").exists()
    assert checks.broken(None) == []
