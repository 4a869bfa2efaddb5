"""The pages of foreign sources: what they tell, what may be typed there, and what nobody reads there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as product
from django.urls import reverse

from hashsets import watched
from hashsets.following import follows, pulling, turning
from hashsets.following.follows import Wish
from hashsets.models import HashSet, Remote
from tests.hashsets import makers
from tests.hashsets.lists import document, media
from tests.hashsets.pages import text, url
from tests.hashsets.remotes import sources
from tests.hashsets.remotes.sources import followed, held
from tests.people import People, signed_in
from workbench.errors import WorkbenchError
from workbench.models import AuditEvent, User


@pytest.fixture
def foreign(tmp_path: Path, settings: Any) -> Iterator[sources.StopNcii]:
    with sources.stopncii(tmp_path, settings) as made:
        for number in range(1, 6):
            made.put(number)
        yield made


@pytest.fixture
def lists(tmp_path: Path, settings: Any) -> Path:
    """The folder below which pages may name folders."""
    settings.LISTS, settings.DROP_SECONDS = tmp_path / "lists", 0
    settings.LISTS.mkdir()
    found: Path = settings.LISTS
    return found


@pytest.fixture
def near(people: People) -> HashSet:
    return makers.hash_set(people.supervisor, "Near", scheme="us-pvic")


def get(user: User, name: str, *ids: Any, query: str = "") -> str:
    return text(signed_in(user).get(reverse(f"exchange:{name}", args=ids) + query, secure=True))


def post(user: User, name: str, *ids: Any, query: str = "", **data: Any) -> Any:
    return signed_in(user).post(reverse(f"exchange:{name}", args=ids) + query, data, secure=True, follow=True)


def typed(near: HashSet, server: str, **more: Any) -> dict[str, Any]:
    """What a person types for a StopNCII-shaped server."""
    return {"set": near.public_id, "place": server, "every": 300, "category": "1", "secret0": "f-key==",
            "secret1": "s:key"} | more  # fmt: skip


def last(verb: str) -> dict[str, Any]:
    found = AuditEvent.objects.filter(verb=verb).latest("seq")
    event: dict[str, Any] = json.loads(found.body)
    return event


def test_a_supervisor_follows_a_server_sees_how_it_goes_and_nobody_reads_the_secret(
    foreign: sources.StopNcii, people: People, near: HashSet
) -> None:
    made = post(people.supervisor, "new_source", query="?kind=stopncii", **typed(near, foreign.place))
    remote = Remote.objects.get()
    shown = [text(made), get(people.admin, "sources")]
    assert "not asked yet" in shown[0]
    foreign.server.extra = [{"signalType": "VideoTMK", "hashValue": "A", "hashStatus": "Active"}]
    pulling.pull(remote.pk)
    shown += [get(people.auditor, "source", remote.public_id), get(people.supervisor, "sources")]
    assert re.search(r"followed .* Came 7 .* Put aside: a kind of hash that no entry can stand by 4", shown[2])
    assert "StopNCII" in shown[3]
    its_set = signed_in(people.supervisor).get(url("set", near), secure=True)
    assert reverse("exchange:source", args=[remote.public_id]) in its_set.content.decode()
    assert not re.findall("Import a list|Watched folder", text(its_set))  # the server alone says what it holds
    key = (product.DATA_DIR / "keys" / remote.secret).read_text()
    assert key == "f-key==:s:key"
    told = f"{shown} {made.content} {list(AuditEvent.objects.values_list('body', flat=True))}"
    assert "f-key" not in told
    assert "s:key" not in told
    assert last("remote.follow")["details"]["category"] == "1"


def test_each_connector_asks_for_what_it_needs(people: People, near: HashSet) -> None:
    for kind, asks, not_asked in (
        ("ncmec2", ("Link of the database", "Name", "Password"), "Category of its records"),
        ("stopncii", ("Function key", "Subscription key", "Category of its records"), "Password"),
        ("gold-disk", ("Folder", "WINNOW_LISTS"), "Password"),
    ):
        shown = get(people.supervisor, "new_source", query=f"?kind={kind}")
        assert all(word in shown for word in asks)
        assert not_asked not in shown


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"place": "https://elsewhere.example.org/v1"}, "WINNOW_PEER_HOSTS"),
        ({"place": "file:///etc/hostname"}, "https"),
        ({"category": "77"}, "no category 77"),
        ({"secret0": "a:b"}, "There is no colon in it."),
        ({"secret1": ""}, "required"),
        ({"secret1": "a\r\nHost: b"}, "one line"),
        ({"every": "5"}, "60"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_what_to_do(
    given: dict[str, str], told: str, foreign: sources.StopNcii, people: People, near: HashSet
) -> None:
    answer = post(people.supervisor, "new_source", query="?kind=stopncii", **typed(near, foreign.place, **given))
    assert (answer.status_code, Remote.objects.exists()) == (400, False)
    assert told in text(answer)
    assert "f-key" not in answer.content.decode()


def test_only_sets_that_may_follow_a_server_are_offered(
    foreign: sources.StopNcii, people: People, near: HashSet
) -> None:
    makers.stored(makers.hash_set(people.supervisor, "Full", scheme="us-pvic"), people.supervisor)
    followed(foreign, people.supervisor, "Taken")
    shown = get(people.supervisor, "new_source", query="?kind=stopncii")
    assert "Near" in shown
    assert "Full" not in shown
    assert "Taken" not in shown
    assert "Full" in get(people.supervisor, "new_source", query="?kind=gold-disk")
    theirs = makers.hash_set(people.outsider, "Theirs", scheme="us-pvic")
    post(people.supervisor, "new_source", query="?kind=stopncii", **typed(theirs, foreign.place))
    assert Remote.objects.count() == 1


def test_a_person_asks_now_pauses_resumes_begins_anew_and_stops(foreign: sources.StopNcii, people: People) -> None:
    remote, by = followed(foreign, people.supervisor, "Far"), people.supervisor
    pulling.pull(remote.pk)
    assert follows.due() == []
    post(by, "ask_source", remote.public_id)
    assert follows.due() == [remote.pk]
    shown = text(post(by, "pause_source", remote.public_id, reason="they move"))
    assert f"Paused by {by.name}. they move" in shown
    assert follows.due() == []
    assert last("remote.pause")["details"]["set"] == "Far"
    post(by, "resume_source", remote.public_id)
    assert follows.due() == [remote.pk]
    foreign.forget(5)
    post(by, "restart_source", remote.public_id, reason="they restored")
    remote.refresh_from_db()
    assert (remote.checkpoint, len(held(remote))) == ("", 5)
    pulling.pull(remote.pk)
    assert len(held(remote)) == 4
    post(by, "leave_source", remote.public_id, reason="over")
    assert (Remote.objects.filter(ended_at=None).count(), len(held(remote))) == (0, 4)
    assert signed_in(by).get(reverse("exchange:source", args=[remote.public_id]), secure=True).status_code == 404
    verbs = list(AuditEvent.objects.filter(verb__startswith="remote.").order_by("seq").values_list("verb", flat=True))
    assert [verb for verb in verbs if verb != "remote.pull"] == [
        "remote.follow", "remote.ask", "remote.pause", "remote.resume", "remote.restart", "remote.leave",
    ]  # fmt: skip


@pytest.mark.parametrize("act", ["pause_source", "restart_source", "leave_source"])
def test_without_a_reason_nothing_is_done(act: str, foreign: sources.StopNcii, people: People) -> None:
    remote = followed(foreign, people.supervisor)
    events = AuditEvent.objects.count()
    assert post(people.supervisor, act, remote.public_id, reason=" ").status_code == 400
    assert AuditEvent.objects.count() == events


def test_a_pause_holds_though_a_pull_on_its_way_fails(foreign: sources.StopNcii, people: People) -> None:
    remote = followed(foreign, people.supervisor)
    turning.pause(remote, by=people.supervisor, reason="they move")
    foreign.server.bad = ["down"] * 9
    follows.note_failure(remote, pulling.PullRunning(), by=None)
    remote.refresh_from_db()
    assert (remote.paused, remote.paused_by_name) == ("they move", people.supervisor.name)


def test_a_pull_on_its_way_ends_behind_its_page_once_somebody_pauses(
    foreign: sources.StopNcii, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "RECORDS_AT_ONCE", 1)
    remote = followed(foreign, people.supervisor)
    turning.pause(remote, by=people.supervisor, reason="they move")
    pulling.pull(remote.pk)
    assert 0 < len(held(remote)) < 5


def test_a_refused_secret_is_told_in_words_and_replaced_and_goes_on(
    foreign: sources.StopNcii, people: People, django_capture_on_commit_callbacks: Any
) -> None:
    foreign.secret = "f-key==:old"
    remote = followed(foreign, people.supervisor, "Far")
    with pytest.raises(WorkbenchError):
        pulling.pull(remote.pk)
    shown = get(people.supervisor, "source", remote.public_id)
    assert "stands still" in shown
    assert "give another below, then resume" in shown
    before = product.DATA_DIR / "keys" / remote.secret
    bad = post(people.supervisor, "key_source", remote.public_id, secret0="a:b", secret1="c")
    assert (bad.status_code, before.exists()) == (400, True)
    with django_capture_on_commit_callbacks(execute=True):
        post(people.supervisor, "key_source", remote.public_id, secret0="f-key==", secret1="s:key")
    post(people.supervisor, "resume_source", remote.public_id)
    pulling.pull(remote.pk)
    assert (len(held(remote)), before.exists()) == (5, False)
    assert "s:key" not in str(last("remote.key"))


def test_a_release_below_the_lists_is_taken(lists: Path, people: People, near: HashSet) -> None:
    (lists / "gold").mkdir()
    document(lists / "gold", media(1), name="a.json")
    given = {"set": near.public_id, "place": str(lists / "gold"), "every": 300}
    post(people.supervisor, "new_source", query="?kind=gold-disk", **given)
    remote = Remote.objects.get()
    pulling.pull(remote.pk)
    assert len(held(remote)) == 1


@pytest.mark.parametrize(
    "place",
    ["{lists}", "{lists}/", "{lists}/..", "{lists}/../lists/gold", "{lists}/gold/../../outside", "{lists}/./gold",
     "{lists}/gold/", "{lists}//gold", "/etc", "gold", "{lists}x/gold", "{lists}/link", "{lists}/link/inner",
     "{lists}/gold/deep/link", "{lists}/file.json", "{lists}/go\u202eld"],
)  # fmt: skip
def test_a_page_leads_to_no_folder_outside_the_lists(place: str, lists: Path, people: People, near: HashSet) -> None:
    outside = lists.parent / "outside"
    for folder in (lists / "gold" / "deep", outside / "inner", lists.parent / "listsx" / "gold"):
        folder.mkdir(parents=True)
    (lists / "link").symlink_to(outside)
    (lists / "gold" / "deep" / "link").symlink_to(outside)
    (lists / "file.json").write_text("{}")
    given = {"set": near.public_id, "place": place.format(lists=lists), "every": 300}
    answer = post(people.supervisor, "new_source", query="?kind=gold-disk", **given)
    assert (answer.status_code, Remote.objects.exists()) == (400, False)


def test_a_link_that_is_put_on_the_way_later_is_not_followed_either(lists: Path, people: People, near: HashSet) -> None:
    outside = lists.parent / "outside" / "gold"
    outside.mkdir(parents=True)
    document(outside, media(1), name="a.json")
    remote = follows.follow(near, by=people.supervisor, wish=Wish("gold-disk", str(lists / "disk" / "gold")))
    (lists / "disk").symlink_to(outside.parent)
    with pytest.raises(WorkbenchError):
        pulling.pull(remote.pk)
    assert held(remote) == {}
    (lists / "disk").unlink()
    outside.parent.rename(lists / "disk")
    pulling.pull(remote.pk)
    assert len(held(remote)) == 1


def test_a_folder_of_another_agency_is_not_followed(lists: Path, people: People, near: HashSet) -> None:
    theirs = makers.hash_set(people.outsider, "Theirs", scheme="us-pvic")
    watched.turn(theirs, by=people.outsider, on=True)
    follows.follow(theirs, by=people.outsider, wish=Wish("gold-disk", str(lists / "gold")))
    places = [watched.folder_of(theirs), watched.folder_of(theirs) / "imported", lists / "gold", lists / "gold" / "a"]
    for place in places:
        given = {"set": near.public_id, "place": str(place), "every": 300}
        answer = post(people.supervisor, "new_source", query="?kind=gold-disk", **given)
        assert answer.status_code == 400, place
        assert "not for you" in text(answer)
    assert Remote.objects.count() == 1
