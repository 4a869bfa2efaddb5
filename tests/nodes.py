"""Several nodes, each a whole product with a data folder of its own, that are paired the way people pair them.

A mesh of `star`, `chain` or `mirror` is made of single lines: `reads(a, b, "Set")`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests import product, seed
from tests.product import Product
from tests.programmes import kills
from workbench.launcher import addresses
from workbench.launcher.addresses import CHECKOUT

SECOND = "second"  # who confirms what the operator proposed
SCOPES = ("read", "contribute", "vote", "law-enforcement")
PATIENCE = 60.0  # seconds until something must have arrived
STANDING = """
SELECT e.public_id::text, encode(e.md5, 'hex'), encode(e.sha1, 'hex'), e.size, e.code, e.trust, e.flags::text
FROM hashsets_entry e JOIN hashsets_hashset s ON s.id = e.set_id
WHERE s.public_id = '{set}' AND e.added_in <= s.generation AND (e.removed_in IS NULL OR e.removed_in > s.generation)
ORDER BY 1
"""
HASH_SET = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
NO_SECOND_VIEWS = """
INSERT INTO cases_secondshare (agency_id, scheme_id, code, percent)
SELECT a.id, t.scheme_id, c.code, 0 FROM workbench_agency a, hashsets_scheme t
JOIN LATERAL (SELECT code FROM hashsets_category g WHERE g.scheme_id = t.id UNION SELECT '') c ON true
WHERE a.is_local ON CONFLICT DO NOTHING
"""


@dataclass(slots=True)
class Node:
    """One running node. `organisation` is the id of its first agency."""

    name: str
    product: Product
    acts: "subprocess.Popen[str]"
    sets: dict[str, str] = field(default_factory=dict)  # ids by name

    def do(self, *words: str, by: str = "", status: int | None = 0) -> dict[str, Any]:
        """Carry out one command and return its fields; `status` None: whatever it ends with."""
        assert self.acts.stdin
        assert self.acts.stdout
        line = [*words, *(["--as", by] if by else [])]
        self.acts.stdin.write(json.dumps(line) + "\n")
        self.acts.stdin.flush()
        answer = self.acts.stdout.readline()
        assert answer, f"{self.name} ended at {' '.join(words)}"
        fields: dict[str, Any] = json.loads(answer)
        assert status is None or fields["status"] == status, f"{self.name}: {' '.join(words)}: {fields}"
        return fields

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return kills.ask(self.product, sql)

    def ask_owner(self, statement: str) -> None:
        """Carry out a statement past every guard, for what no command does."""
        with kills.of(self.product):
            address = addresses.superuser_url(addresses.DATABASE)
        with psycopg.connect(address) as connection:
            connection.execute(statement)

    def has_set(self, name: str, scheme: str, *records: dict[str, Any]) -> str:
        """Make a set with these records; its id."""
        self.sets[name] = str(self.do("hashset", "create", name, "--role", "relevant", "--scheme", scheme)["id"])
        if records:
            self.lists(name, *records)
        return self.sets[name]

    def lists(self, name: str, *records: dict[str, Any]) -> None:
        """Import these records as the set's next version; what it held else is withdrawn."""
        path = self.product.data / "list.json"
        path.write_text(json.dumps({"@odata.context": HASH_SET, "value": list(records)}), encoding="utf-8")
        self.do("hashset", "import", name, str(path))

    def standing(self, set_id: str) -> list[tuple[Any, ...]]:
        """The entries in force of a set, on whatever node it is."""
        return self.ask(STANDING.format(set=set_id))


