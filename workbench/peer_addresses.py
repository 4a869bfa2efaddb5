"""PURE: where Winnow may open a connection to (security.md 7.2): the allow-list, links, what a name resolves to.

Everything is refused that is not written exactly as the allow-list has it: there is one way to write an address, so
nothing that looks like one, or that another reader takes for one, gets through.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urljoin

from workbench.address_kinds import Address, is_nobodys, is_own, is_public
from workbench.errors import WorkbenchError
from workbench.words import noop

PORTS = {"https": 443, "http": 80}
PRIVATE = "private"  # behind a name and `=`: its addresses may be those of a network of one's own
LOCALHOST = "localhost"
LONGEST_URL = 8_000

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)  # a last label that readers of addresses take for a number
_ENTRY = re.compile(r"(\[[^\]]*\]|[^:=\[\]]+)(?::([1-9][0-9]{0,4}))?(?:=(.*))?")
_URL = re.compile(
    r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::([1-9][0-9]{0,4}))?(/[!$-;=@-\[\]_a-z~]*)?(\?[!$-;=?-\[\]_a-z~]*)?",
    re.ASCII | re.IGNORECASE,
)
_HALF = re.compile(r"[a-z][a-z0-9+.-]*:(?!//)", re.ASCII | re.IGNORECASE)  # a scheme, and then no host


class AddressRefused(WorkbenchError):
    """This address may not be connected to. Write it in WINNOW_PEER_HOSTS as it is in the link, or correct the link."""

    code = "address-refused"
    status = HTTPStatus.BAD_GATEWAY


@dataclass(frozen=True, slots=True)
class Host:
    """One entry of the allow-list. `port` None: the usual one of the scheme."""

    name: str  # a name, or an address in its one usual form
    port: int | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class Url:
    """A checked link, in parts."""

    scheme: str
    host: str  # an IPv6 address without its brackets
    port: int
    target: str  # path and query

    @property
    def origin(self) -> tuple[str, str, int]:
        """Two links go to one place when these are the same."""
        return self.scheme, self.host, self.port

    @property
    def address(self) -> Address | None:
        """The address that stands there in place of a name."""
        return _address(self.host)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"


def allowed(text: str) -> tuple[Host, ...]:
    """The allow-list as a setting has it: entries with commas between. Raises ValueError with a sentence."""
    return tuple(_entry(entry.strip().lower()) for entry in text.split(",") if entry.strip())


def _entry(entry: str) -> Host:
    parts = _ENTRY.fullmatch(entry)
    if parts is None:
        raise ValueError(f"{entry!r} is not HOST, HOST:PORT or NAME=private")
    host, port, more = parts.groups()
    name = host.strip("[]")
    if not _is_host(host) or (port and int(port) > 65_535):
        raise ValueError(f"{entry!r} names no host: a name, or an address in its usual form (IPv6 in brackets)")
    address = _address(name)
    if more is not None and (more != PRIVATE or address or name == LOCALHOST):
        raise ValueError(f"{entry!r}: only =private may stand there, and only behind a name")
    if address and is_nobodys(address):
        raise ValueError(f"{entry!r} is an address that no single machine has")
    return Host(name, int(port) if port else None, more == PRIVATE)


def _is_host(text: str) -> bool:
    """Whether this is a name, or an address in its one usual form; IPv6 in brackets."""
    if text.startswith("["):
        inner = text[1:-1]
        address = _address(inner)
        return isinstance(address, IPv6Address) and str(address) == inner
    if isinstance(_address(text), IPv4Address):
        return True
    last = text.rpartition(".")[2]
    return len(text) <= 253 and bool(_NAME.fullmatch(text)) and not _NUMBER.fullmatch(last)


def _address(text: str) -> Address | None:
    try:
        return None if "%" in text else ip_address(text)
    except ValueError:
        return None


def parse(text: str) -> Url:
    """The link in parts. Raises AddressRefused for whatever is not plainly a link of http or https to a host."""
    parts = _URL.fullmatch(text) if len(text) <= LONGEST_URL else None
    if parts is None:
        raise AddressRefused(
            noop(
                "This is no plain link of https to a host: %(text)s. Write https://NAME/..., without user, password, "
                "blanks and characters beyond ASCII."
            ),
            text=_shown(text),
        )
    scheme, host, port, path, query = parts.groups()
    scheme, host = scheme.lower(), host.lower()
    number = int(port) if port else PORTS[scheme]
    if not _is_host(host) or number > 65_535:
        raise AddressRefused(
            noop("%(text)s names no host we connect to: use a name, or an address in its usual form."),
            text=_shown(text),
        )
    return Url(scheme, host.strip("[]"), number, (path or "/") + (query or ""))


def joined(base: Url, link: str) -> Url:
    """Where a link on a page leads; one to another place is refused. Raises AddressRefused."""
    odd = "\\" in link or any(not " " < character < "\x7f" for character in link)
    if odd or _HALF.match(link):
        raise AddressRefused(noop("A link with odd characters was not followed: %(text)s."), text=_shown(link))
    found = parse(urljoin(str(base), link))
    if found.origin != base.origin:
        raise AddressRefused(
            noop("A link from %(base)s leads to another place, %(found)s, and was not followed."),
            base=base.host,
            found=found.host,
        )
    return found


def check(url: Url, hosts: Iterable[Host]) -> Host:
    """The entry of the allow-list that lets this link through. Raises AddressRefused."""
    found = next((host for host in hosts if host.name == url.host and _port(host, url) == url.port), None)
    if found is None:
        raise AddressRefused(
            noop("%(host)s:%(port)s is not in WINNOW_PEER_HOSTS, so nothing was sent. Add it there if it should be."),
            host=url.host,
            port=str(url.port),
        )
    if url.scheme == "http" and not _is_loopback(url):
        raise AddressRefused(
            noop("%(host)s is not on this machine, so only https leads there. Correct the link."), host=url.host
        )
    return found


def _port(host: Host, url: Url) -> int:
    return host.port or PORTS[url.scheme]


def _is_loopback(url: Url) -> bool:
    return url.host == LOCALHOST or bool(url.address and url.address.is_loopback)


def check_resolved(host: Host, found: Sequence[str]) -> list[Address]:
    """The addresses that a listed host resolved to, all of which must be allowed. Raises AddressRefused."""
    addresses = [_address(text) for text in found]
    wrong = [text for text, address in zip(found, addresses, strict=True) if not _may(host, address)]
    if wrong or not addresses:
        raise AddressRefused(
            noop(
                "%(host)s leads to %(wrong)s, which is not public, so nothing was sent. If that is right, write "
                "%(host)s=private in WINNOW_PEER_HOSTS."
            ),
            host=host.name,
            wrong=", ".join(wrong) or "no address",
        )
    return [address for address in addresses if address]


def _may(host: Host, address: Address | None) -> bool:
    listed = _address(host.name)
    if address is None or listed:
        return address is not None and address == listed
    if host.name == LOCALHOST:
        return address.is_loopback
    return is_public(address) or (host.private and is_own(address))


def _shown(text: str) -> str:
    """The link for a message: without what stands before an @, nor its query, and short."""
    return ascii(text.split("?", 1)[0].rpartition("@")[2][:120])
