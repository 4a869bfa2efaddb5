"""Whatever list comes: a whole import or a reasoned refusal, a report that adds up, and never much memory.

`python -m tests.programmes lists [DOCUMENTS [SEED]]`: a few monsters of hundreds of megabytes, then documents made by
Hypothesis from the VICS grammar and by mutation of samples, every tenth imported in earnest, the others as a dry run.
All are imported by one process, which makes none of them: Hypothesis remembers what it made, and needs memory for it.
"""

import multiprocessing
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

DEFAULTS = (20_000, 1)  # documents, seed
MOST_MIB = 300.0
IN_EARNEST = 10  # one in so many
ROUND = 1000  # documents, after which Hypothesis may forget: it remembers all it made


def main(arguments: list[str]) -> int:
    """Print how the documents ended; raises at the first one that ended otherwise."""
    numbers = [int(word) for word in arguments]
    number, seed = (*numbers, *DEFAULTS[len(numbers) :])
    with importer() as ask, tempfile.TemporaryDirectory() as folder:
        end = partial(ask, "import")
        ends = over_monsters(end, Path(folder))
        print(f"monsters: {ask('peak'):.0f} MiB", flush=True)
        while (done := ends.total()) < number:
            ends += run(end, min(ROUND, number - done), seed + done)
            print(f"{ends.total():,} documents, {ask('peak'):.0f} MiB", flush=True)
        peak: float = ask("peak")
    for how, times in sorted(ends.items()):
        print(f"{times:8,} {how}")
    print(f"seed {seed}: {ends.total():,} documents, {peak:.0f} MiB at most (must be below {MOST_MIB:.0f}).")
    return int(peak > MOST_MIB)


@contextmanager
def importer() -> Iterator[Callable[..., Any]]:
    """A process that imports into a set of its own: ask it to "import" (path, dry run), or for its "peak" in MiB."""
    ours, its = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(its, ours), daemon=True)
    process.start()
    its.close()

    def ask(*question: Any) -> Any:
        ours.send(question)
        failed, answer = ours.recv()
        if failed:
            raise AssertionError(answer)
        return answer

    try:
        yield ask
    finally:
        ours.close()
        process.join()


def _serve(line: Connection, others: Connection) -> None:
    from bench import ground

    others.close()  # the asker's end came along; only when all of it are closed is it over

    with ground.fresh():
        hash_set = made()
        answers: dict[str, Callable[..., Any]] = {"import": partial(ended, hash_set), "peak": _peak}
        while True:
            try:
                what, *about = line.recv()
            except EOFError:
                return
            try:
                line.send((False, answers[what](*about)))
            except Exception as error:  # whatever it is, who asked must know
                line.send((True, f"{error!r}"))
                raise


def made() -> Any:
    """A set to import into."""
    from hashsets import scheme_tables, sets
    from workbench import people
    from workbench.models import Role

    agency = people.add_agency(slug="lists", name="Lists")
    by = people.add_person(username="lists", name="Lists", agency=agency, roles={Role.SUPERVISOR})
    return sets.create(name="Lists", role="relevant", scheme=scheme_tables.latest("us-pvic"), owner=agency, by=by)


End = Callable[[Path, bool], str]  # how the import of a list ended; the second says whether it is a dry run


def run(end: End, number: int, seed: int) -> Counter[str]:
    """Import so many documents; how they ended."""
    from tests.programmes import _documents

    ends: Counter[str] = Counter()
    shown = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.json"

        @seeded(seed)
        @settings(
            max_examples=number, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=shown
        )
        @given(data=_documents.documents)
        def over(data: bytes) -> None:
            path.write_bytes(data)
            ends[end(path, ends.total() % IN_EARNEST != 0)] += 1

        over()
    return ends


def over_monsters(end: End, folder: Path) -> Counter[str]:
    """Import what is too much of something."""
    from tests.programmes import _documents

    ends: Counter[str] = Counter()
    for path in _documents.monsters(folder):
        how = end(path, False)
        ends[f"{path.name}: {how}"] += 1
        print(f"{path.name}: {how}", flush=True)
    return ends


def _peak() -> float:
    """The most memory this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ended(hash_set: Any, path: Path, dry_run: bool) -> str:
    """Import one list, hold the answer against what is in the database; how it ended, in a word."""
    from hashsets import importing
    from hashsets.import_report import ImportReport
    from workbench.errors import WorkbenchError

    by = hash_set.owner.people.first()
    report, before = ImportReport(), state(hash_set)
    try:
        importing.import_file(hash_set, [importing.Part(path, path.name)], by=by, dry_run=dry_run, report=report)
    except WorkbenchError as error:
        refused = error.code
    else:
        refused = ""
    if refused:
        assert report.refused
        assert state(hash_set) == before, "something was stored of a list that was refused"
        return f"refused, {refused}"
    if report.already_in_force:
        assert state(hash_set) == before
        return "in force already"
    adds_up(report)
    generation, rows = state(hash_set)
    assert (generation, rows) == (before if dry_run else (before[0] + 1, report.stored)), (before, report.stored)
    return "dry run" if dry_run else "imported"


def adds_up(report: Any) -> None:
    """Every record that was read was stored, doubled, or skipped for a reason that is told with its place."""
    told = report.as_json()
    assert told["read"] == report.accepted + sum(told["skipped"].values())
    assert told["stored"] + told["duplicates"] == report.accepted
    assert told["stored"] == sum(told["codes"].values()) == told["added"] + told["changed"] + told["unchanged"]
    for part in report.parts:
        found = part.found
        for reason, times in found.skipped.items():
            assert found.warned[reason] >= times
        words = Counter(warning.code for warning in found.warnings)
        assert all(words[code] == times or len(found.warnings) == 200 for code, times in found.warned.items())


def state(hash_set: Any) -> tuple[int, int]:
    """The set's generation and how many entries it shows."""
    from django.db import connection

    hash_set.refresh_from_db(fields=["generation"])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM hashsets_entry WHERE set_id = %s AND added_in <= %s"
            " AND (removed_in IS NULL OR removed_in > %s)",
            [hash_set.pk, hash_set.generation, hash_set.generation],
        )
        rows: int = cursor.fetchone()[0]
    return hash_set.generation, rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
