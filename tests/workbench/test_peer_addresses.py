"""Where Winnow connects to, and where it never does, however the address is written (security.md 7.2)."""

import socket
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from workbench import address_kinds, outbound, peer_addresses
from workbench.outbound import Client
from workbench.outbound_errors import PeerUnreachable
from workbench.peer_addresses import AddressRefused

HOSTS = "peer.example.org, peer.example.org:8443, lab.example.org=private, 192.0.2.7:8443, xn--pr-7ka.example.org"
# The other end of each name; what is not here is not known.
NAMES = {
    "peer.example.org": ["127.0.0.1"],
    "lab.example.org": ["169.254.169.254"],
    "xn--pr-7ka.example.org": ["::ffff:127.0.0.1"],
}
P = "{port}"  # of the socket that listens

# The rule in words, the link, and what `peer.example.org` leads to.
REFUSED: list[tuple[str, str, list[str]]] = [
    ("a listed name that leads to this machine", f"https://peer.example.org:{P}/", ["127.0.0.1"]),
    ("to this machine, by another address of it", f"https://peer.example.org:{P}/", ["127.8.8.8"]),
    ("to this machine in IPv6", f"https://peer.example.org:{P}/", ["::1"]),
    ("one address among public ones is enough", f"https://peer.example.org:{P}/", ["93.184.216.34", "127.0.0.1"]),
    ("to a private network, ten", f"https://peer.example.org:{P}/", ["10.0.0.5"]),
    ("to a private network, 172.16 to 31", f"https://peer.example.org:{P}/", ["172.31.255.1"]),
    ("to a private network, 192.168", f"https://peer.example.org:{P}/", ["192.168.1.1"]),
    ("to a carrier's own network", f"https://peer.example.org:{P}/", ["100.64.0.1"]),
    ("to the link alone, where clouds keep secrets", f"https://peer.example.org:{P}/", ["169.254.169.254"]),
    ("to the link alone in IPv6", f"https://peer.example.org:{P}/", ["fe80::1"]),
    ("to the link with a zone", f"https://peer.example.org:{P}/", ["fe80::1%lo"]),
    ("to a private network in IPv6", f"https://peer.example.org:{P}/", ["fd00::1"]),
    ("to a site in IPv6, given up", f"https://peer.example.org:{P}/", ["fec0::1"]),
    ("to many at once", f"https://peer.example.org:{P}/", ["224.0.0.1"]),
    ("to many at once in IPv6", f"https://peer.example.org:{P}/", ["ff02::1"]),
    ("to everybody", f"https://peer.example.org:{P}/", ["255.255.255.255"]),
    ("to no address, which is this machine", f"https://peer.example.org:{P}/", ["0.0.0.0"]),
    ("to no address in IPv6", f"https://peer.example.org:{P}/", ["::"]),
    ("to the net zero", f"https://peer.example.org:{P}/", ["0.1.2.3"]),
    ("to what is reserved", f"https://peer.example.org:{P}/", ["240.0.0.1"]),
    ("to documentation", f"https://peer.example.org:{P}/", ["203.0.113.9"]),
    ("to documentation in IPv6", f"https://peer.example.org:{P}/", ["2001:db8::1"]),
    ("to newer documentation in IPv6", f"https://peer.example.org:{P}/", ["3fff::1"]),
    ("to a network for measurements", f"https://peer.example.org:{P}/", ["198.18.0.1"]),
    ("to a relay of 6to4", f"https://peer.example.org:{P}/", ["192.88.99.1"]),
    ("IPv4 mapped into IPv6", f"https://peer.example.org:{P}/", ["::ffff:127.0.0.1"]),
    ("IPv4 mapped, of a private network", f"https://peer.example.org:{P}/", ["::ffff:10.0.0.1"]),
    ("IPv4 compatible, given up", f"https://peer.example.org:{P}/", ["::127.0.0.1"]),
    ("6to4 around this machine", f"https://peer.example.org:{P}/", ["2002:7f00:1::"]),
    ("6to4 around a private network", f"https://peer.example.org:{P}/", ["2002:c0a8:101::1"]),
    ("NAT64 around this machine", f"https://peer.example.org:{P}/", ["64:ff9b::7f00:1"]),
    ("NAT64 of a network's own", f"https://peer.example.org:{P}/", ["64:ff9b:1::5db8:d822"]),
    ("Teredo", f"https://peer.example.org:{P}/", ["2001:0:53aa:64c::80ff:fffe"]),
    ("ISATAP around a private network", f"https://peer.example.org:{P}/", ["2606:4700::5efe:a00:1"]),
    ("what is given to nobody", f"https://peer.example.org:{P}/", ["4000::1"]),
    ("=private allows no link alone", f"https://lab.example.org:{P}/", []),
    ("a listed form of letters that leads home", f"https://xn--pr-7ka.example.org:{P}/", []),
    ("an address that is not listed", f"http://127.0.0.1:{P}/", []),
    ("this machine's name, not listed", f"http://localhost:{P}/", []),
    ("one number", f"http://2130706433:{P}/", []),
    ("one number of sixteen", f"http://0x7f000001:{P}/", []),
    ("one number of eight", f"http://017700000001:{P}/", []),
    ("parts of eight", f"http://0177.0.0.1:{P}/", []),
    ("parts of sixteen", f"http://0x7f.0x0.0x0.0x1:{P}/", []),
    ("two parts", f"http://127.1:{P}/", []),
    ("three parts", f"http://127.0.1:{P}/", []),
    ("leading zeros", f"http://127.000.000.001:{P}/", []),
    ("a part too large", f"http://127.0.0.257:{P}/", []),
    ("IPv6 that is not listed", f"http://[::1]:{P}/", []),
    ("IPv6 written out", f"http://[0:0:0:0:0:0:0:1]:{P}/", []),
    ("IPv4 inside brackets", f"http://[127.0.0.1]:{P}/", []),
    ("IPv6 mapped", f"http://[::ffff:127.0.0.1]:{P}/", []),
    ("IPv6 with a zone", f"http://[fe80::1%25lo]:{P}/", []),
    ("IPv6 without brackets", f"http://::1:{P}/", []),
    ("full-width digits", f"http://１２７.0.0.1:{P}/", []),
    ("digits in circles", f"http://①②⑦.0.0.1:{P}/", []),
    ("letters that only look alike", f"https://pееr.example.org:{P}/", []),
    ("a dot that is none", f"https://peer。example.org:{P}/", []),
    ("a dot at the end", f"https://peer.example.org.:{P}/", []),
    ("another name", f"https://evil.example.org:{P}/", []),
    ("a listed name as the beginning of another", f"https://peer.example.org.evil.test:{P}/", []),
    ("a listed name as the end of another", f"https://evilpeer.example.org:{P}/", []),
    ("an underscore", f"https://peer_1.example.org:{P}/", []),
    ("characters by their numbers", f"http://%31%32%37.0.0.1:{P}/", []),
    ("a user", f"https://peer.example.org@127.0.0.1:{P}/", []),
    ("user and password", f"https://me:secret@peer.example.org:{P}/", []),
    ("an empty user", f"https://@peer.example.org:{P}/", []),
    ("a back-slash before the host", f"https:\\\\127.0.0.1:{P}/", []),
    ("a back-slash behind the host", f"https://peer.example.org\\@127.0.0.1:{P}/", []),
    ("one slash", f"https:/127.0.0.1:{P}/", []),
    ("three slashes", f"https:///127.0.0.1:{P}/", []),
    ("no scheme", f"//127.0.0.1:{P}/", []),
    ("another scheme", f"ftp://peer.example.org:{P}/", []),
    ("a file", "file:///etc/hostname", []),
    ("a scheme of two", f"http+unix://127.0.0.1:{P}/", []),
    ("plain HTTP to elsewhere", "http://peer.example.org:8443/", []),
    ("another port", "https://peer.example.org:22/", []),
    ("port zero", "https://peer.example.org:0/", []),
    ("an empty port", "https://peer.example.org:/", []),
    ("a port with a sign", "https://peer.example.org:+443/", []),
    ("a port with zeros before", "https://peer.example.org:0443/", []),
    ("a port that turns around", "https://peer.example.org:65979/", []),
    ("two ports", f"https://peer.example.org:443:{P}/", []),
    ("a line end in the host", f"https://peer.example.org\r\nhost: 127.0.0.1:{P}/", []),
    ("a line end in the path", f"https://peer.example.org:{P}/a\r\nx: y", []),
    ("a tab", f"https://peer.\texample.org:{P}/", []),
    ("a blank before", f" https://peer.example.org:{P}/", []),
    ("a blank behind", f"https://peer.example.org:{P}/ ", []),
    ("a NUL", f"https://peer.example.org\0:{P}/", []),
    ("a fragment", f"https://peer.example.org:{P}/#@127.0.0.1", []),
    ("nothing", "", []),
    ("longer than any", "https://peer.example.org/" + "a" * 8_000, []),
]


