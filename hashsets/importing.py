"""Imports a list into a set: stage, check, swap, report (vics.md section 8).

Whatever happens on the way, the version in force stays until one transaction puts the next one in its place.
Several files are the parts of one list.
"""

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from hashsets import entry_hashes, events, exchange, fresh, import_checks, merging, staging, storing
from hashsets.exchange import ReadOptions, Report
from hashsets.import_report import ImportReport, PartReport
from hashsets.models import Category, Disposition, Generation, HashSet
from hashsets.sorting import SortedRows
from hashsets.staging import Staged
from hashsets.storing import Tell
from workbench import audit
from workbench.errors import WorkbenchError
from workbench.models import User


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a list: where its bytes are, and what the sender called it."""

    path: Path
    name: str


def import_file(
    hash_set: HashSet,
    parts: Sequence[Part],
    *,
    by: User,
    dry_run: bool = False,
    options: ReadOptions | None = None,
    incomplete: bool = False,
    add: bool = False,
    checked_against: int | None = None,
    tell: Tell = lambda _phase, _done, _of: None,
    report: ImportReport | None = None,
) -> ImportReport:
    """Replace what the set holds by the list in `parts`, as its next version; or only say what that would do.

    `add`: the list is added to what the set holds (`adding`); entries become as the list has them, where it says so.
    The list that is in force already is a no-op that says so. Reads each file twice, first for its SHA-256.
    `incomplete`: parts that the names speak of may be missing. `checked_against`: number of the version that a dry run
    compared with, which must still be in force. `report` may be handed in, so that it tells what was
    found until an error, too. Raises MalformedDocument, UnknownFormat, MissingParts, ContradictoryRole, EmptyList,
    LivesByVotes, SetRetired, CheckOvertaken: nothing is stored, and unless it was a dry run the refusal is an event.
    """
    report = ImportReport() if report is None else report
    report.set, report.dry_run, report.add = hash_set.name, dry_run, add
    try:
        with ExitStack() as stack:
            files = [stack.enter_context(part.path.open("rb")) for part in parts]
            import_checks.check_set(hash_set)
            report.parts = [_digested(part, file, tell) for part, file in zip(parts, files, strict=True)]
            import_checks.check_parts(report, files, incomplete=incomplete)
            options = replace(options or ReadOptions(), scratch=str(settings.FILE_UPLOAD_TEMP_DIR))
            if not _in_force_already(hash_set, report, options):
                with staging.table(), SortedRows(_folder()) as rows:
                    staged = _stage(hash_set, files, report, options, rows, tell=tell)
                    import_checks.check_list(hash_set, report)
                    storing.swap(hash_set, staged, report, by=by, checked_against=checked_against, tell=tell)
    except WorkbenchError as error:
        report.refuse(error)
        if not dry_run:
            _record_refusal(hash_set, report, by=by)
        raise
    return report


def _digested(part: Part, file: BufferedReader, tell: Tell) -> PartReport:
    """The part's SHA-256 and size."""
    tell(_("Reading %(name)s") % {"name": part.name}, 0, 0)
    digest = hashlib.file_digest(file, "sha256")
    size = file.tell()
    file.seek(0)
    return PartReport(name=part.name, sha256=digest.hexdigest(), bytes=size)


def _in_force_already(hash_set: HashSet, report: ImportReport, options: ReadOptions) -> bool:
    """Whether the version in force came of these very files, read in the same way.

    What they were added to is more than they are, so for a list that is to be the whole set that does not count.
    """
    report.only_media = options.only_media
    current = Generation.objects.filter(set=hash_set, number=hash_set.generation, source_sha256=report.source_sha256)
    report.already_in_force = any(
        one.report.get("only_media", False) == options.only_media and (report.add or not one.report.get("add"))
        for one in current
    )
    if report.already_in_force:
        report.generation = report.compared_with = hash_set.generation
    return report.already_in_force


def _stage(
    hash_set: HashSet,
    files: Sequence[BufferedReader],
    report: ImportReport,
    options: ReadOptions,
    into: SortedRows,
    *,
    tell: Tell,
) -> Staged:
    """Read every part and make one row of each identity."""
    dispositions = dict(Category.objects.filter(scheme=hash_set.scheme).values_list("code", "disposition"))
    if hash_set.role == HashSet.SetRole.KNOWN_GOOD and options.default_code is None:
        options = replace(options, default_code=_harmless_code(dispositions))
    total, before, accepted, more, start = sum(part.bytes for part in report.parts), 0, 0, 0, 0
    for part, file in zip(report.parts, files, strict=True):
        part.found = found = Report()

        def progress(file: BufferedReader = file, before: int = before, name: str = part.name) -> None:
            tell(_("Reading %(name)s") % {"name": name}, before + file.tell(), total)

        parts = exchange.read_parts(file, part.name, found, options)
        filled = staging.fill(parts, dispositions, into, start=start, tell=progress)
        accepted += filled.records
        report.pdq += filled.pdq
        more += filled.more
        start += found.read
        before += part.bytes
    tell(_("Checking"), 0, 0)
    fresh_one = fresh.fits(hash_set, len(into))
    alone = staging.settle(into, dispositions, all_of_them=not fresh_one)
    placeholders = [value for part in report.parts for value in part.found.placeholder_photodna]
    report.dropped_after_reading = merging.merge(placeholders)
    report.count(accepted, **merging.counts(alone, dispositions))
    for code, conflict in (("conflicting", True), ("two-categories", False)):
        for one in merging.contradictions(conflict=conflict):
            report.warn(code, one.detail, one.position, records=one.records)
    return Staged(into, fresh_one, dispositions, says_more=bool(more))


def _folder() -> Path:
    """Where a list is sorted: on the disk of the data, as a temporary folder may lie in memory."""
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _harmless_code(dispositions: dict[str, str]) -> str | None:
    """In a known-good set, a hash without a category is known good; the scheme's only such code says so."""
    harmless = [code for code, disposition in dispositions.items() if disposition == Disposition.NOT_RELEVANT]
    return harmless[0] if len(harmless) == 1 else None


def _record_refusal(hash_set: HashSet, report: ImportReport, *, by: User) -> None:
    with transaction.atomic():
        audit.record_all(
            [
                audit.Event(
                    events.IMPORT_REFUSED,
                    audit.subject_of(hash_set),
                    details=report.for_log(),
                    reason=report.refused,
                    outcome="refused",
                )
            ],
            by=by,
        )


def sweep() -> int:
    """Delete rows above the versions in force, and lift marks that lie above them; rows touched. Replaced tables, too.

    An import writes and swaps in one transaction, so there are such rows only after somebody meddled. A set
    that is being written is left for the next time. Three queries a set, each by an index.
    """
    fresh.drop_replaced()
    return sum(_sweep_set(pk) for pk in HashSet.objects.values_list("pk", flat=True).order_by("pk"))


@transaction.atomic
def _sweep_set(pk: int) -> int:
    locked = HashSet.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=pk).first()
    if locked is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM hashsets_entry WHERE set_id = %s AND added_in > %s", [pk, locked.generation])
        touched: int = cursor.rowcount
        if touched:
            cursor.execute(entry_hashes.ORPHANS, [pk, pk])
        cursor.execute(
            "UPDATE hashsets_entry SET removed_in = NULL WHERE set_id = %s AND removed_in > %s",
            [pk, locked.generation],
        )
        touched += cursor.rowcount
    return touched
