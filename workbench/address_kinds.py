"""PURE: what kind of address one is: of the net for all, of a network of one's own, or of no machine at all."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

# What Python calls global, or knows nothing of, and is none of a peer's.
_V4_MORE = (IPv4Network("192.88.99.0/24"),)  # relays of 6to4, given up
_V6_GIVEN = IPv6Network("2000::/3")  # all that is given out
_V6_MORE = (IPv6Network("3fff::/20"), IPv6Network("2001:20::/28"))  # documentation; identifiers, no addresses
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = (0x5EFE, 0x02005EFE)  # before the last 32 bits, in which an IPv4 address stands


def is_public(address: Address) -> bool:
    """Whether any machine of the net may have it, and no network of one's own; an address inside counts, too."""
    if isinstance(address, IPv4Address):
        return _is_global(address) and not any(address in network for network in _V4_MORE)
    inner = _inside(address)
    if address in _NAT64:
        return inner is not None and is_public(inner)
    if address not in _V6_GIVEN or not _is_global(address) or any(address in network for network in _V6_MORE):
        return False
    return inner is None or is_public(inner)


def _is_global(address: Address) -> bool:
    odd = address.is_private or address.is_reserved or address.is_multicast or address.is_link_local
    return address.is_global and not odd


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that this one wraps."""
    if address.sixtofour:
        return address.sixtofour
    low = int(address) & 0xFFFFFFFF
    isatap = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
    return IPv4Address(low) if isatap or address in _NAT64 else None


def is_own(address: Address) -> bool:
    """An address of a network of one's own or of this machine, as `=private` allows; never of the link alone."""
    if isinstance(address, IPv4Address):
        own = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
        return address.is_loopback or any(address in IPv4Network(network) for network in own)
    return address.is_loopback or address in IPv6Network("fc00::/7")


def is_nobodys(address: Address) -> bool:
    """Whether no single machine has it, or it means another one."""
    wraps = isinstance(address, IPv6Address) and (bool(address.ipv4_mapped) or _inside(address) is not None)
    return address.is_multicast or address.is_unspecified or str(address) == "255.255.255.255" or wraps
