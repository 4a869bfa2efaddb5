"""From hashed bytes to contents, items and matches: the first of an ingest's two transactions for a group of files.

Everything is set-based: some 20 statements for any number of files.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from cases import matching, paths, removal, states
from cases.ingest import base, budgets, ledger, slices
from cases.ingest.base import Row
from cases.models import Exhibit, FileInstance
from cases.names import display
from cases.stacking import waiting
from workbench import prepared
from workbench.media_types import CLOSED_ARCHIVES, claimed_kind, is_archive, sniff
from workbench.storage import Digests

REVIEWABLE = ("still", "video")
SORT_KEY = 240  # characters

# Rows that are there are not locked here: `states.changing` locks contents, in the order of their ids.
INSERT = """
INSERT INTO cases_content (public_id, agency_id, sha256, md5, sha1, size, mime, kind, preview, preview_reason,
  preview_tries, width, height, duration_ms)
SELECT gen_random_uuid(), %s::bigint, sha256, md5, sha1, size, mime, kind,
  CASE WHEN reason = '' THEN 'pending' ELSE 'none' END, reason, 0, 0, 0, 0
FROM unnest(%s::bytea[], %s::bytea[], %s::bytea[], %s::bigint[], %s::text[], %s::text[], %s::text[])
  AS n(sha256, md5, sha1, size, mime, kind, reason) ORDER BY sha256
ON CONFLICT (agency_id, sha256) DO NOTHING RETURNING id
"""

FIND = "SELECT id, sha256, kind FROM cases_content WHERE agency_id = %s AND sha256 = ANY(%s::bytea[])"

UPGRADE = """
UPDATE cases_content c SET kind = n.kind, preview = 'pending', preview_reason = '',
  preview_lease = NULL, preview_tries = 0
FROM unnest(%s::bigint[], %s::text[]) AS n(id, kind)
WHERE c.id = n.id AND c.kind NOT IN ('still', 'video') AND c.size > 0 RETURNING c.id
"""

# Contents that lack an item in an open case that has a file of theirs; the first file gives the place in the queue.
MISSING = f"""
SELECT DISTINCT ON (x.case_id, f.content_id) x.case_id, f.content_id, x.id, {paths.WHOLE}
FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id JOIN cases_content c ON c.id = f.content_id
JOIN cases_case k ON k.id = x.case_id AND k.state = 'open'
WHERE f.content_id = ANY(%s::bigint[]) AND c.kind IN ('still', 'video') AND x.removed_at IS NULL
  AND NOT EXISTS (SELECT FROM cases_item i WHERE i.case_id = x.case_id AND i.content_id = f.content_id)
ORDER BY x.case_id, f.content_id, f.id
"""  # noqa: S608 only a constant

# Each item begins as a stack of its own. Foreign keys are checked at the end of the transaction.
INSERT_ITEMS = """
WITH rows AS MATERIALIZED (
  SELECT case_id, content_id, sort_key, nextval(pg_get_serial_sequence('cases_stack', 'id')) AS stack,
    nextval(pg_get_serial_sequence('cases_item', 'id')) AS item
  FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS n(case_id, content_id, sort_key)),
stacks AS (
  INSERT INTO cases_stack (id, public_id, case_id, sort_key, state, version, open_items, cover_id, position)
  SELECT stack, gen_random_uuid(), case_id, sort_key, 'done', 1, 0, item, 0 FROM rows)
INSERT INTO cases_item (id, public_id, case_id, content_id, stack_id, state, known, unsure, flagged)
SELECT item, gen_random_uuid(), case_id, content_id, stack, 'waiting', false, false, false FROM rows
"""

# Nobody needs to see what no open case waits for: its preview is made when somebody opens it.
DEFER = """
UPDATE cases_content c SET preview = 'deferred' WHERE c.id = ANY(%s::bigint[]) AND c.preview = 'pending'
AND NOT EXISTS (SELECT FROM cases_item i WHERE i.content_id = c.id AND i.state = 'waiting')
"""

LEASE_PREVIEWS = f"""
UPDATE cases_content SET preview_lease = now() + '{ledger.LEASE}'
WHERE id = ANY(%s::bigint[]) AND preview = 'pending' AND preview_lease IS NULL RETURNING id, sha256, size
"""  # noqa: S608 only a constant


@dataclass(frozen=True, slots=True)
class Hashed:
    """One row of the ledger whose bytes are in the store."""

    row: Row
    digests: Digests

    @property
    def reason(self) -> str:
        """What the problems list says of the file itself; our own hash wins over the document's."""
        if self.row.md5 not in (None, self.digests.md5):
            return base.HASH_MISMATCH
        if not self._is_archive:
            return ""
        return base.ARCHIVE if self.row.depth < settings.ARCHIVE_DEPTH else base.TOO_DEEP

    @property
    def members(self) -> str:
        """Whether its members are to be listed."""
        opened = self._is_archive and self.row.depth < settings.ARCHIVE_DEPTH
        return FileInstance.Members.UNLISTED if opened else FileInstance.Members.NONE

    @property
    def _is_archive(self) -> bool:
        return self.digests.size > 0 and is_archive(sniff(self.digests.head).mime, self.row.raw_path)


