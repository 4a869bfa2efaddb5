"""How loud a film is along its length, for the lane under its scenes: measured by pieces, and kept (decision 0017).

It is neither a look nor listening, and leaves no row.
"""

from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from cases import playing, viewing
from cases.models import Item, Loudness
from workbench.jail import Piece, results
from workbench.models import User

PARTS = 300  # of a film, at most
SHORTEST_MS = 100  # of a part: longer than what decoders give at a time
UNKNOWN_MS = 1000  # of a part of a film that does not say how long it is
SILENT = 4  # of 255, up to which nothing is heard
PASSING = (results.DECODER_KILLED, results.DECODER_TIMEOUT, results.DECODER_LIMIT)  # tried again another time
# Two pages may measure the same piece: it is kept once.
KEEP = """
INSERT INTO cases_loudness AS l (content_id, peaks, over, reason) VALUES (%(content)s, %(peaks)s, %(over)s, %(reason)s)
ON CONFLICT (content_id) DO UPDATE SET peaks = l.peaks || excluded.peaks, over = excluded.over, reason = excluded.reason
WHERE length(l.peaks) = %(known)s AND NOT l.over
"""


def more(*, item: Item, by: User) -> dict[str, Any]:
    """What is known of it by now, one piece more than before where there is more to know.

    `peaks`: 0 to 255 for each part of `part_ms`, of at most `parts`; `over`: there is no more to come; `words`:
    that it is silent, or has no sound, or why less is known. Raises as `playing.sound`.
    """
    film = playing.film_of(item)
    viewing.batch_that_allows(item, by)
    kept = Loudness.objects.filter(content=film).first() or Loudness(content=film)
    part = max(SHORTEST_MS, -(-film.duration_ms // PARTS)) if film.duration_ms else UNKNOWN_MS
    parts = -(-film.duration_ms // part) if film.duration_ms else PARTS
    if not kept.over:
        kept = _measured(item, by, kept, part, parts)
    peaks = bytes(kept.peaks)
    return {
        "peaks": list(peaks),
        "parts": parts,
        "part_ms": part,
        "over": kept.over,
        "words": _words(kept, peaks),
    }


def _measured(item: Item, by: User, kept: Loudness, part: int, parts: int) -> Loudness:
    known = bytes(kept.peaks)
    start = len(known) * part
    player, asker = playing.player(), str(by.pk)
    piece = playing.made(item, start, lambda file: player.loudness(file.fileno(), start=start, part=part, asker=asker))
    new = piece.peaks[: parts - len(known)]
    found = Loudness(
        content=item.content,
        peaks=known + new,
        over=piece.next is None or not new or len(known + new) >= parts,
        reason=piece.reason,
    )
    if not (piece.is_empty and piece.reason in PASSING):
        _keep(found, new, len(known))
    return found


def _keep(found: Loudness, new: bytes, known: int) -> None:
    values: dict[str, Any] = {
        "content": found.content_id,
        "peaks": new,
        "over": found.over,
        "reason": found.reason,
        "known": known,
    }
    with connection.cursor() as cursor:
        cursor.execute(KEEP, values)


def _words(kept: Loudness, peaks: bytes) -> str:
    if kept.over and peaks and max(peaks) <= SILENT:
        return _("silent from beginning to end")
    if kept.reason == results.NO_SOUND:
        return playing.words(Piece(reason=kept.reason))
    return _("not measured") if kept.over and not peaks else ""
