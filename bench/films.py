"""Playing films: whether pieces come as fast as they are played at each speed, and how long a hand waits for one.

Films of 1080 lines that pan over a landscape under grain, in H.264 as phones and cameras write it: keyframes two
seconds apart, and ten. A piece is asked for as the page asks, one after the other, from the jail; the wait is measured
in Chromium on the whole product, from the key to the first picture on the canvas, at places all over the film.
"""

import itertools
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from bench import browser
from bench.figures import Row
from tests.browser import desk

REPEATS = 1
SIZE, RATE = (1920, 1080), 25  # pixels, frames a second
BIT_RATE = 12_000_000  # a second, as of a phone
GRAINS = 8  # patterns of noise, one after the other: a sensor never gives the same twice
LONG = {True: 120, False: 40}  # seconds of film, with `full` or without
GAPS = (2, 10)  # seconds between keyframes
SPEEDS = (2, 4, 8, 16)
PICTURE_MS = 100  # of playing between two pictures; cases/playing.py
HOLDS = {True: 40, False: 12}
MUST_SHARE = 1.0  # of the time that it plays, for making it: above it the film falters
MUST_MS, AIM_MS = 1200, 800  # from key to picture
SHOWN = """() => new Promise((done) => {
  const canvas = document.querySelector('.frame canvas');
  const look = () => (canvas.hidden ? requestAnimationFrame(look) : done(performance.now() - window.pressed));
  look();
})"""
PRESSED = """() => {
  document.addEventListener('keydown', ({ timeStamp }) => { window.pressed = timeStamp; }, { capture: true });
}"""


def run(*, full: bool) -> list[Row]:
    """Two minutes of film with `full`, else forty seconds."""
    with browser.at_work() as (live, page):
        evidence = live.data / "inbox" / "films"
        evidence.mkdir(parents=True)
        for gap in GAPS:
            subprocess.run([sys.executable, "-m", "bench.films", str(evidence), str(gap), str(LONG[full])], check=True)
        rows = [_row(evidence / f"{gap}.mp4", gap, speed) for gap in GAPS for speed in SPEEDS]
        case = desk.open_case(page, "B-1")
        live.manage("ingest", "B-1", str(evidence), "--exhibit", "X-1", "--wait", "--as", browser.NAME)
        waits = sorted(_waits(page, case, HOLDS[full]))
    return [
        *rows,
        Row("key to first moving picture, 1080 lines, ms, p95", waits[round(0.95 * (len(waits) - 1))], must=MUST_MS),
        Row("key to first moving picture, 1080 lines, ms, median", round(statistics.median(waits)), aim=AIM_MS),
    ]


def _row(path: Path, gap: int, speed: int) -> Row:
    share = _share(path, speed)
    return Row(f"{speed} x, keyframes {gap} s apart: work by time played", round(share, 2), must=MUST_SHARE)


def _share(path: Path, speed: int) -> float:
    """Seconds by the wall to make all pieces behind the first, for each second that they play."""
    from workbench.jail import Player

    with closing(Player()) as player, path.open("rb") as file:
        step = PICTURE_MS * speed
        first = player.pictures(file.fileno(), "film", start=0, step=step)
        at, began, pictures = first.next, time.monotonic(), 0
        while at is not None:
            piece = player.pictures(file.fileno(), "film", start=at, step=step)
            pictures, last, at = pictures + len(piece.pictures), piece.end, piece.next
        taken = time.monotonic() - began
    print(f"{path.name} {speed} x: {(last - (first.next or 0)) / 1000 / taken:.1f} film seconds a second, "
          f"{pictures} pictures", file=sys.stderr)  # fmt: skip
    return taken * 1000 * speed / (last - (first.next or 0))


def _waits(page: Page, case: str, holds: int) -> Iterator[float]:
    """Milliseconds from key to picture, at places that no piece before had."""
    desk.claim(page, case)
    page.evaluate(PRESSED)
    chosen = random.Random(7)
    frames = page.get_by_role("listbox", name="Frames of this film").get_by_role("option")
    for film in itertools.islice(itertools.cycle((0, 1)), holds):
        page.keyboard.press("Escape")
        page.locator(".tile").nth(film).click()
        page.keyboard.press("Enter")
        frames.first.wait_for()
        frames.nth(chosen.randrange(frames.count())).click()
        page.wait_for_timeout(1500)  # at rest, as a hand is that looks at the frames first
        page.keyboard.down("p")
        yield round(float(page.evaluate(SHOWN)))
        page.keyboard.up("p")


def make(folder: Path, gap: int, seconds: int) -> None:
    """Write such a film; drawing needs the product's packages, not its settings."""
    import av
    import numpy as np
    from PIL import Image

    from cases.demo import landscapes

    grain = np.random.default_rng(gap).integers(-9, 9, (GRAINS, SIZE[1], SIZE[0], 1), dtype=np.int16)
    with av.open(str(folder / f"{gap}.mp4"), "w") as container:
        track: Any = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast"})
        track.width, track.height, track.pix_fmt, track.gop_size = *SIZE, "yuv420p", RATE * gap
        track.bit_rate = BIT_RATE
        for number in range(seconds * RATE):
            scene, place = divmod(number, RATE * 8)
            if place == 0:
                drawn = landscapes.draw(("alpine", "coastal", "rolling")[scene % 3], scene, (960, 270))
                wide = np.asarray(drawn.resize((SIZE[0] * 2, SIZE[1]), Image.Resampling.BICUBIC), dtype=np.int16)
            left = SIZE[0] * place // (RATE * 8)
            seen = np.clip(wide[:, left : left + SIZE[0]] + grain[number % GRAINS], 0, 255)
            container.mux(track.encode(av.VideoFrame.from_ndarray(seen.astype(np.uint8), format="rgb24")))
        container.mux(track.encode(None))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    make(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
