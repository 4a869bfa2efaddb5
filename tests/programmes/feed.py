"""Readers follow a set that others write: each ends with the same set, and no number comes twice or is left out.

`python -m tests.programmes feed [SECONDS [SEED]]`: 10 readers and 2 writers, then 3 readers and 10 writers, each a
process with a credential of its own, and the owner. What each reader was told is compared with the tables.
"""

import json
import random
import secrets
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests import nodes, product
from tests.product import Product
from tests.programmes import kills
from workbench.launcher.addresses import CHECKOUT

DEFAULTS = (60, 4)  # seconds, seed
SHAPES = ((10, 2), (3, 10))  # readers and writers
SIZES = (7, 50, 1000)  # entries of a page
NUMBERED = """
SELECT f.numbered = s.generation FROM hashsets_feed f JOIN hashsets_hashset s ON s.id = f.set_id
WHERE s.public_id = '{set}'
"""
STEPS = """
SELECT c.seq, c.public_id::text, c.deleted, encode(e.md5, 'hex'), e.code, e.trust
FROM hashsets_change c JOIN hashsets_entry e ON e.set_id = c.set_id AND e.id = c.entry
WHERE c.set_id = (SELECT id FROM hashsets_hashset WHERE public_id = '{set}') ORDER BY c.seq
"""
HEAD = """
SELECT f.head_seq, s.generation FROM hashsets_feed f JOIN hashsets_hashset s ON s.id = f.set_id
WHERE s.public_id = '{set}'
"""

Row = tuple[int, str, list[str] | None]  # number, entry, and what is said of it: None where it left
State = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """What the database holds in the end: every step, the highest number, the entries in force, versions."""

    steps: list[Row]
    head: int
    standing: State
    versions: int


@dataclass(frozen=True, slots=True)
class Told:
    """What one reader was told: the baseline, as of `snapshot`, and every step of the deltas in their order."""

    snapshot: int
    baseline: list[Row]
    steps: list[Row]
    requests: int


@dataclass(slots=True)
class Outcome:
    """What it came to; `wrong` in words."""

    table: Table
    told: list[Told]
    results: Counter[str] = field(default_factory=Counter)
    requests: int = 0  # of writers
    wrong: list[str] = field(default_factory=list)


def main(arguments: list[str]) -> int:
    """Print what was wrong; 0 when nothing was."""
    numbers = [int(word) for word in arguments]
    seconds, seed = (*numbers, *DEFAULTS[len(numbers) :])
    with product.running("--workers=2", settings=product.ROOMY) as winnow:
        return max([_one(winnow, readers, writers, seconds, seed) for readers, writers in SHAPES])


def _one(winnow: Product, readers: int, writers: int, seconds: float, seed: int) -> int:
    found = run(winnow, readers, writers, seconds, seed)
    for line in found.wrong:
        print(line)
    pages, table = sum(told.requests for told in found.told), found.table
    print(
        f"seed {seed}: {readers} readers, {writers} writers, {seconds:.0f} s: {found.requests:,} requests of writers"
        f" ({found.requests / seconds:.0f}/s), {sum(found.results.values()):,} opinions {dict(found.results)},"
        f" {table.versions:,} versions, {table.head:,} numbers ({table.head / seconds:.0f}/s),"
        f" {len(table.standing):,} entries in the end; {sum(len(told.steps) for told in found.told):,} steps in"
        f" {pages:,} pages ({pages / seconds:.0f}/s): {len(found.wrong)} faults.",
        flush=True,
    )
    return 1 if found.wrong else 0


def run(winnow: Product, readers: int, writers: int, seconds: float, seed: int) -> Outcome:
    """Have them read and write a set of a running node, and compare."""
    dice = random.Random(seed)
    keys = [dice.randbytes(32) for _ in range(writers)]
    owner, world = _owner(winnow, keys, readers, seed)
    given = [{"url": winnow.url, "set_id": world["set_id"], **one} for one in world["credentials"]]
    began = [
        _end("write", order | {"key": key.hex(), "seed": f"{seed} {number}", "seconds": seconds})
        for number, (order, key) in enumerate(zip(given[:writers], keys, strict=True))
    ]
    reading = [
        _end("read", order | {"size": dice.choice(SIZES), "after": dice.uniform(0, seconds / 2)})
        for order in given[writers:]
    ]
    wrong = list[str]()
    wrote = [_said(one, "a writer", wrong) for one in began]
    for process in reading:
        process.stdout.readline()  # type: ignore[union-attr] # it has the baseline
    time.sleep(1)  # and is told something of the owner
    _said(owner, "the owner", wrong)
    nodes.until(lambda: kills.ask(winnow, NUMBERED.format(set=world["set_id"]))[0][0], "everything is numbered")
    told = [Told(**said) for one in reading if (said := _said(one, "a reader", wrong))]
    outcome = Outcome(_table(winnow, world["set_id"]), told, wrong=wrong)
    for said in filter(None, wrote):
        outcome.results.update(said["results"])
        outcome.requests += said["requests"]
    for number, one in enumerate(told):
        outcome.wrong += [f"reader {number}: {fault}" for fault in faults(one, outcome.table)]
    return outcome


