"""Internet addresses: parsing, and their networks."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

IpNetwork = IPv4Network | IPv6Network

_NETWORKS = {4: 24, 6: 48}  # bits of the network that a provider assigns to a site
_NAT64 = IPv6Network("64:ff9b::/96")  # https://www.rfc-editor.org/rfc/rfc6052#section-2.1
_UNICAST = IPv6Network("2000::/3")  # all assigned IPv6 addresses: https://www.rfc-editor.org/rfc/rfc4291#section-2.4
_DOCUMENTATION = IPv6Network("3fff::/20")  # https://www.rfc-editor.org/rfc/rfc9637
_NETBLOCK = 64  # bits: one household or machine has a whole /64 of IPv6 addresses


def network(text: str) -> IpNetwork:
    """Return the network written as `192.0.2.1`, `192.0.2.0/24` or `2001:db8::/32`."""
    try:
        return ip_network(text)
    except ValueError:
        raise ValueError("must be addresses or networks, like 127.0.0.1 or 192.0.2.0/24") from None


def address(host: str) -> IPv4Address | IPv6Address:
    """Return an IP address in the form in which it is compared: IPv4-mapped IPv6 addresses become IPv4 addresses."""
    ip = ip_address(host.partition("%")[0])
    return ip.ipv4_mapped or ip if isinstance(ip, IPv6Address) else ip


def netblock(host: str) -> str:
    """Return the block of addresses that limits count as one: an IPv4 address, or a /64 of IPv6."""
    ip = address(host)
    if isinstance(ip, IPv6Address):
        return str(IPv6Address(int(ip) >> _NETBLOCK << _NETBLOCK))
    return str(ip)


def site(host: str) -> str:
    """Return the network that an address is most likely in: a /24 of IPv4, or a /48 of IPv6."""
    ip = address(host)
    return str(ip_network((ip, _NETWORKS[ip.version]), strict=False))


def is_public(host: str) -> bool:
    """Whether an IP address is public, also for IPv4 addresses embedded in IPv6."""
    ip = address(host)
    if isinstance(ip, IPv6Address):
        within = ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in _NAT64:
            within = IPv4Address(int(ip) & 0xFFFFFFFF)
        if within is not None:
            return is_public(str(within))
        # others may lead to private networks: local NAT64 (RFC 8215), translated and embedded IPv4, site-local
        if ip not in _UNICAST or ip in _DOCUMENTATION:
            return False
    return ip.is_global and not ip.is_multicast


def is_within(host: str, networks: tuple[IpNetwork, ...]) -> bool:
    """Whether an IP address is in one of the networks."""
    ip = address(host)
    return any(ip in network for network in networks)


def is_out_of_bounds(url: str, allowed: tuple[IpNetwork, ...]) -> bool:
    """Whether the host of a URL must not be requested: an address that is not public, or this machine.

    A name is not looked up: its addresses are checked at each request. allowed: exempt networks. Raises ValueError for
    an invalid URL.
    """
    host = (urlsplit(url).hostname or "").rstrip(".")
    if not host:
        raise ValueError("a URL has a host")
    if host == "localhost" or host.endswith(".localhost"):  # https://www.rfc-editor.org/rfc/rfc6761#section-6.3
        return not any(is_within(each, allowed) for each in ("127.0.0.1", "::1"))
    ip = str(address(host)) if ":" in host else _written_out(host)
    return bool(ip) and not is_public(ip) and not is_within(ip, allowed)


def _written_out(host: str) -> str:
    """Return an IPv4 address in canonical form from any form that look-ups accept, like 0x7f.1; or else ""."""
    *firsts, last = host.split(".")
    try:
        *first, rest = [int(part, 8 if part.startswith("0") and part.isdigit() else 0) for part in (*firsts, last)]
        return str(IPv4Address(bytes(first) + rest.to_bytes(4 - len(first), "big")))
    except (ValueError, OverflowError):
        return ""
