"""The kit against a node of another make, without a fault and with each of many."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command

from hashsets import conformance
from hashsets.conformance import Credential, Outcome, Verdict
from hashsets.conformance.asking import connected
from tests.hashsets.conformance import tiny_node

FAULTS = {  # the fault -> the clauses of which at least one must fail
    "skips an entry between pages": {"3.5"},
    "repeats an entry between pages": {"3.5"},
    "gives pages too large": {"3.5"},
    "pages without a snapshot": {"3.5"},
    "tells no tombstones": {"3.8"},
    "answers 200 where 304 is due": {"3.4"},
    "believes changed links": {"4.3"},
    "mixes links of sets up": {"4.3"},
    "passes over $filter": {"4.2"},
    "passes over $orderby": {"4.1"},
    "lists nothing with a 501": {"4.1"},
    "writes errors in a form of its own": {"4.1"},
    "tells flags to everybody": {"1.5"},
    "looks at no scopes": {"1.5"},
    "lets everybody in": {"2.2"},
    "signs with another key": {"2.4"},
    "does not sign errors": {"2.4"},
    "takes unsigned opinions": {"2.4"},
    "forgets its keys": {"4.4"},
    "looks up any number": {"4.5"},
    "does not fill ranges up": {"3.11"},
    "gives other packages than it lists": {"3.15"},
}


def examined(node: tiny_node.TinyNode, **more: Any) -> list[Outcome]:
    """Every check, with the right to write."""
    credential = Credential("client", "secret", "FA4E", Ed25519PrivateKey.generate().sign)
    asked = connected(node.url, credential, may_write=True, **more)
    with asked.client:
        return list(conformance.run(asked, conformance.MODULES))


def failed(outcomes: list[Outcome]) -> dict[str, str]:
    return {f"{one.check.clause} {one.check.says}": one.why for one in outcomes if one.verdict is Verdict.FAILED}


def test_a_node_of_another_make_passes() -> None:
    with tiny_node.running() as node:
        outcomes = examined(node)
    assert failed(outcomes) == {}
    missing = [one.check.says for one in outcomes if one.verdict is Verdict.NOT_APPLICABLE]
    assert len(missing) == 1, missing  # nobody gave an old deltaLink


@pytest.mark.parametrize("fault", FAULTS)
def test_a_node_with_a_fault_fails_the_clause_it_breaks(fault: str) -> None:
    with tiny_node.running(fault) as node:
        outcomes = examined(node)
    clauses = {name.split()[0] for name in failed(outcomes)}
    assert clauses & FAULTS[fault], failed(outcomes)
    [one, *_] = [one for one in outcomes if one.verdict is Verdict.FAILED]
    assert one.why
    assert one.said


def test_the_report_shows_what_was_asked_and_answered_and_no_secret() -> None:
    with tiny_node.running("passes over $orderby") as node:
        outcomes = examined(node)
    page = conformance.as_markdown(outcomes, of="a node", at="now")
    assert "| 4.1 |" in page
    assert "$orderby=Seq" in page
    assert "token:" not in page
    assert conformance.as_json(outcomes)["failed"] == 1


def test_only_reading_writes_nothing(tmp_path: Path) -> None:
    secret, report, out = tmp_path / "secret", tmp_path / "report.md", StringIO()
    secret.write_text("secret")
    with tiny_node.running() as node:
        before = {set_id: len(steps) for set_id, steps in node.steps.items()}
        call_command(
            "conformance", node.url, "--client-id", "client", "--secret-file", str(secret), "--json",
            "--report", str(report), stdout=out,
        )  # fmt: skip
        assert {set_id: len(steps) for set_id, steps in node.steps.items()} == before
    told = json.loads(out.getvalue())
    assert (told["failed"], told["not_applicable"]) == (0, 5)
    assert report.read_text(encoding="utf-8").startswith(f"# Conformance of {node.url}")


def test_a_node_that_breaks_the_protocol_ends_the_command_with_1(tmp_path: Path) -> None:
    secret, err = tmp_path / "secret", StringIO()
    secret.write_text("secret")
    with tiny_node.running("lets everybody in") as node, pytest.raises(SystemExit) as ended:
        call_command(
            "conformance", node.url, "--client-id", "client", "--secret-file", str(secret),
            stdout=StringIO(), stderr=err,
        )  # fmt: skip
    assert ended.value.code == 1
    assert "2.2 refuses whoever shows no token" in err.getvalue()
