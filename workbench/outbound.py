"""The one way Winnow opens a connection to a peer or a remote server (security.md 7.2).

A `Client` talks to one place (scheme, host, port) that stands in `WINNOW_PEER_HOSTS`: over TLS that is verified, with
plain HTTP only to this very machine. No redirect is followed, no proxy of the environment is used, no cookie is kept,
and what the other side sends is measured while it comes (`answers.Limits`).
"""

import base64
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Self

import httpcore
from django.conf import settings
from django.utils.translation import gettext_noop as noop

from workbench import answers, peer_addresses
from workbench.answers import Answer, Limits
from workbench.errors import BadInput
from workbench.guarded_net import Deadline, GuardedNet
from workbench.outbound_errors import (
    AnswerTooLarge,
    AnswerUnreadable,
    CertificateRefused,
    PeerBusy,
    PeerTooSlow,
    PeerUnreachable,
    RedirectRefused,
)
from workbench.peer_addresses import Url

__all__ = ["Answer", "Client", "Limits", "Stream", "Tls"]

AGENT = "Winnow"
NOT_MODIFIED = HTTPStatus.NOT_MODIFIED
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_VALUE = re.compile(r"[\x20-\x7e]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tls:
    """Files (PEM): who we are, and who else than the system's authorities may vouch for the other side."""

    certificate: Path | None = None
    key: Path | None = None
    authorities: Path | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer whose body is still coming. Names of `headers` are lower case."""

    url: Url
    status: int
    headers: Mapping[str, str]
    pieces: Iterator[bytes]  # unpacked
    limits: Limits

    def lines(self) -> Iterator[bytes]:
        """The body line by line, as in NDJSON. Raises AnswerTooLarge."""
        return answers.lines(self.pieces, self.limits)


class Client:
    """Requests to one place, for one thread. Use it as a context manager."""

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | str | None = None,
        limits: Limits | None = None,
        tls: Tls | None = None,
    ) -> None:
        """`auth`: name and password of HTTP Basic, or the whole Authorization. Nothing is connected to yet.

        Raises AddressRefused, BadInput for headers or files that cannot be used.
        """
        self.base = peer_addresses.parse(base_url)
        host = peer_addresses.check(self.base, settings.PEER_HOSTS)
        self.limits = limits or Limits()
        self._headers = _checked(_standing(self.base, auth) | dict(headers or {}))
        self._deadline = Deadline(self.limits.step)
        self._pool = httpcore.ConnectionPool(
            ssl_context=_ssl_context(tls or Tls(authorities=settings.PEER_AUTHORITIES)),
            max_connections=1,
            network_backend=GuardedNet(host, self._deadline),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._pool.close()

    def get(self, url_or_path: str = "", *, headers: Mapping[str, str] | None = None, tries: int = 1) -> Answer:
        """The answer to a GET, of 2xx, 304 or 4xx; a link must lead to the same place.

        `tries`: how often to ask in all, when it is busy or slow; between them we wait as it asks, but never longer
        than `limits.step`. Raises AddressRefused and the errors of `outbound_errors`.
        """
        for tried in range(1, tries):
            try:
                return self._answer("GET", url_or_path, b"", headers)
            except (PeerBusy, PeerUnreachable, AnswerUnreadable) as error:
                if error.seconds > self.limits.step:
                    raise
                time.sleep(error.seconds or 0.1 * 2**tried)
        return self._answer("GET", url_or_path, b"", headers)

    def post(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to one POST, which is never tried again here. Raises as `get`."""
        return self._answer("POST", path, body, headers)

    @contextmanager
    def stream(self, url_or_path: str, *, headers: Mapping[str, str] | None = None) -> Iterator[Stream]:
        """A GET whose body is read piece by piece inside the block; raises as `get`, there, too."""
        with self._asked("GET", url_or_path, b"", headers) as stream:
            yield stream

    @contextmanager
    def stream_lines(self, url_or_path: str, *, headers: Mapping[str, str] | None = None) -> Iterator[Iterator[bytes]]:
        """The lines of an answer 200, inside the block. Raises as `get`, and AnswerRefused for another status."""
        with self.stream(url_or_path, headers=headers) as stream:
            Answer(stream.url, stream.status, stream.headers, b"").require(HTTPStatus.OK)
            yield stream.lines()

    def _answer(self, method: str, link: str, body: bytes, headers: Mapping[str, str] | None) -> Answer:
        with self._asked(method, link, body, headers) as stream:
            return Answer(stream.url, stream.status, stream.headers, b"".join(stream.pieces), self.limits)

    @contextmanager
    def _asked(self, method: str, link: str, body: bytes, headers: Mapping[str, str] | None) -> Iterator[Stream]:
        """Send a request; what the other side does wrong from here on is one of our errors."""
        url = peer_addresses.joined(self.base, link)
        sent = self._headers | _checked(dict(headers or {}))
        if method == "POST":
            sent["content-length"] = str(len(body))
        address = httpcore.URL(
            scheme=url.scheme.encode(), host=url.host.encode(), port=url.port, target=url.target.encode()
        )
        self._deadline.start(self.limits.seconds)
        with _told(url.host), self._pool.stream(method, address, headers=list(sent.items()), content=body) as response:
            got = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            _require_usable(url, response.status, got, self.limits)
            pieces = answers.unpacked(response.iter_stream(), got.get("content-encoding", "").lower(), self.limits)
            yield Stream(url, response.status, got, pieces, self.limits)


def _standing(base: Url, auth: tuple[str, str] | str | None) -> dict[str, str]:
    """The headers of every request."""
    host = f"[{base.host}]" if ":" in base.host else base.host
    port = "" if base.port == peer_addresses.PORTS[base.scheme] else f":{base.port}"
    told = {"host": host + port, "user-agent": AGENT, "accept-encoding": "gzip"}
    if isinstance(auth, tuple):
        auth = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
    return told | ({"authorization": auth} if auth else {})


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers with their names in lower case. Raises BadInput for what would be two headers, or none."""
    for name, value in headers.items():
        if not _HEADER.fullmatch(name) or not _VALUE.fullmatch(value):
            raise BadInput(noop("A header cannot be sent as it is: %(name)s."), name=ascii(name[:80]))
    return {name.lower(): value for name, value in headers.items()}


def _ssl_context(tls: Tls) -> ssl.SSLContext:
    """TLS from 1.2 on, verified. Raises BadInput."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if tls.authorities:
            context.load_verify_locations(tls.authorities)
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key)
    except OSError as error:  # ssl.SSLError is one
        raise BadInput(
            noop("A certificate or key for connections to others cannot be read: %(error)s."), error=error
        ) from error
    return context