def faults(told: Told, table: Table) -> list[str]:
    """What a reader was told that the tables do not say, or the other way round."""
    wrong = list[str]()
    if [step[0] for step in table.steps] != list(range(1, table.head + 1)):
        wrong.append(f"the table does not hold every number up to {table.head} once")
    then = _after({}, [step for step in table.steps if step[0] <= told.snapshot])
    if len({row[1] for row in told.baseline}) < len(told.baseline):
        wrong.append("an entry came twice in the baseline")
    if _after({}, told.baseline) != then:
        wrong.append(f"the baseline is not the set at {told.snapshot}: {len(told.baseline)} entries, not {len(then)}")
    wanted = {step[0]: step for step in table.steps if step[0] > told.snapshot}
    times = Counter(step[0] for step in told.steps)
    if skipped := sorted(wanted.keys() - times.keys()):
        wrong.append(f"{len(skipped)} numbers skipped: {skipped[:5]}")
    if repeated := sorted(number for number, often in times.items() if often > 1):
        wrong.append(f"{len(repeated)} numbers repeated: {repeated[:5]}")
    if (order := [step[0] for step in told.steps]) != sorted(order):
        wrong.append("the numbers of the deltas do not rise")
    if other := [step[0] for step in told.steps if list(step) != list(wanted.get(step[0], ()))]:
        wrong.append(f"{len(other)} steps are not as in the table: {other[:5]}")
    if _after(_after({}, told.baseline), told.steps) != table.standing:
        wrong.append("it does not end with the set")
    return wrong


def _after(held: State, steps: list[Row]) -> State:
    """A state with these steps taken."""
    held = dict(held)
    for _number, entry, said in steps:
        if said is None:
            held.pop(entry, None)
        else:
            held[entry] = said
    return held


def _table(winnow: Product, set_id: str) -> Table:
    rows = kills.ask(winnow, STEPS.format(set=set_id))
    steps: list[Row] = [(seq, entry, None if gone else list(said)) for seq, entry, gone, *said in rows]
    head, versions = kills.ask(winnow, HEAD.format(set=set_id))[0]
    standing = kills.ask(winnow, nodes.STANDING.format(set=set_id))
    return Table(steps, head, {row[0]: [row[1], row[4], row[5]] for row in standing}, versions)


def _owner(winnow: Product, keys: list[bytes], readers: int, seed: int) -> tuple["subprocess.Popen[str]", Any]:
    """The owner's process, and the set and credentials it made."""
    public = [Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw().hex() for key in keys]
    code = (
        f"from tests.programmes import _feed_world as w; w.main({secrets.token_hex(4)!r}, {public}, {readers}, {seed})"
    )
    process = _started([str(CHECKOUT / "manage.py"), "shell", "-v", "0", "-c", code], winnow.environment)
    assert process.stdout
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    return process, json.loads(line)


def _end(what: str, order: dict[str, Any]) -> "subprocess.Popen[str]":
    process = _started(["-m", "tests.programmes._feed_ends", what], None)
    assert process.stdin
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()
    return process


def _started(words: list[str], environment: dict[str, str] | None) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    command = [sys.executable, *words]
    return subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def _said(process: "subprocess.Popen[str]", who: str, wrong: list[str]) -> dict[str, Any] | None:
    """Close its input and wait for what it has to tell."""
    out, err = process.communicate(timeout=300)
    if process.returncode:
        wrong.append(f"{who} ended with {process.returncode}: {err[-500:]}")
    lines = out.splitlines()
    return json.loads(lines[-1]) if lines and not process.returncode else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
