"""What tells a moving picture in stills: scene cuts, else a frame every eight seconds, equal neighbours folded.

Frames are shown to it in the order of time, whoever took them (a film, an animated picture). It keeps at most
MAX_KEYFRAMES of them, 320 pixels wide, and the one frame that speaks best for the whole. Runs in the jail.
"""

from dataclasses import replace

from PIL import Image, ImageChops, ImageStat

from workbench.jail import pdq, shrink
from workbench.jail.results import FRAME_LONGEST, MAX_KEYFRAMES, MAX_STORYBOARD, Keyframe

EVERY_MS = 8000  # between frames of one scene; ux.md section 2
CELLS = (32, 24)  # colours by which two frames are compared
CUT, EQUAL = 24.0, 4.0  # mean difference of colour, of 255: another scene above, the same picture below
TELLING = 12.0  # standard deviation of grey, of 255, above which a frame is more than black or a fade
POSTER_AFTER = 0.1  # of the duration: what comes before is often a title


class Storyboard:
    """Takes the frames of one film; `poster` is the frame that stands for it, None while there is none."""

    def __init__(self, duration_ms: int) -> None:
        """For a film of `duration_ms`, 0 when nobody knows."""
        self.keyframes: list[Keyframe] = []
        self.poster: Image.Image | None = None
        self.seen = 0
        self._rank: tuple[bool, bool, float] | None = None
        self._poster_after = duration_ms * POSTER_AFTER
        self._every = EVERY_MS
        self._bytes = 0
        self._last_seen = self._last_kept = Image.new("RGB", CELLS)

    def add(self, at_ms: int, picture: Image.Image) -> None:
        """Look at an upright RGB frame no larger than a preview, later than all before it."""
        cells = picture.resize(CELLS, Image.Resampling.BOX)
        self._consider_as_poster(at_ms, picture, cells)
        scene = not self.seen or _difference(cells, self._last_seen) >= CUT
        self.seen += 1
        self._last_seen = cells
        if scene or (self._is_due(at_ms, 1) and _difference(cells, self._last_kept) >= EQUAL):
            self._last_kept = cells
            self._keep(_keyframe(at_ms, scene, picture))
        elif self._is_due(at_ms, 1 + (last := self.keyframes[-1]).folded):
            self.keyframes[-1] = replace(last, folded=last.folded + 1)

    def _is_due(self, at_ms: int, times: int) -> bool:
        return at_ms - self.keyframes[-1].at_ms >= times * self._every

    def _keep(self, frame: Keyframe) -> None:
        if self.keyframes and frame.at_ms <= self.keyframes[-1].at_ms:
            return  # a container whose clock runs backwards
        self.keyframes.append(frame)
        self._bytes += len(frame.clear)
        if len(self.keyframes) > MAX_KEYFRAMES or self._bytes > MAX_STORYBOARD:
            del self.keyframes[1::2]
            self._bytes = sum(len(one.clear) for one in self.keyframes)
            self._every *= 2

    def _consider_as_poster(self, at_ms: int, picture: Image.Image, cells: Image.Image) -> None:
        """The first telling frame after the title, else the first telling one, else the most telling."""
        spread = ImageStat.Stat(cells.convert("L")).stddev[0]
        telling = spread >= TELLING
        rank = (telling, telling and at_ms >= self._poster_after, -float(at_ms) if telling else spread)
        if self._rank is None or rank > self._rank:
            self._rank, self.poster = rank, picture


def _keyframe(at_ms: int, scene: bool, picture: Image.Image) -> Keyframe:
    value, quality = pdq.compute(picture)
    small = picture.resize(shrink.within(picture.size, FRAME_LONGEST), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return Keyframe(at_ms, scene, shrink.veil(small), shrink.clear(small), value, quality)


def _difference(one: Image.Image, other: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3
