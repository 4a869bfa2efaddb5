"""docs/examples/reader.py, which another organisation may begin with, against this node over a socket."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hashsets import feed
from hashsets.models import Entry, Feed, HashSet
from hashsets.odata import callers
from tests.hashsets import makers
from tests.hashsets.odata import partner
from workbench import signing

if TYPE_CHECKING:
    from tests.people import People

pytestmark = pytest.mark.django_db(transaction=True)
PLACE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "reader.py"


@pytest.fixture(scope="module")
def reader() -> Any:
    spec = importlib.util.spec_from_file_location("example_reader", PLACE)
    assert spec
    assert spec.loader
    made = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_example_mirrors_a_set_through_changes_and_a_lost_place(
    reader: Any, people: People, live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reader.PREFER, "Prefer", "odata.track-changes, odata.maxpagesize=2")
    peer = partner.peer(people.north, by=people.supervisor, confirmed_by=people.admin)
    shared = makers.hash_set(people.supervisor, "Harbour", scheme="us-pvic")
    makers.publish(shared, *(makers.picture(name) for name in "abc"), by=people.supervisor)
    partner.share(shared, peer, by=people.supervisor)
    at = f"{live_server.url}/odata/v1/", str(people.north.organisation)
    node = reader.Node(
        *at, signing.fingerprint(signing.public_key()), *callers.give_credential(peer, by=people.supervisor)
    )
    mirror = reader.Mirror(node, str(shared.public_id), tmp_path / "mirror.sqlite")

    assert (mirror.follow(), held(mirror)) == (3, set("abc"))
    change(shared, people, away="a", new="d")
    assert (mirror.follow(), held(mirror)) == (5, set("bcd"))
    change(shared, people, away="b", new="e")
    Feed.objects.filter(pk=shared.pk).update(horizon_seq=7)
    assert (mirror.follow(), held(mirror)) == (7, set("cde"))

    with pytest.raises(reader.Stop, match="another key"):
        reader.Node(*at, "00" * 32)
    mirror.base.execute("UPDATE place SET seq = 8, etag = ''")
    with pytest.raises(reader.Stop, match="told up to 8 before"):
        mirror.follow()


def change(of: HashSet, people: People, *, away: str, new: str) -> None:
    gone = Entry.objects.get(set=of, sha256=makers.picture(away).sha256)
    makers.withdraw(of, gone.id, by=people.supervisor)
    makers.publish(of, makers.picture(new), by=people.supervisor)
    feed.number(of.pk)


def held(mirror: Any) -> set[str]:
    return {name for name in "abcde" if mirror.ask((makers.picture(name).md5 or b"").hex())}
