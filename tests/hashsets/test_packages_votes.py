"""Opinions of a lab without a network, carried to the owner of the set: the same as if they had been sent."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from hashsets import courier, entry_rows, trust, votes
from hashsets.contributing import NotOpen
from hashsets.entry_rows import Key
from hashsets.models import Entry, HashSet, Outgoing, Package, Peer, Proof, Quarantined, Share, Subscription, Vote
from hashsets.packages import checking, making, making_votes, taking
from hashsets.packages.taking_votes import TakenVotes
from hashsets.permits import ScopeMissing
from tests.hashsets import makers, paired
from tests.hashsets.test_packages import WRONG, files, make
from tests.people import People
from workbench import signing
from workbench.errors import WorkbenchError
from workbench.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def shared(people: People) -> HashSet:
    made = makers.hash_set(people.supervisor, "Harbour", scheme="us-pvic")
    makers.publish(made, *(makers.picture(name) for name in "abc"), by=people.supervisor)
    return made


@pytest.fixture
def peer(shared: HashSet, people: People) -> Peer:
    made = paired.reader(shared, people, "contribute", "vote")
    Share.objects.update(contribute=True)
    return made


@pytest.fixture
def subscription(shared: HashSet, peer: Peer, people: People, tmp_path: Path) -> Subscription:
    """The lab's mirror, with what the first package brought."""
    read = paired.mirror(shared, people)
    taking.take(make(shared, peer, tmp_path), by=read.by)
    return Subscription.objects.select_related("set__scheme", "peer__agency", "peer__organisation", "by").get(
        pk=read.pk
    )


def says(of: Subscription, name: str, code: str = "1") -> Vote:
    """The lab's own opinion on an entry of its mirror, queued for the owner."""
    found = Entry.objects.get(set=of.set, md5=makers.picture(name).md5)
    opinion = votes.Opinion(code=code, disposition="relevant", kind="sha256", names=trust.DIGESTS)
    key = Key(bytes(found.ident), found.twin)
    [vote] = votes.cast(of.set, {key: opinion}, organisation=of.peer.agency.organisation)
    Outgoing.objects.create(subscription=of, vote=vote)
    return vote


def carried(of: Subscription, target: Path, *, whole: bool = False) -> Path:
    made = making_votes.make(of, target=target, by=of.by, whole=whole)
    assert made
    return made.path


def taken(path: Path, people: People) -> Counter[str]:
    found = taking.take(path, by=people.supervisor)
    assert isinstance(found, TakenVotes)
    return found.results


def trust_of(of: HashSet, name: str) -> str:
    of.refresh_from_db()
    found = entry_rows.latest(of, [makers.picture(name).md5 or b""])
    [version] = found.values()
    return version.trust


def test_an_opinion_carried_counts_like_one_that_was_sent(
    shared: HashSet, subscription: Subscription, people: People, tmp_path: Path
) -> None:
    says(subscription, "a")
    path = carried(subscription, tmp_path)
    assert path.name == f"{shared.public_id}-votes-0-1.tar"
    assert taken(path, people) == {"merged": 1}
    assert trust_of(shared, "a") == "corroborated"
    assert Outgoing.objects.get().state == Outgoing.State.SENT


def test_the_proof_of_a_carried_opinion_is_the_manifest_and_its_file(
    subscription: Subscription, people: People, tmp_path: Path
) -> None:
    says(subscription, "a")
    path = carried(subscription, tmp_path)
    taken(path, people)
    proof = Vote.objects.exclude(proof=None).get().proof
    assert proof
    assert signing.is_by(bytes(proof.key), bytes(proof.signature), proof.text.encode())
    body = gzip.decompress(bytes(proof.body))
    assert body == files(path)["entries-0001.ndjson.gz"]
    assert courier.sha256(body).hex() == json.loads(proof.text)["files"][0]["sha256"]


def test_an_opposite_opinion_disputes_and_stays_a_dispute_when_it_is_taken_back(
    shared: HashSet, subscription: Subscription, people: People, tmp_path: Path
) -> None:
    vote = says(subscription, "a", "0")
    assert taken(carried(subscription, tmp_path), people) == {"conflict": 1}
    assert trust_of(shared, "a") == "disputed"
    votes.take_back(subscription.set, [Key.of(vote)], organisation=vote.organisation)
    Outgoing.objects.update(state=Outgoing.State.WAITING)
    assert taken(carried(subscription, tmp_path), people) == {"retracted": 1}
    assert trust_of(shared, "a") == "disputed", "until a supervisor of the owner resolves it"


