"""Which organisations count as one voice: those that are paired under one node key (decision 0025).

Whoever holds the key can speak for all of them, so their opinions prove no more than one. The owner of the sets may say
otherwise of a peer, when he knows that different people stand behind it.
"""

from uuid import UUID

from hashsets.models import HashSet, Peer


def of_owner(hash_set: HashSet) -> dict[UUID, str]:
    """By organisation the name of its voice, for those that share one before the set's owner. One query."""
    rows = Peer.objects.filter(agency=hash_set.owner_id, own_voice=False)
    return {
        organisation: bytes(key).hex() for organisation, key in rows.values_list("organisation__organisation", "key")
    }


def sharing(peer: Peer) -> list[str]:
    """Names of the agency's other peers with the same key."""
    rows = Peer.objects.filter(agency=peer.agency_id, key=bytes(peer.key)).exclude(pk=peer.pk)
    return list(rows.order_by("organisation__name").values_list("organisation__name", flat=True))
