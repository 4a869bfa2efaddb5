"""What a list that is only checked would do in open cases, or going back to an earlier version.

A list is looked at while it lies in the temporary tables. Of a first list only what may have company lies there
(`staging.Staged`): from the rest those rows are brought whose MD5 one of the agency's contents has. A plain row has an
MD5 and a SHA-1, and only both together are a strong match.
"""

import numpy as np

from hashsets import effects, staging, versions
from hashsets.effects import Change, Figures
from hashsets.models import HashSet
from hashsets.patience import PAGE, TakesLonger, within
from hashsets.sorting import heads
from hashsets.staging import Staged

PATIENCE = 300_000  # milliseconds that a check spends on one statement of this

COMES = """
SELECT s.md5, s.sha1, s.sha256, s.size, s.code, s.disposition, %(trust)s::text AS trust, s.conflict,
  'published'::text AS state
FROM hashsets_staged s {but}
"""
NOT_THE_SAME = "LEFT JOIN hashsets_known n ON n.ident = s.ident AND n.grp = s.grp WHERE n.same IS NOT TRUE"
# Whether the entry of a match ends, as `swapping.ENDS` says it of an entry; `add` or not.
ENDS = {False: "n.same IS NOT TRUE", True: "n.id IS NOT NULL AND NOT n.same"}


def foresee_list(hash_set: HashSet, staged: Staged, *, add: bool) -> Figures | None:
    """Items that would move, by case, if the staged list were imported; None where that takes too long.

    After `swapping.difference`, in its transaction. Constant memory: a part of the list and of the contents at a time.
    """
    try:
        with within(PATIENCE):
            if staged.fresh:
                _bring(hash_set, staged)
                change = Change(COMES.format(but=""), "", "false", {"trust": hash_set.trust})
            else:
                known = "LEFT JOIN hashsets_known n ON n.id = k.entry"
                change = Change(COMES.format(but=NOT_THE_SAME), known, ENDS[add], {"trust": hash_set.trust})
            return effects.cases().foresee(hash_set, change)
    except TakesLonger:
        return None


def foresee_rollback(hash_set: HashSet, number: int) -> Figures | None:
    """The same for going back from the version in force to an earlier one; None where a page cannot wait so long."""
    columns = "md5, sha1, sha256, size, code, disposition, trust, conflict, state"
    back = f"SELECT {columns} FROM hashsets_entry e WHERE e.set_id = %(set)s AND {versions.LEFT.format(t='e')}"  # noqa: S608
    entry = "JOIN hashsets_entry e ON e.set_id = k.set_id AND e.id = k.entry"
    change = Change(back, entry, versions.CAME.format(t="e"), {"low": number, "high": hash_set.generation})
    try:
        with within(PAGE):
            return effects.cases().foresee(hash_set, change)
    except TakesLonger:
        return None


def _bring(hash_set: HashSet, staged: Staged) -> None:
    """Copy those rows of a first list into the temporary table that contents of the agency may have."""
    for part in staged.rows.parts():
        if not len(rows := part.alone):
            continue
        low, high = rows["md5"][0].tobytes(), rows["md5"][-1].tobytes()
        keys, there = heads(rows), np.zeros(len(rows), bool)
        for block in effects.cases().digests(hash_set.owner_id, low, high):
            there |= np.isin(keys, np.frombuffer(block, ">u8")[::2].astype(np.uint64))
        staging.bring(rows[there], staged.dispositions)
