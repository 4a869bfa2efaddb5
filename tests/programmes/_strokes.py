"""Strokes against the whole product under an ingest: `up` killed, the store gone, its disk full.

Where mounting is allowed (root), the evidence store is a small disk of its own; elsewhere it is only moved away.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests import product
from tests.product import Product
from tests.programmes import kills

DISK_MB = 3000  # a small disk that holds what comes in, and the room that is wanted before work goes on
HELD = "SELECT state_reason FROM cases_exhibit WHERE state = 'paused'"


class Store:
    """The evidence store of a data folder: how it goes, comes back, and fills up."""

    def __init__(self, data: Path) -> None:
        self.place = data / "evidence"
        self.disk = Path(tempfile.mkdtemp(prefix="winnow-disk-"))
        self.place.mkdir(mode=0o700)
        self.is_a_disk = os.getuid() == 0 and _ran("mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", self.disk)
        if self.is_a_disk:
            self.bring_back()

    def take_away(self) -> None:
        """What is written is no longer there."""
        if self.is_a_disk:
            assert _ran("umount", "-l", self.place)
        else:
            self.place.rename(self.disk / "evidence")

    def bring_back(self) -> None:
        """And here it is again."""
        if self.is_a_disk:
            assert _ran("mount", "--bind", self.disk, self.place)
        else:
            (self.disk / "evidence").rename(self.place)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Not a byte is free inside the block."""
        ballast = self.disk / "ballast"
        try:
            with suppress(OSError), ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(1 << 20))
            yield
        finally:
            ballast.unlink()

    def end(self) -> None:
        """Nothing is left mounted."""
        if self.is_a_disk:
            for place in (self.place, self.disk):
                _ran("umount", "-l", place)
        shutil.rmtree(self.disk, ignore_errors=True)


def run(evidence: Path) -> tuple[kills.Run, list[str]]:
    """Ingest with a product of its own, struck once in each way; what it ended with, and which strokes there were."""
    data = Path(tempfile.mkdtemp(prefix="winnow-struck-"))
    store = Store(data)
    winnow = product.start(data, "--workers=2")
    try:
        kills.begin(winnow, evidence)
        winnow = _killed(winnow, data)
        strokes = ["`up` killed", *_struck(winnow, store)]
        return kills.ended(winnow, len(strokes)), strokes
    finally:
        product.stop(winnow)
        store.end()
        shutil.rmtree(data, ignore_errors=True)


def _killed(winnow: Product, data: Path) -> Product:
    """Kill `up` while its workers work, and start it again on what is left."""
    kills.until_work_is_taken(winnow, 0)
    os.killpg(winnow.up.pid, signal.SIGKILL)
    winnow.up.wait(60)
    return product.start(data, "--workers=2")


def _struck(winnow: Product, store: Store) -> Iterator[str]:
    kills.until_work_is_taken(winnow, kills.finished(winnow))
    store.take_away()
    kills.until(lambda: kills.ask(winnow, HELD) == [("store",)], "the ingest to be held for its store")
    store.bring_back()
    yield "store gone"
    if store.is_a_disk:
        kills.until_work_is_taken(winnow, kills.finished(winnow))
        with store.full():
            kills.until(lambda: kills.ask(winnow, HELD) == [("space",)], "the ingest to be held for space")
        yield "disk full"


def _ran(*words: str | Path) -> bool:
    return subprocess.run(words, capture_output=True, check=False).returncode == 0
