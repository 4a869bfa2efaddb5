"""Two nodes with people, servers and workers of their own mirror each other (sharing.md sections 7.9 and 7.2)."""

import pytest

from tests import nodes

RECORDS = 30


@pytest.mark.slow
def test_two_nodes_that_mirror_each_other_hold_the_same_and_do_not_grow() -> None:
    with nodes.running("Avon", "Bure") as (avon, bure):
        avon.has_set("Harbour", "us-pvic", *(nodes.media(n) for n in range(RECORDS)))
        bure.has_set("Quayside", "uk-abc", *(nodes.media(n, "A") for n in range(100, 100 + RECORDS)))
        nodes.pair(avon, bure)
        harbour = nodes.reads(bure, avon, "Harbour", "--give")
        quayside = nodes.reads(avon, bure, "Quayside", "--give")
        for one in (harbour, quayside):
            nodes.until(lambda one=one: nodes.same([avon, bure], one), "the baseline of both")  # type: ignore[misc]
        assert len(bure.standing(harbour)) == len(avon.standing(quayside)) == RECORDS

        avon.lists("Harbour", *(nodes.media(n, 2 if n < 5 else 1) for n in range(3, RECORDS + 3)))
        nodes.until(lambda: bure.standing(harbour) == avon.standing(harbour), "what changed")
        before = [(len(node.ask("SELECT 1 FROM hashsets_entry")), generations(node)) for node in (avon, bure)]
        settle = avon.ask("SELECT max(pulled_at) FROM hashsets_subscription")[0][0]
        nodes.until(lambda: pulled_since(avon, settle) and pulled_since(bure, settle), "some more askings")
        assert before == [(len(node.ask("SELECT 1 FROM hashsets_entry")), generations(node)) for node in (avon, bure)]
        for node in (avon, bure):
            assert node.do("peer", "status")["peers"][0]["alarms"] == []
            assert node.do("audit", "verify")["ok"]


def generations(node: nodes.Node) -> list[tuple[str, int]]:
    """The versions of all sets of a node."""
    return node.ask("SELECT name, generation FROM hashsets_hashset ORDER BY 1")


def pulled_since(node: nodes.Node, moment: object) -> bool:
    """Whether the node asked again, at least three seconds later."""
    asked = f"SELECT min(pulled_at) > '{moment}'::timestamptz + interval '3 s' FROM hashsets_subscription"
    return bool(node.ask(asked)[0][0])
