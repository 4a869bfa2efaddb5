"""`manage.py courier`: what a lab types to bring a set to one without a network."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from hashsets.models import HashSet, Package, Subscription
from tests.hashsets import makers, paired
from tests.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def shared(people: People) -> HashSet:
    made = makers.hash_set(people.supervisor, "Harbour")
    makers.publish(made, makers.picture("a"), makers.picture("b"), by=people.supervisor)
    return made


@pytest.fixture
def subscription(shared: HashSet, people: People) -> Subscription:
    paired.reader(shared, people)
    return paired.mirror(shared, people)


def run(*words: str, by: str) -> Any:
    out = StringIO()
    call_command("courier", *words, "--as", by, "--json", stdout=out)
    return json.loads(out.getvalue())


def refused(*words: str, by: str) -> str:
    """What the command says when it changes nothing."""
    err = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("courier", *words, "--as", by, stderr=err)
    assert ended.value.code == 2
    return err.getvalue()


@pytest.mark.parametrize("who", ["southmoor", "Southmoor"])
def test_a_set_goes_out_and_comes_in_by_two_commands(
    who: str, shared: HashSet, subscription: Subscription, tmp_path: Path
) -> None:
    made = run("pack", who, "Harbour", str(tmp_path), by="supervisor")
    assert (made["from"], made["to"], made["count"]) == (0, 2, 2)
    taken = run("unpack", made["path"], by="outsider")
    assert taken == {
        "set": "Harbour, mirrored", "from": 0, "to": 2, "taken": 2, "put_aside": 0, "generation": 1
    }  # fmt: skip
    assert run("pack", who, "Harbour", by="supervisor")["path"] is None
    kept = run("pack", who, "Harbour", "--whole", by="supervisor")  # here, for its page and its reader
    assert (kept["from"], kept["count"]) == (0, 2)
    assert Path(kept["path"]).stat().st_size == Package.objects.get(size__isnull=False).size


def test_what_cannot_be_done_is_said_in_a_sentence(shared: HashSet, subscription: Subscription, tmp_path: Path) -> None:
    there, nowhere = tmp_path / "there", tmp_path / "no" / "x"
    there.write_bytes(b"")
    assert "not paired" in refused("pack", "Nobody", "Harbour", str(tmp_path), by="supervisor")
    assert "there already" in refused("pack", "southmoor", "Harbour", str(there), by="supervisor")
    assert "cannot be written" in refused("pack", "southmoor", "Harbour", str(nowhere), by="supervisor")
    assert "cannot be read" in refused("unpack", str(tmp_path / "gone"), by="outsider")
    assert "no tar" in refused("unpack", str(there), by="outsider")


@pytest.mark.parametrize("by", ["investigator", "exporter", "auditor", "admin"])
def test_only_a_supervisor_sends_the_courier(
    by: str, shared: HashSet, subscription: Subscription, tmp_path: Path
) -> None:
    for words in (("pack", "southmoor", "Harbour", str(tmp_path)), ("unpack", str(tmp_path / "x"))):
        assert "Supervisor" in refused(*words, by=by)
