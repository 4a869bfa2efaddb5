"""TLS client certificates of peers: two people, a real handshake, an end."""

import hashlib
import http.client
import json
import ssl
from contextlib import closing
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from hashsets.models import Peer, PeerCertificate
from hashsets.peers import certificates, node, pairing, pulling, status
from hashsets.peers.errors import CertificateNeedsAnother, CertificateTaken, CredentialRefused, FingerprintDiffers
from tests import factories
from tests.foreign import Asked, Authority, Said, serving
from tests.hashsets.odata import partner
from tests.hashsets.pages import text
from tests.hashsets.peers.two_agencies import Exchange, standing
from tests.people import People, signed_in
from workbench import peer_addresses
from workbench.errors import BadInput, NotFound
from workbench.models import AuditEvent, Role, User

ENOUGH, NEEDED = PeerCertificate.Use.ENOUGH, PeerCertificate.Use.NEEDED
HEADER = "X-Client-Cert"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def second(people: People) -> User:
    """Another supervisor of the agency."""
    return factories.person(people.north, "second", Role.SUPERVISOR)


@pytest.fixture
def peer(people: People) -> Peer:
    return partner.peer(people.north, by=people.supervisor, confirmed_by=people.admin)


def pem(authority: Authority, name: str = "far.example.org", days: int = 90) -> str:
    return authority.issue(name, ends=timedelta(days=days))[0].read_text()


def propose(peer: Peer, by: User, text: str, use: str = ENOUGH) -> str:
    """Its fingerprint, as the peer's operator reads it."""
    found = certificates.read(text)
    certificates.propose(peer=peer, certificate=found, use=use, by=by)
    return certificates.fingerprint(found.digest)


@pytest.mark.django_db
def test_one_person_proposes_and_another_who_had_the_fingerprint_confirms(
    peer: Peer, people: People, second: User, authority: Authority
) -> None:
    spoken = propose(peer, people.supervisor, pem(authority))
    assert certificates.in_force(peer) is None
    with pytest.raises(CertificateNeedsAnother):
        certificates.confirm(peer=peer, by=people.supervisor, fingerprint=spoken)
    with pytest.raises(FingerprintDiffers):
        certificates.confirm(peer=peer, by=second, fingerprint=spoken[3:])  # one pair is missing
    certificates.confirm(peer=peer, by=second, fingerprint=spoken.lower())
    held = certificates.in_force(peer)
    assert held
    assert (held.subject, held.by, held.confirmed_by) == ("CN=far.example.org", people.supervisor, second)
    with pytest.raises(NotFound):
        certificates.confirm(peer=peer, by=second, fingerprint=spoken)
    told = [event.verb for event in AuditEvent.objects.filter(verb__startswith="peer.certificate").order_by("seq")]
    assert told == ["peer.certificate.propose", "peer.certificate"]
    with pytest.raises(IntegrityError), transaction.atomic():
        PeerCertificate.objects.update(confirmed_by=people.supervisor)


@pytest.mark.django_db
def test_a_certificate_is_replaced_and_removed(peer: Peer, people: People, second: User, authority: Authority) -> None:
    for name in ("one.example.org", "two.example.org"):
        spoken = propose(peer, people.supervisor, pem(authority, name), NEEDED)
        certificates.confirm(peer=peer, by=second, fingerprint=spoken)
    assert certificates.in_force(peer).subject == "CN=two.example.org"  # type: ignore[union-attr]
    waits = certificates.remove(peer=peer, by=second)  # that it is needed no longer takes two, too
    assert waits
    assert certificates.in_force(peer)
    certificates.confirm(peer=peer, by=people.supervisor)
    assert certificates.in_force(peer) is certificates.proposed(peer) is None
    certificates.confirm(peer=peer, by=second, fingerprint=propose(peer, people.supervisor, pem(authority)))
    assert certificates.remove(peer=peer, by=people.supervisor) is None  # to take a right away takes one
    assert certificates.in_force(peer) is None


