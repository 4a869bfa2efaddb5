"""The form of a policy: where it starts, what it keeps, and what it says when nothing changed."""

import json
import re
from typing import Any

import pytest

from hashsets import policies
from hashsets.models import HashSet, Policy
from tests.hashsets import makers
from tests.hashsets.pages import text, url
from tests.people import People, signed_in
from workbench import checks
from workbench.models import AuditEvent, User

RELEVANT = {"disposition": "relevant", "reason": "agreed with the region"}


def post(user: User, to: HashSet, **data: str) -> Any:
    """Send the form, and follow where it leads."""
    return signed_in(user).post(url("policy", to), {**RELEVANT, **data}, secure=True, follow=True)


def form(user: User, of: HashSet, disposition: str = "relevant") -> Any:
    return signed_in(user).get(url("policy", of), {"disposition": disposition}, secure=True)


def events() -> list[dict[str, Any]]:
    found = AuditEvent.objects.filter(verb__startswith="set.policy").order_by("seq")
    return [json.loads(event.body) for event in found]


def test_a_policy_is_set_from_the_page_and_the_log_keeps_why(hash_set: HashSet, people: People) -> None:
    post(people.supervisor, hash_set, disposition="not_relevant", action="hide", min_trust="trusted", may_discard="on")
    policy = Policy.objects.get(set=hash_set)
    assert (policy.agency, policy.disposition, policy.action) == (people.north, "not_relevant", "hide")
    assert (policy.min_trust, policy.may_discard) == ("trusted", True)
    (event,) = events()
    assert event["reason"] == "agreed with the region"
    assert (event["details"]["action"], event["details"]["disposition"]) == ("hide", "not_relevant")


@pytest.mark.parametrize(
    ("chosen", "told", "selected"),
    [
        ([], "Accept, from provisional on (the default; this agency chose nothing)", ("accept", "provisional")),
        ([(None, "propose", "trusted")], "Propose, from trusted on (from the policy for all", ("propose", "trusted")),
        ([(None, "propose", "trusted"), ("relevant", "off", "corroborated")],
         "Off, from corroborated on (chosen by this agency)", ("off", "corroborated")),
    ],
)  # fmt: skip
def test_the_form_starts_from_what_holds_and_says_who_chose_it(
    chosen: list[tuple[str | None, str, str]], told: str, selected: tuple[str, str], hash_set: HashSet, people: People
) -> None:
    who = {"agency": people.north, "by": people.supervisor}
    for disposition, action, trust in chosen:
        policies.set_policy(hash_set, disposition=disposition, action=action, min_trust=trust, **who)  # type: ignore[arg-type]
    page = form(people.supervisor, hash_set)
    assert told in text(page)
    found = re.findall(r'<option value="(\w+)" selected', page.content.decode())
    assert tuple(found) == selected
    rule = next(one for one in policies.effective(people.north.pk, hash_set.pk) if one.disposition == "relevant")
    assert (rule.action, rule.min_trust) == selected


def test_what_changes_nothing_is_said_and_is_no_event(hash_set: HashSet, people: People) -> None:
    same = {"action": "accept", "min_trust": "provisional"}  # what holds by default
    assert "Nothing changed" in text(post(people.supervisor, hash_set, **same))
    assert (Policy.objects.count(), events()) == (0, [])
    other = {"action": "propose", "min_trust": "provisional"}
    assert "The policy is in force" in text(post(people.supervisor, hash_set, **other))
    assert "Nothing changed" in text(post(people.supervisor, hash_set, **other))
    assert len(events()) == 1


def test_a_policy_goes_back_to_the_default_with_a_reason(hash_set: HashSet, people: People) -> None:
    assert "Back to the default" not in text(form(people.supervisor, hash_set))
    post(people.supervisor, hash_set, action="off", min_trust="trusted")
    table = re.search(
        r"What a match does in this agency(.*)Change for all",
        text(signed_in(people.supervisor).get(url("set", hash_set), secure=True)),
    )
    assert table
    assert "this agency" in table[1]
    page = text(form(people.supervisor, hash_set))
    assert "Back to the default" in page
    assert "Without this policy holds: Accept, from provisional on" in page
    assert "is removed" in text(post(people.supervisor, hash_set, action="off", min_trust="trusted", back="on"))
    assert not Policy.objects.exists()
    assert [event["verb"] for event in events()] == ["set.policy", "set.policy.remove"]
    assert events()[1]["reason"] == "agreed with the region"
    assert "Nothing changed" in text(post(people.supervisor, hash_set, action="off", min_trust="trusted", back="on"))
    assert {rule.action for rule in policies.effective(people.north.pk, hash_set.pk)} == {"accept"}
    assert checks.broken(only=checks.LEDGER_OF_EVENTS) == []


def test_beneath_a_policy_for_one_disposition_lies_the_one_for_all(hash_set: HashSet, people: People) -> None:
    for disposition, action in (("", "propose"), ("relevant", "off")):
        post(people.supervisor, hash_set, disposition=disposition, action=action, min_trust="trusted")
    page = text(form(people.supervisor, hash_set))
    assert "Back to the policy for all" in page
    assert "Without this policy holds: Propose, from trusted on (from the policy for all dispositions)." in page
    post(people.supervisor, hash_set, action="off", min_trust="trusted", back="on")
    rules = {rule.disposition: rule.action for rule in policies.effective(people.north.pk, hash_set.pk)}
    assert rules["relevant"] == "propose"


@pytest.mark.parametrize(
    "wrong", [{"reason": "  "}, {"action": "burn"}, {"min_trust": "disputed"}, {"disposition": "bad"}]
)
def test_a_form_that_lacks_something_is_refused(wrong: dict[str, str], hash_set: HashSet, people: People) -> None:
    answer = post(people.supervisor, hash_set, **{"action": "off", "min_trust": "trusted", **wrong})
    assert answer.status_code == 400
    assert (Policy.objects.count(), events()) == (0, [])


@pytest.mark.parametrize("disposition", ["relevant", "relevant_restricted"])
def test_what_is_relevant_is_never_hidden_as_harmless(disposition: str, hash_set: HashSet, people: People) -> None:
    data = {"disposition": disposition, "action": "hide", "min_trust": "trusted", "reason": "agreed"}
    refused = signed_in(people.supervisor).post(url("policy", hash_set), data, secure=True)
    assert (refused.status_code, "harmless" in text(refused)) == (400, True)
    assert not Policy.objects.exists()


def test_a_foreign_agency_sets_its_own_policy_for_a_set_it_may_use(people: People) -> None:
    shared = makers.hash_set(people.supervisor, "Shared", reach="node")
    data = {"disposition": "", "action": "accept", "min_trust": "provisional", "reason": "agreed"}
    signed_in(people.outsider).post(url("policy", shared), data, secure=True)
    assert {rule.action for rule in policies.effective(people.south.pk, shared.pk)} == {"accept"}
    assert {rule.min_trust for rule in policies.effective(people.north.pk, shared.pk)} == {"provisional"}
    assert not Policy.objects.filter(agency=people.north).exists()
