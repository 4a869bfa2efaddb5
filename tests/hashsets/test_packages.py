"""Packages for labs without a network: made, brought, taken in; and every way in which one may be wrong."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from hashsets.models import Entry, HashSet, Incoming, Package, Peer, Quarantined, Share, Subscription
from hashsets.packages import checking, making, taking
from hashsets.packages.watching import Watch
from tests.hashsets import makers, paired
from tests.people import People
from workbench import signing
from workbench.errors import WorkbenchError
from workbench.models import AuditEvent

pytestmark = pytest.mark.django_db
Files = dict[str, bytes]
Spoil = Callable[[Path], Path]


@pytest.fixture
def shared(people: People) -> HashSet:
    """A set of three entries, one of which says more than everybody may read."""
    made = makers.hash_set(people.supervisor, "Harbour")
    makers.publish(made, makers.picture("a"), makers.picture("b", "2"), by=people.supervisor)
    makers.stored(
        made, people.supervisor, flags={"victim_identified": True}, raw={"series": ["Synthetic Series A"], "votes": 3}
    )
    return made


@pytest.fixture
def peer(shared: HashSet, people: People) -> Peer:
    return paired.reader(shared, people)


@pytest.fixture
def subscription(shared: HashSet, people: People) -> Subscription:
    return paired.mirror(shared, people)


def make(shared: HashSet, peer: Peer, target: Path, *, whole: bool = False) -> Path:
    made = making.make(shared, peer, target=target, by=peer.proposed_by, whole=whole)
    assert made
    return made.path


def take(path: Path, to: Subscription) -> taking.Taken:
    found = taking.take(path, by=to.by)
    assert isinstance(found, taking.Taken)
    return found


def content(of: HashSet) -> set[tuple[Any, ...]]:
    """All that an entry in force says, by its name."""
    of.refresh_from_db()
    rows = Entry.objects.filter(set=of, added_in__lte=of.generation).exclude(removed_in__lte=of.generation)
    fields = ("public_id", "md5", "sha1", "sha256", "size", "code", "disposition", "trust", "state")
    return {tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in rows.values_list(*fields)}


def files(path: Path) -> Files:
    """The members of a package, in their order."""
    with tarfile.open(path) as tar:
        return {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]


def lines(path: Path) -> list[dict[str, Any]]:
    found = files(path)
    return [
        json.loads(line) for name in found if name.endswith(".gz") for line in gzip.decompress(found[name]).splitlines()
    ]


def packed(path: Path, members: Files) -> Path:
    """The same path with these members instead."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def signed(path: Path, change: Callable[[dict[str, Any], Files], None], key: Callable[[bytes], bytes]) -> Path:
    """The package with another manifest, signed anew."""
    members = files(path)
    said = json.loads(members["manifest.json"])
    change(said, members)
    members["manifest.json"] = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    members["manifest.sig"] = key(members["manifest.json"])
    return packed(path, members)


