"""The filter of a set holds its entries in force and nothing else, is kept as a file, and goes out with an event."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hashsets import compact, filter_files, kinds, sets, tasks
from hashsets.compact import Filter, layout
from hashsets.management import filter_acts
from hashsets.models import Entry, HashSet
from tests.hashsets import makers
from tests.hashsets.pages import text, url
from tests.hashsets.test_command import answered, run
from tests.people import People, signed_in
from workbench.errors import BadInput
from workbench.launcher import attach
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Filters lie in a folder of the test's own; a handful of entries is several blocks."""
    monkeypatch.setattr(filter_files, "root", lambda: tmp_path / "filters")
    monkeypatch.setattr(filter_files, "BLOCK", 7)
    return tmp_path / "filters"


@pytest.fixture
def forty(supervisor: User) -> HashSet:
    """A set of forty pictures."""
    made = makers.hash_set(supervisor, "Harbour")
    makers.publish(made, *(makers.picture(f"picture {n}") for n in range(40)), by=supervisor)
    return made


def digests(kind: str, *texts: str) -> bytes:
    return b"".join(getattr(makers.picture(text), kind) for text in texts)


def held(hash_set: HashSet, kind: str, *texts: str) -> list[bool]:
    """What the filter of the version in force says of pictures."""
    path, _header = filter_files.made(hash_set, kind)
    answers: list[bool] = Filter(path).may_hold(digests(kind, *texts)).tolist()
    return answers


def bits_set(hash_set: HashSet, kind: str = "md5") -> int:
    return int.from_bytes(filter_files.made(hash_set, kind)[0].read_bytes()[layout.SIZE :]).bit_count()


@pytest.mark.parametrize("kind", kinds.DIGESTS)
def test_every_entry_is_in_it_and_what_is_none_is_not(kind: str, forty: HashSet) -> None:
    _path, header = filter_files.made(forty, kind)
    assert (header.kind, header.set, header.generation) == (kind, forty.public_id, 1)
    assert (header.entries, header.count) == (40, 40)
    assert all(held(forty, kind, *(f"picture {n}" for n in range(40))))
    assert not any(held(forty, kind, *(f"lake {n}" for n in range(40))))
    assert 270 < bits_set(forty, kind) <= 280, "seven of each and no other"


def test_what_is_withdrawn_or_of_another_set_is_not_in_it(forty: HashSet, supervisor: User) -> None:
    other = makers.hash_set(supervisor, "Alpine")
    makers.publish(other, makers.picture("alp"), by=supervisor)
    gone = Entry.objects.get(set=forty, md5=makers.picture("picture 3").md5)
    makers.withdraw(forty, gone.id, by=supervisor)
    makers.publish(forty, makers.picture("late"), by=supervisor)
    forty.refresh_from_db()
    assert held(forty, "md5", "picture 3", "alp", "late", "picture 4") == [False, False, True, True]


def test_an_entry_without_the_kind_is_counted_and_told(forty: HashSet, supervisor: User) -> None:
    makers.stored(forty, supervisor, sha1=None, sha256=None)
    _path, header = filter_files.made(forty, "sha256")
    assert (header.entries, header.count) == (41, 40)
    assert filter_acts._left_out(header) == "Entries without a sha256, of which the filter says nothing: 1."


@pytest.mark.parametrize("kind", kinds.DIGESTS)
def test_the_digest_of_an_empty_file_never_enters(kind: str, supervisor: User) -> None:
    hash_set = makers.hash_set(supervisor)
    makers.stored(hash_set, supervisor, **{one.id: one.empty for one in kinds.DIGESTS.values()})
    with pytest.raises(filter_files.NothingToFilter):
        filter_files.made(hash_set, kind)
    makers.stored(hash_set, supervisor)
    path, header = filter_files.made(hash_set, kind)
    assert (header.count, Filter(path).may_hold(kinds.DIGESTS[kind].empty)[0]) == (1, False)


def test_it_is_made_once_for_a_version_and_older_ones_go(forty: HashSet, supervisor: User) -> None:
    path, _header = filter_files.made(forty, "md5")
    with CaptureQueriesContext(connection) as queries:
        assert filter_files.made(forty, "md5")[0] == path
    assert len(queries) == 0
    filter_files.made(forty, "sha1")
    for late in ("late", "later"):
        makers.publish(forty, makers.picture(late), by=supervisor)
        forty.refresh_from_db()
        filter_files.made(forty, "md5")
    assert sorted(one.name for one in path.parent.iterdir()) == ["2-md5.filter", "3-md5.filter"]


def test_a_damaged_file_is_made_anew_with_the_same_bits(forty: HashSet, caplog: pytest.LogCaptureFixture) -> None:
    path, header = filter_files.made(forty, "md5")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with caplog.at_level(logging.WARNING):
        assert filter_files.made(forty, "md5")[1].digest == header.digest
    assert "made anew" in caplog.text
    assert Filter(path).header.digest == header.digest


