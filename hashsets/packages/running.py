"""Runs the jobs of packages in a worker, again after a crash; running one twice is harmless."""

import json
import time
from contextlib import closing
from functools import partial
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.utils.translation import ngettext

from hashsets import contributing
from hashsets.models import Share, Subscription
from hashsets.pace import Pace
from hashsets.packages import jobs, making, making_votes, taking, uploads
from hashsets.packages.making import Made
from hashsets.packages.taking import Taken
from hashsets.packages.taking_votes import TakenVotes
from hashsets.packages.watching import PackageCancelled, Watch
from workbench import access, storage
from workbench.errors import WorkbenchError
from workbench.models import Job, User
from workbench.words import digits

MOST_TRIES = 3
TELL_EVERY = 0.5  # seconds between two writes of the progress
TELL = "UPDATE workbench_job SET cursor = cursor || %s::jsonb WHERE id = %s AND state = 'running'"
STATE = "SELECT state FROM workbench_job WHERE id = %s"
RESULTS = {  # what became of opinions, by the status that each was answered
    contributing.CONFLICT: noop("disputed now"),
    contributing.CREATED: noop("new in the set"),
    contributing.MERGED: noop("added to an entry"),
    contributing.UNCHANGED: noop("known already"),
    contributing.RETRACTED: noop("taken back"),
    contributing.REJECTED: noop("refused"),
}


class StoppedThrice(WorkbenchError):
    """This stopped three times without an answer, and nothing was stored. Look at the worker's log, then begin anew."""

    code = "package-stopped"


def run(job_id: int) -> None:
    """Run a queued job, or one that a worker began and did not end; nothing to do when it is held or over."""
    with jobs.holding(job_id) as job:
        if job is None:
            return
        tries = job.cursor.get("tries", 0) + 1
        job.cursor = {**job.cursor, "tries": tries}
        try:
            if tries > MOST_TRIES:
                raise StoppedThrice
            Job.objects.filter(pk=job.pk, state__in=Job.LIVE).update(state=Job.State.RUNNING, cursor=job.cursor)
            _do(job)
        except PackageCancelled:
            pass  # told in the job already
        except WorkbenchError as error:
            if error.permanent or tries >= MOST_TRIES:
                jobs.fail(job, error)
            else:  # a sweeper has it tried again in a minute
                Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(state=Job.State.QUEUED)
        finally:
            jobs.drop(job)


def _do(job: Job) -> None:
    by = User.objects.select_related("agency").get(pk=job.cursor["by"])
    access.require(by, "exchange.send" if job.kind == jobs.MAKE else "exchange.receive")
    with closing(Teller(job)) as teller:
        watch = Watch(teller.tell, partial(_settled, job), job.cursor["name"])
        try:
            if job.kind == jobs.TAKE:
                taking.take(uploads.path_of(job.cursor["file"]), by=by, name=job.cursor["mirror"], watch=watch)
            elif _make(job, by, watch) is None:
                jobs.settle(job, sentence({}))
        except OSError as error:
            if error.errno in storage.NO_SPACE:
                raise storage.StoreFull from error
            raise


def _make(job: Job, by: User, watch: Watch) -> Made | None:
    whole = job.cursor["whole"]
    if job.cursor["what"] == "votes":
        read = Subscription.objects.select_related("set__scheme", "peer__agency", "peer__organisation")
        return making_votes.make(read.get(pk=job.cursor["id"]), target=None, by=by, whole=whole, watch=watch)
    share = Share.objects.select_related("set__scheme", "set__owner", "peer__agency", "peer__organisation")
    found = share.get(pk=job.cursor["id"])
    return making.make(found.set, found.peer, target=None, by=by, whole=whole, watch=watch)


def _settled(job: Job, done: Made | Taken | TakenVotes) -> None:
    """What came of it, in the transaction that stores it."""
    if isinstance(done, Made):
        found: dict[str, Any] = {"package": str(done.package.public_id), "count": done.manifest.count}
    elif isinstance(done, TakenVotes):
        found = {"set": done.set_name, "results": dict(sorted(done.results.items()))}
    else:
        found = {"set": done.set_name, "taken": done.taken, "put_aside": done.put_aside}
    jobs.settle(job, sentence(found), **found)


def sentence(found: dict[str, Any]) -> str:
    """What came of a job, in words of whoever reads them."""
    if "package" in found:
        number = found["count"]
        told = ngettext("%(n)s line is in the courier file.", "%(n)s lines are in the courier file.", number)
        return told % {"n": digits(number)}
    if "results" in found:
        numbers = [(found["results"].get(status, 0), _(words)) for status, words in RESULTS.items()]
        told = ", ".join(f"{digits(number)} {words}" for number, words in numbers if number)
        return _("Opinions on %(name)s are taken in: %(told)s.") % {"name": found["set"], "told": told or "0"}
    if "taken" not in found:
        return _("Nothing changed since the last courier file.")
    number = found["taken"]
    said = ngettext("%(n)s record of %(name)s is taken in.", "%(n)s records of %(name)s are taken in.", number)
    said %= {"n": digits(number), "name": found["set"]}
    if found["put_aside"]:
        said += " " + _("%(n)s were put aside; they are in quarantine.") % {"n": digits(found["put_aside"])}
    return said


class Teller:
    """Writes the progress of a job, at most twice a second, and hears there that somebody gave it up.

    By a connection of its own: what ours writes in its transaction nobody would see before the end.
    """

    def __init__(self, job: Job) -> None:
        self._job, self._phase, self._told, self._pace = job, "", 0.0, Pace()
        self._aside = connection.copy()

    def close(self) -> None:
        """Give the connection back."""
        self._aside.close()

    def tell(self, phase: str, done: int, of: int) -> None:
        """`done` of `of` records; a new phase is told at once. Raises PackageCancelled."""
        pace = self._pace.words(phase, done, of, unit=" " + _("records"))
        now = time.monotonic()
        if phase == self._phase and now - self._told < TELL_EVERY:
            return
        self._phase, self._told = phase, now
        told: dict[str, Any] = {"phase": phase, "done": done, "of": of, "pace": pace}
        with self._aside.cursor() as cursor:
            cursor.execute(TELL, [json.dumps(told), self._job.pk])
            if cursor.rowcount:
                return
            cursor.execute(STATE, [self._job.pk])
            if cursor.fetchone() == (str(Job.State.FAILED),):
                raise PackageCancelled
