"""PURE: a piece of a film as it travels from the jail to the worker: pictures to play, or sound; packed, and checked.

As in `answers`, nothing that comes back is trusted.
"""

from dataclasses import dataclass
from typing import Any

from workbench.jail import results, wire
from workbench.jail.answers import JPEG

MAX_PICTURES = 60
MAX_PICTURE = 128 * 1024  # bytes; grey, 480 pixels
LONGEST = 480  # pixels; ux.md section 2
RATE = 16_000  # samples of sound a second, 16 bits each, one channel
SOUND_MS = 10_000
MAX_SOUND = 2 * RATE * SOUND_MS // 1000  # bytes
MAX_PEAKS = 300  # parts of a film of which one answer tells how loud they are, a byte each
MAX_BODY = max(MAX_PICTURES * MAX_PICTURE, MAX_SOUND)
PIECE_SECONDS = 12.0  # after which the jail is ended


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a film. `pictures`: (milliseconds from the start of the film, grey JPEG), in order; or `sound`: 16-bit
    samples from `start` on; or `peaks`: how loud parts of the film are, a byte each. `next`: where to go on, in
    milliseconds; None at the end. `reason`: why it is less than it should be, a code of results.py.
    """

    start: int = 0
    next: int | None = None
    reason: str = ""
    pictures: tuple[tuple[int, bytes], ...] = ()
    sound: bytes = b""
    peaks: bytes = b""

    @property
    def end(self) -> int:
        """Milliseconds of film up to which this tells, at least."""
        last = self.pictures[-1][0] if self.pictures else self.start + len(self.sound) * 1000 // (2 * RATE)
        return last if self.next is None else max(last, min(self.next, results.MAX_NUMBER))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be seen or heard."""
        return not (self.pictures or self.sound or self.peaks)


def packed(piece: Piece) -> tuple[wire.Header, list[bytes]]:
    """The header and the bodies that follow it."""
    header: wire.Header = {
        "start": piece.start, "next": piece.next, "reason": piece.reason,
        "pictures": [(at, len(picture)) for at, picture in piece.pictures], "sound": len(piece.sound),
        "peaks": len(piece.peaks),
    }  # fmt: skip
    return header, [*(picture for _at, picture in piece.pictures), piece.sound, piece.peaks]


def checked(header: wire.Header, body: bytes) -> Piece:
    """The piece; raises ValueError over one that no honest decoder gives."""
    rows, reason, following = header.get("pictures"), header.get("reason"), header.get("next")
    if not isinstance(rows, list) or len(rows) > MAX_PICTURES or reason not in results.REASONS:
        raise ValueError("piece")
    start, place, before, pictures = _number(header.get("start")), 0, -1, []
    for row in rows:
        at, size = _pair(row)
        picture = body[place : place + size]
        if at <= before or size > MAX_PICTURE or len(picture) < size or not picture.startswith(JPEG):
            raise ValueError("picture")
        pictures.append((at, picture))
        before, place = at, place + size
    heard = place + _number(header.get("sound"))
    sound, peaks = body[place:heard], body[heard:]
    if heard > len(body) or len(sound) > MAX_SOUND or len(sound) % 2:
        raise ValueError("sound")
    if len(peaks) != _number(header.get("peaks")) or len(peaks) > MAX_PEAKS:
        raise ValueError("peaks")
    if sum(map(bool, (pictures, sound, peaks))) > 1:  # a piece of one holds nothing of another
        raise ValueError("piece")
    return Piece(start, None if following is None else _number(following), reason, tuple(pictures), sound, peaks)


def _pair(row: Any) -> tuple[int, int]:
    if not isinstance(row, list) or len(row) != 2:
        raise ValueError("row")
    return _number(row[0]), _number(row[1])


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= results.MAX_NUMBER:
        raise ValueError("number")
    return value