def test_a_full_disk_leaves_nothing_behind(forty: HashSet, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_paths: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("workbench.durable.place", full)
    with pytest.raises(OSError, match="No space"):
        filter_files.made(forty, "md5")
    assert [one for one in folder.rglob("*") if one.is_file()] == []


def test_the_sweeper_removes_filters_of_retired_sets(forty: HashSet, supervisor: User, folder: Path) -> None:
    path, _header = filter_files.made(forty, "md5")
    tasks.sweep_rows()
    assert path.exists()
    sets.retire(forty, by=supervisor, reason="superseded")
    tasks.sweep_rows()
    assert list(folder.iterdir()) == []
    with pytest.raises(BadInput, match="retired"):
        filter_files.give(forty, "md5", by=supervisor)


def test_a_supervisor_saves_it_from_the_page_and_the_log_tells(forty: HashSet, people: People) -> None:
    client = signed_in(people.supervisor)
    seen = text(client.get(url("set", forty), secure=True))
    assert "version 1, at most 0.1 MB" in seen
    assert "of new ones at most 1 %" in seen
    answer = client.get(url("filter", forty), {"kind": "sha1"}, secure=True)
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    header = layout.read(body, len(body))
    assert (header.count, answer.headers["Content-Length"]) == (40, str(compact.bytes_for(40)))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="harbour-v1-sha1.filter"'
    event = AuditEvent.objects.get(verb="set.filter")
    assert (event.actor, event.subject) == ("supervisor", f"hashset:{forty.public_id}")
    assert json.loads(event.body)["details"] == {
        "set": "Harbour", "generation": 1, "kind": "sha1", "hashes": 40, "bytes": len(body),
        "bits_sha256": header.digest.hex(),
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["", "pdq", "md5'--"])
def test_another_kind_is_refused_and_no_event(kind: str, forty: HashSet, people: People) -> None:
    answer = signed_in(people.exporter).get(url("filter", forty), {"kind": kind}, secure=True)
    assert (answer.status_code, "md5, sha1, sha256" in text(answer)) == (400, True)
    assert not AuditEvent.objects.filter(verb="set.filter").exists()


def test_who_may_not_export_is_neither_shown_nor_given_it(forty: HashSet, people: People) -> None:
    client = signed_in(people.investigator)
    assert "Filter for laptops" not in text(client.get(url("set", forty), secure=True))
    assert client.get(url("filter", forty), {"kind": "md5"}, secure=True).status_code == 403
    assert signed_in(people.outsider).get(url("filter", forty), {"kind": "md5"}, secure=True).status_code == 404
    assert signed_in(people.supervisor).post(url("filter", forty), {"kind": "md5"}, secure=True).status_code == 405
    HashSet.objects.filter(pk=forty.pk).update(reach="node")
    assert signed_in(people.outsider).get(url("filter", forty), {"kind": "md5"}, secure=True).status_code == 403


def test_the_command_writes_it_and_says_what_it_holds(forty: HashSet, people: People, tmp_path: Path) -> None:
    told = answered("filter", "Harbour", tmp_path / "out", "--kind", "sha256")
    found = Filter(tmp_path / "out").header
    assert told == {"set": "Harbour", "generation": 1, "kind": "sha256", "entries": 40, "count": 40, "size": 1168,
                    "bits_sha256": found.digest.hex()}  # fmt: skip
    assert AuditEvent.objects.filter(verb="set.filter", actor="supervisor").count() == 1
    assert "cannot be written" in run("filter", "Harbour", "/nowhere/out")[2]
    assert run("filter", "Harbour", tmp_path / "out", by="investigator")[0] == 2
    assert sorted(one.name for one in tmp_path.iterdir()) == ["filters", "out"]


def test_a_laptop_without_any_service_asks_it(forty: HashSet, people: People, tmp_path: Path) -> None:
    answered("filter", "Harbour", tmp_path / "out")
    known, new = (digests("md5", text).hex() for text in ("picture 7", "lake"))
    env = {"PATH": os.environ["PATH"], "WINNOW_DATA": str(tmp_path / "laptop")}
    words = [sys.executable, "manage.py", "hashset", "ask", str(tmp_path / "out")]
    done = subprocess.run(
        words, cwd=ROOT, env=env, input=f"{known}  a.jpg\n{new}\nrubbish\n", capture_output=True, text=True, check=False
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["line"], one["answer"]) for one in lines] == [(1, "perhaps known"), (2, "certainly new"), (3, None)]
    assert (done.returncode, f"Version 1 of set {forty.public_id}, 40 md5 hashes" in done.stderr) == (1, True)
    assert {"postgres", "valkey"}.isdisjoint(one.name for one in (tmp_path / "laptop").iterdir())


def test_ask_opens_no_connection_and_logs_nothing(forty: HashSet, people: People, tmp_path: Path) -> None:
    answered("filter", "Harbour", tmp_path / "out")
    (tmp_path / "hashes.txt").write_text(digests("md5", "picture 7").hex(), encoding="utf-16")
    events = AuditEvent.objects.count()
    with CaptureQueriesContext(connection) as queries:
        code, out, _err = run("ask", tmp_path / "out", tmp_path / "hashes.txt", by="nobody")
    assert (code, json.loads(out)["answer"], len(queries)) == (0, "perhaps known", 0)
    assert AuditEvent.objects.count() == events


@pytest.mark.parametrize(("content", "says"), [(None, "cannot be read"), (b"a list", "not a filter file")])
def test_ask_refuses_what_is_no_filter(content: bytes | None, says: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "out").write_bytes(content)
    code, out, err = run("ask", tmp_path / "out", stdin="rubbish")
    assert (code, out, says in err) == (2, "", True)


def test_only_ask_goes_without_servers() -> None:
    assert attach._stands_alone(["manage.py", "hashset", "ask", "x"])
    assert not attach._stands_alone(["manage.py", "hashset", "filter", "x"])
    assert not attach._stands_alone(["manage.py", "hashset"])
