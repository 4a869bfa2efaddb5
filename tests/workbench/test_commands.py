"""The contract of commands: exit codes, one JSON object on the last line, whose rights count."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command

from cases.models import Offer
from tests import factories
from tests.people import People
from workbench import people as domain
from workbench.models import AuditEvent, Role, User

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON object on the last line."""
        found: dict[str, Any] = json.loads(self.out.strip().splitlines()[-1])
        return found


Run = Callable[..., Answer]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process."""

    def command(*words: str) -> Answer:
        code = 0
        try:
            call_command(*words)
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return command


@pytest.fixture
def operator(people: People) -> User:
    """The account commands act as by default."""
    roles = (Role.INVESTIGATOR, Role.SUPERVISOR, Role.EXPORTER)
    return factories.person(people.north, domain.OPERATOR, *roles)


def test_somebody_unknown_cannot_act(run: Run, people: People) -> None:
    answer = run("agency", "add", "west", "--name", "West", "--as", "nobody")
    assert (answer.code, answer.out) == (2, "")
    assert "no person 'nobody'" in answer.err


def test_a_person_is_added_with_a_link_that_works_once(run: Run, operator: User) -> None:
    answer = run("person", "add", "robin", "--agency", "southmoor", "--role", "investigator", "supervisor", "--json")
    assert (answer.code, answer.fields["user"]) == (0, "robin")
    token = answer.fields["link"].rstrip("/").rsplit("/", 1)[-1]
    assert domain.link_owner(token).agency.slug == "southmoor"
    again = run("person", "reset", "robin", "--json")
    assert again.fields["link"] != answer.fields["link"]
    with pytest.raises(domain.LinkSpent):
        domain.link_owner(token)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("person", "add", "investigator", "--agency", "northmoor", "--role", "auditor"), "already"),
        (("person", "add", "x", "--agency", "atlantis", "--role", "auditor"), "no agency"),
        (("person", "add", "x", "--agency", "northmoor", "--role", "admin", "supervisor"), "cannot also"),
        (("person", "unlock", "nobody"), "no person"),
        (("agency", "add", "../x", "--name", "X"), "letters"),
        (("agency", "add", "northmoor", "--name", "X"), "already"),
        (("case", "status", "N-404"), "no case"),
        (("case", "create", "N-1", "--name", "X", "--scheme", "unheard-of"), "no scheme"),
        (("case", "create", "N-1", "--name", "X", "--scheme", "landscapes-t1", "--agency", "southmoor"), "--as"),
    ],
)
def test_bad_input_is_answered_with_a_sentence_and_changes_nothing(
    run: Run, operator: User, words: tuple[str, ...], says: str
) -> None:
    before = AuditEvent.objects.count()
    answer = run(*words)
    assert (answer.code, answer.out) == (2, "")
    assert says in answer.err
    assert AuditEvent.objects.count() == before


def test_an_investigator_adds_nobody(run: Run, people: People) -> None:
    answer = run("person", "add", "x", "--agency", "northmoor", "--role", "auditor", "--as", "investigator")
    assert answer.code == 2
    assert "needs the role Administrator" in answer.err


def test_a_case_goes_from_creation_to_publication_by_commands(run: Run, operator: User, people: People) -> None:
    assert (
        run("case", "create", "N-1", "--name", "Lights", "--scheme", "landscapes-t1", "--json").fields["case"] == "N-1"
    )
    case = operator.agency.case_set.get(number="N-1")
    first, second, third = factories.items(factories.exhibit(case), 3)
    for item, code, viewed in ((first, "1", True), (second, "5", False)):
        words = ["decide", "N-1", bytes(item.content.sha256).hex(), code, "--json", *(["--viewed"] if viewed else [])]
        assert run(*words).fields["basis"] == ("viewed" if viewed else "veiled")
    status = run("case", "status", "N-1", "--json").fields
    expected = {"files": 3, "unique": 3, "known": 0, "unmatched": 3, "stacks": 1, "decided": 2, "left": 1}
    assert expected.items() <= status.items()
    assert status["by_category"] == {"1": 1, "5": 1}
    offered = run("publish", "N-1", "--json")
    assert (offered.fields["offered"], offered.fields["held"]) == (1, {"not viewed": 1})
    assert run("publish", "N-1", "--approve").code == 2  # who decided cannot approve
    approved = run("publish", "N-1", "--approve", "--as", "supervisor", "--json")
    assert (approved.code, approved.fields["published"]) == (0, 1)
    assert Offer.objects.get(case=case).state == Offer.State.PUBLISHED
    assert run("case", "check", "N-1", "--json").fields == {"ok": True, "broken": [], "health": []}
    assert third.state == "open"


def test_a_second_decision_needs_a_reason_and_a_supervisor(run: Run, operator: User, people: People) -> None:
    item = factories.item(factories.exhibit(factories.case(people.investigator, operator)))
    words = ("decide", item.case.number, bytes(item.content.sha256).hex())
    assert run(*words, "1", "--as", "investigator").code == 0
    assert run(*words, "2", "--as", "investigator", "--reason", "clearer now").code == 2
    assert run(*words, "2").code == 2
    assert run(*words, "2", "--reason", "clearer now").code == 0


def test_verifying_the_logs_names_events_and_head(run: Run, operator: User) -> None:
    answer = run("audit", "verify", "--deep", "--json")
    assert answer.code == 0
    assert answer.fields["ok"]
    assert answer.fields["events"] > 10
    assert len(answer.fields["head"]) == 64
    assert answer.fields["first_bad"] is None


def test_the_first_start_prints_its_link_once(run: Run, db: None) -> None:
    first = run("first_start", "--json").fields
    assert domain.link_owner(first["link"].rstrip("/").rsplit("/", 1)[-1]).username == "admin"
    assert run("first_start", "--json").fields["link"] is None
    assert run("first_start").out == ""
