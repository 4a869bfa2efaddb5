"""A set of another node until it is in force here, and its changes: two whole products over loopback.

The set is filled straight in the owner's database. The reader's own worker asks, as in use; the changes are asked for
by command, which calls the same function. Memory is what web server and worker hold for themselves, looked at five
times a second. With `full` a third node reads the set, too, and its worker is killed twice on the way.
"""

import statistics
import time
from dataclasses import dataclass

from bench import processes
from bench.figures import Row
from tests import nodes
from tests.nodes import Node

REPEATS = 5  # deltas
FULL, SMALL = 1_000_000, 20_000  # entries
CHANGES = 1_000
KILLED_AT = (0.3, 0.7)  # of the baseline
PATIENCE = 1800.0
SLOW_DISKS_TOO = {"WINNOW_POSTGRES_OPTIONS": ""}  # other programmes do not wait for the disk
FILL = "from bench import mirror; mirror.fill({!r}, {})"
CHANGE = "from bench import mirror; mirror.change({!r}, {})"
NUMBERED = """
SELECT 1 FROM hashsets_feed f JOIN hashsets_hashset s ON s.id = f.set_id
WHERE s.public_id = '{}' AND f.numbered = s.generation
"""
HEAD = "SELECT f.head_seq FROM hashsets_feed f JOIN hashsets_hashset s ON s.id = f.set_id WHERE s.public_id = '{}'"
IN_FORCE = "SELECT 1 FROM hashsets_hashset WHERE public_id = '{}' AND generation > 0"
COLLECTED = "SELECT count(*) FROM hashsets_incoming"
CAME = "SELECT coalesce(sum(n_tup_ins), 0) FROM pg_stat_user_tables WHERE relname = 'hashsets_incoming'"  # a moment ago
SUM = """
SELECT count(*), sum(hashtextextended(concat_ws('|', e.public_id, e.md5, e.sha1, e.sha256, e.size, e.code, e.trust,
  e.flags), 0)) FROM hashsets_entry e JOIN hashsets_hashset s ON s.id = e.set_id
WHERE s.public_id = '{}' AND e.added_in <= s.generation AND (e.removed_in IS NULL OR e.removed_in > s.generation)
"""


@dataclass(frozen=True, slots=True)
class Read:
    """One baseline: seconds, CPU seconds of either node, most MiB of the owner's web server and the reader's worker."""

    set_id: str
    seconds: float
    served: float
    read: float
    web: float
    worker: float


