"""The sets' part of invariant 8: every published opinion and every policy is an event. And the indexes' health."""

from hashsets import events, following
from hashsets.index import building
from workbench import checks

# A policy is replaced in its row; the last event about it must say what the row says.
POLICIES = """
SELECT format('policy:%%s is %%s from %%s on, and its last event says %%s from %%s on', p.public_id, p.action,
  p.min_trust, coalesce(e.details ->> 'action', 'nothing'), coalesce(e.details ->> 'min_trust', 'nothing'))
FROM hashsets_policy p LEFT JOIN LATERAL (
  SELECT e.body::jsonb -> 'details' AS details FROM workbench_auditevent e
  WHERE e.subject = 'policy:' || p.public_id AND e.verb = ANY(%(verbs)s) ORDER BY e.seq DESC LIMIT 1) e ON true
WHERE (e.details ->> 'action' = p.action AND e.details ->> 'min_trust' = p.min_trust
  AND (e.details ->> 'may_discard')::boolean = p.may_discard) IS NOT TRUE
"""


@checks.invariant(checks.LEDGER_OF_EVENTS, "every published opinion and policy has its event")
def have_events(_case: int | None) -> list[str]:
    """Votes without exactly one event, events without a vote, policies that differ from their last event."""
    votes = checks.one_event_each(table="hashsets_vote", subject="vote", verbs=[events.VOTE_CAST])
    return votes + checks.sentences(POLICIES, {"verbs": [events.POLICY_SET]})


@checks.health
def have_indexes() -> list[str]:
    """Sets without one for longer than making it takes: their look-ups are right, and slow."""
    said = "hash set {} has no index of version {}; PostgreSQL answers, slower. The log of the worker says why"
    return [said.format(one.name, one.generation) for one in building.waiting(building.PATIENCE)]


@checks.health
def follow_on() -> list[str]:
    """Foreign servers and folders that stand still until a person looks."""
    said = "hash set {} follows {} no more: {} `manage.py remote pull` goes on"
    return [said.format(one.set.name, one.place, one.paused) for one in following.standing_still()]
