"""Foreign servers for tests: real ones on loopback, in plain HTTP or TLS, that behave as badly as the real ones."""

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that came."""

    method: str
    path: str  # with the query
    headers: dict[str, str]  # names in lower case
    body: bytes
    certificate: bytes | None = None  # of the client, in DER


@dataclass(slots=True)
class Said:
    """One answer. `raw` is sent as it is in place of all else; `pause`: seconds between single bytes of it."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    pause: float = 0.0


Answering = Callable[[Asked], Said]


class Server(ThreadingHTTPServer):
    """Answers as a function says, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self, answer: Answering, tls: ssl.SSLContext | None) -> None:
        self.answer, self.tls = answer, tls
        self.asked: list[Asked] = []
        self.over = threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)

    def finish_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        """In TLS where it was asked for; a handshake that fails is the client's to tell."""
        with contextlib.suppress(OSError):
            if self.tls:
                request = self.tls.wrap_socket(request, server_side=True)
            _Handler(request, client_address, self)
            if self.tls:
                request.close()

    def handle_error(self, *_args: object) -> None:
        """Clients that go away are what is tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits for the acknowledgement of its headers
    server: Server

    def _do(self) -> None:
        length = int(self.headers.get("content-length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        shown = self.connection.getpeercert(binary_form=True) if isinstance(self.connection, ssl.SSLSocket) else None
        asked = Asked(self.command, self.path, headers, self.rfile.read(length), shown)
        self.server.asked.append(asked)
        said = self.server.answer(asked)
        if said.raw is None:
            self.send_response(said.status)
            for name, value in ({"content-length": str(len(said.body))} | said.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.body)
            return
        self.close_connection = True
        step = 1 if said.pause else max(len(said.raw), 1)
        for start in range(0, len(said.raw), step):
            self.wfile.write(said.raw[start : start + step])
            self.wfile.flush()
            if self.server.over.wait(said.pause):
                return

    do_GET = do_POST = do_PUT = _do  # noqa: N815 the names that http.server calls

    def log_message(self, *_args: object) -> None:
        """Quiet."""


@contextmanager
def serving(answer: Answering, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server that runs while the block does."""
    server = Server(answer, tls)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


class Authority:
    """An authority for certificates that nobody knows but the tests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of tests")])
        own = self._begun(self._name, self._key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.certificate = own.sign(self._key, hashes.SHA256())
        self.file = folder / "authority.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, *, ends: timedelta = timedelta(days=1)) -> tuple[Path, Path]:
        """Files with a certificate for a name or address, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            shown: x509.GeneralName = x509.IPAddress(ip_address(name))
        except ValueError:
            shown = x509.DNSName(name)
        made = self._begun(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key.public_key(), ends)
        made = made.add_extension(x509.SubjectAlternativeName([shown]), critical=False).add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        files = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        files[0].write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files

    def server_context(
        self, name: str, *, asks_clients: bool = False, ends: timedelta = timedelta(days=1)
    ) -> ssl.SSLContext:
        """For a server that shows a certificate for `name`, and may ask for one of ours."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(name, ends=ends))
        if asks_clients:
            context.load_verify_locations(self.file)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _begun(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, ends: timedelta = timedelta(days=1)
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        begun = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
        begun = begun.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=2))
        return begun.not_valid_after(now + ends)