def run(*, full: bool) -> list[Row]:
    """A set of 1,000,000 (or 20,000) entries, after one of a tenth."""
    number = FULL if full else SMALL
    with nodes.running("Avon", "Bure", "Cam", settings=SLOW_DISKS_TOO) as (avon, bure, cam):
        for reader in (bure, cam):
            nodes.pair(avon, reader)
        tenth = _baseline(avon, bure, "Tenth", number // 10)
        whole = _baseline(avon, bure, "Whole", number)
        rows = [*_told(number, tenth, whole, most=1.1 if full else None), *_deltas(avon, bure, whole.set_id)]
        return rows + (_killed(avon, bure, cam, whole.set_id, number) if full else [])


def _told(number: int, tenth: Read, whole: Read, *, most: float | None) -> list[Row]:
    """`most`: by how much memory may grow; where a tenth is less than a page, that says nothing."""
    thousands = number / 1000
    web, worker = (whole.web / tenth.web, whole.worker / tenth.worker)
    return [
        Row(f"baseline of {number:,} until in force, s", round(whole.seconds, 2), must=300, aim=90),
        Row("its owner's CPU (web, PostgreSQL) per 1,000 entries, ms", round(whole.served * 1000 / thousands, 2)),
        Row("its reader's CPU (worker, PostgreSQL) per 1,000 entries, ms", round(whole.read * 1000 / thousands, 2)),
        Row("the reader's worker, most memory, MiB", round(whole.worker, 1)),
        Row(f"the same over that with {number // 10:,}", round(worker, 3), must=most),
        Row("the owner's web server, most memory, MiB", round(whole.web, 1)),
        Row(f"the same over that with {number // 10:,}", round(web, 3), must=most),
    ]


def _baseline(avon: Node, reader: Node, name: str, number: int) -> Read:
    """Fill and share a set; then have the reader's worker read it."""
    avon.has_set(name, "us-pvic")
    avon.product.manage("shell", "-v", "0", "-c", FILL.format(name, number))
    set_id = nodes.share(avon, reader, name)
    nodes.until(lambda: avon.ask(NUMBERED.format(set_id)), f"{name} is numbered", PATIENCE)
    _idle(avon, reader)
    server, worker = _served(avon, "web"), _served(reader, "worker")
    watched = {"web": server[0], "worker": worker[0]}
    served, read = processes.cpu_seconds(*server), processes.cpu_seconds(*worker)
    with processes.peaks(lambda: {one: processes.memory(pid) for one, pid in watched.items()}) as most:
        began = time.perf_counter()
        reader.do("peer", "subscribe", avon.name, set_id, "--every", "86400")
        nodes.until(lambda: reader.ask(IN_FORCE.format(set_id)), f"{name} is in force", PATIENCE)
        seconds = time.perf_counter() - began
    served, read = processes.cpu_seconds(*server) - served, processes.cpu_seconds(*worker) - read
    if avon.ask(SUM.format(set_id)) != reader.ask(SUM.format(set_id)):
        raise SystemExit(f"{name} is not the same on both nodes")
    return Read(set_id, seconds, served, read, most["web"], most["worker"])


def _deltas(avon: Node, bure: Node, set_id: str) -> list[Row]:
    """Several times 1,000 changes, each time asked for once; the first finds no plans yet."""
    spent = list[float]()
    for turn in range(REPEATS + 1):
        head = avon.ask(HEAD.format(set_id))[0][0]
        avon.product.manage("shell", "-v", "0", "-c", CHANGE.format("Whole", turn))
        nodes.until(lambda: avon.ask(NUMBERED.format(set_id)), "the changes are numbered", PATIENCE)
        came = avon.ask(HEAD.format(set_id))[0][0] - head
        _idle(avon, bure)
        began = time.perf_counter()
        told = bure.do("peer", "pull", avon.name)["sets"]
        spent.append(time.perf_counter() - began)
        records = sum(one["records"] for one in told)
        if (came, records) != (CHANGES, CHANGES) or avon.ask(SUM.format(set_id)) != bure.ask(SUM.format(set_id)):
            raise SystemExit(f"{came} changes were made, {records} came, or they are not the same")
    return [
        Row(f"delta of {CHANGES:,} changes until in force, longest, s", round(max(spent[1:]), 3), must=2, aim=0.5),
        Row("the same, median, s", round(statistics.median(spent[1:]), 3)),
        Row("the same, of a process that has just started, s", round(spent[0], 3), must=2),
    ]


def _killed(avon: Node, bure: Node, cam: Node, set_id: str, number: int) -> list[Row]:
    """A third node reads it, and its worker is killed twice on the way."""
    nodes.share(avon, cam, "Whole")
    cam.do("peer", "subscribe", avon.name, set_id, "--every", "1")
    for part in KILLED_AT:
        nodes.until(lambda part=part: cam.ask(CAME)[0][0] > part * number, "a part has come", PATIENCE)  # type: ignore[misc]
        nodes.kill_worker(cam)
        if cam.ask(IN_FORCE.format(set_id)):
            raise SystemExit("the worker was killed too late")
    nodes.until(lambda: cam.ask(IN_FORCE.format(set_id)), "it is in force all the same", PATIENCE)
    differ = {str(node.ask(SUM.format(set_id))) for node in (avon, bure, cam)}
    return [
        Row("states of three nodes, of which one was killed twice", len(differ), must=1),
        Row("records left over there", cam.ask(COLLECTED)[0][0], must=0),
    ]


def _served(node: Node, name: str) -> tuple[int, int]:
    return nodes.child(node, name), processes.postmaster(node.product.data)


def _idle(*some: Node) -> None:
    """Wait until nobody works any more, as on indexes."""
    everybody = [pid for node in some for name in ("web", "worker") for pid in _served(node, name)]
    used = -1.0
    while (now := processes.cpu_seconds(*everybody)) - used > 0.2:
        used = now
        time.sleep(2)


def fill(name: str, number: int) -> None:
    """So many entries; inside the owner's node."""
    from bench import ground, known
    from hashsets.models import HashSet
    from workbench.models import User

    known.fill(HashSet.objects.get(name=name), number, by=User.objects.get(username=nodes.SECOND))
    ground.analyze()


def change(name: str, turn: int) -> None:
    """As many changes as are measured: new ones, others, and from the second time on some that leave."""
    from django.db import transaction

    from bench import known
    from hashsets import entries
    from hashsets.entries import NewEntry
    from hashsets.models import Entry, HashSet
    from workbench import audit
    from workbench.models import User

    by, hash_set = User.objects.get(username=nodes.SECOND), HashSet.objects.get(name=name)
    leave = 300 if turn else 0
    others = known.md5s(turn * 400 + 1, 400)
    fresh = known.md5s(100_000_000 + turn * 600, 600 - leave)
    rows = [
        NewEntry(md5=md5, sha1=None, sha256=None, size=1000, code="2" if md5 in others else "1")
        for md5 in [*others, *fresh]
    ]
    with transaction.atomic():
        _made, told = entries.publish(hash_set, rows, by=by, source="a measurement")
        audit.record_all(told, by=by)
    gone = known.md5s(100_000_000 + (turn - 1) * 600, leave)
    with transaction.atomic():
        ids = Entry.objects.filter(set=hash_set, md5__in=gone, removed_in=None).values_list("id", flat=True)
        if leave:
            _made, told = entries.withdraw(hash_set, list(ids), by=by, reason="a measurement")
            audit.record_all(told, by=by)