@contextmanager
def running(*names: str, workers: int = 1, settings: Mapping[str, str] | None = None) -> Iterator[list[Node]]:
    """Have so many nodes run inside the block, each allowed to speak to the others."""
    ports = [product.free_port() for _ in names]
    hosts = {"WINNOW_PEER_HOSTS": ",".join(f"localhost:{port}" for port in ports)}
    chosen = hosts | product.ROOMY | dict(settings or {})
    folders = [_folder() for _ in names]
    nodes: list[Node] = []
    try:
        for name, folder, port in zip(names, folders, ports, strict=True):  # it dies with the thread that starts it
            one = product.start(folder, f"--workers={workers}", settings=chosen, port=port)
            nodes.append(Node(name, one, _acts(one)))
        with ThreadPoolExecutor() as pool:
            list(pool.map(_people, nodes))
        yield nodes
    finally:
        with ThreadPoolExecutor() as pool:
            list(pool.map(_stop, nodes))
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def media(number: int, category: int | str = 1) -> dict[str, Any]:
    """A record of a list, with made-up hashes."""
    md5, sha1 = f"fa4e{number:028x}", f"fa4e{number:036x}"
    return {"MediaID": number, "Category": category, "MD5": md5, "SHA1": sha1}


def pair(one: Node, other: Node) -> None:
    """Two people on either side compare the fingerprints, and each gives the other a credential."""
    for here, there in ((one, other), (other, one)):
        shown = here.do("peer", "add", there.product.url, "--name", there.name)["fingerprint"]
        own = there.do("peer", "status")["fingerprint"]  # on the other screen
        assert shown == own
        here.do("peer", "confirm", there.name, "--fingerprint", own, by=SECOND)
    for here, there in ((one, other), (other, one)):
        scopes = [word for scope in SCOPES for word in ("--scope", scope)]
        given = here.do("peer", "grant", there.name, *scopes)
        secret = there.product.data / "secret"
        secret.write_text(given["client_secret"], encoding="utf-8")
        there.do("peer", "credential", here.name, "--client-id", given["client_id"], "--secret-file", str(secret))


def share(owner: Node, reader: Node, name: str, *options: str) -> str:
    """Have two supervisors of `owner` share a set; its id."""
    set_id = str(owner.do("peer", "share", reader.name, name, *options)["id"])
    assert not owner.do("peer", "share", reader.name, name, *options, by=SECOND)["waiting"]
    return set_id


def reads(reader: Node, owner: Node, name: str, *more: str) -> str:
    """Have `owner` share a set and `reader` read it, every second; the set's id."""
    contribute = ["--contribute"] if "--give" in more else []
    set_id = share(owner, reader, name, *contribute)
    often = [] if "--every" in more else ["--every", "1"]
    reader.do("peer", "subscribe", owner.name, set_id, *often, *more)
    return set_id


def until(condition: Callable[[], object], what: str, patience: float = PATIENCE) -> float:
    """Wait for it; how many seconds that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < patience, f"not in time: {what}"
        time.sleep(0.1)
    return time.monotonic() - began


def kill_worker(node: Node) -> int:
    """Kill a node's worker with all its processes; `up` starts it again. 0 where it is dead already."""
    with suppress(OSError, ValueError, KeyError):
        os.killpg(child(node, "worker"), signal.SIGKILL)
        return 1
    return 0


def child(node: Node, name: str) -> int:
    """The first process of a node's web server, worker or beat. Raises OSError, ValueError, KeyError: none runs."""
    noted: dict[str, Any] = json.loads((node.product.data / "run" / "children.json").read_text(encoding="utf-8"))
    return int(noted[name][0])


def same(nodes: Sequence[Node], set_id: str) -> bool:
    """Whether all of them hold the very same of a set."""
    first, *others = [node.standing(set_id) for node in nodes]
    return all(first == other for other in others)


def _folder() -> Path:
    """A data folder with a migrated database; the node makes a key of its own."""
    folder = seed.folder(seed.code())
    (folder / "keys" / "signing").unlink(missing_ok=True)
    return folder


def _acts(one: Product) -> "subprocess.Popen[str]":
    with (one.data / "acts.log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.acts"], cwd=CHECKOUT, env=one.environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip


def _people(node: Node) -> None:
    agency = node.ask("SELECT slug FROM workbench_agency WHERE is_local ORDER BY id LIMIT 1")[0][0]
    words = ["person", "add", SECOND, "--agency", agency, "--role", "supervisor", "--role", "investigator"]
    node.do(*words, by="admin", status=None)


def _stop(node: Node) -> None:
    with suppress(OSError, subprocess.TimeoutExpired):
        node.acts.communicate(timeout=20)
    product.stop(node.product)
