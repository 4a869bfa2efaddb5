"""Nothing is lost, nothing doubled: workers, broker, database and `up` killed, the store gone, the disk full.

`python -m tests.programmes kills [FILES [KILLS [SEEDS]]]`. An undisturbed run of the same files says what must end.
"""

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests import product
from tests.cases.ingest.pictures import varied
from tests.product import Product
from workbench.launcher import addresses, postgres, valkey
from workbench.launcher.processes import Process

DEFAULTS = (2000, 10, 5)  # files, kills, seeds
SIZE = (4000, 3000)  # pixels: so much work that there is some left after the last kill
AT_WORK_SECONDS = 3.0  # a kill comes so long after the worker took work
PATIENCE = 900.0  # seconds for everything to come to an end
FINISHED = "SELECT accepted + without_preview + rejected FROM cases_exhibit"
TOOK = "SELECT extract(epoch FROM ended_at - started_at) FROM cases_exhibit"
STATE = "SELECT state, seen, pending + hashed FROM cases_exhibit"
# What must be the same however often it was disturbed. With whom an item is stacked follows from what came in first.
OUTCOME = """
SELECT encode(f.raw_path, 'hex'), f.ordinal, f.state, f.reason, encode(c.sha256, 'hex'), c.preview, i.state,
  s.state
FROM cases_fileinstance f LEFT JOIN cases_content c ON c.id = f.content_id
LEFT JOIN cases_item i ON i.content_id = c.id LEFT JOIN cases_stack s ON s.id = i.stack_id ORDER BY 1, 2
"""
COUNTS = """
SELECT (SELECT count(*) FROM cases_fileinstance), (SELECT count(*) FROM cases_content),
  (SELECT count(*) FROM cases_item), (SELECT count(*) FROM cases_stack), x.seen, x.pending,
  x.hashed, x.accepted, x.without_preview, x.rejected, x.problems
FROM cases_exhibit x
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What one ingest ended with."""

    rows: list[tuple[Any, ...]]
    counts: tuple[int, ...]
    kills: int
    seconds: float


def main(arguments: list[str]) -> int:
    """Print what differs between the disturbed run and the undisturbed one; 0 when nothing does."""
    numbers = [int(word) for word in arguments]
    files, kills, seeds = (*numbers, *DEFAULTS[len(numbers) :])
    return max([_one(files, kills, seed) for seed in range(1, seeds + 1)])


def _one(files: int, kills: int, seed: int) -> int:
    """One seed: undisturbed, killed, struck; 0 when they end alike."""
    from tests.programmes import _strokes

    with tempfile.TemporaryDirectory(prefix="winnow-kills-") as folder:
        evidence = varied(Path(folder) / "evidence", files, seed, SIZE)
        calm, disturbed = run(evidence, 0), run(evidence, kills)
        struck, strokes = _strokes.run(evidence)
    wrong = [*differences(calm, disturbed), *differences(calm, struck)]
    for line in wrong:
        print(line)
    print(
        f"seed {seed}: {len(disturbed.rows)} files, {disturbed.kills} kills of the worker, the broker and the database"
        f" once each; then {', '.join(strokes)}: {len(wrong)} differences; {calm.seconds:.0f} s undisturbed,"
        f" {disturbed.seconds:.0f} s and {struck.seconds:.0f} s disturbed.",
        flush=True,
    )
    return 1 if wrong or disturbed.kills < kills else 0


def differences(calm: Run, disturbed: Run) -> list[str]:
    """In words: what was lost, doubled or became different."""
    before, after = set(calm.rows), set(disturbed.rows)
    lines = [f"lost or different: {row}" for row in sorted(before - after, key=str)]
    lines += [f"new or different: {row}" for row in sorted(after - before, key=str)]
    if len(disturbed.rows) != len(calm.rows):
        lines.append(f"{len(disturbed.rows)} rows instead of {len(calm.rows)}")
    if disturbed.counts != calm.counts:
        lines.append(f"totals {disturbed.counts} instead of {calm.counts}")
    return lines


def run(evidence: Path, kills: int, seconds: float = AT_WORK_SECONDS, data: Path | None = None) -> Run:
    """Ingest with a product of its own (on `data`), disturbed so often; `case check` must find nothing broken."""
    with product.running("--workers=2", data=data) as winnow:
        begin(winnow, evidence)
        return ended(winnow, disturb(winnow, kills, seconds) if kills else 0)


