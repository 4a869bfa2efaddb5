"""Starts and ends the jail's processes. Runs in the worker."""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from http import HTTPStatus
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.jail import wire
from workbench.jail.layers import USUAL, Terms

ROOT = Path(__file__).resolve().parents[2]
CHILD = "workbench.jail.child"
START_SECONDS = 60
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",  # numerical libraries start helpers when they are imported, and Landlock binds one thread
    "OPENBLAS_NUM_THREADS": "1",
}

log = logging.getLogger(__name__)


class DecoderDied(WorkbenchError):
    """The decoder cannot be started. Ask your administrator to look at the worker's log."""

    code = "decoder-died"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    permanent = False


class NoJail(WorkbenchError):
    """This machine's kernel lacks a layer of the decoder's jail, so media stays unopened. See docs/operating.md."""

    code = "no-jail"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    permanent = False


class Jail:
    """One child process and the socket to it, from start to end."""

    def __init__(self, work: str, terms: Terms = USUAL, module: str = CHILD) -> None:
        """Start a process for `work`, media, films, archives or images; it is ready when `wait` returns."""
        self.sock, theirs = socket.socketpair()
        self.owner = os.getpid()
        self.served = 0
        self.spoiled = False  # something is still on its way to us, or never will be
        self._is_ready = False
        wanted = [work, str(self.owner), str(terms.uid), "incomplete" if terms.incomplete_is_accepted else "full"]
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-s", "-B", "-m", module, *wanted],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=ENVIRONMENT,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether it can be asked: ours (not a fork's parent's) and still running."""
        return self.owner == os.getpid() and self.process.poll() is None

    def wait(self) -> None:
        """Return when the process is locked and ready; raises DecoderDied."""
        if self._is_ready:
            return
        try:
            wire.receive(self.sock, most=0, deadline=time.monotonic() + START_SECONDS)
        except (OSError, wire.BrokenConversation) as error:
            self.end()
            raise DecoderDied from error
        self._is_ready = True

    def end(self) -> None:
        """Kill the process and leave nothing behind; a forked copy only lets go of its end."""
        self.sock.close()
        if self.owner != os.getpid():
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        if self.process.wait() == -signal.SIGSYS:
            log.warning("A decoder was killed for a system call that decoding does not need.")
