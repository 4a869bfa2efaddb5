"""Only the folders of sets are looked into for which somebody turned it on."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from hashsets import events, watched
from hashsets.models import HashSet
from tests.hashsets import makers
from tests.hashsets.lists import document, media
from tests.hashsets.watching import look, lying
from tests.people import People, signed_in
from workbench.errors import BadInput
from workbench.models import AuditEvent


def test_of_a_set_that_is_not_watched_nothing_is_looked_at(hash_set: HashSet, folder: Path, people: People) -> None:
    document(folder, media(1))
    assert watched.sets_with_work() == [hash_set.pk]
    watched.turn(hash_set, by=people.supervisor, on=False)
    assert watched.sets_with_work() == []
    assert look(hash_set) == 0
    assert lying(folder) == ["list.json"]


def test_turning_it_on_and_off_is_the_owners_is_logged_and_shown(people: People, tmp_path: Path) -> None:
    made = makers.hash_set(people.supervisor, "Reach", reach="node")
    address = reverse("hashsets:watch", args=[made.public_id])
    assert signed_in(people.outsider).post(address, {"on": "1"}, secure=True).status_code == 403
    assert signed_in(people.investigator).post(address, {"on": "1"}, secure=True).status_code == 403
    client = signed_in(people.supervisor)
    for on, verb, shown in (("1", events.SET_WATCHED, b"Turn off"), ("0", events.SET_UNWATCHED, b"Turn on")):
        page = client.post(address, {"on": on}, secure=True, follow=True)
        assert shown in page.content
        assert (str(watched.folder_of(made)).encode() in page.content) == (on == "1")
        assert AuditEvent.objects.get(verb=verb).actor == "supervisor"
    assert (
        b"Watched folder"
        not in signed_in(people.outsider).get(reverse("hashsets:set", args=[made.public_id]), secure=True).content
    )


@pytest.fixture
def private() -> Iterator[None]:
    """The umask under which Winnow runs."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("private")
def test_the_group_may_put_lists_there_and_read_what_became_of_them_but_not_meddle_with_an_import(
    people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LISTS", tmp_path / "lists")
    monkeypatch.setattr(settings, "DROP_SECONDS", 0)
    made = makers.hash_set(people.supervisor, scheme="us-pvic")
    watched.turn(made, by=people.supervisor, on=True)
    place = watched.folder_of(made)
    document(place, media(1))
    assert look(made)
    (report,) = place.glob("imported/*.report.json")
    assert [mode(path) for path in (place.parent, place, report.parent, report, place / ".importing")] == [
        "750",
        "770",
        "770",
        "660",
        "700",
    ]


@pytest.mark.usefixtures("private")
def test_of_a_folder_that_hands_its_group_down_the_watched_ones_do_so_too_and_its_own_mode_stays(
    people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LISTS", tmp_path / "lists")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists").chmod(0o2710)
    made = makers.hash_set(people.supervisor)
    watched.turn(made, by=people.supervisor, on=True)
    assert (mode(tmp_path / "lists"), mode(watched.folder_of(made))) == ("2710", "2770")


@pytest.mark.parametrize(("what", "why"), [("a link", "is a link"), ("a file", "cannot be made")])
def test_a_folder_that_could_never_be_looked_into_is_not_watched(
    what: str, why: str, people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LISTS", tmp_path)
    made = makers.hash_set(people.supervisor)
    (tmp_path / "elsewhere").mkdir()
    if what == "a link":
        watched.folder_of(made).symlink_to(tmp_path / "elsewhere")
    else:
        watched.folder_of(made).touch()
    with pytest.raises(BadInput, match=why):
        watched.turn(made, by=people.supervisor, on=True)
    made.refresh_from_db()
    assert made.watched_by is None
    assert not AuditEvent.objects.filter(verb=events.SET_WATCHED).exists()


def mode(path: Path) -> str:
    return f"{path.stat().st_mode & 0o7777:o}"