def test_a_later_word_on_the_same_file_is_the_only_one_that_travels(subscription: Subscription, tmp_path: Path) -> None:
    says(subscription, "a")
    says(subscription, "a", "0")
    path = carried(subscription, tmp_path)
    lines = gzip.decompress(files(path)["entries-0001.ndjson.gz"]).splitlines()
    assert [json.loads(line)["Category"] for line in lines] == ["0"]


def test_opinions_go_once_in_a_chain_and_never_twice(
    shared: HashSet, subscription: Subscription, people: People, tmp_path: Path
) -> None:
    says(subscription, "a")
    first = carried(subscription, tmp_path)
    assert making_votes.make(subscription, target=tmp_path, by=subscription.by) is None
    says(subscription, "b")
    second = carried(subscription, tmp_path)
    with pytest.raises(checking.PackageOutOfOrder):
        taken(second, people)
    taken(first, people)
    taken(second, people)
    for old in (first, second):
        with pytest.raises(checking.PackageOld):
            taken(old, people)
    assert Vote.objects.filter(set=shared, current=True).count() == 5


def test_all_of_them_mend_a_chain_whose_package_was_lost(
    shared: HashSet, subscription: Subscription, people: People, tmp_path: Path
) -> None:
    says(subscription, "a")
    carried(subscription, tmp_path).unlink()
    says(subscription, "b")
    whole = carried(subscription, tmp_path, whole=True)
    assert taken(whole, people) == {"merged": 2}
    says(subscription, "a", "0")
    assert taken(carried(subscription, tmp_path), people) == {"conflict": 1}


def test_a_set_shared_for_reading_only_takes_no_opinions(
    subscription: Subscription, people: People, tmp_path: Path
) -> None:
    says(subscription, "a")
    path = carried(subscription, tmp_path)
    Share.objects.update(contribute=False)
    with pytest.raises(NotOpen):
        taken(path, people)
    assert not Proof.objects.exists()


SPOILT = [
    name
    for name in WRONG
    if name not in {"a record about nothing", "under another scheme", "of votes, where a set is mirrored"}
]


@pytest.mark.parametrize("wrong", SPOILT)
def test_a_package_of_opinions_that_is_not_right_is_refused_and_nothing_counts(
    wrong: str, shared: HashSet, subscription: Subscription, people: People, tmp_path: Path
) -> None:
    code, spoil = WRONG[wrong]
    for name in "abc":
        says(subscription, name)
    path = spoil(carried(subscription, tmp_path))
    before = Vote.objects.filter(set=shared).count()
    with pytest.raises(WorkbenchError) as refused:
        taking.take(path, by=people.supervisor)
    assert refused.value.code == code
    assert Vote.objects.filter(set=shared).count() == before
    assert (Share.objects.get().votes_seq, Proof.objects.count(), Quarantined.objects.count()) == (0, 0, 0)
    assert AuditEvent.objects.filter(verb="package.refuse").count() == 1


def test_opinions_by_courier_need_the_scopes_that_requests_need(
    shared: HashSet, subscription: Subscription, people: People, tmp_path: Path
) -> None:
    giver = Peer.objects.filter(pk=Share.objects.get(set=shared).peer_id)
    vote = says(subscription, "a")
    first = carried(subscription, tmp_path)
    giver.update(scopes=["read", "vote"])
    with pytest.raises(ScopeMissing, match="scope contribute"):
        taking.take(first, by=people.supervisor)
    assert trust_of(shared, "a") == "provisional"
    giver.update(scopes=["read", "contribute"])
    assert taken(first, people) == {"merged": 1}
    votes.take_back(subscription.set, [Key.of(vote)], organisation=vote.organisation)
    Outgoing.objects.update(state=Outgoing.State.WAITING)
    with pytest.raises(ScopeMissing, match="scope vote"):
        taking.take(carried(subscription, tmp_path), by=people.supervisor)
    assert trust_of(shared, "a") == "corroborated"


def test_a_package_of_opinions_is_a_chain_of_its_own(
    shared: HashSet, peer: Peer, subscription: Subscription, people: People, tmp_path: Path
) -> None:
    says(subscription, "a")
    taken(carried(subscription, tmp_path), people)
    next_one = make(shared, peer, tmp_path)
    taking.take(next_one, by=subscription.by)
    assert making.last_of(shared, peer).from_seq == 3  # type: ignore[union-attr]
    assert Package.objects.filter(kind="votes").count() == 1
