"""What a match may do: the rule in words above each row (model.md section 3)."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from hashsets import policies
from hashsets.models import HashSet
from hashsets.trust import ORDER
from tests.hashsets import makers
from tests.people import People
from workbench import audit
from workbench.errors import BadInput, NotAllowed
from workbench.models import AuditEvent

CLOSES, PROPOSES, TAGS = 2, 1, 0


@dataclass(frozen=True)
class Rule:
    """A situation and what a match does in it. `agency`: whose match; the set is northmoor's."""

    words: str
    effect: int | None
    agency: str = "north"
    set: dict[str, Any] = field(default_factory=dict)
    entry: dict[str, Any] = field(default_factory=dict)
    policies: tuple[dict[str, Any], ...] = ()
    retired: bool = False


PROVISIONAL, NOT_RELEVANT = {"trust": "provisional"}, {"disposition": "not_relevant", "code": "5"}
SHARED, ACCEPT = {"reach": "node"}, {"action": "accept", "min_trust": "provisional"}
RULES = [
    Rule("an agency's own set closes what is relevant", CLOSES),
    Rule("and what is relevant, restricted", CLOSES, entry={"disposition": "relevant_restricted"}),
    Rule("and what is not relevant", CLOSES, entry=NOT_RELEVANT),
    Rule("and that from provisional on", CLOSES, entry=PROVISIONAL),
    Rule("comparison never closes", TAGS, entry={"disposition": "comparison", "code": "4"}),
    Rule("a set of comparison images never closes", TAGS, set={"role": "comparison"}),
    Rule("no verdict never closes", TAGS, entry={"disposition": "no_verdict", "code": ""}),
    Rule("a category we do not know never closes", TAGS, entry={"disposition": "unmapped", "code": "99"}),
    Rule("an entry with two dispositions never closes", TAGS, entry={"conflict": True}),
    Rule("disputed never closes", TAGS, entry={"state": "disputed", "trust": "disputed"}),
    Rule("not even when only the trust says so", TAGS, entry={"trust": "disputed"}),
    Rule("retracted never closes", TAGS, entry={"trust": "retracted"}),
    Rule("a set for one agency does nothing in another", None, "south"),
    Rule("another agency's set proposes", PROPOSES, "south", set=SHARED),
    Rule("but only what is trusted", TAGS, "south", set=SHARED, entry={"trust": "corroborated"}),
    Rule("unless the agency accepts it", CLOSES, "south", set=SHARED, entry=PROVISIONAL, policies=(ACCEPT,)),
    Rule("hide closes like accept", CLOSES, policies=({"action": "hide"},)),
    Rule("propose asks a person", PROPOSES, policies=({"action": "propose"},)),
    Rule("suppress leaves a tag", TAGS, policies=({"action": "suppress"},)),
    Rule("off does nothing", TAGS, policies=({"action": "off"},)),
    Rule(
        "trust below the minimum does nothing",
        TAGS,
        entry=PROVISIONAL,
        policies=({"action": "accept", "min_trust": "corroborated"},),
    ),
    Rule(
        "a policy for the disposition wins over the one for all",
        PROPOSES,
        policies=({"action": "accept"}, {"action": "propose", "disposition": "relevant"}),
    ),
    Rule(
        "and one for another disposition does not touch it",
        CLOSES,
        policies=({"action": "propose", "disposition": "not_relevant"},),
    ),
    Rule("known-good only proposes", PROPOSES, set={"role": "known-good"}, entry=NOT_RELEVANT),
    Rule(
        "even when hidden by policy",
        PROPOSES,
        set={"role": "known-good"},
        entry=NOT_RELEVANT,
        policies=({"action": "hide"},),
    ),
    Rule(
        "until it may discard",
        CLOSES,
        set={"role": "known-good"},
        entry=NOT_RELEVANT,
        policies=({"action": "hide", "may_discard": True},),
    ),
    Rule("code 0 only proposes", PROPOSES, entry={"code": "0", "disposition": "not_relevant"}),
    Rule(
        "until it may discard, too",
        CLOSES,
        entry={"code": "0", "disposition": "not_relevant"},
        policies=({"action": "accept", "may_discard": True},),
    ),
    Rule(
        "may discard does not make proposals close",
        PROPOSES,
        entry={"code": "0", "disposition": "not_relevant"},
        policies=({"action": "propose", "may_discard": True},),
    ),
    Rule("a retired set does nothing", TAGS, retired=True),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.words)
