"""Samples of one person's decisions: what is drawn, who is asked, what is told, and nothing that ranks anybody."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from cases import decisions, ending, investigations
from cases.errors import AnotherPersonNeeded, NothingLeft, ReasonNeeded, TooFewToSample
from cases.models import Case, Decision, Disagreement, Sample, SampleDraw, SecondOpinion, SecondView
from cases.second import interval, queue, samples, shares
from tests.cases import material
from tests.cases.second.test_queue import decide, give
from tests.people import signed_in
from workbench import checks, people
from workbench.errors import BadInput, NotAllowed
from workbench.models import AuditEvent, Role, User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_else_is_drawn(case: Case, sam: User) -> None:
    every = {share.code: 0 for share in shares.of(sam.agency, case.scheme)}
    shares.change(scheme=case.scheme, percents=every, by=sam, reason="only samples here")


@pytest.fixture
def asked(case: Case, dana: User) -> samples.Asked:
    today = datetime.now(UTC).date()
    return samples.Asked(dana, case.scheme, today - timedelta(days=1), today + timedelta(days=1), [case])


def draw(asked: samples.Asked, by: User, number: int = 60, reason: str = "half-yearly") -> Sample:
    return samples.draw(asked=asked, number=number, by=by, reason=reason)


def lot(sample: Sample, decision: Decision) -> bytes:
    return hashlib.sha256(sample.seed.bytes + decision.public_id.bytes).digest()


def test_what_is_drawn_follows_from_the_seed_and_is_the_same_when_drawn_again(
    case: Case, dana: User, milo: User, sam: User, asked: samples.Asked
) -> None:
    decide(case, dana, ["1"] * 40 + ["4"] * 50)
    decide(case, milo, "1", 5)  # another person's
    sample = draw(asked, sam)
    every = sorted(Decision.objects.filter(by=dana), key=lambda row: lot(sample, row))
    drawn = list(SampleDraw.objects.filter(sample=sample).order_by("place").values_list("decision", flat=True))
    assert (drawn, sample.fitting) == ([row.pk for row in every[:60]], 90)
    later = every[0]
    decisions.decide_content(case=case, content=later.content, code="2", by=sam, via="command", reason="x", viewed=True)
    assert samples.decisions_of(sample, 60) == drawn
    body = AuditEvent.objects.get(verb="second.sample").body
    assert (str(sample.seed) in body, '"drawn":60' in body, '"views":60' in body) == (True, True, True)


def test_others_look_blind_and_only_the_whole_is_told(
    case: Case, dana: User, milo: User, sam: User, asked: samples.Asked
) -> None:
    decide(case, dana, ["1"] * 70)
    sample = draw(asked, sam)
    with pytest.raises(NothingLeft):
        queue.claim(case=case, by=dana)  # never one's own
    batch = queue.claim(case=case, by=milo)
    assert batch.size == 60
    assert {unit["tags"] == [] and unit["code"] is None for unit in queue.units(batch, limit=200)} == {True}
    told = signed_in(milo).get(reverse("cases:api_units", args=[batch.public_id])).content.decode()
    assert ("drawn" in told, str(sample.public_id) in told, dana.username in told) == (False, False, False)
    give(batch, milo, "1")
    [first] = queue.units(batch, limit=1)
    give_one(batch, milo, first, "2")
    assert _outcome(sample) == (60, 0, None)  # it counts when the batch is over
    ending.close(batch=batch, by=milo)
    drawn, given, same = _outcome(sample)
    assert (drawn, given) == (60, 60)
    assert same == pytest.approx(59 / 60)
    assert set(SecondOpinion.objects.values_list("reason", flat=True)) == {"drawn"}
    assert Disagreement.objects.count() == 1  # what differs comes to a ruling, as any other
    page = signed_in(sam).get(reverse("cases:samples")).content.decode()
    assert ("98.3 %" in page, "60 of 60" in page, milo.name in page.split("draw-title")[0]) == (True, True, False)
    assert checks.broken(None) == []


def give_one(batch: Any, by: User, unit: dict[str, Any], code: str) -> None:
    from cases.second import acts as second_acts
    from tests.cases.test_acts import wish

    second_acts.act(batch=batch, by=by, wishes=[wish(unit, code=code)])


def _outcome(sample: Sample) -> tuple[int, int, float | None]:
    [found] = samples.outcomes([sample])
    return found.drawn, found.given, found.same and found.same.value


def test_looks_that_were_had_count_and_are_not_asked_for_again(
    case: Case, dana: User, milo: User, sam: User, asked: samples.Asked
) -> None:
    decide(case, dana, ["1"] * 55)
    draw(asked, sam, 50)
    batch = queue.claim(case=case, by=milo)
    give(batch, milo, "1")
    ending.close(batch=batch, by=milo)
    whole = draw(asked, sam, 55)
    assert SecondView.objects.filter(state="open").count() == 5
    assert _outcome(whole)[:2] == (55, 50)


def test_who_may_draw_and_from_what(case: Case, dana: User, milo: User, sam: User, asked: samples.Asked) -> None:
    decide(case, dana, ["1"] * 49)
    with pytest.raises(TooFewToSample):
        draw(asked, sam)
    both = people.add_person(
        username="both", name="Both", agency=sam.agency, roles={Role.SUPERVISOR, Role.INVESTIGATOR}
    )
    investigations.add_member(case=case, person=both, by=dana)
    [content] = material.pictures(case, dana, ["fiftieth"], ref="NM-02")
    decisions.decide_content(case=case, content=content, code="4", by=dana, via="page", viewed=True)
    for by, number, reason, refused in (
        (milo, 50, "so", NotAllowed),
        (sam, 49, "so", BadInput),
        (sam, 501, "so", BadInput),
        (sam, 50, " ", ReasonNeeded),
        (dana, 50, "so", NotAllowed),
    ):
        with pytest.raises(refused):
            draw(asked, by, number, reason)
    with pytest.raises(AnotherPersonNeeded):
        draw(samples.Asked(both, case.scheme, asked.first, asked.last, [case]), both)
    draw(asked, both, 50)
    with pytest.raises(NothingLeft):
        queue.claim(case=case, by=both)  # who drew knows whose they are
    assert SecondView.objects.filter(state="open").count() == 50
    assert checks.broken(None) == []


def test_who_asks_for_too_few_keeps_the_form_and_is_told_there(
    case: Case, dana: User, sam: User, asked: samples.Asked
) -> None:
    decide(case, dana, ["1"] * 10)
    body = {"person": dana.public_id, "first": asked.first, "last": asked.last, "number": 60, "reason": "half-yearly"}
    answer = signed_in(sam).post(reverse("cases:samples"), body)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert ("Fewer than 50 decisions fit" in page, 'value="half-yearly"' in page) == (True, True)


def test_the_page_draws_and_tells_nobody_of_samples_about_himself(
    case: Case, dana: User, sam: User, asked: samples.Asked
) -> None:
    decide(case, dana, ["1"] * 50)
    client, address = signed_in(sam), reverse("cases:samples")
    body = {"person": dana.public_id, "first": asked.first, "last": asked.last, "number": 50, "reason": "half-yearly"}
    assert client.post(address, body | {"person": sam.public_id}).status_code == 400
    for day in (date.max, "0000-01-01"):
        assert client.post(address, body | {"last": day}).status_code == 400
    assert client.post(address, body | {"case": case.public_id}, follow=True).status_code == 200
    assert "too few pairs: 0 of 50" in client.get(address).content.decode()
    lead = people.add_person(username="lead", name="Lead", agency=sam.agency, roles={Role.SUPERVISOR})
    Sample.objects.create(agency=sam.agency, by=sam, person=lead, scheme_id="x", since=datetime.now(UTC),
                          until=datetime.now(UTC), cases=[], as_of=0, fitting=0, reason="quiet words")  # fmt: skip
    assert "quiet words" not in signed_in(lead).get(address).content.decode()
    assert "quiet words" in client.get(address).content.decode()


@pytest.mark.parametrize(("same", "number", "low", "high"), [(50, 50, 0.9287, 1.0), (45, 50, 0.7864, 0.9565)])
def test_the_interval_of_a_share(same: int, number: int, low: float, high: float) -> None:
    found = interval.wilson(same, number)
    assert (found.value, found.low, found.high) == pytest.approx((same / number, low, high), abs=1e-4)
