"""Pairing with another organisation: one person proposes it, another compares the fingerprint on both screens.

Who the peer is, is its key. Another key is never taken over silently: the pairing is open again, and somebody is told.
"""

from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as noop
from oauth2_provider.models import Application

from hashsets import events
from hashsets.models import Peer, PeerCertificate
from hashsets.peers import secrets
from hashsets.peers.errors import (
    AlreadyPaired,
    FingerprintDiffers,
    NotPaired,
    OneOfTwoPairs,
    OrganisationHere,
    UnknownPeer,
)
from workbench import audit, signing
from workbench.errors import BadInput
from workbench.models import Agency, User
from workbench.visible import visible

LONGEST_NAME = 200


@transaction.atomic
def propose(*, organisation: UUID, name: str, key: bytes, url: str, by: User) -> Peer:
    """A peer of the person's agency, whose fingerprint another person is to compare. `url` "": courier only.

    A known organisation under its key keeps the address it has until another person confirms the new one; under another
    key its pairing is open again. Raises OrganisationHere, AlreadyPaired, BadInput.
    """
    if len(key) != signing.KEY_BYTES:
        raise BadInput(noop("This is no public key of a node: it has 32 bytes."))
    theirs = foreign(organisation, name, by=by)
    peer = Peer.objects.select_for_update().filter(agency=by.agency_id, organisation=theirs).first()
    if peer is None:
        peer = Peer(agency=by.agency, organisation=theirs)
        verb = events.PEER_PROPOSED
    elif bytes(peer.key) == key and peer.state != Peer.State.PROPOSED:
        return _move(peer, url, by=by)
    else:
        verb = events.PEER_KEY_CHANGED if bytes(peer.key) != key else events.PEER_PROPOSED
    if verb == events.PEER_KEY_CHANGED:
        _end_credential(peer)
    peer.url, peer.key, peer.state = url, key, Peer.State.PROPOSED
    peer.moving_to = peer.moving_by = None
    peer.proposed_by, peer.proposed_by_name = by, by.name
    peer.confirmed_by, peer.confirmed_by_name = None, ""
    peer.failure, peer.failing_since = "", None
    peer.save()
    _record(verb, peer, by=by, fingerprint=signing.fingerprint(key), url=url)
    return peer


@transaction.atomic
def confirm(*, peer: Peer, fingerprint: str, by: User, url: str | None = None) -> None:
    """Pair, or move, by another person, who read this fingerprint from the peer's own screen.

    `url`: the address that he was shown; None where he was shown none. Raises OneOfTwoPairs, FingerprintDiffers,
    AlreadyPaired, BadInput.
    """
    held = _locked(peer)
    moves = held.state != Peer.State.PROPOSED
    if moves and held.moving_to is None:
        raise AlreadyPaired
    if by.pk == (held.moving_by_id if moves else held.proposed_by_id):
        raise OneOfTwoPairs
    if url not in {None, held.moving_to if moves else held.url}:
        raise BadInput(noop("Somebody proposed another address meanwhile. Look at it, then confirm."))
    if _plain(fingerprint) != _plain(signing.fingerprint(bytes(held.key))):
        raise FingerprintDiffers
    if moves:
        _set(held, url=held.moving_to, moving_to=None, moving_by=None)
        _record(events.PEER_MOVED, held, by=by, url=held.url)
        return
    _set(held, state=Peer.State.PAIRED, confirmed_by=by, confirmed_by_name=by.name, failure="", failing_since=None)
    _record(events.PEER_PAIRED, held, by=by, fingerprint=signing.fingerprint(bytes(held.key)))


@transaction.atomic
def key_changed(peer: Peer) -> None:
    """The peer signs with another key: open the pairing again, by nobody's hand, and tell."""
    held = _locked(peer)
    if held.state == Peer.State.PROPOSED:
        return
    said = "It signs with another key than the one that was compared."
    _set(held, state=Peer.State.PROPOSED, confirmed_by=None, confirmed_by_name="", failure=said)
    _record(events.PEER_KEY_CHANGED, held, by=None, fingerprint=signing.fingerprint(bytes(held.key)))


