"""PROXY headers; sentences in quotes are from https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt."""

import struct
from contextlib import suppress
from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.proxy_header import SIGNATURE, Header, ProxyError, missing, parse


def v2(command: int, family: int, rest: bytes) -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, family, len(rest)) + rest


IPV4 = ip_address("192.0.2.7").packed + ip_address("192.0.2.1").packed + struct.pack("!HH", 56324, 6667)
IPV6 = ip_address("2001:db8::7").packed + ip_address("2001:db8::1").packed + struct.pack("!HH", 56324, 6667)
TLS = struct.pack("!BHBI", 0x20, 5, 0x01, 0)
NO_TLS = struct.pack("!BHBI", 0x20, 5, 0x00, 0)
NAME = struct.pack("!BH", 0x02, 11) + b"example.org"

HEADERS = [
    (b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 6667\r\n", Header("192.0.2.7")),
    (b"PROXY TCP6 2001:db8::7 ::1 56324 6667\r\n", Header("2001:db8::7")),
    (b"PROXY UNKNOWN\r\n", Header()),
    # "the receiver must ignore anything presented before the CRLF is found"
    (b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", Header()),
    (v2(0x21, 0x11, IPV4), Header("192.0.2.7")),
    (v2(0x21, 0x21, IPV6), Header("2001:db8::7")),
    (v2(0x21, 0x11, IPV4 + NAME + TLS), Header("192.0.2.7", secure=True)),
    (v2(0x21, 0x21, IPV6 + NO_TLS), Header("2001:db8::7")),
    # "\x20 : LOCAL : ... The receiver must ... use the real connection endpoints and discard the protocol block"
    (v2(0x20, 0x11, IPV4), Header()),
    (v2(0x20, 0x00, b""), Header()),
    (v2(0x21, 0x00, b""), Header()),
    (v2(0x21, 0x31, b"/var/run/socket"), Header()),
]


@pytest.mark.parametrize(("data", "header"), HEADERS)
def test_valid_headers(data: bytes, header: Header) -> None:
    assert parse(data) == header


@pytest.mark.parametrize("data", [data for data, _ in HEADERS])
def test_reading_stops_after_the_header(data: bytes) -> None:
    stream = data + b"NICK alice\r\n"
    read = b""
    while count := missing(read):
        read += stream[len(read) : len(read) + count]
    assert read == data


@pytest.mark.parametrize(
    "data",
    [
        b"NICK alice\r\n",
        b"GET / HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00\x00",
        b"proxy TCP4 192.0.2.7 192.0.2.1 1 2\r\n",
        b"PROXY " + b"x" * 101,
        v2(0x21, 0x11, b"")[:14] + b"\xff\xff",
    ],
)
def test_invalid_headers_are_recognized_early(data: bytes) -> None:
    with pytest.raises(ProxyError):
        missing(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PROXY\r\n",
        b"PROXY TCP4\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 6667\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 56324\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 6667 1\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 65536\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 -1\r\n",
        b"PROXY TCP4 192.0.2.7  192.0.2.1 56324 1\r\n",
        b"PROXY TCP4 2001:db8::7 ::1 56324 6667\r\n",
        b"PROXY TCP6 192.0.2.7 192.0.2.1 56324 6667\r\n",
        b"PROXY TCP4 192.0.2.\xff 192.0.2.1 56324 6667\r\n",
        b"PROXY UDP4 192.0.2.7 192.0.2.1 56324 6667\r\n",
        v2(0x11, 0x11, IPV4),
        v2(0x22, 0x11, IPV4),
        v2(0x21, 0x11, IPV4[:-1]),
        v2(0x21, 0x21, IPV4),
        v2(0x21, 0x11, IPV4)[:-1],
        SIGNATURE,
    ],
)
def test_invalid_headers_are_refused(data: bytes) -> None:
    with pytest.raises(ProxyError):
        parse(data)


@given(st.ip_addresses(), st.booleans(), st.binary(max_size=50))
def test_every_address_is_read_back(address: IPv4Address, with_tls: bool, rest: bytes) -> None:
    block = address.packed * 2 + b"\0\1\0\2" + (TLS if with_tls else NO_TLS) + rest
    assert parse(v2(0x21, 0x11 if address.version == 4 else 0x21, block)) == Header(str(address), with_tls)
    line = f"PROXY TCP{address.version} {address} {address} 1 2\r\n".encode()
    assert parse(line) == Header(str(address))


@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda data: SIGNATURE + data))
def test_any_input_raises_the_declared_errors_only(data: bytes) -> None:
    for function in missing, parse:
        with suppress(ProxyError):
            function(data)


@given(st.binary(max_size=200).map(lambda data: b"PROXY " + data) | st.binary(max_size=80).map(lambda d: SIGNATURE + d))
def test_reading_ends(data: bytes) -> None:
    read = b""
    try:
        while count := missing(read):
            piece = data[len(read) : len(read) + count]
            if not piece:
                break
            read += piece
    except ProxyError:
        pass
    assert len(read) <= len(data)
