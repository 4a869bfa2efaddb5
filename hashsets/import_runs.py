"""Runs imports: queued ones in a worker, again after a crash; the command's own in its process.

An import changes nothing until its last transaction; running it again is harmless.
"""

from collections.abc import Sequence
from contextlib import closing

from django.conf import settings
from django.utils.translation import gettext as _

from hashsets import import_jobs, importing, kept_lists
from hashsets.exchange import ReadOptions
from hashsets.import_progress import Teller
from hashsets.import_report import ImportReport
from hashsets.importing import Part
from hashsets.models import HashSet
from hashsets.storing import Tell
from workbench.errors import WorkbenchError
from workbench.models import Job, User
from workbench.words import digits

MOST_TRIES = 3


def run(job_id: int) -> None:
    """Run a queued import, or one that somebody began and did not end; nothing to do when it is held or over."""
    with import_jobs.holding(job_id) as job:
        if job is None or job.state not in Job.LIVE:
            return
        try:
            _try(job)
        except WorkbenchError:
            return  # told in the job
        finally:
            kept_lists.drop(job)


def _try(job: Job) -> None:
    """Import the kept files, unless not all of them came, or it was tried often enough."""
    if not job.cursor.get("kept"):
        import_jobs.end(job, Job.State.FAILED, _("The upload ended early. Nothing was stored; send the list again."))
        return
    tries = job.cursor.get("tries", 0) + 1
    if tries > MOST_TRIES:
        import_jobs.end(
            job, Job.State.FAILED, _("The import stopped three times without an answer. Nothing was stored.")
        )
        return
    job.cursor = {**job.cursor, "tries": tries}
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, cursor=job.cursor)
    _import(job, [Part(kept_lists.folder(job) / str(number), name) for number, name in enumerate(job.cursor["files"])])


def run_here(
    hash_set: HashSet,
    parts: Sequence[Part],
    *,
    by: User,
    dry_run: bool,
    incomplete: bool = False,
    only_media: bool = False,
    add: bool = False,
    listen: Tell | None = None,
) -> ImportReport:
    """Import in this very process, as the command does. Raises what `import_file` raises, and ImportRunning."""
    chosen = {"dry_run": dry_run, "incomplete": incomplete, "only_media": only_media, "add": add}
    job = import_jobs.claim(hash_set, [part.name for part in parts], by=by, chosen=chosen, via="command")
    with import_jobs.holding(job.pk) as held:
        if held is None:
            raise import_jobs.ImportRunning
        return _import(held, parts, listen)


def _import(job: Job, parts: Sequence[Part], listen: Tell | None = None) -> ImportReport:
    """Import, telling progress in the job; its end is the job's end."""
    report = ImportReport(run=str(job.public_id))
    hash_set = HashSet.objects.select_related("owner", "scheme").get(public_id=job.subject.removeprefix("hashset:"))
    by = User.objects.select_related("agency").get(pk=job.cursor["by"])
    try:
        with closing(Teller(job, listen)) as teller:
            importing.import_file(
                hash_set,
                parts,
                by=by,
                dry_run=job.cursor["dry_run"],
                options=ReadOptions(only_media=job.cursor.get("only_media", False), most_unpacked=settings.LIST_BYTES),
                incomplete=job.cursor.get("incomplete", False),
                add=job.cursor.get("add", False),
                checked_against=job.cursor.get("checked_against"),
                tell=teller.tell,
                report=report,
            )
    except WorkbenchError as error:
        import_jobs.end(job, Job.State.FAILED, error.english, report)
        raise
    import_jobs.end(job, Job.State.DONE, sentence(report), report)
    return report


def sentence(report: ImportReport) -> str:
    """What an import did, in words."""
    if report.already_in_force:
        return _("This very list is in force already, as version %(generation)s. Nothing changed.") % {
            "generation": report.generation
        }
    figures = report.figures()
    found = _(
        "%(stored)s entries from %(read)s records, +%(added)s -%(withdrawn)s, %(conflicts)s conflicts, %(sum)s unmapped"
    ) % {
        "stored": digits(report.stored),
        "read": digits(figures["read"]),
        "added": digits(figures["added"]),
        "withdrawn": digits(figures["withdrawn"]),
        "conflicts": digits(report.conflicts),
        "sum": digits(sum(report.unmapped.values())),
    }
    how = _(", added to what the set holds") if report.add else ""
    if report.dry_run:
        return _("Dry run: %(found)s%(how)s. Nothing was stored.") % {"found": found, "how": how}
    return _("Version %(generation)s is in force: %(found)s%(how)s.") % {
        "generation": report.generation,
        "found": found,
        "how": how,
    }
