"""What the decoder found, into rows: preview and figures of a content, its metadata, its keyframes.

The same few statements for any number of contents; a content that says nothing of itself and does not move costs
none beyond the first. Finding again replaces what was found before.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Self

from workbench import prepared
from workbench.jail import Preview

STORE = """
UPDATE cases_content c SET preview = n.state, preview_reason = n.reason, veil = n.veil, width = n.width,
  height = n.height, duration_ms = n.duration, frames = n.frames, codec = n.codec, pdq = n.pdq,
  pdq_quality = n.quality, pdq_width = n.pdq_width, embedded = n.embedded::jsonb, preview_lease = NULL
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bytea[], %s::int[], %s::int[], %s::bigint[], %s::int[],
    %s::text[], %s::bytea[], %s::smallint[], %s::int[], %s::text[])
  AS n(id, state, reason, veil, width, height, duration, frames, codec, pdq, quality, pdq_width, embedded)
WHERE c.id = n.id AND c.preview IN ('pending', 'deferred')
RETURNING c.id, EXISTS (SELECT FROM cases_metadata m WHERE m.content_id = c.id)
  OR EXISTS (SELECT FROM cases_keyframe k WHERE k.content_id = c.id)
"""

FORGET = (
    "DELETE FROM cases_metadata WHERE content_id = ANY(%s::bigint[])",
    "DELETE FROM cases_keyframe WHERE content_id = ANY(%s::bigint[])",
)

METADATA = """
INSERT INTO cases_metadata (content_id, make, model, serial, software, taken_text, taken_at, taken_zone, latitude,
  longitude, more)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
  %s::text[], %s::float8[], %s::float8[], %s::jsonb[])
"""

KEYFRAMES = """
INSERT INTO cases_keyframe (content_id, number, at_ms, scene, veil, "offset", length, pdq, pdq_quality,
  folded)
SELECT * FROM unnest(%s::bigint[], %s::smallint[], %s::bigint[], %s::bool[], %s::bytea[], %s::int[], %s::int[],
  %s::bytea[], %s::smallint[], %s::int[])
"""

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A content and what the decoder made of it, without the clear pictures, which are in files by now."""

    content: int
    preview: Preview
    lengths: tuple[int, ...]  # bytes of each keyframe's clear picture

    @classmethod
    def of(cls, content: int, preview: Preview) -> Self:
        """The finding for a content; lets go of the clear pictures."""
        frames = tuple(replace(frame, clear=b"") for frame in preview.keyframes)
        lengths = tuple(len(frame.clear) for frame in preview.keyframes)
        return cls(content, replace(preview, clear=b"", keyframes=frames), lengths)


def store(findings: Sequence[Finding]) -> None:
    """Enter the findings of contents that still wait for them, in the caller's transaction: one to five statements."""
    with prepared.cursor(rows=len(findings)) as cursor:
        cursor.execute(STORE, _columns(map(_content, findings)))
        described = dict(cursor.fetchall())
        if again := [content for content, before in described.items() if before]:
            for statement in FORGET:
                cursor.execute(statement, [again])
        mine = [finding for finding in findings if finding.content in described]
        if rows := [_metadata(finding) for finding in mine if finding.preview.metadata]:
            cursor.execute(METADATA, _columns(rows))
        if rows := [row for finding in mine for row in _keyframes(finding)]:
            cursor.execute(KEYFRAMES, _columns(rows))


def _columns(rows: Iterable[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _content(finding: Finding) -> Row:
    p = finding.preview
    quality, width = (p.pdq_quality, p.pdq_width) if p.pdq_width else (None, None)
    embedded = json.dumps([{"name": one.name, "offset": one.offset, "length": one.length} for one in p.embedded])
    return (
        finding.content, p.state, p.reason, p.veil or None, p.width, p.height, p.duration_ms, p.frames,
        p.codec, p.pdq or None, quality, width, embedded,
    )  # fmt: skip


def _metadata(finding: Finding) -> Row:
    said = finding.preview.metadata
    texts = (said.get(name, "") for name in ("make", "model", "serial", "software", "taken_text"))
    place = (said.get("latitude"), said.get("longitude"))
    when = (said.get("taken_at"), said.get("taken_zone", "none"))
    return (finding.content, *texts, *when, *place, json.dumps(said.get("more", {})))


def _keyframes(finding: Finding) -> Iterator[Row]:
    offsets = accumulate(finding.lengths, initial=0)
    frames = zip(finding.preview.keyframes, offsets, finding.lengths, strict=False)
    for number, (frame, offset, length) in enumerate(frames):
        yield (
            finding.content, number, frame.at_ms, frame.scene, frame.veil, offset, length, frame.pdq or None,
            frame.pdq_quality, frame.folded,
        )  # fmt: skip
