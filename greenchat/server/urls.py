"""The URLs of the page: for this machine, and for others if the server listens everywhere."""

import socket
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address

from greenchat.config.options import Address, Options
from greenchat.protocol import first_bytes

# In networks for documentation: nothing is sent, the system only reports the source address that it would use.
_SOMEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
_LOCAL = ("127.0.0.1", "::1")


def page_urls(addresses: Iterable[Address], options: Options) -> tuple[str, list[str]]:
    """Return the URLs of the first listener that serves browsers: for this machine, and for others. "" if there is
    none.

    addresses: the actual ones, in the order of the options.
    """
    if not options.web.enabled:
        return "", []
    for address, listener in zip(addresses, options.listen, strict=False):
        if listener.kind not in (first_bytes.AUTO, first_bytes.HTTP.name) or listener.proxy:
            continue
        scheme = "https" if listener.tls == "must" else "http"
        host = ip_address(address.host)
        if host.is_unspecified:
            return _url(scheme, "localhost", address.port, options), [
                _url(scheme, own, address.port, options) for own in own_addresses(host.version == 6)
            ]
        name = "localhost" if address.host in _LOCAL else address.host
        return _url(scheme, name, address.port, options), []
    return "", []


def own_addresses(with_ipv6: bool = True) -> list[str]:
    """Return the addresses at which other machines of the network reach this one, as far as the system knows."""
    addresses = []
    for family, somewhere in _SOMEWHERE:
        if family == socket.AF_INET6 and not with_ipv6:
            continue
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((somewhere, 9))
            addresses.append(probe.getsockname()[0])
    return [each for each in addresses if not ip_address(each).is_loopback]


def _url(scheme: str, host: str, port: int, options: Options) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{port}{options.web.base.rstrip('/')}"
