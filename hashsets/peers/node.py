"""A peer's node, asked over HTTP: with our credential, and believed only what its key signed (sharing.md section 4)."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Self
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from django.conf import settings
from django.utils.translation import gettext_noop as noop

from hashsets import signed
from hashsets.models import Peer
from hashsets.peers import secrets
from hashsets.peers.errors import (
    CourierOnly,
    CredentialRefused,
    KeyChanged,
    NotAllowedThere,
    SignatureRefused,
    WhichAgency,
)
from workbench import signing
from workbench.outbound import Answer, Client, Limits, Tls

ROOT = "/odata/v1/"
SMALL = Limits(body=64 * 1024, seconds=20.0, step=10.0)  # of what somebody tells whom we do not know yet
QUICK = Limits(body=1 << 22, seconds=10.0, step=10.0)  # of what a page waits for
EARLY = 60  # seconds before its end that a token is not used any more
SIGNED = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NOT_MODIFIED, HTTPStatus.GONE}
_tokens: dict[int, tuple[str, float]] = {}  # of this process, by peer, with the moment it ends


class Stated(msgspec.Struct, rename="pascal"):
    """Who a node says it is: `key` is base64 of its 32 bytes."""

    organisation: UUID
    name: str
    key: bytes
    fingerprint: str


class Offered(msgspec.Struct, rename="pascal"):
    """A set that a peer shares with us. `owner_id`: the organisation whose it is, which need not be the peer's."""

    set_id: UUID = msgspec.field(name="SetID")
    name: str
    kind: str
    scheme: str
    owner: str = msgspec.field(name="OwnerName", default="")
    owner_id: UUID | None = msgspec.field(name="Owner", default=None)  # None: the peer's own
    head_seq: int = 0
    entry_count: int = 0


class _Offers(msgspec.Struct):
    value: list[Offered]
    next_link: str = msgspec.field(name="@odata.nextLink", default="")


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float = 300.0


def root_of(url: str) -> str:
    """The address of a node's contract, from what a person typed of it."""
    plain = url.strip().rstrip("/")
    return plain + "/" if plain.endswith(ROOT.rstrip("/")) else plain + ROOT


def ask(url: str, organisation: UUID | None = None) -> Stated:
    """Who answers there. Raises WhichAgency, SignatureRefused when it cannot use its key, and what `outbound` raises.

    The address we ask goes along and is signed with the answer: a node in between, which passes on what another one
    says to have our credential for it, is found out by that one.
    """
    with Client(root_of(url), limits=SMALL) as client:
        query = urlencode({"at": str(client.base)} | ({"organisation": str(organisation)} if organisation else {}))
        answer = client.get(f"Node?{query}", tries=2)
        if answer.status == HTTPStatus.BAD_REQUEST and organisation is None:
            raise WhichAgency
        answer.require(HTTPStatus.OK)
    stated: Stated = answer.json(Stated)
    require_signed(answer, "GET", stated.key)
    return stated


