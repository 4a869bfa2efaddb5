"""Who may have a set follow a server, how it is told, and what a killed worker leaves behind."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as product
from django.core.management import call_command

from hashsets import importing, tasks, versions
from hashsets.following import follows, pulling
from hashsets.following.follows import Wish
from hashsets.import_checks import FollowsServer
from hashsets.importing import Part
from hashsets.models import HashSet, Mirrored, Remote
from hashsets.sets import retire
from tests import people as everybody
from tests.hashsets import makers
from tests.hashsets.lists import by_number, document, media
from tests.hashsets.remotes import sources
from tests.hashsets.remotes.sources import followed
from tests.people import People
from workbench import checks
from workbench.errors import NotFound, WorkbenchError
from workbench.launcher.addresses import CHECKOUT
from workbench.models import AuditEvent


@pytest.fixture
def foreign(tmp_path: Path, settings: Any) -> Iterator[sources.Ncmec]:
    with sources.ncmec(tmp_path, settings) as made:
        for number in range(1, 6):
            made.put(number)
        yield made


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("tester:pass:word\n")
    return path


def run(*words: str, by: str = "supervisor") -> tuple[int, dict[str, Any], str]:
    """`manage.py remote ...`: exit code, answer, messages."""
    out, err = StringIO(), StringIO()
    try:
        call_command("remote", *words, "--as", by, "--json", stdout=out, stderr=err)
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    return code, json.loads(out.getvalue() or "{}"), err.getvalue()


def test_a_set_follows_a_server_by_command(foreign: sources.Ncmec, people: People, secret: Path) -> None:
    hash_set = makers.hash_set(people.supervisor, "Far", scheme="us-pvic")
    add = ["add", "Far", "--kind", "ncmec2", "--place", foreign.place, "--secret-file", str(secret)]
    assert run(*add)[:2] == (0, {"set": "Far", "id": str(Remote.objects.get().public_id)})
    code, told, _err = run("pull", "Far")
    assert (code, told["records"], told["added"], told["generation"]) == (0, 5, 5, 1)
    assert run("pause", "Far", "--reason", "they move")[0] == 0
    assert run("status")[0] == 1
    assert run("restart", "Far", "--reason", "they restored")[0] == 0
    assert follows.due() == [Remote.objects.get().pk]
    assert run("pull", "Far")[1]["records"] == 5
    assert run("resume", "Far")[0] == 0
    code, told, _err = run("status")
    assert code == 0
    assert told["remotes"][0]["counts"]["records"] == 5
    assert [(one["set"], one["kind"], one["failure"], one["paused"]) for one in told["remotes"]] == [
        ("Far", "ncmec2", "", "")
    ]
    assert run("end", "Far", "--reason", "moved")[0] == 0
    assert by_number(hash_set).keys() == set(range(1, 6))
    assert Mirrored.objects.count() == 0
    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {"remote.follow", "remote.pull", "set.version", "remote.pause", "remote.restart", "remote.leave"} <= verbs


def test_what_was_skipped_and_what_fails_is_exit_one(foreign: sources.Ncmec, people: People) -> None:
    followed(foreign, people.supervisor, "Far")
    foreign.server.extra = ["<image><member id='1'>A</member><id>9</id></image>"]
    code, told, err = run("pull", "Far")
    assert (code, told["skipped"].keys()) == (1, {"no-hash"})
    assert "no-hash" in err
    foreign.server.bad = ["laughs"]
    foreign.put(6)
    assert run("pull", "Far")[0] == 2
    code, told, err = run("status", "Far")
    assert code == 1
    assert told["remotes"][0]["paused"] in err
    assert run("pull", "Far")[0] == 1  # a person looked: it goes on


@pytest.mark.parametrize("who", ["investigator", "exporter", "auditor", "admin", "outsider"])
@pytest.mark.parametrize("act", ["add", "pull", "pause", "restart", "resume", "end"])
def test_only_a_supervisor_of_the_sets_agency_may(who: str, act: str, foreign: sources.Ncmec, people: People) -> None:
    makers.hash_set(people.supervisor, "Near", scheme="us-pvic")
    remote = followed(foreign, people.supervisor, "Far")
    words = {"add": ["Near", "--kind", "ncmec2", "--place", foreign.place], "end": ["Far", "--reason", "x"],
             "pause": ["Far", "--reason", "x"], "restart": ["Far", "--reason", "x"]}.get(act, ["Far"])  # fmt: skip
    assert run(act, *words, by=who)[0] == 2
    assert Remote.objects.get(ended_at=None).pk == remote.pk
    assert HashSet.objects.get(pk=remote.set_id).generation == 0


def test_another_agency_sees_nothing_of_it(foreign: sources.Ncmec, people: People) -> None:
    followed(foreign, people.supervisor, "Far")
    assert run("status", by="outsider")[:2] == (0, {"remotes": []})
    assert run("status", "Far", by="outsider")[0] == 2


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("that holds entries already", lambda by, one: makers.stored(one, by)),
        (
            "that takes people's decisions",
            lambda by, one: HashSet.objects.filter(pk=one.pk).update(receives_offers=True),
        ),
        ("that is retired", lambda by, one: retire(one, by=by, reason="old")),
    ],
)
def test_no_set_follows_a_server(rule: str, change: Any, foreign: sources.Ncmec, people: People) -> None:
    hash_set = makers.hash_set(people.supervisor, "Near", scheme="us-pvic")
    change(people.supervisor, hash_set)
    with pytest.raises(WorkbenchError):
        follows.follow(hash_set, by=people.supervisor, wish=Wish("ncmec2", foreign.place, foreign.secret))
    assert not Remote.objects.exists()


def test_a_set_follows_one_server_at_a_time(foreign: sources.Ncmec, people: People) -> None:
    remote = followed(foreign, people.supervisor, "Far")
    how: dict[str, Any] = {"by": people.supervisor, "wish": Wish("ncmec2", foreign.place, foreign.secret)}
    with pytest.raises(follows.FollowsAlready):
        follows.follow(remote.set, **how)
    follows.leave(remote, by=people.supervisor, reason="moved")
    assert follows.follow(remote.set, **how).pk != remote.pk
    with pytest.raises(NotFound):
        follows.leave(remote, by=people.supervisor, reason="again")


def test_the_secret_is_deleted_with_the_following(
    foreign: sources.Ncmec, people: People, django_capture_on_commit_callbacks: Any
) -> None:
    remote = followed(foreign, people.supervisor)
    assert (product.DATA_DIR / "keys" / remote.secret).exists()
    with django_capture_on_commit_callbacks(execute=True):
        follows.leave(remote, by=people.supervisor, reason="moved")
    assert not (product.DATA_DIR / "keys" / remote.secret).exists()


def test_nothing_else_changes_a_set_that_follows_a_server(
    foreign: sources.Ncmec, people: People, tmp_path: Path
) -> None:
    remote = followed(foreign, people.supervisor)
    path = document(tmp_path, media(1))
    with pytest.raises(FollowsServer):
        importing.import_file(remote.set, [Part(path, path.name)], by=people.supervisor)
    pulling.pull(remote.pk)
    with pytest.raises(FollowsServer):
        versions.roll_back(remote.set, 1, by=people.supervisor, reason="back")


def test_workers_ask_what_is_due_and_nothing_that_stands_still(foreign: sources.Ncmec, people: People) -> None:
    one, other = followed(foreign, people.supervisor), followed(foreign, people.supervisor)
    Remote.objects.filter(pk=other.pk).update(paused="looked at by nobody")
    assert follows.due() == [one.pk]
    tasks.pull_remote(one.pk)
    assert follows.due() == []
    assert by_number(one.set).keys() == set(range(1, 6))
    foreign.server.bad = ["down"] * 9
    foreign.put(6)
    tasks.pull_remote(one.pk)  # what goes wrong is noted, and no error of the task
    assert Remote.objects.get(pk=one.pk).failure


def test_a_pull_gives_others_their_turn_and_is_due_again_at_once(foreign: sources.Ncmec, people: People) -> None:
    remote = followed(foreign, people.supervisor)
    pulling.pull(remote.pk, seconds=-1)
    remote.refresh_from_db()
    assert follows.due() == [remote.pk]
    assert remote.pulled_at is None
    while follows.due():
        pulling.pull(remote.pk, seconds=-1)
    assert by_number(remote.set).keys() == set(range(1, 6))


def test_what_stands_still_is_told_by_the_check_of_the_node(foreign: sources.Ncmec, people: People) -> None:
    remote = followed(foreign, people.supervisor, "Far")
    Remote.objects.filter(pk=remote.pk).update(paused="the server led back")
    assert any("Far" in one and "the server led back" in one for one in checks.unwell())


@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_of_a_page_the_next_pull_brings_all_of_it(tmp_path: Path, settings: Any) -> None:
    """A process that is killed with -9 while it stores: the database forgets, and the lock is free."""
    with sources.ncmec(tmp_path, settings) as foreign:
        for number in range(1, 6):
            foreign.put(number)
        remote = followed(foreign, everybody.everybody().supervisor, "Far")
        words = [sys.executable, "-m", "tests.hashsets.held_import", "INSERT INTO hashsets_entry"]
        words += ["remote", "pull", "Far", "--as", "supervisor"]
        environment = os.environ | {
            "WINNOW_ATTACHED": "1",
            "DJANGO_SETTINGS_MODULE": "workbench.settings",
            "WINNOW_PEER_HOSTS": f"127.0.0.1:{foreign.http.server_port}",
        }
        with subprocess.Popen(words, cwd=CHECKOUT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as process:  # fmt: skip
            assert process.stdout
            try:
                assert process.stdout.readline() == "here\n"
                with pytest.raises(pulling.PullRunning):
                    pulling.pull(remote.pk)
            finally:
                process.kill()
        assert Mirrored.objects.count() == 0
        assert Remote.objects.get(pk=remote.pk).checkpoint == ""
        _pull_once_free(remote)
        assert by_number(remote.set).keys() == set(range(1, 6))


def _pull_once_free(remote: Remote) -> None:
    """Pull as soon as the database noticed that the process is gone."""
    deadline = time.monotonic() + 30
    while True:
        try:
            pulling.pull(remote.pk)
        except pulling.PullRunning:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return
