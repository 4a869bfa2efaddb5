"""What cannot be imported is put aside with the reason; what others put in the way of ours stops nothing."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.urls import reverse

from hashsets import events, watched
from hashsets.models import HashSet
from hashsets.watched_folder import MOST_PARTS
from tests.hashsets.lists import document, media
from tests.hashsets.watching import look, lying, number
from tests.people import People, signed_in
from workbench.models import AuditEvent, User


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("a broken list", "truncated"),
        ("no list", "No list of hashes"),
        ("a link", "is a link"),
        ("a link to a folder", "is a link"),
        ("a link in a folder", "is a link"),
        ("a pipe", "is not a file"),
        ("a folder in a folder", "is not a file"),
        ("an empty folder", "in 1 to 200 parts"),
        ("too many parts", "in 1 to 200 parts"),
        ("a part alone", "Parts of this list are missing"),
    ],
)
def test_what_cannot_be_imported_is_put_aside_with_the_reason_and_told(
    what: str, why: str, hash_set: HashSet, folder: Path, people: People, tmp_path: Path
) -> None:
    put(folder, tmp_path, what)
    look(hash_set)
    (reason,) = folder.glob("refused/*.why.txt")
    assert why in reason.read_text()
    assert os.path.lexists(reason.with_name(reason.name.removesuffix(".why.txt")))
    assert not any(os.path.lexists(folder / name) for name in ("x", "1 of 2.json"))
    assert number(hash_set) == 0
    refusal = AuditEvent.objects.get(verb=events.IMPORT_REFUSED)
    assert (refusal.actor, json.loads(refusal.body)["outcome"]) == ("supervisor", "refused")
    page = signed_in(people.supervisor).get(reverse("hashsets:set", args=[hash_set.public_id]), secure=True)
    assert why.encode() in page.content
    (job,) = watched.refused(hash_set)
    report = signed_in(people.supervisor).get(reverse("hashsets:import_run", args=[job.public_id]), secure=True)
    assert why.encode() in report.content


def put(folder: Path, elsewhere: Path, what: str) -> None:
    """Put that into the folder, under the name x."""
    list_, place = document(elsewhere, media(1), name="elsewhere.json"), folder / "x"
    if "folder" in what.removeprefix("a link to a folder") or what == "too many parts":
        place.mkdir()
    ways: dict[str, Callable[[], object]] = {
        "a broken list": lambda: place.write_bytes(list_.read_bytes()[:-8]),
        "no list": lambda: place.write_bytes(b"\0\1\2\3"),
        "a link": lambda: place.symlink_to(list_),
        "a link to a folder": lambda: place.symlink_to(elsewhere),
        "a link in a folder": lambda: (place / "1.json").symlink_to(list_),
        "a pipe": lambda: os.mkfifo(place),
        "a folder in a folder": (place / "more").mkdir,
        "an empty folder": lambda: None,
        "too many parts": lambda: [(place / f"{each}.json").write_bytes(b"") for each in range(MOST_PARTS + 1)],
        "a part alone": lambda: list_.rename(folder / "1 of 2.json"),
    }
    ways[what]()


@pytest.mark.parametrize("lost", ["account", "role"])
def test_nothing_is_imported_in_the_name_of_who_may_not_any_more(
    lost: str, hash_set: HashSet, folder: Path, people: People
) -> None:
    if lost == "account":
        User.objects.filter(pk=people.supervisor.pk).update(is_active=False)
    else:
        people.supervisor.memberships.all().delete()
    document(folder, media(1), name="x")
    assert look(hash_set) == 0
    assert lying(folder) == ["refused x", "refused x.report.json", "refused x.why.txt"]
    assert number(hash_set) == 0