class Ear:
    """A socket that listens on this machine, and the connections that this process tried."""

    def __init__(self) -> None:
        self.sockets = [self._listening(socket.AF_INET, "127.0.0.1", 0)]
        self.port = self.sockets[0].getsockname()[1]
        self.sockets.append(self._listening(socket.AF_INET6, "::1", self.port))
        self.tried: list[Any] = []
        self.on = True
        sys.addaudithook(self._hear)

    @staticmethod
    def _listening(family: int, address: str, port: int) -> socket.socket:
        made = socket.socket(family, socket.SOCK_STREAM)
        made.bind((address, port))
        made.listen()
        made.setblocking(False)
        return made

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "socket.connect" and self.on:
            self.tried.append(args[1])

    def heard(self) -> int:
        """How many connections wait to be taken."""
        heard = 0
        for one in self.sockets:
            try:
                one.accept()[0].close()
                heard += 1
            except BlockingIOError:
                pass
        return heard


@pytest.fixture(scope="module")
def ear() -> Iterator[Ear]:
    made = Ear()
    yield made
    made.on = False
    for one in made.sockets:
        one.close()


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """A name server that says whatever the test wants; counted by name."""
    told = {name: list(found) for name, found in NAMES.items()}
    told["asked"] = []

    def answer(host: str, port: int, **_more: Any) -> list[Any]:
        told["asked"].append(host)
        if host not in told:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port)) for found in told[host]]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return told