@dataclass(slots=True)
class Node:
    """A paired peer's node, for one thread. Use it as a context manager. Raises CourierOnly, NoCredential."""

    peer: Peer
    client: Client

    @classmethod
    def of(cls, peer: Peer, limits: Limits | None = None) -> Self:
        """Nothing is connected to yet."""
        if not peer.url:
            raise CourierOnly
        tls = Tls(settings.PEER_CERTIFICATE, settings.PEER_KEY, settings.PEER_AUTHORITIES)
        return cls(peer, Client(peer.url, limits=limits, tls=tls))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.client.close()

    def get(self, link: str, headers: Mapping[str, str] | None = None) -> Answer:
        """A signed answer, or a refusal (4xx). Raises KeyChanged, SignatureRefused, CredentialRefused."""
        return self._with_token("GET", link, b"", headers or {})

    def post(self, link: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The same of a POST, which we sign, too."""
        at = signed.moment(datetime.now(UTC))
        target = signed.target_of(self.target(link))
        text = signed.text(method="POST", target=target, status=None, body_sha256=signed.digest(body), at=at)
        proof = signed.headers(
            fingerprint=signing.fingerprint(signing.public_key()), signature=signing.sign(text), at=at
        )
        kind = {"content-type": "application/json"}
        return self._with_token("POST", link, body, {**kind, **headers, **proof})

    def sets(self) -> list[Offered]:
        """What the peer shares with us, at most ten pages of it."""
        found: list[Offered] = []
        link = "HashSets"
        for _page in range(10):
            answer = self.get(link)
            if answer.status == HTTPStatus.FORBIDDEN:
                raise NotAllowedThere
            answer.require(HTTPStatus.OK)
            offers: _Offers = answer.json(_Offers)
            found += offers.value
            if not offers.next_link:
                break
            link = answer.link(offers.next_link)
        return found

    def target(self, link: str) -> str:
        """Path and query of a link of the peer's. Raises AddressRefused for one to another place."""
        return Answer(self.client.base, 0, {}, b"").link(link).removeprefix(_origin(self.client))

    def _with_token(self, method: str, link: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send; once more with a fresh token where the last one is not taken any more."""
        for last in (False, True):
            auth = {"authorization": f"Bearer {self._token()}"} if self._signs_in_by_token() else {}
            answer = self.client.get(link, headers={**headers, **auth}) if method == "GET" else self.client.post(
                link, body, {**headers, **auth}
            )  # fmt: skip
            if answer.status != HTTPStatus.UNAUTHORIZED:
                break
            _tokens.pop(self.peer.pk, None)
            if last:
                raise CredentialRefused
        if answer.status in SIGNED:
            require_signed(answer, method, bytes(self.peer.key))
        return answer

    def _signs_in_by_token(self) -> bool:
        """Without a credential of theirs our certificate alone may be enough."""
        return bool(self.peer.client_id) or settings.PEER_CERTIFICATE is None

    def _token(self) -> str:
        held, ends = _tokens.get(self.peer.pk, ("", 0.0))
        if ends > time.monotonic():
            return held
        asked = {"grant_type": "client_credentials", "client_id": self.peer.client_id}
        body = urlencode({**asked, "client_secret": secrets.of(self.peer)}).encode()
        answer = self.client.post("token", body, {"content-type": "application/x-www-form-urlencoded"})
        if answer.status != HTTPStatus.OK:
            raise CredentialRefused(
                noop("%(peer)s does not accept our credential. Ask its operator for a new one and store it."),
                peer=self.peer.organisation.name,
            )
        given: _Token = answer.json(_Token)
        _tokens[self.peer.pk] = given.access_token, time.monotonic() + given.expires_in - EARLY
        return given.access_token


def require_signed(answer: Answer, method: str, key: bytes) -> None:
    """Raise unless exactly this answer is signed by the key: KeyChanged for another key, else SignatureRefused."""
    names = (signed.KEY, signed.SIGNATURE, signed.AT)
    proof = signed.read({name: answer.headers.get(name.lower(), "") for name in names})
    if proof is None:
        raise SignatureRefused(noop("The answer is not signed, so nothing of it was stored."))
    shown, signature, at = proof
    if shown != signed.short(signing.fingerprint(key)):
        raise KeyChanged
    if not signed.is_fresh(at, datetime.now(UTC)):
        raise SignatureRefused(
            noop("The answer is signed at %(at)s, which is not now. Compare the clocks of both nodes."), at=at[:40]
        )
    text = signed.text(
        method=method,
        target=signed.target_of(answer.url.target),
        status=answer.status,
        body_sha256=signed.digest(answer.body),
        at=at,
    )
    if not signing.is_by(key, signature, text):
        raise SignatureRefused


def _origin(client: Client) -> str:
    base = client.base
    return str(base).removesuffix(base.target)


def forget_tokens() -> None:
    """Sign in anew at every peer."""
    _tokens.clear()
