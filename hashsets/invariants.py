"""The sets' part of invariant 8: every published opinion and every policy is an event. And the indexes' health."""

from itertools import islice

from hashsets import events, rejudging
from hashsets.following import follows
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
    """Votes and resolutions without exactly one event, events without one; policies unlike their last event."""
    said = checks.one_event_each(table="hashsets_vote", subject="vote", verbs=[events.VOTE_CAST])
    said += checks.one_event_each(table="hashsets_resolution", subject="resolution", verbs=[events.DISPUTE_RESOLVED])
    return said + checks.sentences(POLICIES, {"verbs": [events.POLICY_SET]})


@checks.invariant(checks.LEDGER_OF_EVENTS, "what an entry says of opinions is what its votes amount to")
def follow_from_votes(case: int | None) -> list[str]:
    """Entries of sets of this node whose trust, category or number of votes is not what its votes amount to."""
    return [] if case else list(islice(rejudging.wrong(), checks.SHOWN))


@checks.health
def have_indexes() -> list[str]:
    """Sets without one for longer than making it takes: their look-ups are right, and slow."""
    said = "hash set {} has no index of version {}; PostgreSQL answers, slower. The log of the worker says why"
    return [said.format(one.name, one.generation) for one in building.waiting(building.PATIENCE)]


@checks.health
def follow_on() -> list[str]:
    """Foreign servers and folders that stand still until a person looks."""
    said = "hash set {} follows {} no more: {} `manage.py remote pull` goes on"
    return [said.format(one.set.name, one.place, one.paused) for one in follows.standing_still()]
