"""Opening and changing a case, what its page tells of it, and the set that its agency's decisions go to."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cases import activity, decisions, investigations, publishing, review
from cases.errors import CaseIsClosed
from cases.forms import CaseForm, EditCaseForm
from cases.models import Case
from hashsets import scheme_tables, sets
from hashsets.models import HashSet, Scheme
from tests.cases import material
from workbench.errors import BadInput, NotAllowed
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db


def another(case: Case, by: User, number: str = "26-2") -> Case:
    return investigations.create(number=number, name="Harbour", scheme_id=case.scheme.scheme_id, by=by)


def test_the_set_that_receives_decisions_is_made_once_and_is_an_event(case: Case, dana: User) -> None:
    made = publishing.publishing_set(another(case, dana))
    assert list(HashSet.objects.filter(receives_offers=True)) == [made]
    assert AuditEvent.objects.filter(verb="set.create", subject=f"hashset:{made and made.public_id}").count() == 1


def test_a_new_version_of_the_scheme_goes_on_with_the_set_there_is(case: Case, dana: User) -> None:
    old = scheme_tables.latest(case.scheme.scheme_id)
    Scheme.objects.create(scheme_id=old.scheme_id, version=99, name=old.name)
    later = another(case, dana)
    assert later.scheme.version == 99
    assert publishing.publishing_set(later) == publishing.publishing_set(case)


def test_a_retired_set_is_followed_by_a_new_one_under_a_free_name(case: Case, dana: User) -> None:
    first = publishing.publishing_set(case)
    assert first
    sets.retire(first, by=dana, reason="begun anew")
    second = publishing.publishing_set(another(case, dana))
    assert second
    assert second != first
    assert second.name == f"{first.name} (2)"


def told(case: Case) -> list[str]:
    return [line["text"] for line in activity.latest(case, by=case.lead)]


def test_a_case_is_changed_by_its_lead_or_a_supervisor_and_the_log_has_both_states(
    case: Case, dana: User, milo: User, sam: User
) -> None:
    values: dict[str, Any] = {"name": "Quay", "due": None, "legal_reference": "W 7"}
    with pytest.raises(NotAllowed):
        investigations.edit(case=case, by=milo, **values)
    investigations.edit(case=case, by=dana, **values)
    investigations.edit(case=case, by=sam, **values)  # nothing changes: no event
    case.refresh_from_db()
    assert (case.name, case.legal_reference) == ("Quay", "W 7")
    (event,) = AuditEvent.objects.filter(verb="case.edit")
    details = json.loads(event.body)["details"]
    assert details["before"] == {"name": "Harbour", "legal_reference": ""}
    assert details["after"] == {"name": "Quay", "legal_reference": "W 7"}
    assert told(case)[0] == "Case changed"


def test_a_closed_case_is_not_changed(case: Case, dana: User, sam: User) -> None:
    investigations.close(case=case, by=sam, reason="done")
    with pytest.raises(CaseIsClosed):
        investigations.edit(case=case, by=dana, name="Quay", due=None, legal_reference="")


@pytest.mark.parametrize("name", ["Quay\u202esthgil", "Quay\u2066", "Quay\x1b[1m", "Quay\u200b"])
def test_a_name_that_is_not_what_it_seems_is_refused(case: Case, dana: User, name: str) -> None:
    with pytest.raises(BadInput):
        investigations.create(number="26-9", name=name, scheme_id=case.scheme.scheme_id, by=dana)
    with pytest.raises(BadInput):
        investigations.create(number=name, name="Quay", scheme_id=case.scheme.scheme_id, by=dana)
    form = {"number": "26-9", "name": name, "scheme": case.scheme.scheme_id}
    assert "cannot be seen" in str(CaseForm(form, by=dana).errors["name"])


def test_a_due_day_that_is_over_is_refused_unless_the_case_has_it_already() -> None:
    over = timezone.localdate() - timedelta(days=1)
    assert "over" in str(EditCaseForm({"name": "Quay", "due": over.isoformat()}).errors["due"])
    assert EditCaseForm({"name": "Quay", "due": over.isoformat()}, initial={"due": over}).is_valid()


def test_activity_says_equal_things_in_a_row_once_and_names_people_and_batches(
    case: Case, dana: User, milo: User, sam: User
) -> None:
    held = material.pictures(case, dana, ["a", "b", "c"])
    batch = review.claim(case=case, by=dana)
    for content in held[:2]:  # each is an event of its own, and so is each offer
        decisions.decide_content(case=case, content=content, code="1", by=dana, via="test", viewed=True)
    investigations.remove_member(case=case, person=milo, by=sam)
    decisions.decide_content(case=case, content=held[2], code="2", by=dana, via="test")
    assert told(case)[:4] == [
        "Decided 1 item",
        "Person removed from the team: Milo Lind",
        "Offered 2 items to a hash set",
        "Decided 2 items",
    ]
    assert told(case)[4] == f"Batch claimed: {batch.number}"
    lines = activity.latest(case, by=case.lead)
    assert [line["category"] and line["category"].code for line in lines][:4] == ["2", None, None, "1"]