def begin(winnow: Product, evidence: Path) -> None:
    """A case, and its ingest under way."""
    winnow.manage("case", "create", "K-1", "--name", "Kills", "--scheme", "landscapes-t1")
    winnow.manage("ingest", "K-1", str(evidence), "--exhibit", "K", "--reader", "folder")


def ended(winnow: Product, kills: int) -> Run:
    """What came out, once nothing is left to do; `case check` must find nothing broken."""
    until(lambda: ask(winnow, STATE)[0][0] == "done", "the ingest to be done")
    checked = json.loads(winnow.manage("case", "check", "--json").splitlines()[-1])
    assert checked["ok"], checked
    rows, counts, took = ask(winnow, OUTCOME), ask(winnow, COUNTS)[0], float(ask(winnow, TOOK)[0][0])
    blobs = sum(1 for path in (winnow.data / "evidence").glob("*/??/??/*"))
    return Run(rows, (*counts, blobs), kills, took)


def disturb(winnow: Product, kills: int, seconds: float) -> int:
    """Kill the worker so often while it works, the broker and the database once between; how many kills there were."""
    steps = {kills // 3: kill_broker, 2 * kills // 3: restart_database}
    before = 0
    for number in range(kills):
        until_work_is_taken(winnow, before)
        time.sleep(seconds)
        if is_over(winnow):
            return number
        kill_worker(winnow)
        before = finished(winnow)
        if step := steps.pop(number, None):
            step(winnow)
    return kills


def kill_worker(winnow: Product) -> None:
    """Kill -9 the worker with all its processes, and wait until `up` has noticed."""
    pid, started = kept(winnow)["worker"]
    Process(pid, started).signal_group(signal.SIGKILL)
    until(lambda: kept(winnow).get("worker", (pid, ""))[0] != pid, "another worker")


def kill_broker(winnow: Product) -> None:
    """Kill -9 Valkey; `up` starts it again."""
    signalled(winnow, valkey.running, signal.SIGKILL)


def restart_database(winnow: Product) -> None:
    """What `pg_ctl restart -m immediate` does: every session is cut off, nothing is written down."""
    signalled(winnow, postgres.running, signal.SIGQUIT)
    until(lambda: bool(ask(winnow, STATE)), "the database to answer again")


def signalled(winnow: Product, running: Callable[[], Process | None], number: signal.Signals) -> None:
    """Send a signal to a server of the product."""
    with of(winnow):
        server = running()
    assert server, "the server does not run"
    server.signal(number)


def kept(winnow: Product) -> dict[str, tuple[int, str]]:
    """name -> [process id, start] of the product's processes."""
    record = winnow.data / "run" / "children.json"
    try:
        found: dict[str, tuple[int, str]] = json.loads(record.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found


def until_work_is_taken(winnow: Product, before: int) -> None:
    """Wait until more files have their outcome than `before`: a worker is at it."""
    until(lambda: is_over(winnow) or finished(winnow) > before, "the worker to take work")


def finished(winnow: Product) -> int:
    """Files that have their outcome; -1 while the database does not answer."""
    rows = answered(winnow, FINISHED)
    return int(rows[0][0]) if rows else -1


def is_over(winnow: Product) -> bool:
    """Whether nothing is left to disturb."""
    rows = answered(winnow, STATE)
    return bool(rows and rows[0][0] == "done")


def answered(winnow: Product, sql: str) -> list[tuple[Any, ...]]:
    """The rows, or none while the database does not answer."""
    try:
        return ask(winnow, sql)
    except psycopg.OperationalError:
        return []


def ask(winnow: Product, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query, past every guard."""
    with of(winnow):
        address = addresses.superuser_url(addresses.DATABASE)
    with psycopg.connect(address, connect_timeout=10) as connection:
        return connection.execute(sql).fetchall()


@contextmanager
def of(winnow: Product) -> Iterator[None]:
    """Have addresses mean those of the product, not of this process."""
    before = os.environ.get("WINNOW_DATA")
    os.environ["WINNOW_DATA"] = str(winnow.data)
    try:
        yield
    finally:
        if before is None:
            del os.environ["WINNOW_DATA"]
        else:
            os.environ["WINNOW_DATA"] = before


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for something; an error says what never came."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if holds():
                return
        except psycopg.OperationalError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"waited {PATIENCE:.0f} s for {what}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
