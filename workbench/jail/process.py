"""Starts and ends the jail's processes. Runs in the worker."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from http import HTTPStatus
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.jail import wire

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60


class DecoderDied(WorkbenchError):
    """The decoder cannot be started. Ask your administrator to look at the worker's log."""

    code = "decoder-died"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    permanent = False


class Jail:
    """One child process and the socket to it, from start to end."""

    def __init__(self, work: str) -> None:
        """Start a process for `work`, media or archives, and wait until it is locked; raises DecoderDied."""
        self.sock, theirs = socket.socketpair()
        self.owner = os.getpid()
        self.served = 0
        self.spoiled = False  # something is still on its way to us, or never will be
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-s", "-B", "-m", "workbench.jail.child", work, str(self.owner)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
                start_new_session=True,
            )
        self._wait_until_ready()

    @property
    def alive(self) -> bool:
        """Whether it can be asked: ours (not a fork's parent's) and still running."""
        return self.owner == os.getpid() and self.process.poll() is None

    def end(self) -> None:
        """Kill the process and leave nothing behind; a forked copy only lets go of its end."""
        self.sock.close()
        if self.owner == os.getpid():
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()

    def _wait_until_ready(self) -> None:
        try:
            wire.receive(self.sock, most=0, deadline=time.monotonic() + START_SECONDS)
        except (OSError, wire.BrokenConversation) as error:
            self.end()
            raise DecoderDied from error