def listed(settings: Any, *entries: str) -> None:
    settings.PEER_HOSTS = peer_addresses.allowed(",".join(entries))


@pytest.mark.parametrize(("rule", "link", "leads_to"), REFUSED, ids=[row[0] for row in REFUSED])
def test_no_connection_is_made_to(
    rule: str, link: str, leads_to: list[str], ear: Ear, resolved: dict[str, list[str]], settings: Any
) -> None:
    listed(settings, HOSTS, *(f"{name}:{ear.port}" for name in ("peer.example.org", "xn--pr-7ka.example.org")),
           f"lab.example.org:{ear.port}=private")  # fmt: skip
    resolved["peer.example.org"] = leads_to or resolved["peer.example.org"]
    ear.tried.clear()
    with pytest.raises(AddressRefused), Client(link.replace(P, str(ear.port))) as client:
        client.get()
    assert ear.tried == []
    assert ear.heard() == 0


def test_there_are_forty_forms_and_more() -> None:
    assert len({(link, *leads_to) for _rule, link, leads_to in REFUSED}) >= 40


@pytest.mark.parametrize(
    ("entry", "link", "leads_to"),
    [
        ("127.0.0.1:{port}", "http://127.0.0.1:{port}/", []),
        ("[::1]:{port}", "http://[::1]:{port}/a?b=c", []),
        ("localhost:{port}", "http://localhost:{port}/", ["127.0.0.1"]),
        ("localhost:{port}", "HTTPS://LocalHost:{port}/", ["::1", "127.0.0.1"]),
        ("lab.example.org:{port}=private", "https://lab.example.org:{port}", ["127.0.0.1"]),
        ("Lab.Example.org:{port}=private", "https://lab.example.org:{port}/HashSets(1)/Media?$top=5", ["::1"]),
    ],
)
def test_what_is_listed_for_this_machine_is_connected_to(
    entry: str, link: str, leads_to: list[str], ear: Ear, resolved: dict[str, list[str]], settings: Any
) -> None:
    listed(settings, entry.replace(P, str(ear.port)))
    resolved["localhost"] = resolved["lab.example.org"] = leads_to
    resolved |= {"127.0.0.1": ["127.0.0.1"], "::1": ["::1"]}
    limits = outbound.Limits(step=0.3)
    with pytest.raises(PeerUnreachable), Client(link.replace(P, str(ear.port)), limits=limits) as client:
        client.get()  # the socket takes the connection and says nothing
    assert ear.heard() == 1


