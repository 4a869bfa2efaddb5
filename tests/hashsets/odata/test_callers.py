"""Who asks: tokens, certificates, suspension, HTTPS, limits."""

import json
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application
from pytest_django.fixtures import Settings

from hashsets.models import HashSet, Peer, PeerCertificate
from hashsets.odata import callers
from tests.hashsets.odata import partner
from tests.hashsets.odata.partner import ROOT, Script
from tests.people import People
from workbench.errors import BadInput
from workbench.models import AuditEvent

pytestmark = pytest.mark.django_db
PRINT = "ab" * 32
HEADER = "x_client_cert"


@pytest.fixture
def behind_tls(settings: Settings) -> None:
    """A proxy in front ends TLS, and says which certificate the caller has."""
    settings.BEHIND_TLS = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.CLIENT_CERT_HEADER = "X-Client-Cert"


def status(script: Script, **headers: Any) -> int:
    return int(script.get("HashSets", **headers).status_code)


def test_a_peer_is_refused_from_the_moment_it_is_suspended(script: Script, peer: Peer, people: People) -> None:
    assert status(script) == 200
    client_id, secret = callers.give_credential(peer, by=people.supervisor)
    fresh = Script(partner.sent_for_token(client_id, secret).json()["access_token"])
    assert (status(script), status(fresh)) == (401, 200)  # a new credential ends the old one's tokens
    Peer.objects.update(state=Peer.State.SUSPENDED)
    assert status(fresh) == 401
    answer = partner.sent_for_token(client_id, secret)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_token_ends_after_an_hour(script: Script) -> None:
    assert timedelta(minutes=59) < AccessToken.objects.get().expires - timezone.now() <= timedelta(hours=1)
    AccessToken.objects.update(expires=timezone.now())
    assert status(script) == 401


def test_a_token_has_no_more_scopes_than_its_peer_has_now(reader: Script, script: Script, peer: Peer) -> None:
    Peer.objects.update(scopes=["lookup"])
    assert (status(reader), status(script)) == (403, 401) or status(script) in {401, 403}


def test_scopes_beyond_the_peers_are_not_given(people: People, peer: Peer) -> None:
    Peer.objects.update(scopes=["read"])
    client_id, secret = callers.give_credential(Peer.objects.get(), by=people.supervisor)
    assert partner.sent_for_token(client_id, secret).json()["scope"] == "read"
    refused = partner.sent_for_token(client_id, secret, scope="read contribute")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")


def test_only_client_credentials_give_tokens_and_wrong_secrets_are_told_in_the_log(people: People, peer: Peer) -> None:
    client_id, _secret = callers.give_credential(peer, by=people.supervisor)
    assert partner.sent_for_token(client_id, "wrong").json()["error"] == "invalid_client"
    event = AuditEvent.objects.filter(log__agency=people.north).order_by("-seq")[0]
    assert (event.verb, json.loads(event.body)["outcome"]) == ("peer.token.fail", "refused")
    other = partner.sent_for_token(client_id, "wrong", grant_type="password", username="a", password="b")
    assert (other.status_code, other.json()["error"]) == (400, "unsupported_grant_type")


def test_nothing_of_a_credential_is_kept_in_clear(people: People, peer: Peer) -> None:
    client_id, secret = callers.give_credential(peer, by=people.supervisor)
    text = partner.sent_for_token(client_id, secret).json()["access_token"]
    assert secret not in Application.objects.get().client_secret
    assert AccessToken.objects.get().token != text
    assert not AuditEvent.objects.filter(body__contains=secret).exists()


def test_a_pairing_that_nobody_confirmed_has_no_credential(people: People, peer: Peer) -> None:
    Peer.objects.update(state=Peer.State.PROPOSED)
    with pytest.raises(BadInput, match="confirm"):
        callers.give_credential(peer, by=people.supervisor)


def test_the_command_prints_a_credential_that_works(
    people: People, peer: Peer, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("peer", "grant", "farmoor", "--as", "supervisor", "--json")
    told = json.loads(capsys.readouterr().out)
    assert partner.sent_for_token(told["client_id"], told["client_secret"]).status_code == 200
    event = AuditEvent.objects.filter(verb="peer.credential").get()
    assert event.actor == "supervisor"


def test_what_is_not_https_is_refused_but_on_loopback(script: Script) -> None:
    assert status(script) == 200
    assert script.client.get(f"{ROOT}HashSets", secure=True, REMOTE_ADDR="192.0.2.7").status_code == 200
    for more in ({"REMOTE_ADDR": "192.0.2.7"}, {"headers": {"x-forwarded-proto": "http"}}):
        refused = script.client.get(f"{ROOT}HashSets", **more)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "https-only")
    answer = Client(headers={"host": "localhost"}).post(f"{ROOT}token", {}, REMOTE_ADDR="192.0.2.7")
    assert answer.json()["error"]["code"] == "https-only"


