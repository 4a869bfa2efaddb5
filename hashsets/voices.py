"""Which organisations count as one voice: those whose opinions came in under one node key (decision 0025).

Whoever holds the key can speak for all of them, so their opinions prove no more than one. The owner of the sets may say
otherwise of a peer, when he knows that different people stand behind it.
"""

from hashsets.models import Peer


def of(peer: Peer) -> str:
    """With whom what the peer says now counts: its key; "" if it counts by itself."""
    return "" if peer.own_voice else bytes(peer.key).hex()


def sharing(peer: Peer) -> list[str]:
    """Names of the agency's other peers with the same key."""
    rows = Peer.objects.filter(agency=peer.agency_id, key=bytes(peer.key)).exclude(pk=peer.pk)
    return list(rows.order_by("organisation__name").values_list("organisation__name", flat=True))
