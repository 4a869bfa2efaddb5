"""Two agencies that exchange: one shares a set, the other mirrors it; both live on this node."""

from hashsets import feed
from hashsets.models import HashSet, Peer, Share, Subscription
from tests.people import People
from workbench import signing
from workbench.models import Agency, User


def peer(ours: Agency, theirs: Agency, *, by: User, confirmed_by: User, scopes: tuple[str, ...] = ("read",)) -> Peer:
    """A paired organisation, whose node has this node's key."""
    return Peer.objects.create(
        agency=ours,
        organisation=theirs,
        key=signing.public_key(),
        scopes=list(scopes),
        state=Peer.State.PAIRED,
        proposed_by=by,
        proposed_by_name=by.name,
        confirmed_by=confirmed_by,
        confirmed_by_name=confirmed_by.name,
    )


def reader(hash_set: HashSet, people: People, *scopes: str) -> Peer:
    """The other agency as the one that may read this set."""
    made = peer(
        hash_set.owner, people.south, by=people.supervisor, confirmed_by=people.colleague, scopes=("read", *scopes)
    )
    Share.objects.create(peer=made, set=hash_set, by=people.supervisor, by_name=people.supervisor.name)
    feed.of(hash_set)
    feed.number(hash_set.pk)
    return made


def mirror(hash_set: HashSet, people: People) -> Subscription:
    """The other agency's mirror of this set, nothing in it yet."""
    giver = peer(people.south, hash_set.owner, by=people.outsider, confirmed_by=people.colleague)
    copy = HashSet.objects.create(
        owner=hash_set.owner, name=f"{hash_set.name}, mirrored", role=hash_set.role, scheme=hash_set.scheme
    )
    return Subscription.objects.create(
        peer=giver, set=copy, remote_set=hash_set.public_id, by=people.outsider, by_name=people.outsider.name
    )
