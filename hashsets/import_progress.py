"""How far an import is, written into its job while it runs."""

import json
import time

from django.db import connection
from django.utils.translation import gettext as _

from hashsets.pace import Pace
from hashsets.storing import Tell
from workbench.models import Job

TELL_EVERY = 0.5  # seconds between two writes of the progress
TELL = "UPDATE workbench_job SET cursor = %s::jsonb WHERE id = %s"


class Teller:
    """Writes the progress of a job, at most twice a second.

    By a connection of its own: ours may be in the middle of a COPY, and what it writes in the import's transaction
    nobody would see before the end.
    """

    def __init__(self, job: Job, listen: Tell | None) -> None:
        self._job = job
        self._listen = listen
        self._phase = ""
        self._told = 0.0
        self._pace = Pace()
        self._aside = connection.copy()

    def close(self) -> None:
        """Give the connection back."""
        self._aside.close()

    def tell(self, phase: str, done: int, of: int) -> None:
        """`done` of `of` bytes, or entries when they are stored; a new phase is told at once."""
        pace = self._pace.words(phase, done, of, unit="B" if phase.startswith(_("Reading")) else " entries")
        if self._listen:
            self._listen(f"{phase} {pace}".rstrip(), done, of)
        now = time.monotonic()
        if phase == self._phase and now - self._told < TELL_EVERY:
            return
        self._phase, self._told = phase, now
        self._job.cursor = {**self._job.cursor, "phase": phase, "done": done, "of": of, "pace": pace}
        with self._aside.cursor() as cursor:
            cursor.execute(TELL, [json.dumps(self._job.cursor), self._job.pk])