@transaction.atomic
def suspend(*, peer: Peer, by: User, reason: str) -> None:
    """Exchange nothing with a peer until it is released. Raises NotPaired, BadInput without a reason."""
    if not reason.strip():
        raise BadInput(noop("Say why the exchange is suspended."))
    held = _locked(peer)
    if held.state != Peer.State.PAIRED:
        raise NotPaired
    _set(held, state=Peer.State.SUSPENDED)
    _record(events.PEER_SUSPENDED, held, by=by, reason=reason.strip()[:400])


@transaction.atomic
def release(*, peer: Peer, by: User) -> None:
    """Take the exchange with a suspended peer up again. Raises NotPaired."""
    held = _locked(peer)
    if held.state != Peer.State.SUSPENDED:
        raise NotPaired
    _set(held, state=Peer.State.PAIRED)
    _record(events.PEER_RELEASED, held, by=by)


@transaction.atomic
def keep_credential(*, peer: Peer, client_id: str, secret: str, by: User) -> None:
    """Store what the peer gave us to sign in with. The secret is in no table and no event. Raises BadInput."""
    if not (client_id.strip() and secret.strip()):
        raise BadInput(noop("A credential is a client id and a secret."))
    held = _locked(peer)
    _set(held, client_id=client_id.strip()[:100])
    secrets.keep(held, secret)
    _record(events.CREDENTIAL_KEPT, held, by=by, client_id=client_id.strip()[:100])


def named(name: str, user: User) -> Peer:
    """The peer of the person's agency with that name, public id or organisation id. Raises UnknownPeer."""
    every = Peer.objects.for_actor(user).select_related("organisation", "agency")
    wanted = name.strip().casefold()
    found = [
        peer
        for peer in every
        if wanted in {peer.organisation.name.casefold(), str(peer.public_id), str(peer.organisation.organisation)}
    ]
    if len(found) != 1:
        raise UnknownPeer(
            noop("This agency is not paired with %(name)s. `manage.py peer status` lists its peers."), name=repr(name)
        )
    return cast("Peer", found[0])


def foreign(organisation: UUID, name: str, *, by: User) -> Agency:
    """The row of an organisation on another node, made where there is none. Raises OrganisationHere, BadInput."""
    shown = visible(" ".join(name.split()))[:LONGEST_NAME]
    if not shown:
        raise BadInput(noop("The organisation has no name."))
    found, made = Agency.objects.get_or_create(
        organisation=organisation, defaults={"slug": f"org-{organisation}", "name": shown, "is_local": False}
    )
    if found.is_local:
        raise OrganisationHere
    if made:
        audit.record(audit.AGENCY_ADDED, by=by, on=found, agency=audit.NODE, name=shown)
    return found


def require_paired(peer: Peer) -> None:
    """Raise NotPaired unless two people confirmed it and nobody suspended it."""
    if peer.state != Peer.State.PAIRED:
        raise NotPaired


def _move(peer: Peer, url: str, *, by: User) -> Peer:
    """Where it is said to be now; the address it has takes back what somebody wanted."""
    if peer.url == url and peer.moving_to is None:
        raise AlreadyPaired
    moved = None if peer.url == url else by
    _set(peer, moving_to=url if moved else None, moving_by=moved)
    _record(events.PEER_MOVING, peer, by=by, url=url, was=peer.url)
    return peer


def _end_credential(peer: Peer) -> None:
    """Whoever holds another key is another until two people say so: what the last one signs in with here ends."""
    held, peer.application = peer.application_id, None
    Application.objects.filter(pk=held).delete()
    PeerCertificate.objects.filter(peer=peer, ended_at=None).update(ended_at=timezone.now())


def _locked(peer: Peer) -> Peer:
    rows = Peer.objects.select_for_update(of=("self",)).select_related("organisation", "agency")
    return cast("Peer", rows.get(pk=peer.pk))


def _set(peer: Peer, **values: object) -> None:
    for name, value in values.items():
        setattr(peer, name, value)
    peer.save(update_fields=list(values))


def _record(verb: str, peer: Peer, *, by: User | None, reason: str = "", **details: Any) -> None:
    told = {"peer": peer.organisation.name, "organisation": str(peer.organisation.organisation), **details}
    audit.record(verb, by=by, on=peer, agency=peer.agency_id, reason=reason, **told)


def _plain(fingerprint: str) -> str:
    return "".join(fingerprint.split()).upper()