def test_a_name_is_asked_for_once_and_nothing_but_its_checked_addresses_is_tried(
    ear: Ear, resolved: dict[str, list[str]], settings: Any
) -> None:
    """Whoever answers with a public address first and this machine's then gets no second question."""
    listed(settings, f"lab.example.org:{ear.port}=private")
    resolved["lab.example.org"] = ["127.0.0.1"]
    ear.tried.clear()
    limits = outbound.Limits(step=0.3)
    with pytest.raises(PeerUnreachable), Client(f"https://lab.example.org:{ear.port}", limits=limits) as client:
        client.get()
    assert resolved["asked"] == ["lab.example.org"]
    assert ear.tried == [("127.0.0.1", ear.port)]
    assert ear.heard() == 1


@pytest.mark.parametrize(
    "address",
    [
        "93.184.216.34",
        "8.8.8.8",
        "2606:2800:220:1::1",
        "2002:808:808::1",
        "64:ff9b::808:808",
        "2606:4700::5efe:808:808",
    ],
)
def test_public_addresses_are_those_that_any_machine_may_have(address: str) -> None:
    assert address_kinds.is_public(ip_address(address))


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("peer_1.example.org", "names no host"),
        ("127.1", "names no host"),
        ("[0:0:0:0:0:0:0:1]", "names no host"),
        ("peer.example.org:0", "is not HOST"),
        ("peer.example.org:70000", "names no host"),
        ("https://peer.example.org", "is not HOST"),
        ("peer.example.org.", "names no host"),
        ("pеer.example.org", "names no host"),
        ("10.0.0.1=private", "only =private"),
        ("lab.example.org=open", "only =private"),
        ("0.0.0.0", "no single machine"),
        ("224.0.0.1", "no single machine"),
        ("[::ffff:10.0.0.1]", "names no host"),
        ("[64:ff9b::7f00:1]", "no single machine"),
    ],
)
def test_a_wrong_entry_of_the_list_is_told_in_a_sentence(entry: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        peer_addresses.allowed(entry)


def test_a_link_of_a_page_leads_to_the_same_place_only() -> None:
    base = peer_addresses.parse("https://peer.example.org/odata/v1/HashSets(1)/Media?$top=5")
    assert str(peer_addresses.joined(base, "Media?$skiptoken=a")) == (
        "https://peer.example.org/odata/v1/HashSets(1)/Media?$skiptoken=a"
    )
    assert str(peer_addresses.joined(base, "https://peer.example.org:443/x")) == "https://peer.example.org/x"
    for link in ("//evil.test/", "https://peer.example.org:8443/", "http://peer.example.org/", "\\\\evil.test", "a\nb",
                 "https://peer.example.org@evil.test/", "javascript:1", "https:evil.test", "/a b"):  # fmt: skip
        with pytest.raises(AddressRefused):
            print(peer_addresses.joined(base, link))


def test_what_is_told_of_a_refused_link_holds_neither_password_nor_query() -> None:
    with pytest.raises(AddressRefused) as told:
        peer_addresses.parse("https://me:secret@peer.example.org/?token=hidden")
    assert "secret" not in str(told.value)
    assert "hidden" not in str(told.value)
