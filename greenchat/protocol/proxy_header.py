"""The PROXY header, with which a proxy in front of the server names the client's address. Versions 1 and 2.

https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt. The header comes first, and no byte beyond it may be read:
`missing` returns how many can still be read, until it returns 0.
"""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"  # of version 2

_HEAD = 16  # bytes of version 2 up to and with the length of the rest
_LONGEST_V1 = 107  # bytes with CR LF
_LONGEST_V2 = 4096  # bytes: addresses and TLS information take a few hundred
_LOCAL, _PROXY = 0x20, 0x21
# TCP over IPv4, over IPv6: bytes of an address, and of all addresses and ports
_ADDRESSES = {0x11: (4, 12), 0x21: (16, 36)}
_TYPE_SSL = 0x20
_CLIENT_SSL = 0x01


class ProxyError(ValueError):
    """An invalid PROXY header; the text says why."""


@dataclass(frozen=True, slots=True)
class Header:
    """A client's origin: an IP address, or "" if the proxy speaks for itself. secure: it used TLS.

    forwards: the proxy sends no header, but names the client in each HTTP request.
    """

    source: str = ""
    secure: bool = False
    forwards: bool = False


def missing(data: bytes) -> int:
    """Return how many bytes can be read without going beyond the header; 0 when it is complete.

    Raises ProxyError as soon as the bytes can't be a header.
    """
    if SIGNATURE.startswith(data[: len(SIGNATURE)]):
        if len(data) < _HEAD:
            return (len(SIGNATURE) if len(data) < len(SIGNATURE) else _HEAD) - len(data)
        (length,) = struct.unpack_from("!H", data, 14)
        if length > _LONGEST_V2:
            raise ProxyError("a header of version 2 that is too long")
        return max(0, _HEAD + int(length) - len(data))
    if not b"PROXY ".startswith(data[:6]):
        raise ProxyError("no PROXY header")
    if b"\n" in data:
        return 0
    if len(data) >= _LONGEST_V1:
        raise ProxyError("a header of version 1 without an end")
    return max(1, len(SIGNATURE) - len(data))  # the shortest one is longer than the signature of version 2


def parse(data: bytes) -> Header:
    """Parse a complete header. Raises ProxyError."""
    return _parse_v2(data) if data.startswith(SIGNATURE) else _parse_v1(data)


def _parse_v1(data: bytes) -> Header:
    """Parse `PROXY TCP4 192.0.2.1 192.0.2.2 56324 443` with CR LF, or `PROXY UNKNOWN` and anything after it."""
    if not data.endswith(b"\r\n"):
        raise ProxyError("a header of version 1 that does not end in CR LF")
    words = data[:-2].split(b" ")
    if words[:2] == [b"PROXY", b"UNKNOWN"]:
        return Header()
    kinds = {b"TCP4": IPv4Address, b"TCP6": IPv6Address}
    if len(words) != 6 or words[0] != b"PROXY" or words[1] not in kinds:
        raise ProxyError("a header of version 1 that is not PROXY TCP4 or TCP6, two addresses and two ports")
    kind = kinds[words[1]]
    try:
        source, _ = (kind(word.decode("ascii")) for word in words[2:4])
        ports = [int(word) for word in words[4:] if word.isdigit()]
    except ValueError as error:
        raise ProxyError("a header of version 1 with a wrong address") from error
    if len(ports) != 2 or max(ports) > 65535:
        raise ProxyError("a header of version 1 with a wrong port")
    return Header(str(source))


def _parse_v2(data: bytes) -> Header:
    if len(data) < _HEAD or missing(data):
        raise ProxyError("a header of version 2 that is cut off")
    command, family, length = struct.unpack_from("!BBH", data, 12)
    if command == _LOCAL:
        return (
            Header()
        )  # "the receiver must accept this connection as valid and must use the real connection endpoints"
    if command != _PROXY:
        raise ProxyError("a header of an unknown version or command")
    if family not in _ADDRESSES:
        return Header()  # of a kind that has no IP address: "the receiver should ignore address information"
    size, block = _ADDRESSES[family]
    if length < block:
        raise ProxyError("a header of version 2 without its addresses")
    source = ip_address(data[_HEAD : _HEAD + size])
    return Header(str(source), _came_through_tls(data[_HEAD + block : _HEAD + length]))


def _came_through_tls(extensions: bytes) -> bool:
    """Whether a TLS proxy's extensions (type, length, value) have the flag for TLS in the first byte of a value."""
    while len(extensions) >= 3:
        kind, length = struct.unpack_from("!BH", extensions)
        value = extensions[3 : 3 + length]
        if kind == _TYPE_SSL and value:
            return bool(value[0] & _CLIENT_SSL)
        extensions = extensions[3 + length :]
    return False
