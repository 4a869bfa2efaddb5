"""Two nodes with people, servers and workers of their own mirror each other (sharing.md sections 7.9 and 7.2).

What one publishes arrives at the other; it is disputed there and resolved here, on the pages, as supervisors do.
"""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import nodes
from tests.browser import desk

RECORDS = 30
ENTRY = """
SELECT e.public_id::text, e.id, e.trust, e.state, e.code
FROM hashsets_entry e JOIN hashsets_hashset s ON s.id = e.set_id
WHERE s.public_id = '{set}' AND e.removed_in IS NULL ORDER BY e.public_id LIMIT 1
"""


@pytest.mark.slow
def test_two_nodes_that_mirror_each_other_agree_through_a_dispute_and_do_not_grow(browser: Browser) -> None:
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
        it_is_disputed_there_and_resolved_here(browser, bure, avon, harbour)
        for node in (avon, bure):
            assert node.do("peer", "status")["peers"][0]["alarms"] == []
            assert node.do("audit", "verify")["ok"]


def it_is_disputed_there_and_resolved_here(browser: Browser, there: nodes.Node, here: nodes.Node, of: str) -> None:
    """A supervisor of the reader says otherwise, one of the owner ends it from the list, and the reader sees that."""
    entry, row, *_rest = there.ask(ENTRY.format(set=of))[0]
    reader, owner = at(browser, there), at(browser, here)
    reader.goto(f"/hashsets/{of}/entries/{entry}/{row}/")
    reader.get_by_label("Category").select_option("0")
    reader.get_by_label("We looked at the file ourselves").check()
    reader.get_by_role("button", name="Say this").click()
    expect(reader.get_by_text("your agency says otherwise", exact=True)).to_be_visible(timeout=desk.PATIENCE)
    assert stands(there, of)[1] == "disputed"  # at once, whatever the owner says
    nodes.until(lambda: stands(here, of)[:2] == ("disputed", "disputed"), "the dispute at the owner")
    owner.goto("/exchange/disputes/")
    owner.get_by_label("Category").select_option("2")
    owner.get_by_label("Reason").fill("looked at again by two")
    owner.get_by_role("button", name="Resolve").click()
    expect(owner.get_by_text("Nobody differs on an entry of yours")).to_be_visible(timeout=desk.PATIENCE)
    nodes.until(lambda: stands(there, of) == (stands(here, of)[0], "disputed", "2"), "how it was resolved")
    reader.reload()
    reader.get_by_label("Reason", exact=True).fill("they are right")
    reader.get_by_role("button", name="Take back").click()
    expect(reader.get_by_text("Your agency's opinion is taken back")).to_be_visible(timeout=desk.PATIENCE)
    nodes.until(lambda: nodes.same([there, here], of), "the same again")
    assert stands(there, of)[1] == "published"
    for page in (reader, owner):
        page.context.close()


def at(browser: Browser, node: nodes.Node) -> Page:
    """The second supervisor of a node at a browser."""
    context = browser.new_context(base_url=node.product.url, locale="en-GB")
    kept = node.do("signed-in", nodes.SECOND)["cookies"]
    context.add_cookies([one | {"url": "https://localhost/"} for one in kept])  # whatever the port
    context.set_default_timeout(desk.PATIENCE)
    return context.new_page()


def stands(node: nodes.Node, of: str) -> tuple[str, str, str]:
    """Trust, whether it acts, and category of the first entry of a set, on whatever node it is."""
    _entry, _row, trust, state, code = node.ask(ENTRY.format(set=of))[0]
    return trust, state, code


def generations(node: nodes.Node) -> list[tuple[str, int]]:
    """The versions of all sets of a node."""
    return node.ask("SELECT name, generation FROM hashsets_hashset ORDER BY 1")


def pulled_since(node: nodes.Node, moment: object) -> bool:
    """Whether the node asked again, at least two seconds later."""
    asked = f"SELECT min(pulled_at) > '{moment}'::timestamptz + interval '2 s' FROM hashsets_subscription"
    return bool(node.ask(asked)[0][0])
