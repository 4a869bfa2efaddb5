"""Packages over HTTP: only those that were made for who asks, whole or in part, as long as they are kept."""

import json
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from hashsets import courier
from hashsets.models import HashSet, Package, Peer
from hashsets.packages import kept, making
from hashsets.packages.making import Made
from tests.hashsets import makers
from tests.hashsets.odata import partner
from tests.hashsets.odata.partner import Script
from tests.people import People
from workbench.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(shared: HashSet, peer: Peer, people: People) -> Made:
    """A package for the peer, with all that it may read."""
    found = making.make(shared, peer, target=None, by=people.supervisor)
    assert found
    return found


def listed(script: Script, of: HashSet) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = script.get(f"HashSets({of.public_id})/Packages").json()["value"]
    return found


def body(answer: Any) -> bytes:
    return b"".join(answer)


def test_the_bytes_of_a_package_are_those_that_were_made(script: Script, shared: HashSet, made: Made) -> None:
    [told] = listed(script, shared)
    assert (told["From"], told["To"], told["Bytes"]) == (0, 3, made.path.stat().st_size)
    answer = script.get(told["File"])
    assert body(answer) == made.path.read_bytes()
    assert courier.package_name(made.manifest) in answer.headers["Content-Disposition"]
    assert answer.headers["ETag"] == f'"{told["Manifest"]}"'
    again = script.get(told["File"], If_None_Match=answer.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    event = json.loads(AuditEvent.objects.filter(verb="peer.export").latest("seq").body)
    assert (event["details"]["format"], event["details"]["manifest"]) == ("package", told["Manifest"])


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-99", 0, 100), ("bytes=100-", 100, None), ("bytes=-7", -7, None), ("bytes=5-99999999", 5, None)],
)
def test_a_cut_transfer_goes_on_where_it_was(
    asked: str, start: int, end: int | None, script: Script, shared: HashSet, made: Made
) -> None:
    [told] = listed(script, shared)
    data = made.path.read_bytes()
    tag = f'"{told["Manifest"]}"'
    answer = script.get(told["File"], Range=asked, If_Range=tag)
    assert (answer.status_code, body(answer)) == (206, data[start:end])
    first, last = (start % len(data), (end or len(data)) - 1)
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(data)}"
    assert int(answer.headers["Content-Length"]) == last - first + 1
    other = script.get(told["File"], Range=asked, If_Range='"another"')
    assert (other.status_code, body(other)) == (200, data)


def test_parts_that_are_none_are_refused_or_left_aside(script: Script, shared: HashSet, made: Made) -> None:
    [told] = listed(script, shared)
    beyond = script.get(told["File"], Range="bytes=99999999-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{told['Bytes']}")
    for odd in ("bytes=5-4", "bytes=0-1,5-6", "lines=0-4", "bytes=-"):
        assert body(script.get(told["File"], Range=odd)) == made.path.read_bytes()


def test_what_was_made_for_one_is_not_there_for_another(
    shared: HashSet, made: Made, peer: Peer, script: Script, people: People
) -> None:
    other = partner.peer(people.north, by=people.supervisor, confirmed_by=people.admin, name="nearmoor")
    partner.share(shared, other, by=people.supervisor)
    stranger = Script(partner.token(other))
    assert listed(stranger, shared) == []
    [told] = listed(script, shared)
    assert stranger.get(told["File"]).status_code == 404
    second = makers.hash_set(people.supervisor, "Second", scheme="us-pvic")
    partner.share(second, peer, by=people.supervisor)
    crossed = told["File"].replace(str(shared.public_id), str(second.public_id))
    assert script.get(crossed).status_code == 404  # the set that is authorised is the one it is of


def test_flags_in_a_package_are_not_for_a_token_without_their_scope(
    shared: HashSet, made: Made, peer: Peer, script: Script, reader: Script, people: People
) -> None:
    [told] = listed(script, shared)
    refused = reader.get(told["File"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "scope-missing")
    Peer.objects.filter(pk=peer.pk).update(scopes=["read"])  # and not when it was taken away since
    assert script.get(told["File"]).status_code == 403
    peer.refresh_from_db()
    plain = making.make(shared, peer, target=None, by=people.supervisor, whole=True)
    assert plain
    answer = reader.get(listed(reader, shared)[-1]["File"])
    assert body(answer) == plain.path.read_bytes()


def test_a_package_that_went_on_a_stick_or_is_not_kept_any_more_has_no_bytes(
    shared: HashSet, made: Made, script: Script, settings: Settings, tmp_path: Any, people: People, peer: Peer
) -> None:
    making.make(shared, peer, target=tmp_path, by=people.supervisor, whole=True)
    [first, second] = listed(script, shared)
    assert (second["Bytes"], second["File"]) == (None, None)
    settings.PACKAGE_DAYS = 0
    kept.sweep()
    gone = script.get(first["File"])
    assert (gone.status_code, gone.json()["error"]["code"]) == (410, "package-gone")
    assert [one["File"] for one in listed(script, shared)] == [None, None]
    assert Package.objects.count() == 2  # the chain stays


def test_who_fetches_too_often_is_told_when_to_come_back(
    shared: HashSet, made: Made, script: Script, settings: Settings
) -> None:
    settings.PEER_PACKAGES = 2
    [told] = listed(script, shared)
    answers = [script.get(told["File"], Range="bytes=0-0") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [206, 206, 429]
    assert answers[-1].headers["Retry-After"]
