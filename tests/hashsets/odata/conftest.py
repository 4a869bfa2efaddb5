"""A shared set with three entries, and scripts of the organisation it is shared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hashsets.models import HashSet, Peer
from tests.hashsets import makers
from tests.hashsets.odata import partner

if TYPE_CHECKING:
    from tests.people import People


@pytest.fixture
def peer(people: People) -> Peer:
    """Paired with the first agency; it may everything."""
    return partner.peer(people.north, by=people.supervisor, confirmed_by=people.admin, scopes=partner.EVERYTHING)


@pytest.fixture
def shared(people: People, peer: Peer) -> HashSet:
    """A set of the first agency with three entries, shared for reading and contributing."""
    made = makers.hash_set(people.supervisor, "Shared", scheme="us-pvic")
    makers.publish(made, *(makers.picture(name) for name in "abc"), by=people.supervisor)
    partner.share(made, peer, by=people.supervisor, contribute=True)
    return made


@pytest.fixture
def script(peer: Peer) -> partner.Script:
    """With a token for everything the peer may."""
    return partner.Script(partner.token(peer))


@pytest.fixture
def reader(peer: Peer) -> partner.Script:
    """With a token for reading only."""
    return partner.Script(partner.token(peer, "read"))
