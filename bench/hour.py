"""An hour of scripted review in one tab: what the page's memory grows by.

The person of `bench.person` decides landscapes one after the other, batch upon batch, and comes back from the break
early. After each minute garbage is collected and the browser told to give back its caches, as it does when the machine
runs short; then live objects of the scripts and the memory of the page's process are read. Growth is from the second
minute to the greatest of the last ten; every reading goes to stderr.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import CDPSession, Page

from bench import browser, person
from bench.figures import Row
from tests.browser import desk

REPEATS = 1
FULL, SMALL = (60, 4000), (3, 260)  # minutes, pictures: enough for as long at 0.9 s each
SAMPLE = 60.0  # seconds
SETTLED = 1.0  # seconds until caches are given back
WARM, LAST = 2, 10  # samples at the start that count for nothing, and at the end that count


@dataclass(slots=True)
class Watch:
    """What the memory was, minute by minute."""

    devtools: CDPSession
    began: float = field(default_factory=time.monotonic)
    heap: list[float] = field(default_factory=list)  # MB
    process: list[float] = field(default_factory=list)  # MB, what only the page's process holds
    breaks: int = 0
    again: float = 0.0  # when to look again whether anything is to be done

    @property
    def minutes(self) -> float:
        """Since the start."""
        return (time.monotonic() - self.began) / 60

    def look(self) -> None:
        """Read both, if a minute has passed."""
        if time.monotonic() - self.began >= SAMPLE * (len(self.heap) + 1):
            self.heap.append(person.heap(self.devtools) / 1e6)
            self.devtools.send("Memory.simulatePressureNotification", {"level": "critical"})
            time.sleep(SETTLED)
            self.process.append(_private_mb())
            print(f"minute {len(self.heap)}: {self.heap[-1]:.2f} MB, {self.process[-1]:.1f} MB", file=sys.stderr)


def run(*, full: bool) -> list[Row]:
    """Sixty minutes with `full`, else three."""
    minutes, pictures = FULL if full else SMALL
    with browser.at_work() as (live, page):
        evidence = live.data / "inbox" / "landscapes"
        subprocess.run([sys.executable, "-m", "bench.hour", str(evidence), str(pictures)], check=True)
        case = desk.open_case(page, "B-1")
        live.manage("ingest", "B-1", str(evidence), "--exhibit", "X-1", "--wait", "--as", browser.NAME)
        person.wait_for_stacks(live)
        watch, who = Watch(page.context.new_cdp_session(page)), person.Person()
        assert person.desk_has_more(page, case)
        while watch.minutes < minutes:
            person.review(page, who, until=lambda: _go_on(page, watch, minutes))
            if watch.minutes >= minutes or not person.next_batch(page):
                break
    if len(watch.heap) < WARM:
        raise RuntimeError(f"The pictures ran out after {watch.minutes:.1f} minutes: nothing to compare.")
    return [
        Row("minutes of review", round(watch.minutes, 1)),
        Row("minutes short of what was asked", round(max(0.0, minutes - watch.minutes), 1), must=0),
        Row("decisions", who.acts),
        Row("breaks left early", watch.breaks),
        Row("live objects after two minutes, MB", round(watch.heap[WARM - 1], 2)),
        Row("live objects grown, MB", _grown(watch.heap), must=20, aim=0),
        Row("the page's process after two minutes, MB", round(watch.process[WARM - 1], 1)),
        Row("the page's process grown, MB", _grown(watch.process), must=20, aim=0),
    ]


def _go_on(page: Page, watch: Watch, minutes: int) -> bool:
    """Whether the time is over; meanwhile look at the memory, and come back early from a break."""
    if time.monotonic() < watch.again:
        return False
    watch.again = time.monotonic() + 1
    watch.look()
    resume = page.get_by_role("button", name="Resume early")
    if resume.is_visible():
        page.keyboard.up("Space")
        resume.click()
        resume.wait_for(state="hidden")
        page.locator(".tile.here").focus()
        page.keyboard.down("Space")
        watch.breaks += 1
    return watch.minutes >= minutes


def _grown(samples: list[float]) -> float:
    return round(max(samples[-LAST:]) - samples[WARM - 1], 2)


def _private_mb() -> float:
    """Private memory of the greatest page process of the browser that this process started, in MB."""
    found = [_private(folder) for folder in Path("/proc").glob("[0-9]*") if _is_our_page(folder)]
    if not any(found):
        raise RuntimeError("No page process of the browser was found, or none could be read.")
    return max(found)


def _is_our_page(folder: Path) -> bool:
    try:
        return b"--type=renderer" in (folder / "cmdline").read_bytes() and os.getpid() in _ancestors(folder)
    except OSError:
        return False


def _ancestors(folder: Path) -> Iterator[int]:
    while folder.name != "0":
        parent = re.findall(r"^PPid:\s+(\d+)", (folder / "status").read_text(), re.MULTILINE)[0]
        yield int(parent)
        folder = folder.parent / parent


def _private(folder: Path) -> float:
    try:
        told = (folder / "smaps_rollup").read_text()
    except OSError:
        return 0.0
    return sum(int(kb) for kb in re.findall(r"^Private_\w+: +(\d+)", told, re.MULTILINE)) / 1000


def draw(into: Path, number: int) -> None:
    """Landscapes of 640 x 480, each of its own seed."""
    from cases.demo import landscapes

    into.mkdir(parents=True)
    kinds = list(landscapes.KINDS)
    for seed in range(number):
        picture = landscapes.draw(kinds[seed % len(kinds)], seed, (640, 480)).convert("RGB")
        picture.save(into / f"{seed:04}.jpg", "JPEG", quality=85)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), int(sys.argv[2]))
