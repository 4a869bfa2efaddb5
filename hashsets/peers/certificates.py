"""Which TLS client certificate a peer shows here, and what it is to a token: one person proposes it, another confirms.

It is known by the SHA-256 of its bytes, whoever issued it, and ends with its own date. The proxy that ends TLS in
front of this node says which one a caller has (`odata.callers`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from hashsets import events
from hashsets.models import Peer, PeerCertificate
from hashsets.peers import pairing
from hashsets.peers.errors import CertificateNeedsAnother, CertificateTaken, FingerprintDiffers
from workbench import audit
from workbench.errors import BadInput, NotFound
from workbench.models import User
from workbench.visible import visible

LONGEST = 20_000  # characters of one in PEM
SOON = timedelta(days=30)  # before its end somebody should ask for the next one
BEGINS = "-----BEGIN CERTIFICATE-----"
Use = PeerCertificate.Use


@dataclass(frozen=True, slots=True)
class Certificate:
    """What we keep of one."""

    digest: bytes
    subject: str
    until: datetime


def read(pem: str) -> Certificate:
    """A certificate from its PEM text. Raises BadInput: it is none, several, or has ended."""
    if pem.count(BEGINS) != 1 or len(pem) > LONGEST:
        raise BadInput(noop("This is no certificate: one text is wanted that begins with BEGIN CERTIFICATE."))
    try:
        found = x509.load_pem_x509_certificate(pem.strip().encode())
        subject, until = found.subject.rfc4514_string(), found.not_valid_after_utc
    except ValueError as error:
        raise BadInput(noop("This certificate cannot be read. Have it sent once more, in PEM.")) from error
    if until <= datetime.now(UTC):
        raise BadInput(noop("This certificate has ended. Ask the peer's operator for the one he uses now."))
    return Certificate(found.fingerprint(hashes.SHA256()), visible(subject)[:300], until)


def fingerprint(digest: bytes) -> str:
    """As people compare it: pairs of hex digits, as other tools write it."""
    return digest.hex(":").upper()


@transaction.atomic
def propose(*, peer: Peer, certificate: Certificate, use: str, by: User) -> PeerCertificate:
    """What the peer is to show from now on, once another person confirms it; replaces what was proposed before.

    Raises NotPaired.
    """
    held = _locked(peer)
    pairing.require_paired(held)
    _end(held.certificates.proposed())
    made = PeerCertificate.objects.create(
        peer=held, digest=certificate.digest, subject=certificate.subject, until=certificate.until, use=Use(use), by=by,
        by_name=by.name,
    )  # fmt: skip
    _record(events.CERTIFICATE_PROPOSED, made, by=by)
    return made


@transaction.atomic
def remove(*, peer: Peer, by: User) -> PeerCertificate | None:
    """The peer is to show none; what another person has to confirm, None where it holds at once.

    One that serves instead of a token ends at once. That none is needed any longer opens what was closed, so that is
    only proposed. Raises NotFound where there is none.
    """
    held = _locked(peer)
    now = in_force(held)
    if now is None:
        raise NotFound
    _end(held.certificates.proposed())
    if now.use == Use.ENOUGH:
        _end(PeerCertificate.objects.filter(pk=now.pk))
        _record(events.CERTIFICATE_ENDED, now, by=by)
        return None
    made = PeerCertificate.objects.create(peer=held, use=Use.NONE, by=by, by_name=by.name)
    _record(events.CERTIFICATE_PROPOSED, made, by=by)
    return made


@transaction.atomic
def confirm(*, peer: Peer, by: User, fingerprint: str = "", use: str | None = None) -> None:
    """Put what was proposed in force, by another person, who had this fingerprint from the peer's operator.

    `use`: the one that he was shown; None where he was shown none. Raises NotFound, NotPaired, CertificateNeedsAnother,
    FingerprintDiffers, CertificateTaken, BadInput.
    """
    held = _locked(peer)
    pairing.require_paired(held)
    proposed = held.certificates.proposed().first()
    if proposed is None:
        raise NotFound
    if proposed.by_id == by.pk:
        raise CertificateNeedsAnother
    if use not in {None, proposed.use}:
        raise BadInput(noop("Somebody proposed something else meanwhile. Look at it, then confirm."))
    if _plain(fingerprint) != bytes(proposed.digest or b"").hex():
        raise FingerprintDiffers
    _end(held.certificates.in_force())
    if proposed.use == Use.NONE:
        _end(held.certificates.proposed())
    try:
        with transaction.atomic():
            PeerCertificate.objects.filter(pk=proposed.pk).update(confirmed_by=by, confirmed_by_name=by.name)
    except IntegrityError as error:
        raise CertificateTaken from error
    _record(events.CERTIFICATE_SET if proposed.digest else events.CERTIFICATE_ENDED, proposed, by=by)


def in_force(peer: Peer) -> PeerCertificate | None:
    """What the peer shows now."""
    found: PeerCertificate | None = peer.certificates.in_force().first()
    return found


def proposed(peer: Peer) -> PeerCertificate | None:
    """What another person has to confirm."""
    found: PeerCertificate | None = peer.certificates.proposed().first()
    return found


def alarm(until: datetime, whose: str) -> str:
    """What to say of a certificate that ends soon or has ended; "" of others."""
    if until <= timezone.now():
        return f"{whose} ended on {until:%Y-%m-%d}."
    return f"{whose} ends on {until:%Y-%m-%d}." if until - timezone.now() < SOON else ""


def ours() -> Certificate | None:
    """What this node shows to its peers (`WINNOW_PEER_CERTIFICATE`); None without one, or when it cannot be read."""
    if settings.PEER_CERTIFICATE is None:
        return None
    try:
        found = x509.load_pem_x509_certificate(settings.PEER_CERTIFICATE.read_bytes())
    except (OSError, ValueError):
        return None
    return Certificate(
        found.fingerprint(hashes.SHA256()), visible(found.subject.rfc4514_string())[:300], found.not_valid_after_utc
    )


def _end(rows: QuerySet[PeerCertificate]) -> None:
    rows.update(ended_at=timezone.now())


def _locked(peer: Peer) -> Peer:
    rows = Peer.objects.select_for_update(of=("self",), no_key=True).select_related("organisation", "agency")
    found: Peer = rows.get(pk=peer.pk)
    return found


def _record(verb: str, row: PeerCertificate, *, by: User) -> None:
    told: dict[str, Any] = {"peer": str(row.peer), "use": row.use, "subject": row.subject}
    if row.digest is not None and row.until is not None:
        told |= {"fingerprint": bytes(row.digest).hex(), "until": row.until.isoformat()}
    audit.record(verb, by=by, on=row.peer, agency=row.peer.agency_id, **told)


def _plain(text: str) -> str:
    return "".join(text.replace(":", "").split()).lower()
