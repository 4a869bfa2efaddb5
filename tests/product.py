"""The whole product, started for a test the way a person starts it: `manage.py up`."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbench.launcher.addresses import CHECKOUT
from workbench.launcher.identity import Identity

PATIENCE = 180  # seconds until the page must answer
READY = "Winnow runs at "
ROOMY = {
    "WINNOW_API_REQUESTS": "1000000",
    "WINNOW_API_HASHES": "1000000000",
    "WINNOW_PEER_REQUESTS": "1000000",
    "WINNOW_PEER_HASHES": "1000000000",
}  # limits of tokens have tests of their own


@dataclass(frozen=True, slots=True)
class Product:
    """A running Winnow with a data folder of its own."""

    url: str
    data: Path
    up: subprocess.Popen[bytes]
    environment: dict[str, str]

    @property
    def output(self) -> str:
        """What `up` has said so far."""
        return (self.data / "up.log").read_text(encoding="utf-8", errors="replace")

    def manage(self, *words: str, status: int = 0) -> str:
        """Run `manage.py WORDS` against the running product and return what it printed."""
        done = subprocess.run(
            [sys.executable, str(CHECKOUT / "manage.py"), *words],
            env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == status, f"manage.py {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout


@contextmanager
def running(*options: str, data: Path | None = None, settings: Mapping[str, str] | None = None) -> Iterator[Product]:
    """Have the product run inside the block, on a free port; afterwards it is stopped and its data gone."""
    folder = data or Path(tempfile.mkdtemp(prefix="winnow-live-"))
    try:
        product = start(folder, *options, settings=settings)
        try:
            yield product
        finally:
            stop(product)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(data: Path, *options: str, settings: Mapping[str, str] | None = None, port: int = 0) -> Product:
    """Start the product on `data` and return it once its page answers."""
    port = port or free_port()
    environment = surroundings(data) | dict(settings or {})
    command = [sys.executable, str(CHECKOUT / "manage.py"), "up", f"--bind=127.0.0.1:{port}", *options]
    with (data / "up.log").open("wb") as log:
        up = subprocess.Popen(
            Identity().command(*command, die_with_parent=signal.SIGTERM),
            env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    product = Product(f"http://localhost:{port}", data, up, environment)
    deadline = time.monotonic() + PATIENCE
    while READY not in product.output:
        if up.poll() is not None or time.monotonic() > deadline:
            stop(product)
            raise AssertionError(f"`manage.py up` did not come up:\n{product.output}")
        time.sleep(0.05)
    return product


def stop(product: Product) -> float:
    """Press Ctrl-C, so to speak, and return how many seconds the stop took."""
    began = time.monotonic()
    if product.up.poll() is None:
        product.up.send_signal(signal.SIGINT)
    product.up.wait(60)
    return time.monotonic() - began


def surroundings(data: Path) -> dict[str, str]:
    """Return the environment of a product on `data`: nothing waits for the disk."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WINNOW_", "DJANGO_"))}
    fast = "-c fsync=off -c full_page_writes=off"
    return kept | {"WINNOW_DATA": str(data), "WINNOW_POSTGRES_OPTIONS": fast}


def free_port() -> int:
    """Return a port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
