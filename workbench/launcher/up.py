"""`manage.py up`: the whole product in one terminal, ended by one Ctrl-C."""

import argparse
import http.client
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType

from workbench.launcher import addresses, children, prepare, processes, servers
from workbench.launcher.children import Child
from workbench.launcher.errors import AlreadyRunning, LauncherError, PortTaken, StepFailed
from workbench.launcher.lock import FileLock
from workbench.launcher.processes import Process

WATCH_EVERY = 0.25  # seconds
PAGE_FIRST = 15  # seconds for which worker and beat leave the processors to the web process
SAY_EVERY = 20  # seconds between two words about a page that does not answer yet
SECOND_SIGNAL = 1.0  # seconds; `make` and the terminal may both pass on one Ctrl-C
DEFAULT_BIND = "127.0.0.1:8000"
DEMO = "Northmoor"
DESCRIPTION = "Starts the database, the broker, web, worker and beat, and prints the address. Ctrl-C stops all."


class Stopped(Exception):
    """Somebody pressed Ctrl-C or sent TERM."""


class Up:
    """One run of the product: start everything, watch it, stop it."""

    def __init__(self, *, bind: str = "", workers: int = 0, demo: str = "") -> None:
        self.host, self.port = parse_bind(bind or os.environ.get("WINNOW_BIND") or DEFAULT_BIND)
        self.workers = workers or len(os.sched_getaffinity(0))
        self.demo = demo
        self.children: list[Child] = []
        self.asked_at = 0.0  # when somebody asked to stop; 0.0 not yet

    @property
    def address(self) -> str:
        """The address a person types."""
        here = self.host in {"127.0.0.1", "::1", "0.0.0.0", "::", "localhost"}  # noqa: S104 - compared, not bound
        return f"http://{'localhost' if here else _bracketed(self.host)}:{self.port}"

    def run(self) -> None:
        """Run until somebody asks to stop; raises LauncherError when something prevents the start."""
        _check_port_free(self.host, self.port)
        lock = _only_one()
        lock.note(f"process {os.getpid()}, {self.address}")
        os.environ["WINNOW_BIND"] = f"{_bracketed(self.host)}:{self.port}"  # every child prints and accepts this one
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        try:
            with servers.in_use(self._say):
                self._serve()
        except Stopped:
            self._say("Stopped.")
        finally:
            servers.stop()
            lock.note("")
            lock.release()

    def _serve(self) -> None:
        try:
            self._start()
            while True:
                self._watch()
        finally:
            self._say("Stopping.")
            children.stop(self.children)
            children.record([])

    def _start(self) -> None:
        if children.stop_leftovers():
            self._say("Stopped what an earlier run had left behind.")
        self._pause(0)
        for name in ("inbox", "drop"):  # where a person puts evidence
            (addresses.data_dir() / name).mkdir(mode=0o700, exist_ok=True)
        pending = prepare.pending()
        if pending:
            self._say("Preparing the database.")
            prepare.migrate()
        web, *others = children.kept(f"{_bracketed(self.host)}:{self.port}", self.workers)
        self._add(web)
        if pending:
            self._step("first_start")
            prepare.note(pending)
        self._until_the_page_answers(at_most=PAGE_FIRST)
        self._add(*others)
        self._until_the_page_answers()
        print(f"Winnow runs at {self.address}   (Ctrl-C stops it)", flush=True)
        if self.demo:
            self._step("demo", "--agency", self.demo)

    def _add(self, *added: Child) -> None:
        for child in added:
            child.start()
        self.children += added
        children.record(self.children)

    def _watch(self) -> None:
        """Look after everything once: dead children and dead servers start again."""
        self._pause(WATCH_EVERY)
        before = [child.process for child in self.children]
        for child in self.children:
            if sentence := child.watch():
                self._say(sentence)
        if before != [child.process for child in self.children]:
            children.record(self.children)
        processes.reap()
        if not servers.all_running():
            self._say("The database or the broker ended; starting it again.")
            self._revive_servers()

    def _revive_servers(self) -> None:
        try:
            servers.ensure(self._say)
        except LauncherError as error:
            self._say(f"{error}\nTrying again in 5 s.")
            self._pause(5)

    def _step(self, name: str, *more: str) -> None:
        """Run a preparing command in a child, if there is one by that name; what it prints is shown."""
        if not prepare.has_command(name):
            return
        child = subprocess.Popen(
            [*prepare.command(name), *more], env=prepare.child_environment(), start_new_session=True
        )
        try:
            while child.poll() is None:
                self._watch() if self.children else self._pause(WATCH_EVERY)
        finally:
            processes.stop([Process.of(child.pid)], signal.SIGTERM, 5)
            child.wait()
        if child.returncode != 0:
            raise StepFailed(f"`manage.py {name}` ended with exit {child.returncode}; what it said is above.")

    def _until_the_page_answers(self, at_most: float = math.inf) -> None:
        began = said = time.monotonic()
        while not self._page_answers() and time.monotonic() - began < at_most:
            self._watch()
            if time.monotonic() - said > SAY_EVERY:
                said = time.monotonic()
                self._say(f"The page does not answer yet; see {addresses.log_dir() / 'web.log'}")

    def _page_answers(self) -> bool:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        connection = http.client.HTTPConnection(host, self.port, timeout=10)
        try:
            connection.request("GET", "/", headers={"Host": f"localhost:{self.port}"})
            return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _pause(self, seconds: float) -> None:
        """Sleep; raises Stopped as soon as somebody asked to stop."""
        until = time.monotonic() + seconds
        while not self.asked_at and time.monotonic() < until:
            time.sleep(min(0.1, seconds))
        if self.asked_at:
            raise Stopped

    def _say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        """First request: stop in order. A later one: do not wait for running work."""
        now = time.monotonic()
        if not self.asked_at:
            self.asked_at = now
        elif now - self.asked_at > SECOND_SIGNAL:
            for child in self.children:
                if child.process:
                    child.process.signal(signal.SIGQUIT)


