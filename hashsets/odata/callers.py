"""Who asks: from a request to the paired organisation and what it may (sharing.md section 4, security.md 5 and 7.2).

Nothing is remembered between two requests: a peer that is suspended, or a scope that is taken away, is so at once.
"""

import hashlib
import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest, Now
from django.http import HttpRequest
from django.utils import timezone
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import Application

from hashsets import events, permits
from hashsets.models import HashSet, Peer, PeerCertificate, Share
from hashsets.odata.errors import HttpsOnly, NotShared, UnknownCaller
from hashsets.odata.scopes import LAW_ENFORCEMENT
from workbench import audit
from workbench.errors import BadInput
from workbench.models import Agency, User

FORWARDED = frozenset({"HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA"})
MINUTE = timedelta(minutes=1)
PEM = re.compile(r"-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]{1,16000}-----END CERTIFICATE-----\s*", re.ASCII)
FINGERPRINT = re.compile(r"(?:sha-?256[:=/ ]?)?((?:[0-9a-f]{2}:?){31}[0-9a-f]{2})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Caller:
    """A paired organisation that asks, and the scopes of its credential."""

    peer: Peer
    scopes: frozenset[str]

    @property
    def agency(self) -> Agency:
        """The organisation itself, as this node knows it."""
        return self.peer.organisation

    @property
    def full(self) -> bool:
        """Whether it may read flags and series."""
        return LAW_ENFORCEMENT in self.scopes

    def require(self, scope: str) -> None:
        """Raise ScopeMissing unless it has the scope."""
        permits.require(self.scopes, scope)

    def shares(self) -> QuerySet[Share]:
        """What is shared with it now."""
        found = Share.objects.in_force().filter(peer=self.peer, set__retired_at__isnull=True)
        return found.select_related("set__owner", "set__scheme", "set__feed", "by").order_by("set__name", "pk")

    def share(self, set_id: UUID) -> Share:
        """The share of one set, by its public id. Raises NotShared."""
        found = self.shares().filter(set__public_id=set_id).first()
        if found is None:
            error = NotShared()
            error.refuses = HashSet.objects.filter(public_id=set_id).exists()
            raise error
        return found


def of(request: HttpRequest) -> Caller:
    """Whoever sent the request. One query. Raises HttpsOnly, UnknownCaller."""
    require_https(request)
    shown = certificate(request)
    word, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    by_token = word.lower() == "bearer" and text.strip()
    found = _of_token(text.strip()) if by_token else _of_certificate(shown)
    if found is None or not _certificate_fits(found.peer, shown):
        raise UnknownCaller
    audit.came_by(f"peer {found.peer.public_id.hex[:12]}")
    return found


def require_https(request: HttpRequest) -> None:
    """Raise HttpsOnly unless nobody in between can have read the request."""
    forwarded = not FORWARDED.isdisjoint(request.META)  # then who connects is a proxy, and loopback means nothing
    if not request.is_secure() and (forwarded or not _is_loopback(request.META.get("REMOTE_ADDR", ""))):
        raise HttpsOnly


def certificate(request: HttpRequest) -> bytes | None:
    """SHA-256 of the TLS client certificate, as a proxy in front says it, by its fingerprint or all of it in PEM.

    None without one, and of whoever else than a proxy of ours (`WINNOW_PROXIES`) says so.
    """
    name = settings.CLIENT_CERT_HEADER
    if not (name and settings.BEHIND_TLS and _is_within(request.META.get("REMOTE_ADDR", ""), settings.PROXIES)):
        return None
    said = request.META.get(f"HTTP_{name.upper().replace('-', '_')}", "").strip()
    if found := FINGERPRINT.fullmatch(said):
        return bytes.fromhex(found[1].replace(":", ""))
    if PEM.fullmatch(text := unquote(said)):
        try:
            return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text)).digest()
        except ValueError:
            return None
    return None


def _is_within(address: str, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    plain = getattr(found, "ipv4_mapped", None) or found
    return any(plain in network for network in networks)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _peers() -> QuerySet[Peer]:
    """Those that are paired, each with the certificate it must show beside its token and when that one ends."""
    needed = PeerCertificate.objects.in_force().filter(peer=OuterRef("pk"), use=PeerCertificate.Use.NEEDED)
    found: QuerySet[Peer] = Peer.objects.filter(state=Peer.State.PAIRED).select_related("agency", "organisation")
    return found.annotate(
        needed=Subquery(needed.values("digest")[:1]), needed_until=Subquery(needed.values("until")[:1])
    )


def _of_token(text: str) -> Caller | None:
    found = (
        _peers()
        .filter(
            application__accesstoken__token_checksum=hashlib.sha256(text.encode()).hexdigest(),
            application__accesstoken__expires__gt=timezone.now(),
        )
        .annotate(granted=F("application__accesstoken__scope"))
        .first()
    )
    return Caller(found, frozenset(found.granted.split()) & frozenset(found.scopes)) if found else None


def _of_certificate(shown: bytes | None) -> Caller | None:
    if shown is None:
        return None
    enough = PeerCertificate.objects.in_force().filter(digest=shown, use=PeerCertificate.Use.ENOUGH)
    found = _peers().filter(pk__in=enough.filter(until__gt=timezone.now()).values("peer")).first()
    return Caller(found, frozenset(found.scopes)) if found else None


def _certificate_fits(peer: Any, shown: bytes | None) -> bool:
    """Whether a peer (of `_peers`) whose certificate is needed has shown it, and it has not ended."""
    if peer.needed is None:
        return True
    return shown is not None and shown == bytes(peer.needed) and peer.needed_until > timezone.now()


def told(share: Share, seq: int) -> None:
    """Keep up to which number a peer was told of a set, and when: to the minute, so that polling writes little."""
    news = Q(seq__isnull=True) | Q(seq__lt=seq) | Q(read_at__lt=Now() - MINUTE) | Q(read_at__isnull=True)
    Share.objects.filter(news, pk=share.pk).update(seq=Greatest(Coalesce("seq", 0), seq), read_at=Now())


@transaction.atomic
def give_credential(peer: Peer, *, by: User) -> tuple[str, str]:
    """A new client id and secret for a peer; the old one and its tokens end. The secret can be read this once only.

    Raises BadInput unless the peer is paired. One event.
    """
    locked = Peer.objects.select_for_update(of=("self",), no_key=True).select_related("organisation").get(pk=peer.pk)
    if locked.state != Peer.State.PAIRED:
        raise BadInput("Two people have to confirm the pairing first; then its credential can be made.")
    Application.objects.filter(peer=locked).delete()
    secret = generate_client_secret()
    made = Application.objects.create(
        name=locked.organisation.name[:255],
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        client_secret=secret,
    )
    Peer.objects.filter(pk=locked.pk).update(application=made)
    audit.record(
        events.CREDENTIAL_GIVEN, by=by, on=locked, agency=locked.agency_id,
        organisation=locked.organisation.name, client=made.client_id, scopes=sorted(locked.scopes),
    )  # fmt: skip
    peer.application = made
    return made.client_id, secret