def _require_usable(url: Url, status: int, headers: Mapping[str, str], limits: Limits) -> None:
    """Raise unless the answer is one the caller can deal with."""
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        seconds = answers.retry_after(headers.get("retry-after", "").strip())
        words = noop("%(host)s answered %(status)s, which is: later. It is tried again.")
        raise PeerBusy(words, host=url.host, status=str(status)).after(seconds)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST and status != NOT_MODIFIED:
        raise RedirectRefused(
            noop("%(host)s sends us elsewhere (%(status)s), which is never followed. Correct its address."),
            host=url.host,
            status=str(status),
        )
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > limits.body:
        raise AnswerTooLarge(noop("The answer is longer than %(bytes)s bytes."), bytes=str(limits.body))


@contextmanager
def _told(host: str) -> Iterator[None]:
    """What goes wrong on the way, as one of our errors."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        words = noop("%(host)s could not show that it is who it should be (%(why)s), so nothing was sent.")
        raise CertificateRefused(words, host=host, why=error.verify_message) from error
    except httpcore.TimeoutException as error:
        raise PeerTooSlow(noop("%(host)s took too long. It is tried again."), host=host) from error
    except (httpcore.ProtocolError, httpcore.NetworkError) as error:
        words = noop("%(host)s cannot be reached, or broke off: %(error)s. It is tried again.")
        raise PeerUnreachable(words, host=host, error=str(error)[:200]) from error
