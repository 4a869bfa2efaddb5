"""What a reader's own word does to the entries of a mirror, which are their owner's to judge (decision 0024).

Whatever it contradicts does nothing here, for as long as it stands: the entry that it is on, and every other of the
same first digest that may be the same file, so that none acts again under another id or with more digests.
What is so is in the entry's `state`, which never travels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hashsets import trust
from hashsets.entry_rows import Key, Version
from hashsets.models import Vote
from hashsets.placing import contradict

# Of what arrives (`settling`), by the last digests of the entries that our word is on.
HOLD = """
UPDATE hashsets_arriving a SET state = 'disputed' FROM (
  SELECT v.ident, v.twin, v.disposition, e.md5, e.sha1, e.sha256 FROM hashsets_vote v JOIN LATERAL (
    SELECT n.md5, n.sha1, n.sha256 FROM hashsets_entry n
    WHERE n.set_id = v.set_id AND n.ident = v.ident AND n.twin = v.twin ORDER BY n.added_in DESC LIMIT 1) e ON true
  WHERE v.set_id = %(set)s AND v.organisation = %(organisation)s AND v.current AND v.withdrawn_after IS NULL
    AND v.basis = 'viewed') o
WHERE NOT a.gone AND a.ident = o.ident AND a.disposition <> o.disposition AND (a.twin = o.twin
  OR coalesce(a.md5 = o.md5, true) AND coalesce(a.sha1 = o.sha1, true) AND coalesce(a.sha256 = o.sha256, true))
"""


def held(version: Version, beside: Mapping[Key, Version], ours: Mapping[Key, Sequence[Vote]]) -> dict[Key, Version]:
    """An entry and those beside it that may be the same file, each as our word has it.

    `beside`: the last versions of all entries with its first digest; `ours`: what we say of these.
    """
    same = (one for one in beside.values() if one.in_force and not contradict(one.digests, version.digests))
    return {one.key: replace(one, state=_state(one, beside, ours)) for one in same}


def _state(version: Version, beside: Mapping[Key, Version], ours: Mapping[Key, Sequence[Vote]]) -> str:
    said = [
        vote for key, votes in ours.items() for vote in votes if not contradict(beside[key].digests, version.digests)
    ]
    against = any(vote.basis == trust.VIEWED and vote.disposition != version.disposition for vote in said)
    return "disputed" if against or version.trust == trust.Trust.DISPUTED else "published"
