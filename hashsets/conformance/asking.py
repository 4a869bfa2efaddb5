"""Asks a node, and keeps what was asked and answered, so that a report can show it. PURE."""

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from hashsets import signed
from hashsets.conformance.checking import NotApplicable, equal, require

TIMEOUT = 30.0  # seconds for one answer
SHOWN = 2_000  # characters of a body in a report
MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True)
class Credential:
    """What the node gave its peer. `sign`: with the key it is paired with, None: nothing is written."""

    client_id: str
    secret: str
    fingerprint: str = ""
    sign: Callable[[bytes], bytes] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its request: `body` unpacked, header names in lower case."""

    method: str
    target: str
    asked: Mapping[str, str]
    sent: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises Broken."""
        try:
            return json.loads(self.body)
        except ValueError:
            require(False, f"{self.method} {self.target} is answered with no JSON")

    def require(self, status: int) -> "Answer":
        """The same answer, if it has this status. Raises Broken."""
        equal(self.status, status, f"Status of {self.method} {self.target}")
        return self

    def shown(self) -> str:
        """Request and answer for a reader; without the credential."""
        asked = [f"{name}: {'...' if name == 'authorization' else value}" for name, value in self.asked.items()]
        got = [f"{name}: {value}" for name, value in self.headers.items()]
        sent = _text(self.sent)
        return "\n".join(
            [f"{self.method} {self.target}", *asked, "", *([sent, ""] if sent else []),
             str(self.status), *got, "", _text(self.body)]
        )  # fmt: skip


@dataclass(slots=True)
class Node:
    """A node that is examined. `set_id`: the set to look at, else the first one with entries.

    `may_write`: invented hashes may be contributed to it, and are taken back.
    """

    root: str
    credential: Credential
    client: httpx.Client
    set_id: str = ""
    may_write: bool = False
    old_delta: str = ""
    said: list[Answer] = field(default_factory=list)  # in this check
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)
    _set: dict[str, Any] | None = None

    def get(self, address: str, *, scope: str = "", **headers: str) -> Answer:
        """The answer to an address below the root, or to a whole one, asked with a token for `scope`."""
        return self.ask("GET", address, scope=scope, headers={name.replace("_", "-"): v for name, v in headers.items()})

    def post(self, address: str, body: object, *, key: str = "", scope: str = "", sign: bool = False) -> Answer:
        """The answer to a JSON body under an Idempotency-Key, signed where that is asked for."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": "application/json", "idempotency-key": key or str(uuid4())}
        if sign:
            headers |= self._signature("POST", address, data)
        return self.ask("POST", address, scope=scope, headers=headers, body=data)

    def ask(
        self, method: str, address: str, *, scope: str = "", token: str | None = None,
        headers: Mapping[str, str] | None = None, body: bytes = b"",
    ) -> Answer:  # fmt: skip
        """Send one request. `token`: this one, "" none; by default one for the scope."""
        word = self.token(scope)[0] if token is None else token
        given = {name.lower(): value for name, value in (headers or {}).items()}
        if word:
            given["authorization"] = f"Bearer {word}"
        return self.send(method, self.address(address), given, body)

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send exactly this, and keep it."""
        request = self.client.build_request(method, url, headers=dict(headers), content=body)
        got = self.client.send(request)
        target = request.url.raw_path.decode("ascii")
        found = {name.lower(): value for name, value in got.headers.items()}
        answer = Answer(method, target, dict(headers), body, got.status_code, found, got.content)
        self.said.append(answer)
        return answer

    def address(self, address: str) -> str:
        """A whole address; links of the node must lead to the node itself. Raises Broken."""
        if "://" not in address:
            return self.root + address
        here, there = urlsplit(self.root), urlsplit(address)
        require(
            (here.scheme, here.netloc) == (there.scheme, there.netloc), f"A link leads to another server: {address}"
        )
        return address

    def token(self, scope: str = "") -> tuple[str, str]:
        """A token for this scope, or for all the credential may, and the scopes it was given. Kept for the run."""
        if scope not in self.tokens:
            form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
            auth = httpx.BasicAuth(self.credential.client_id, self.credential.secret)
            got = self.client.post(self.root + "token", data=form, auth=auth)
            equal(got.status_code, 200, f"Status of the token endpoint for the scope {scope or '(all)'}")
            told = got.json()
            self.tokens[scope] = str(told["access_token"]), str(told.get("scope", ""))
        return self.tokens[scope]

    def scopes(self) -> set[str]:
        """What the credential may."""
        return set(self.token()[1].split())

    def need(self, scope: str) -> None:
        """Raise NotApplicable without this scope."""
        if scope not in self.scopes():
            raise NotApplicable(f"the credential lacks the scope {scope}")

    def set(self) -> dict[str, Any]:
        """The set that is looked at, as the node describes it. Raises NotApplicable when there is none."""
        if self._set is None:
            sets = self.get("HashSets").require(200).json()["value"]
            fit = [one for one in sets if one["SetID"] == self.set_id or (not self.set_id and one["EntryCount"])]
            if not fit:
                raise NotApplicable("no set with entries is shared with this credential")
            self._set = fit[0]
        return self._set

    def media(self) -> str:
        """The address of its entries."""
        return f"HashSets({self.set()['SetID']})/Media"

    def pages(self, address: str, **headers: str) -> list[dict[str, Any]]:
        """All pages from an address on, along the nextLinks. Raises Broken."""
        found: list[dict[str, Any]] = []
        seen: set[str] = set()
        while address:
            require(address not in seen and len(found) < MOST_PAGES, "The nextLinks go round in a circle")
            seen.add(address)
            found.append(self.get(address, **headers).require(200).json())
            address = found[-1].get("@odata.nextLink", "")
        return found

    def entries(self, query: str) -> list[dict[str, Any]]:
        """The entries of all pages of an answer: a page may be empty, and more come behind it. Raises Broken."""
        return [one for page in self.pages(f"{self.media()}?{query}") for one in page["value"]]

    def key(self) -> bytes:
        """The public key the node states."""
        told = self.send("GET", self.root + f"Node?organisation={self.set()['Owner']}", {})
        told = told if told.status == 200 else self.send("GET", self.root + "Node", {})
        return b64decode(told.require(200).json()["Key"])

    def _signature(self, method: str, address: str, body: bytes) -> dict[str, str]:
        if self.credential.sign is None:
            raise NotApplicable("no key was given to sign opinions with")
        at = signed.moment(datetime.now(UTC))
        path = httpx.URL(self.address(address)).raw_path.decode("ascii")
        text = signed.text(
            method=method, target=signed.target_of(path), status=None, body_sha256=signed.digest(body), at=at
        )
        return signed.headers(fingerprint=self.credential.fingerprint, signature=self.credential.sign(text), at=at)


def connected(root: str, credential: Credential, *, ca: str = "", **more: Any) -> Node:
    """A node at an address such as https://node.example/odata/v1/."""
    client = httpx.Client(timeout=TIMEOUT, verify=ca or True, follow_redirects=False, trust_env=False)
    return Node(root.rstrip("/") + "/", credential, client, **more)


def _text(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    return text if len(text) <= SHOWN else text[:SHOWN] + f" ... ({len(body):,} bytes)"
