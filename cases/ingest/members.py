"""Listing archives inside evidence: their members become rows below the archive's own row.

One archive at a time, under a lease as rows are read. Killed anywhere and run again, the listing begins anew and
adds only what is missing; the third death over one archive ends it with a reason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from django.db import connection, transaction

from cases.ingest import archive, budgets, ledger, originals
from cases.ingest.base import Spoiled
from cases.ingest.decoding import decoder
from cases.ingest.leases import Held
from cases.models import Exhibit
from workbench.jail import ArchiveLimits, Member

LIST_ROWS = 2000

CLAIM = f"""
WITH pick AS (
  SELECT id FROM cases_fileinstance WHERE exhibit_id = %(exhibit)s AND members = 'unlisted' AND {{which}}
  ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
UPDATE cases_fileinstance f SET lease_until = now() + '{ledger.LEASE}', tries = f.tries + {{deaths}}
FROM pick, cases_content c WHERE f.id = pick.id AND c.id = f.content_id
RETURNING f.id, f.raw_path, f.depth, c.sha256, c.size, f.tries
"""  # noqa: S608 only constants of this module
CLAIM_FRESH = CLAIM.format(which="lease_until IS NULL", deaths=0)
CLAIM_SUSPECT = CLAIM.format(which="lease_until < now()", deaths=1)

GIVE_BACK = "UPDATE cases_fileinstance SET lease_until = NULL WHERE id = %s AND members = 'unlisted'"

# Why it ended early takes the place of `archive`; a reason of another kind (a wrong hash) stays.
LISTED = """
UPDATE cases_fileinstance SET members = 'listed', lease_until = NULL,
  reason = CASE WHEN %(reason)s <> '' AND reason = 'archive' THEN %(reason)s ELSE reason END
WHERE id = %(id)s AND members = 'unlisted'
"""


@dataclass(frozen=True, slots=True)
class Unlisted:
    """An archive whose members are to be listed, held under a lease."""

    id: int
    raw_path: bytes
    depth: int
    sha256: bytes
    size: int
    deaths: int


def list_one(exhibit: Exhibit, held: Held, goes_on: Callable[[], bool]) -> bool:
    """List one archive of the exhibit while it `goes_on`; False when none waits, or where decoding is off."""
    if not decoder().is_allowed:
        return False
    claimed = _claim(exhibit.pk)
    if claimed is None:
        return False
    held.archive(claimed.id)
    try:
        if claimed.deaths >= ledger.DEATHS:
            _end(claimed, budgets.of(claimed.id).root, ledger.GIVEN_UP, 0, 0)
        else:
            _list(exhibit, claimed, goes_on)
    except Exception:  # nobody died over it
        _give_back(claimed)
        raise
    finally:
        held.archive(None)
    return True


def _claim(exhibit_id: int) -> Unlisted | None:
    with connection.cursor() as cursor:
        for statement in (CLAIM_FRESH, CLAIM_SUSPECT):
            cursor.execute(statement, {"exhibit": exhibit_id})
            if row := cursor.fetchone():
                row_id, raw_path, depth, sha256, size, deaths = row
                return Unlisted(row_id, bytes(raw_path), depth, bytes(sha256), size, deaths)
    return None


def _list(exhibit: Exhibit, claimed: Unlisted, goes_on: Callable[[], bool]) -> None:
    """Enter every member, then say that it is done."""
    exhibit.refresh_from_db(fields=["passwords"])  # one may have been given since the last claim
    budget = budgets.of(claimed.id)
    limits = ArchiveLimits(bytes=budget.bytes_left, members=budget.members_left)
    reason, count, size = "", 0, 0
    try:
        with originals.opened(exhibit.case.agency, claimed.sha256) as file:
            found = decoder().members(
                file.fileno(), size=claimed.size, limits=limits, passwords=exhibit.passwords
            )  # fmt: skip
            while batch := list(islice(found, LIST_ROWS)):
                reason = batch[-1].reason if batch[-1].index < 0 else ""
                members = [member for member in batch if member.index >= 0]
                _enter(exhibit, claimed, members)
                count += len(members)
                size += sum(member.size or 0 for member in members if not member.reason)
                if not goes_on():
                    _give_back(claimed)
                    return
    except Spoiled as spoiled:
        reason = spoiled.reason
    _end(claimed, budget.root, reason, count, size)


def _enter(exhibit: Exhibit, claimed: Unlisted, members: list[Member]) -> None:
    found = [archive.entry(member, claimed.raw_path) for member in members]
    if found:
        ledger.add(exhibit.pk, found, parent=claimed.id, depth=claimed.depth + 1)


@transaction.atomic
def _end(claimed: Unlisted, root: int, reason: str, count: int, size: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LISTED, {"id": claimed.id, "reason": reason})
        if cursor.rowcount:
            budgets.spend(root, members=count, bytes_=size)


def _give_back(claimed: Unlisted) -> None:
    with connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, [claimed.id])