@dataclass(frozen=True, slots=True)
class ToDecode:
    """A content whose preview is ours to make."""

    id: int
    sha256: bytes
    size: int


@transaction.atomic
def take_in(exhibit: Exhibit, group: Sequence[Hashed]) -> list[ToDecode]:
    """Enter a group of files as contents with items and matches; returns the contents to decode.

    Safe to repeat: rows that are no longer pending stay as they are; so do those of an exhibit that was removed.
    """
    if not removal.holds_off(exhibit):
        return []
    agency = exhibit.case.agency_id
    matching.hold(agency)
    new, known = _contents(agency, group)
    counters = ledger.Counters()
    with states.changing(list(known.values())):
        if upgraded := _upgrade(group, known):
            ledger.reopen(upgraded, counters)
        ledger.hashed(
            [(one.row.id, known[one.digests.sha256], one.digests.size, one.reason, one.members) for one in group],
            counters,
        )
        _add_items(list(known.values()))
        if seen := set(known.values()) - set(new):
            waiting.note(sorted(seen))
        if new:
            matching.match(agency, new)
    ids = sorted(known.values())
    with prepared.cursor(rows=len(ids)) as cursor:
        cursor.execute(states.WANT_PREVIEWS, {"contents": ids})  # a new item may wait for what nobody needed so far
        cursor.execute(DEFER, [ids])
        cursor.execute(LEASE_PREVIEWS, [ids])
        to_decode = [ToDecode(row[0], bytes(row[1]), row[2]) for row in cursor.fetchall()]
    ledger.settle(ids, counters)
    slices.enter(ids, counters)
    budgets.charge([one.row.id for one in group if one.row.inside and one.row.size is None])
    slices.record(counters.write())
    return to_decode


def _contents(agency: int, group: Sequence[Hashed]) -> tuple[list[int], dict[bytes, int]]:
    """(ids that are new, id by SHA-256) for the group."""
    rows: dict[bytes, tuple[bytes, bytes, bytes, int, str, str, str]] = {}
    for one in group:
        row = _content(one)
        if row[5] in REVIEWABLE or row[0] not in rows:
            rows[row[0]] = row
    with prepared.cursor(rows=len(rows)) as cursor:
        cursor.execute(INSERT, [agency, *(list(column) for column in zip(*rows.values(), strict=True))])
        new = [row[0] for row in cursor.fetchall()]
        cursor.execute(FIND, [agency, list(rows)])
        return new, {bytes(sha256): content for content, sha256, _ in cursor.fetchall()}


def _content(one: Hashed) -> tuple[bytes, bytes, bytes, int, str, str, str]:
    """The columns of a content, the reason it gets no preview ("" = it may get one) last."""
    digests = one.digests
    mime, kind = sniff(digests.head)
    claimed = claimed_kind(one.row.raw_path)
    if not digests.size:
        kind, reason = "other", base.EMPTY
    elif kind in REVIEWABLE or claimed in REVIEWABLE:
        kind, reason = kind if kind in REVIEWABLE else str(claimed), ""
    else:
        reason = base.NO_PICTURE if kind == "audio" else base.NOT_MEDIA
        reason = base.CLOSED_ARCHIVE if mime in CLOSED_ARCHIVES else reason
    return digests.sha256, digests.md5, digests.sha1, digests.size, mime, kind, reason


def _upgrade(group: Sequence[Hashed], known: dict[bytes, int]) -> list[int]:
    """Contents that a name of this group claims to be a picture or film, and that were neither so far."""
    claims = {known[row[0]]: row[5] for row in map(_content, group) if row[5] in REVIEWABLE}
    if not claims:
        return []
    with prepared.cursor(rows=len(claims)) as cursor:
        cursor.execute(UPGRADE, [list(claims), list(claims.values())])
        return [row[0] for row in cursor.fetchall()]


def _add_items(content_ids: list[int]) -> None:
    with prepared.cursor(rows=len(content_ids)) as cursor:
        cursor.execute(MISSING, [content_ids])
        rows = [(case, content, sort_key(exhibit, bytes(raw))) for case, content, exhibit, raw in cursor.fetchall()]
        if rows:
            cursor.execute(INSERT_ITEMS, [list(column) for column in zip(*rows, strict=True)])


def sort_key(exhibit_id: int, raw_path: bytes) -> str:
    """The place in the queue: exhibit by exhibit, folder by folder, what lies in an archive where that lies."""
    return f"{exhibit_id:012d}/{display(raw_path)}"[:SORT_KEY]
