"""A paired organisation, and a script of its that asks this node."""

import hashlib
import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from hashsets import feed, signed
from hashsets.entries import NewEntry
from hashsets.models import HashSet, Peer, PeerCertificate, Share
from tests import factories
from workbench import signing
from workbench.models import Agency, User

ROOT = "/odata/v1/"
READER = ("read",)
EVERYTHING = ("read", "lookup", "contribute", "vote", "law-enforcement")


def peer(of: Agency, *, by: User, confirmed_by: User, scopes: Iterable[str] = READER, name: str = "farmoor") -> Peer:
    """A paired organisation of an agency."""
    theirs = factories.agency(name)
    Agency.objects.filter(pk=theirs.pk).update(is_local=False)
    return Peer.objects.create(
        agency=of,
        organisation=theirs,
        key=signing.public_key(),  # it signs with this node's key: the tests have no other
        scopes=list(scopes),
        state=Peer.State.PAIRED,
        proposed_by=by,
        proposed_by_name=by.name,
        confirmed_by=confirmed_by,
        confirmed_by_name=confirmed_by.name,
    )


def share(hash_set: HashSet, to: Peer, *, by: User, contribute: bool = False) -> Share:
    """Share a set, and number what is in it."""
    feed.of(hash_set)
    feed.number(hash_set.pk)
    return Share.objects.create(peer=to, set=hash_set, by=by, by_name=by.name, contribute=contribute)


def shows(peer: Peer, digest: bytes, use: PeerCertificate.Use = PeerCertificate.Use.ENOUGH) -> PeerCertificate:
    """A certificate of a peer, in force for a day."""
    return PeerCertificate.objects.create(
        peer=peer,
        digest=digest,
        until=timezone.now() + timedelta(days=1),
        use=use,
        by=peer.proposed_by,
        by_name=peer.proposed_by_name,
        confirmed_by=peer.confirmed_by,
        confirmed_by_name=peer.confirmed_by_name,
    )


def end(found: Share) -> None:
    """End a share."""
    Share.objects.filter(pk=found.pk).update(ended_at=timezone.now())


def token(of: Peer, scope: str = "") -> str:
    """A token as the endpoint gives it, without its slow hashes; tests of the endpoint are in test_callers.py."""
    made, text = Application.objects.filter(peer=of).first(), str(uuid4())
    if made is None:
        made = Application.objects.create(
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
            client_secret="none",
            hash_client_secret=False,
        )
        Peer.objects.filter(pk=of.pk).update(application=made)
    AccessToken.objects.create(
        application=made,
        token_checksum=hashlib.sha256(text.encode()).hexdigest(),
        expires=timezone.now() + timedelta(hours=1),
        scope=scope or " ".join(of.scopes),
    )
    return text


def sent_for_token(client_id: str, secret: str, **asked: str) -> Any:
    """The token endpoint's answer."""
    body = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, **asked}
    form = "application/x-www-form-urlencoded"
    return Client(headers={"host": "localhost"}).post(f"{ROOT}token", urlencode(body), content_type=form)


class Script:
    """Sends requests with a token."""

    def __init__(self, text: str) -> None:
        self.client = Client(headers={"host": "localhost", "authorization": f"Bearer {text}"})

    def get(self, path: str, **headers: str) -> Any:
        """The answer to a path below the root, or to a whole address; a file is read to its end, which closes it."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer: Any = self.client.get(_local(path), headers=given)
        if answer.streaming:
            answer.streaming_content = [b"".join(answer)]
        return answer

    def post(self, path: str, body: object, *, key: str = "", sign: bool = True, **headers: Any) -> Any:
        """The answer to a body, sent as JSON, signed, under a fresh Idempotency-Key."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"idempotency-key": key or str(uuid4())} | (signature(_local(path), data) if sign else {})
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(_local(path), data, content_type="application/json", headers=given)


def signature(path: str, body: bytes, at: str = "") -> dict[str, str]:
    """The headers of a signed POST."""
    moment = at or signed.moment(timezone.now())
    text = signed.text(
        method="POST", target=signed.target_of(path), status=None, body_sha256=signed.digest(body), at=moment
    )
    fingerprint = signing.fingerprint(signing.public_key())
    return signed.headers(fingerprint=fingerprint, signature=signing.sign(text), at=moment)


def item(entry: NewEntry, **more: object) -> dict[str, object]:
    """An item of a batch."""
    assert entry.md5
    assert entry.sha1
    assert entry.sha256
    named = {"MD5": entry.md5, "SHA1": entry.sha1, "SHA256": entry.sha256}
    digests = {name: digest.hex().upper() for name, digest in named.items()}
    return digests | {"MediaSize": entry.size, "Scheme": "us-pvic", "Category": entry.code, "Basis": "viewed"} | more


def _local(path: str) -> str:
    return path.removeprefix("http://localhost") if path.startswith("http") else ROOT + path
