"""The end of an import: compares a staged list with the version in force and, unless it is a dry run, puts it there."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from hashsets import adding, entry_hashes, events, foreseeing, fresh, generations, import_checks, swapping
from hashsets.import_report import ImportReport
from hashsets.models import Generation, HashSet
from hashsets.staging import Staged
from workbench import audit
from workbench.errors import WorkbenchError
from workbench.models import User
from workbench.words import digits

Tell = Callable[[str, int, int], None]  # phase, done, of (bytes)


class ReadTwoWays(WorkbenchError):
    """Other entries would be stored than were counted, so nothing was. Check the disk, then import again."""

    code = "read-two-ways"


def swap(
    hash_set: HashSet, staged: Staged, report: ImportReport, *, by: User, checked_against: int | None, tell: Tell
) -> None:
    """Compare with the version in force and, unless it is a dry run, put the list in its place, with its events.

    One transaction. Raises SetRetired, SetInUse, ReadTwoWays, CheckOvertaken.
    """
    with transaction.atomic():
        locked = HashSet.objects.get(pk=hash_set.pk) if report.dry_run else generations.lock(hash_set)
        import_checks.check_version(locked, report, checked_against)
        _compare(locked, staged, report, tell)
        if report.dry_run:
            tell(_("Looking at open cases"), 0, 0)
            report.foreseen = foreseeing.foresee_list(locked, staged, add=report.add)
            return
        tell(_("Storing"), 0, 0)
        added, removed, codes = _store(locked, staged, report, tell)
        report.generation = locked.generation + 1
        step = generations.Step(
            report.source,
            added=added,
            removed=removed,
            codes=codes,
            source_sha256=report.source_sha256,
            report=_kept(report, fresh_one=staged.fresh),
        )
        imported = audit.Event(events.SET_IMPORTED, audit.subject_of(locked), details=report.for_log())
        _generation, moved = generations.move(locked, step, by=by)
        audit.record_all([imported, moved], by=by)
    hash_set.generation = locked.generation
    if staged.fresh:
        fresh.drop_replaced()
    with connection.cursor() as cursor:
        cursor.execute("SELECT hashsets_analyse(%s)", [locked.pk])
    if report.pdq:
        entry_hashes.analyse()


def _compare(hash_set: HashSet, staged: Staged, report: ImportReport, tell: Tell) -> None:
    """Say in the report what the list changes."""
    if staged.fresh:
        report.compare(swapping.Difference(added=report.stored, withdrawn=0, changed=0, unchanged=0))
        return
    tell(_("Comparing"), 0, 0)
    if report.add:
        adding.complete(hash_set)
    current = Generation.objects.filter(set=hash_set, number=hash_set.generation).first()
    in_force = current.entries if current else 0
    report.compare(swapping.difference(hash_set, in_force, says_more=staged.says_more, add=report.add))


def _store(hash_set: HashSet, staged: Staged, report: ImportReport, tell: Tell) -> tuple[int, int, Counter[str]]:
    """Rows (added, ended), and for a list that is added by how much each category's number changes."""
    if staged.fresh:
        added = fresh.write(hash_set, staged.rows, staged.dispositions, pdq=bool(report.pdq), tell=tell)
        if added != report.stored:
            raise ReadTwoWays(
                noop("%(added)s entries would be stored, %(stored)s were counted. Nothing was."),
                added=digits(added),
                stored=digits(report.stored),
            )
        return added, 0, Counter()
    added, removed = swapping.write(hash_set, add=report.add)
    if report.pdq or report.add:  # what is added to an entry leaves it the PDQ it had
        entry_hashes.fill(hash_set, hash_set.generation + 1)
    return added, removed, swapping.moved(hash_set) if report.add else Counter()


def _kept(report: ImportReport, *, fresh_one: bool) -> dict[str, Any]:
    """The report as the version keeps it: its `codes` are those of the whole set, which is more than a list added."""
    kept = report.as_json()
    if report.add and not fresh_one:
        kept["codes_of_list"] = kept.pop("codes")
    return kept