def parse_bind(text: str) -> tuple[str, int]:
    """Return (host, port) of `HOST:PORT`, `[IPV6]:PORT` or `PORT`."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 2**16:
        raise LauncherError(f"--bind wants HOST:PORT, for example 127.0.0.1:8080, and not {text!r}.")
    return host.strip("[]") or "127.0.0.1", int(port)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _check_port_free(host: str, port: int) -> None:
    """Raise PortTaken when another program listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"Winnow cannot listen on {host}:{port} ({os.strerror(error.errno or 0)}): "
                "stop the program that does, or choose another port, for example --bind 127.0.0.1:8010."
            ) from error


def _only_one() -> FileLock:
    """Return the lock of the only `up` on this data directory; raises AlreadyRunning."""
    lock = FileLock(addresses.made_private(addresses.data_dir()) / "run" / "up")
    if not lock.take(wait=False):
        raise AlreadyRunning(f"Winnow already runs on {addresses.data_dir()} ({lock.read_note()}).")
    return lock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of commands.md."""
    parser.add_argument(
        "--demo", nargs="?", const=DEMO, default="", metavar="AGENCY",
        help=f"load the harmless demo and print its sign-ins; AGENCY is what its first agency is called ({DEMO})",
    )  # fmt: skip
    parser.add_argument("--bind", default="", metavar="HOST:PORT", help=f"where to listen ({DEFAULT_BIND})")
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="worker processes (one a core)")


def main(arguments: Sequence[str]) -> int:
    """Run until somebody asks to stop: 0; 2 where it could not start, and why is said."""
    parser = argparse.ArgumentParser(prog="manage.py up", description=DESCRIPTION)
    add_arguments(parser)
    options = parser.parse_args(arguments)
    try:
        Up(bind=options.bind, workers=options.workers, demo=options.demo).run()
    except LauncherError as error:
        print(error, file=sys.stderr)
        return 2
    return 0