@pytest.mark.usefixtures("behind_tls")
def test_a_certificate_serves_instead_of_a_token_where_the_peer_is_set_so(peer: Peer, shared: HashSet) -> None:
    nobody = Script("")
    shown = {HEADER: PRINT, "x_forwarded_proto": "https"}
    assert status(nobody, **shown) == 401
    partner.shows(peer, bytes.fromhex(PRINT))
    assert status(nobody, **shown) == 200
    assert status(nobody, **shown | {HEADER: "sha256:" + ":".join(["AB"] * 32)}) == 200
    assert status(nobody, **shown | {HEADER: "cd" * 32}) == 401
    Peer.objects.update(state=Peer.State.SUSPENDED)
    assert status(nobody, **shown) == 401


@pytest.mark.usefixtures("behind_tls")
def test_a_certificate_is_needed_beside_the_token_where_the_peer_is_set_so(
    script: Script, peer: Peer, shared: HashSet
) -> None:
    shown = {HEADER: PRINT, "x_forwarded_proto": "https"}
    held = partner.shows(peer, bytes.fromhex(PRINT), PeerCertificate.Use.NEEDED)
    assert status(script, x_forwarded_proto="https") == 401
    assert status(script, **shown | {HEADER: "cd" * 32}) == 401
    assert (status(script, **shown), status(Script(""), **shown)) == (200, 401)
    PeerCertificate.objects.filter(pk=held.pk).update(until=timezone.now())
    assert status(script, **shown) == 401


@pytest.mark.usefixtures("behind_tls")
@pytest.mark.parametrize(
    "change", [{"until": "2026-01-01T00:00:00Z"}, {"ended_at": "2026-01-01T00:00:00Z"}, {"confirmed_by": None}]
)
def test_a_certificate_that_is_over_or_that_nobody_confirmed_is_none(
    change: dict[str, Any], peer: Peer, shared: HashSet
) -> None:
    partner.shows(peer, bytes.fromhex(PRINT))
    PeerCertificate.objects.update(**change)
    assert status(Script(""), x_client_cert=PRINT, x_forwarded_proto="https") == 401


@pytest.mark.usefixtures("behind_tls")
def test_only_a_proxy_of_ours_may_say_which_certificate_a_caller_has(
    peer: Peer, shared: HashSet, settings: Settings
) -> None:
    partner.shows(peer, bytes.fromhex(PRINT))
    settings.PROXIES = [ip_network("192.0.2.0/28"), ip_network("::1")]
    headers = {"x-client-cert": PRINT, "x-forwarded-proto": "https"}
    client = Script("").client
    for address, expected in {
        "192.0.2.7": 200, "::ffff:192.0.2.7": 200, "::1": 200, "192.0.2.16": 401, "127.0.0.1": 401, "": 401, "x": 401,
    }.items():  # fmt: skip
        answer = client.get(f"{ROOT}HashSets", headers=headers, REMOTE_ADDR=address)
        assert answer.status_code == expected, address
    forwarded = headers | {"x-forwarded-for": "192.0.2.7"}
    assert client.get(f"{ROOT}HashSets", headers=forwarded, REMOTE_ADDR="198.51.100.7").status_code == 401


def test_a_header_nobody_in_front_sets_is_not_believed(peer: Peer, settings: Settings) -> None:
    settings.CLIENT_CERT_HEADER = "X-Client-Cert"
    partner.shows(peer, bytes.fromhex(PRINT))
    assert status(Script(""), x_client_cert=PRINT) == 401


def test_who_asks_too_often_is_told_when_to_come_back(script: Script, settings: Settings) -> None:
    settings.PEER_REQUESTS = 2
    answers = [script.get("HashSets") for _ in range(3)]
    assert [answer.status_code for answer in answers][-1] == 429
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60


def test_who_looks_up_too_much_is_told_too(script: Script, shared: HashSet, settings: Settings) -> None:
    settings.PEER_HASHES = 3
    assert script.post("Lookup", {"hashes": ["0" * 32] * 2}).status_code == 200
    assert script.post("Lookup", {"hashes": ["0" * 32] * 2}).status_code == 429


def test_each_line_under_a_prefix_counts_as_a_hash(script: Script, shared: HashSet, settings: Settings) -> None:
    lines = len(script.get("Range/md5/00000").content.split())
    settings.PEER_HASHES = 3 * lines - 1
    assert [script.get(f"Range/md5/0000{n}").status_code for n in (1, 2)] == [200, 429]