@pytest.mark.django_db
def test_nobody_confirms_another_certificate_or_use_than_he_was_shown(
    peer: Peer, people: People, second: User, authority: Authority
) -> None:
    shown = pem(authority)
    certificates.confirm(peer=peer, by=second, fingerprint=propose(peer, people.supervisor, shown, NEEDED))
    page = signed_in(second)
    confirm = reverse("exchange:confirm_certificate", args=[peer.public_id])
    spoken = propose(peer, people.supervisor, pem(authority, "next.example.org"), NEEDED)
    certificates.remove(peer=peer, by=people.supervisor)  # in place of that, while the other has it before him
    assert page.post(confirm, {"fingerprint": spoken, "use": "needed"}, secure=True).status_code == 400
    propose(peer, people.supervisor, pem(authority, "next.example.org"), ENOUGH)
    assert page.post(confirm, {"fingerprint": spoken, "use": "needed"}, secure=True).status_code == 400
    held = certificates.in_force(peer)
    assert held
    assert (held.use, held.subject) == (NEEDED, "CN=far.example.org")


@pytest.mark.django_db
def test_one_certificate_is_of_one_peer_and_ends_with_its_key(
    peer: Peer, people: People, second: User, authority: Authority
) -> None:
    shown = pem(authority)
    certificates.confirm(peer=peer, by=second, fingerprint=propose(peer, people.supervisor, shown))
    other = partner.peer(people.north, by=people.supervisor, confirmed_by=people.admin, name="nearmoor")
    spoken = propose(other, people.supervisor, shown)
    with pytest.raises(CertificateTaken):
        certificates.confirm(peer=other, by=second, fingerprint=spoken)
    pairing.propose(
        organisation=peer.organisation.organisation, name="Farmoor", key=bytes(32), url="", by=people.supervisor
    )
    assert certificates.in_force(peer) is None


@pytest.mark.parametrize("bad", ["", "words", "two", "ended", "broken"])
def test_what_is_no_certificate_is_refused(bad: str, authority: Authority) -> None:
    good = pem(authority)
    given = {"two": good * 2, "ended": pem(authority, days=-1), "broken": good.replace("MII", "AAA")}.get(bad, bad)
    with pytest.raises(BadInput):
        certificates.read(given)


@pytest.mark.django_db
def test_page_and_command_do_the_same(peer: Peer, people: People, second: User, authority: Authority) -> None:
    page = reverse("exchange:certificate", args=[peer.public_id])
    first = signed_in(people.supervisor)
    assert "This is no certificate" in text(first.post(page, {"pem": "x", "use": "needed"}, secure=True))
    shown = text(first.post(page, {"pem": pem(authority), "use": "needed"}, secure=True, follow=True))
    proposed = certificates.proposed(peer)
    assert proposed
    spoken = certificates.fingerprint(bytes(proposed.digest or b""))
    assert spoken in shown
    assert spoken not in text(signed_in(second).get(page, secure=True))  # he has it from the peer's operator
    confirm = reverse("exchange:confirm_certificate", args=[peer.public_id])
    assert first.post(confirm, {"fingerprint": spoken}, secure=True).status_code == 400
    told = text(signed_in(second).post(confirm, {"fingerprint": spoken}, secure=True, follow=True))
    assert "It is in force." in told
    assert "Beside the token, until" in text(first.get(reverse("exchange:peer", args=[peer.public_id]), secure=True))
    path, _key = authority.issue("next.example.org", ends=timedelta(days=60))
    assert run("certificate", "farmoor", str(path), "--use", "enough", by="supervisor")["use"] == "needed"
    spoken = certificates.fingerprint(bytes(certificates.proposed(peer).digest))  # type: ignore[union-attr, arg-type]
    done = run("certificate", "farmoor", "--confirm", spoken, by="second")
    assert (done["use"], done["proposed"]) == ("enough", None)
    assert run("certificate", "farmoor", "--remove", by="supervisor")["use"] == ""


