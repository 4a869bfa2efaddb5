"""What a POST of another organisation has: a JSON body, an Idempotency-Key, and with opinions a signature."""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from hashsets import answered, signed
from hashsets.contributing import Signed
from hashsets.models import Peer
from hashsets.odata import base
from hashsets.odata.base import JSON, target
from hashsets.odata.errors import TooLong
from workbench import signing
from workbench.api.shapes import UnknownType
from workbench.errors import BadInput, WorkbenchError

KEY = re.compile(r"[\x21-\x7e]{8,100}")


class KeyNeeded(BadInput):
    """Send an Idempotency-Key of 8 to 100 visible characters, another one for each request."""

    code = "key-needed"


class SignatureNeeded(WorkbenchError):
    """Opinions are signed by the key you are paired with: Winnow-Key, Winnow-Signature and Winnow-Date, of now."""

    code = "signature-needed"
    status = HTTPStatus.FORBIDDEN
    refuses = True


class Posted:
    """The body of a request: as bytes, and as the object it must be."""

    def __init__(self, request: HttpRequest) -> None:
        """Read it. Raises UnknownType, TooLong, BadInput, KeyNeeded."""
        if request.content_type != "application/json":
            raise UnknownType
        self.request = request
        self.key = request.headers.get("Idempotency-Key", "")
        if not KEY.fullmatch(self.key):
            raise KeyNeeded
        self.body = base.body(request)
        self.ignored = 0  # input fields nobody knows
        try:
            found = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise BadInput(f"The request's body is no JSON: {error}") from error
        if not isinstance(found, dict):
            raise BadInput("The request's body is a JSON object.")
        self.fields: dict[str, Any] = found

    def known(self, names: Collection[str], of: Mapping[str, Any] | None = None) -> None:
        """Count the fields that are none of these."""
        fields = self.fields if of is None else of
        self.ignored += sum(1 for name in fields if name not in names and "@" not in name)

    def text(self, name: str, default: str = "") -> str:
        """A text. Raises BadInput."""
        value = self.fields.get(name, default)
        if not isinstance(value, str) or "\0" in value or len(value) > 400:
            raise BadInput(f"{name} is a text of at most 400 characters.")
        return value

    def rows(self, name: str, most: int) -> list[Any]:
        """A list. Raises BadInput, TooLong."""
        value = self.fields.get(name)
        if not isinstance(value, list) or not value:
            raise BadInput(f"{name} is a list of 1 to {most:,} items.")
        if len(value) > most:
            raise TooLong
        return value

    def signed_by(self, peer: Peer) -> Signed:
        """That the peer's key signed this very request now. Raises SignatureNeeded."""
        given = signed.read(
            {name: self.request.headers.get(name, "") for name in (signed.KEY, signed.SIGNATURE, signed.AT)}
        )
        if given is None or given[0] != signed.short(signing.fingerprint(bytes(peer.key))):
            raise SignatureNeeded
        _key, signature, at = given
        said = signed.text(
            method=self.request.method or "", target=target(self.request), status=None,
            body_sha256=signed.digest(self.body), at=at,
        )  # fmt: skip
        if not signed.is_fresh(at, timezone.now()) or not signing.is_by(bytes(peer.key), signature, said):
            raise SignatureNeeded
        return Signed(said.decode(), signature, self.body)

    def once(self, peer: Peer, do: Callable[[], Any]) -> HttpResponse:
        """The answer, made once under this key. Raises KeyUsed, and what `do` raises."""
        return self._under_key(answered.once, peer, do)

    def asked(self, peer: Peer, do: Callable[[], Any]) -> HttpResponse:
        """The answer to a question, which is made anew each time. Raises KeyUsed, and what `do` raises."""
        return self._under_key(answered.asked, peer, do)

    def _under_key(self, way: Callable[..., bytes], peer: Peer, do: Callable[[], Any]) -> HttpResponse:
        digest = hashlib.sha256(f"{self.request.method} {target(self.request)}\n".encode() + self.body).digest()
        return HttpResponse(way(peer, self.key, digest, lambda: msgspec.json.encode(do())), content_type=JSON)