def test_rule(rule: Rule, people: People) -> None:
    owner, agency = people.supervisor, getattr(people, rule.agency)
    hash_set = makers.hash_set(owner, **rule.set)
    entry = makers.stored(hash_set, owner, **rule.entry)
    actor = people.supervisor if agency == people.north else people.outsider
    for policy in rule.policies:
        policies.set_policy(hash_set, agency=agency, by=actor, **policy)
    if rule.retired:
        HashSet.objects.filter(pk=hash_set.pk).update(retired_at=timezone.now())
    assert _verdict(agency.pk, hash_set.pk, entry) == rule.effect
    assert _answer(agency.pk, hash_set.pk, entry) == (rule.effect or TAGS)


def _verdict(agency: int, hash_set: int, entry: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT effect FROM hashsets_verdict WHERE agency_id = %s AND set_id = %s AND entry_id = %s",
            [agency, hash_set, entry],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _answer(agency: int, hash_set: int, entry: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hashsets_effect(%s, set_id, code, disposition, trust, conflict, state) FROM hashsets_entry"
            " WHERE set_id = %s AND id = %s",
            [agency, hash_set, entry],
        )
        return int(cursor.fetchone()[0])


def test_the_database_ranks_trust_as_we_do(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(hashsets_trust_rank(t) ORDER BY n) FROM unnest(%s::text[]) WITH ORDINALITY AS x (t, n)",
            [[str(level) for level in ORDER]],
        )
        assert cursor.fetchone()[0] == [0, 0, 0, 1, 2, 3]


def test_the_digest_of_the_rules_changes_exactly_with_them(people: People) -> None:
    hash_set = makers.hash_set(people.supervisor, reach="node")
    before = {agency.slug: _digest(agency.pk, hash_set.pk) for agency in (people.north, people.south)}
    policies.set_policy(hash_set, agency=people.south, action="accept", by=people.outsider)
    assert _digest(people.north.pk, hash_set.pk) == before["northmoor"]
    assert _digest(people.south.pk, hash_set.pk) != before["southmoor"]


def _digest(agency: int, hash_set: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT hashsets_rules(%s, %s)", [agency, hash_set])
        return str(cursor.fetchone()[0])


def test_a_policy_is_set_by_its_own_agency_only(people: People) -> None:
    hash_set = makers.hash_set(people.supervisor, reach="node")
    with pytest.raises(NotAllowed):
        policies.set_policy(hash_set, agency=people.south, action="accept", by=people.supervisor)


@pytest.mark.parametrize("wrong", [{"action": "forget"}, {"min_trust": "disputed"}, {"disposition": "bad"}])
def test_what_is_no_policy_is_refused(wrong: dict[str, Any], people: People) -> None:
    hash_set = makers.hash_set(people.supervisor)
    with pytest.raises(BadInput):
        policies.set_policy(hash_set, agency=people.north, by=people.supervisor, **{"action": "accept", **wrong})


def test_setting_a_policy_is_one_event_and_keeps_the_trust_it_does_not_name(people: People) -> None:
    hash_set = makers.hash_set(people.supervisor)
    by = people.supervisor
    policies.set_policy(hash_set, agency=people.north, action="accept", min_trust="corroborated", by=by)
    policy = policies.set_policy(hash_set, agency=people.north, action="hide", by=by)
    assert policy.min_trust == "corroborated"
    assert AuditEvent.objects.filter(verb="set.policy", subject=audit.subject_of(policy)).count() == 2
    rules = {rule.disposition: rule for rule in policies.effective(people.north.pk, hash_set.pk)}
    assert rules["relevant"].action == "hide"
    assert rules["relevant"].min_trust == "corroborated"