def run(*words: str, by: str) -> Any:
    out = StringIO()
    call_command("peer", *words, "--as", by, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.django_db
def test_the_end_of_a_certificate_is_told_in_time(
    peer: Peer, people: People, second: User, authority: Authority, settings: Settings
) -> None:
    certificates.confirm(peer=peer, by=second, fingerprint=propose(peer, people.supervisor, pem(authority)))
    assert status.every(people.supervisor)[0].alarms == []
    PeerCertificate.objects.update(until=timezone.now() + timedelta(days=29))
    assert "the TLS certificate it shows here ends on" in status.every(people.supervisor)[0].alarms[0]
    PeerCertificate.objects.update(until=timezone.now())
    assert "the TLS certificate it shows here ended on" in status.every(people.supervisor)[0].alarms[0]
    PeerCertificate.objects.update(ended_at=timezone.now())
    Peer.objects.update(url="https://far.example.org/odata/v1/")
    settings.PEER_CERTIFICATE, settings.PEER_KEY = authority.issue("ours.example.org", ends=timedelta(days=3))
    assert "that this node shows there ends on" in status.every(people.supervisor)[0].alarms[0]


@pytest.mark.parametrize("as_pem", [False, True], ids=["fingerprint", "pem"])
def test_a_node_signs_in_by_its_certificate_alone_over_real_tls(
    as_pem: bool, exchange: Exchange, authority: Authority, settings: Settings, live_server: Any, tmp_path: Path
) -> None:
    exchange.publish("a", "b")
    reader = exchange.share.peer
    confirmer = factories.person(reader.agency, "second", Role.SUPERVISOR)
    settings.PEER_CERTIFICATE, settings.PEER_KEY = authority.issue("south.example.org")
    spoken = propose(reader, exchange.people.supervisor, settings.PEER_CERTIFICATE.read_text())
    settings.BEHIND_TLS, settings.CLIENT_CERT_HEADER = True, HEADER
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.PEER_AUTHORITIES = authority.file
    context = authority.server_context("127.0.0.1", asks_clients=True)
    context.verify_mode = ssl.CERT_OPTIONAL

    def front(asked: Asked) -> Said:
        """The proxy that ends TLS: it sets the header, whatever the caller sent under its name."""
        headers = {name: value for name, value in asked.headers.items() if name not in {HEADER.lower(), "connection"}}
        with closing(http.client.HTTPConnection(urlsplit(live_server.url).netloc, timeout=20)) as there:
            there.request(asked.method, asked.path, asked.body, headers | told(asked.certificate))
            got = there.getresponse()
            kept = {name.lower(): value for name, value in got.getheaders()}
            own = {"server", "date", "connection"}
            return Said(got.status, got.read(), {name: value for name, value in kept.items() if name not in own})

    def told(shown: bytes | None) -> dict[str, str]:
        said = "" if shown is None else hashlib.sha256(shown).hexdigest()
        if shown is not None and as_pem:
            said = quote(ssl.DER_cert_to_PEM_cert(shown))
        return {HEADER: said, "X-Forwarded-Proto": "https"}

    with serving(front, context) as server:
        settings.PEER_HOSTS = peer_addresses.allowed(f"127.0.0.1:{server.server_port}")
        Peer.objects.filter(pk=exchange.subscription.peer_id).update(
            url=f"https://127.0.0.1:{server.server_port}/odata/v1/", client_id=""
        )
        giver = Peer.objects.get(pk=exchange.subscription.peer_id)
        with node.Node.of(giver) as there, pytest.raises(CredentialRefused):
            there.sets()  # nobody confirmed it yet
        certificates.confirm(peer=reader, by=confirmer, fingerprint=spoken)
        done = pulling.pull(exchange.subscription.pk, now=True)
        assert done
        assert done.failure == ""
        assert standing(exchange.subscription.set_id).keys() == standing(exchange.shared.pk).keys() != set()
        settings.PEER_CERTIFICATE, settings.PEER_KEY = authority.issue("thief.example.org")
        with node.Node.of(giver) as there, pytest.raises(CredentialRefused):
            there.sets()
        caller = ssl.create_default_context(cafile=str(authority.file))
        with closing(http.client.HTTPSConnection("127.0.0.1", server.server_port, context=caller)) as bold:
            bold.request("GET", "/odata/v1/HashSets", headers={HEADER: spoken})  # without a certificate
            answer = bold.getresponse()
            assert (answer.status, b"unknown-caller" in answer.read()) == (401, True)
