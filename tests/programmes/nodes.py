"""Three nodes in mirror, chain and star, whose workers are killed while they read: all end with the very same sets.

`python -m tests.programmes nodes [ENTRIES [KILLS [SEED]]]`. Avon's Harbour (us-pvic) is read by Bure and, from Bure's
mirror, by Cam: a chain. Bure's Quayside (uk-abc) is read by Avon and Cam: a star, and with Harbour a mirror. Cam's
Hills (landscapes) is read by Avon. Everybody asks every second.
"""

import random
import sys
import time
from dataclasses import dataclass, field

from tests import nodes
from tests.nodes import Node

DEFAULTS = (20_000, 12, 1)  # entries of the largest set, kills, seed
SMALL = 40  # entries of the other sets
PATIENCE = 600.0  # seconds until all hold the same
OPEN_ONES = "SELECT count(*) FROM hashsets_incoming"


@dataclass(slots=True)
class Outcome:
    """What it came to; `wrong` in words."""

    kills: int = 0
    wrong: list[str] = field(default_factory=list)


def main(arguments: list[str]) -> int:
    """Print what was wrong; 0 when nothing was."""
    numbers = [int(word) for word in arguments]
    entries, kills, seed = (*numbers, *DEFAULTS[len(numbers) :])
    began, outcome = time.monotonic(), run(entries, kills, seed)
    for line in outcome.wrong:
        print(line)
    print(
        f"seed {seed}: three nodes, {entries:,} entries, {outcome.kills} kills of workers: {len(outcome.wrong)} faults,"
        f" {time.monotonic() - began:.0f} s."
    )
    return 1 if outcome.wrong else 0


def run(entries: int, kills: int, seed: int) -> Outcome:
    """Have them exchange, and kill whoever reads; then compare."""
    dice, outcome = random.Random(seed), Outcome()
    with nodes.running("Avon", "Bure", "Cam") as (avon, bure, cam):
        holders = _meshed(avon, bure, cam, entries)
        for turn in range(kills):
            _change(avon, bure, cam, entries, turn)
            time.sleep(dice.uniform(0.2, 2.5))
            outcome.kills += nodes.kill_worker(dice.choice([bure, cam, avon]))
        for set_id, everybody in holders.items():
            _expect_same(set_id, everybody, outcome)
        outcome.wrong += _left_over([avon, bure, cam])
    return outcome


def _meshed(avon: Node, bure: Node, cam: Node, entries: int) -> dict[str, list[Node]]:
    """Who holds what: set -> its owner and its readers."""
    avon.has_set("Harbour", "us-pvic", *(nodes.media(n) for n in range(entries)))
    bure.has_set("Quayside", "uk-abc", *(nodes.media(n, "A") for n in range(entries, entries + SMALL)))
    cam.has_set("Hills", "landscapes-t1", *(nodes.media(n, "1") for n in range(2 * entries, 2 * entries + SMALL)))
    for one, other in ((avon, bure), (bure, cam), (avon, cam)):
        nodes.pair(one, other)
    harbour = nodes.reads(bure, avon, "Harbour")
    quayside = nodes.reads(avon, bure, "Quayside")
    nodes.reads(cam, bure, "Quayside")
    hills = nodes.reads(avon, cam, "Hills")
    nodes.reads(cam, bure, "Harbour")
    return {harbour: [avon, bure, cam], quayside: [bure, avon, cam], hills: [cam, avon]}


def _change(avon: Node, bure: Node, cam: Node, entries: int, turn: int) -> None:
    """Every owner changes some entries, takes some away and adds some."""
    first = turn + 1
    avon.lists("Harbour", *(nodes.media(n, 2 if n % 97 == turn % 97 else 1) for n in range(first, entries + first)))
    some = range(entries + first, entries + SMALL + first)
    bure.lists("Quayside", *(nodes.media(n, "B" if n % 7 == turn % 7 else "A") for n in some))
    some = range(2 * entries + first, 2 * entries + SMALL + first)
    cam.lists("Hills", *(nodes.media(n, "2" if n % 5 == turn % 5 else "1") for n in some))


def _expect_same(set_id: str, everybody: list[Node], outcome: Outcome) -> None:
    try:
        nodes.until(lambda: nodes.same(everybody, set_id), f"{set_id} is the same everywhere", PATIENCE)
    except AssertionError:
        sizes = {node.name: len(node.standing(set_id)) for node in everybody}
        states = {node.name: node.do("peer", "status", status=None)["peers"] for node in everybody}
        outcome.wrong.append(f"{set_id} differs: {sizes}; {states}")


def _left_over(everybody: list[Node]) -> list[str]:
    """What must not be there at the end."""
    wrong = []
    time.sleep(3)  # some more askings
    for node in everybody:
        if waiting := node.ask(OPEN_ONES)[0][0]:
            wrong.append(f"{node.name}: {waiting} records were collected and are not in force")
        status = node.do("peer", "status", status=None)
        wrong += [f"{node.name}: {alarm}" for peer in status["peers"] for alarm in peer["alarms"]]
        if not node.do("audit", "verify", status=None).get("ok"):
            wrong.append(f"{node.name}: the log does not verify")
        wrong += [f"{node.name}: {one}" for one in node.do("case", "check", status=None).get("broken", [])]
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