def with_lines(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> Path:
    """The package with other records, all its digests right and signed by its maker."""

    def put(said: dict[str, Any], members: Files) -> None:
        name = "entries-0001.ndjson.gz"
        new = change(gzip.decompress(members[name]).splitlines())
        members[name] = gzip.compress(b"".join(line + b"\n" for line in new), 1, mtime=0)
        said["files"][0] |= {"bytes": len(members[name]), "sha256": hashlib.sha256(members[name]).hexdigest()}
        said["count"] = len(new)

    return signed(path, put, signing.sign)


def test_a_set_brought_by_courier_is_the_same_there(
    shared: HashSet, peer: Peer, subscription: Subscription, tmp_path: Path
) -> None:
    path = make(shared, peer, tmp_path)
    assert path.name == f"{shared.public_id}-0-3.tar"
    taken = take(path, subscription)
    assert (taken.taken, taken.put_aside) == (3, 0)
    assert content(subscription.set) == content(shared)


def test_what_changed_and_left_is_in_the_next_package_and_nothing_else(
    shared: HashSet, peer: Peer, subscription: Subscription, people: People, tmp_path: Path
) -> None:
    taking.take(make(shared, peer, tmp_path), by=subscription.by)
    makers.publish(shared, makers.picture("a", "2"), makers.picture("c"), by=people.supervisor)
    makers.withdraw(shared, Entry.objects.get(set=shared, code="2", added_in=1).id, by=people.supervisor)
    path = make(shared, peer, tmp_path)
    assert [line["Seq"] for line in lines(path)] == [4, 5, 6]
    assert lines(path)[-1]["reason"] == "deleted"
    taking.take(path, by=subscription.by)
    assert content(subscription.set) == content(shared)
    assert making.make(shared, peer, target=tmp_path, by=people.supervisor) is None


def test_a_snapshot_tells_each_entry_once_as_it_is_now_in_the_order_of_its_number(
    shared: HashSet, peer: Peer, people: People, tmp_path: Path
) -> None:
    makers.publish(shared, makers.picture("a", "2"), by=people.supervisor)
    told = lines(make(shared, peer, tmp_path))
    assert [line["Seq"] for line in told] == [2, 3, 4]
    assert len({line["EntryID"] for line in told}) == 3


@pytest.mark.parametrize("scopes", [(), ("law-enforcement",)])
def test_flags_and_series_are_only_in_the_package_of_a_peer_who_may_read_them(
    scopes: tuple[str, ...], shared: HashSet, people: People, tmp_path: Path
) -> None:
    path = make(shared, paired.reader(shared, people, *scopes), tmp_path)
    words = b"".join(gzip.decompress(data) if name.endswith(".gz") else data for name, data in files(path).items())
    assert (b"VictimIdentified" in words, b"Synthetic Series A" in words) == (bool(scopes), bool(scopes))


def test_the_same_state_is_the_same_bytes_but_for_when_it_was_made(shared: HashSet, peer: Peer, tmp_path: Path) -> None:
    one, other = (files(make(shared, peer, tmp_path / name, whole=True)) for name in ("one.tar", "other.tar"))
    said = [json.loads(members.pop("manifest.json")) for members in (one, other)]
    for members in (one, other):
        members.pop("manifest.sig")
    assert one == other
    assert said[0] | {"created": ""} == said[1] | {"created": ""}


def test_a_package_has_its_row_its_event_and_nothing_beside_it(shared: HashSet, peer: Peer, tmp_path: Path) -> None:
    path = make(shared, peer, tmp_path)
    row = Package.objects.get()
    assert (row.from_seq, row.to_seq, row.count) == (0, 3, 3)
    assert bytes(row.manifest) == hashlib.sha256(files(path)["manifest.json"]).digest()
    event = AuditEvent.objects.get(verb="package.make")
    assert (event.subject, event.log.agency) == (f"package:{row.public_id}", shared.owner)
    assert list(tmp_path.iterdir()) == [path]


def test_more_records_than_a_file_holds_go_into_several_files(
    shared: HashSet, peer: Peer, subscription: Subscription, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hashsets.courier.writing.LINES", 2)
    path = make(shared, peer, tmp_path)
    assert list(files(path))[2:] == ["entries-0001.ndjson.gz", "entries-0002.ndjson.gz"]
    taking.take(path, by=subscription.by)
    assert content(subscription.set) == content(shared)


def test_an_empty_set_is_a_package_too(people: People, tmp_path: Path) -> None:
    empty = makers.hash_set(people.supervisor, "Empty")
    peer, subscription = paired.reader(empty, people), paired.mirror(empty, people)
    taken = take(make(empty, peer, tmp_path), subscription)
    assert (taken.taken, taken.generation) == (0, None)


def test_nothing_is_made_of_a_set_that_is_not_shared_or_no_longer(
    shared: HashSet, peer: Peer, people: People, tmp_path: Path
) -> None:
    other = makers.hash_set(people.supervisor, "Own")
    with pytest.raises(making.NotShared):
        making.make(other, peer, target=tmp_path, by=people.supervisor)
    Peer.objects.update(state=Peer.State.SUSPENDED)
    with pytest.raises(making.NotShared):
        making.make(shared, peer, target=tmp_path, by=people.supervisor)
    Peer.objects.update(state=Peer.State.PAIRED)

    def ended(*_told: Any) -> None:
        Share.objects.update(ended_at=timezone.now())

    with pytest.raises(making.NotShared):
        making.make(shared, peer, target=tmp_path, by=people.supervisor, watch=Watch(ended))
    assert not Package.objects.exists()
    assert not list(tmp_path.glob("*.tar"))


def test_whoever_is_killed_while_making_a_package_makes_it_again(
    shared: HashSet, peer: Peer, people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("workbench.durable.place", _killed)
        with pytest.raises(KeyboardInterrupt):
            making.make(shared, peer, target=tmp_path, by=people.supervisor)
    assert not Package.objects.exists()
    assert [line["Seq"] for line in lines(make(shared, peer, tmp_path))] == [1, 2, 3]


def test_whoever_is_killed_while_taking_one_in_runs_it_again(
    shared: HashSet, peer: Peer, subscription: Subscription, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(shared, peer, tmp_path)
    for place in ("hashsets.settling._write", "hashsets.generations.move", "workbench.audit.record_all"):
        with monkeypatch.context() as patched:
            patched.setattr(place, _killed)
            with pytest.raises(KeyboardInterrupt):
                taking.take(path, by=subscription.by)
        assert nothing_stored(subscription)
    taking.take(path, by=subscription.by)
    assert content(subscription.set) == content(shared)


def _killed(*_args: Any, **_more: Any) -> Any:
    raise KeyboardInterrupt


def nothing_stored(subscription: Subscription) -> bool:
    subscription.refresh_from_db()
    kept = Incoming.objects.exists() or Quarantined.objects.exists() or Entry.objects.filter(set=subscription.set)
    return not kept and (subscription.seq, subscription.manifest, subscription.set.generation) == (0, None, 0)


def stranger(data: bytes) -> bytes:
    """The signature of somebody who is not paired."""
    return Ed25519PrivateKey.from_private_bytes(bytes(range(32))).sign(data)


def records_at(path: Path) -> int:
    return path.read_bytes().index(b"\x1f\x8b")


def a_bit_flipped(path: Path) -> Path:
    data = bytearray(path.read_bytes())
    data[records_at(path) + 60] ^= 1
    path.write_bytes(data)
    return path


def manifest_edited(path: Path) -> Path:
    members = files(path)
    return packed(path, members | {"manifest.json": members["manifest.json"].replace(b'"to":3', b'"to":9')})


def edited(field: str, value: Any, key: Callable[[bytes], bytes] = signing.sign) -> Spoil:
    return lambda path: signed(path, lambda said, _members: said.update({field: value}), key)


def lines_edited(change: Callable[[list[bytes]], list[bytes]]) -> Spoil:
    return lambda path: with_lines(path, change)


def last_line(data: bytes) -> Spoil:
    return lines_edited(lambda rows: [*rows[:2], data])


def without(name: str) -> Spoil:
    return lambda path: packed(path, {one: data for one, data in files(path).items() if one != name})


def with_another(name: str) -> Spoil:
    return lambda path: packed(path, {**files(path), name: b"x"})


def in_another_order(path: Path) -> Path:
    return packed(path, dict(reversed(list(files(path).items()))))


def cut(length: Callable[[Path], int]) -> Spoil:
    def act(path: Path) -> Path:
        path.write_bytes(path.read_bytes()[: length(path)])
        return path

    return act


def half_an_end(path: Path) -> int:
    """The length up to one block of zeros, where two must be."""
    return -(-len(path.read_bytes().rstrip(b"\0")) // 512) * 512 + 512


def with_a_tail(path: Path) -> Path:
    path.write_bytes(path.read_bytes() + b"x")
    return path


def linked(path: Path) -> Path:
    with tarfile.open(path, "a") as tar:
        info = tarfile.TarInfo("entries-0002.ndjson.gz")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(info)
    return path


def following_another(path: Path) -> Path:
    shorter = with_lines(path, lambda rows: rows[2:])
    return signed(shorter, lambda said, _members: said.update({"from": 2, "previous": "0" * 64}), signing.sign)


def an_issuer(organisation: str) -> dict[str, str]:
    return {"organisation": organisation, "name": "Somebody", "key": "0" * 64}


OTHER = "00000000-fa4e-4000-8000-00000000000b"
DEEP = b'{"Seq":3,"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}"
WRONG: dict[str, tuple[str, Spoil]] = {
    "signed by a stranger": ("package-forged", edited("count", 3, stranger)),
    "a manifest edited after it was signed": ("package-forged", manifest_edited),
    "of an issuer nobody is paired with": ("package-not-for-us", edited("issuer", an_issuer(OTHER))),
    "of a set that is not read here": ("package-not-for-us", edited("set", OTHER)),
    "made for somebody else": ("package-not-for-us", edited("addressee", OTHER)),
    "under another scheme": ("package-not-for-us", edited("scheme", "uk-abc")),
    "of votes, where a set is mirrored": ("package-not-for-us", edited("kind", "votes")),
    "following what is not here": ("package-out-of-order", following_another),
    "of a later protocol": ("package-damaged", edited("protocol", 2)),
    "of a kind that there is not": ("package-damaged", edited("kind", "pictures")),
    "a delta that names none before it": ("package-damaged", edited("from", 1)),
    "a bit of the records is another": ("package-damaged", a_bit_flipped),
    "cut in the middle": ("package-damaged", cut(lambda path: records_at(path) + 60)),
    "cut before its end": ("package-damaged", cut(half_an_end)),
    "cut in a header": ("package-damaged", cut(lambda _path: 100)),
    "empty": ("package-damaged", cut(lambda _path: 0)),
    "something behind its end": ("package-damaged", with_a_tail),
    "without a signature": ("package-damaged", without("manifest.sig")),
    "without its records": ("package-damaged", without("entries-0001.ndjson.gz")),
    "with a file more": ("package-damaged", with_another("entries-0002.ndjson.gz")),
    "with a file outside": ("package-damaged", with_another("../../etc/hostname")),
    "with a file of an absolute name": ("package-damaged", with_another("/etc/hostname")),
    "with a link": ("package-damaged", linked),
    "files in another order": ("package-damaged", in_another_order),
    "records in another order": ("package-damaged", lines_edited(lambda rows: [rows[1], rows[0], *rows[2:]])),
    "a record twice": ("package-damaged", lines_edited(lambda rows: [rows[0], *rows])),
    "a record beyond its end": ("package-damaged", edited("to", 2)),
    "a record fewer than it says": ("package-damaged", edited("count", 4)),
    "a record that is no JSON": ("package-damaged", last_line(b"{")),
    "a record about nothing": ("package-damaged", last_line(b'{"Seq":3}')),
    "a record without end": ("package-damaged", last_line(b"x" * 70_000)),
    "a record nested without end": ("package-damaged", last_line(DEEP)),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_package_that_is_not_right_is_refused_and_nothing_is_stored(
    wrong: str, shared: HashSet, peer: Peer, subscription: Subscription, tmp_path: Path
) -> None:
    code, spoil = WRONG[wrong]
    path = spoil(make(shared, peer, tmp_path))
    with pytest.raises(WorkbenchError) as refused:
        taking.take(path, by=subscription.by)
    assert refused.value.code == code
    assert nothing_stored(subscription)
    event = AuditEvent.objects.get(verb="package.refuse")
    assert json.loads(event.body)["details"]["code"] == code


def test_a_package_is_taken_in_once_and_an_older_one_never(
    shared: HashSet, peer: Peer, subscription: Subscription, people: People, tmp_path: Path
) -> None:
    first = make(shared, peer, tmp_path)
    makers.publish(shared, makers.picture("c"), by=people.supervisor)
    second = make(shared, peer, tmp_path)
    makers.publish(shared, makers.picture("d"), by=people.supervisor)
    third = make(shared, peer, tmp_path)
    taking.take(first, by=subscription.by)
    with pytest.raises(checking.PackageOutOfOrder):
        taking.take(third, by=subscription.by)
    taking.take(second, by=subscription.by)
    taking.take(third, by=subscription.by)
    before = content(subscription.set)
    for old in (first, second, third):
        with pytest.raises(checking.PackageOld):
            taking.take(old, by=subscription.by)
    assert content(subscription.set) == before == content(shared)


def test_a_snapshot_mends_a_broken_chain(
    shared: HashSet, peer: Peer, subscription: Subscription, people: People, tmp_path: Path
) -> None:
    taking.take(make(shared, peer, tmp_path), by=subscription.by)
    makers.publish(shared, makers.picture("lost"), by=people.supervisor)
    make(shared, peer, tmp_path).unlink()
    makers.publish(shared, makers.picture("c"), by=people.supervisor)
    with pytest.raises(checking.PackageOutOfOrder):
        taking.take(make(shared, peer, tmp_path), by=subscription.by)
    taking.take(make(shared, peer, tmp_path, whole=True), by=subscription.by)
    makers.publish(shared, makers.picture("d"), by=people.supervisor)
    taking.take(make(shared, peer, tmp_path), by=subscription.by)
    assert content(subscription.set) == content(shared)


def test_one_odd_record_is_put_aside_and_the_rest_is_in_force(
    shared: HashSet, peer: Peer, subscription: Subscription, tmp_path: Path
) -> None:
    odd = lines_edited(lambda rows: [rows[0].replace(b'"Votes":1', b'"Votes":"many"'), *rows[1:]])
    path = odd(make(shared, peer, tmp_path))
    taken = take(path, subscription)
    assert (taken.taken, taken.put_aside) == (2, 1)
    assert "many" in Quarantined.objects.get().record


def test_a_package_that_comes_while_pages_are_read_waits_and_begins_the_pages_anew(
    shared: HashSet, peer: Peer, subscription: Subscription, tmp_path: Path
) -> None:
    Subscription.objects.update(checkpoint="page 2", lease_until="2100-01-01T00:00:00Z")
    Incoming.objects.create(subscription=subscription, entry_id=OTHER, seq=1, record=None)
    path = make(shared, peer, tmp_path)
    with pytest.raises(taking.SetBeingRead):
        taking.take(path, by=subscription.by)
    Subscription.objects.update(lease_until=None)
    taking.take(path, by=subscription.by)
    subscription.refresh_from_db()
    assert (subscription.checkpoint, subscription.seq) == ("", 3)
    assert not Incoming.objects.exists()


def test_a_share_that_ended_or_a_suspended_pairing_takes_nothing_in(
    shared: HashSet, peer: Peer, subscription: Subscription, tmp_path: Path
) -> None:
    path = make(shared, peer, tmp_path)
    Peer.objects.filter(pk=subscription.peer_id).update(state=Peer.State.SUSPENDED)
    with pytest.raises(checking.PackageNotForUs):
        taking.take(path, by=subscription.by)
    assert nothing_stored(subscription)
