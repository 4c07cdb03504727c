"""Clients that connect again and again, some to talk and most as a nuisance: the visitors of a soak."""

import random
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

from tests.conftest import Target
from tests.hostile.grammar import Grammar
from tests.irc import Client

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing is a reset
_PATIENCE = 2.0  # seconds

Visit = Callable[[Client, random.Random, Grammar], None]


def churn(address: Target, chance: random.Random, stop: threading.Event) -> None:
    """Make one visit after the other, each of a random kind and with a random end."""
    grammar = Grammar(chance, lambda: "said " + "x" * chance.randrange(300), [])
    while not stop.is_set():
        tls = _trusting() if not chance.randrange(8) else None
        with suppress(OSError, EOFError, AssertionError), Client(address, tls=tls) as client:
            client.sock.settimeout(_PATIENCE)
            chance.choice(_VISITS)(client, chance, grammar)
            _disconnect(client, chance)


def _disconnect(client: Client, chance: random.Random) -> None:
    match chance.randrange(4):
        case 0:
            client.send("QUIT")
            while client.sock.recv(100_000):
                pass
        case 1:
            client.sock.recv(100_000)
        case 2:
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def _flood(client: Client, chance: random.Random, grammar: Grammar) -> None:
    """Register under some nick, and send valid and broken lines as fast as possible, without reading."""
    client.send_raw(grammar.greeting() + b"JOIN #crowd\r\n")
    for _ in range(chance.randrange(30)):
        client.send_raw(b"".join(grammar.line() for _ in range(5)))


def _talk(client: Client, chance: random.Random, grammar: Grammar) -> None:
    """Talk and read history, as users do."""
    client.register(f"guest{chance.randrange(1000)}", caps="batch server-time message-tags draft/chathistory")
    client.join("#crowd")
    for number in range(chance.randrange(10)):
        client.send(f"PRIVMSG #crowd :{number} {'x' * chance.randrange(200)}")
    client.run("CHATHISTORY LATEST #crowd * 50", "SEARCH in=#crowd;text=x", "WHO #crowd", "LIST")


def _register_halfway(client: Client, chance: random.Random, grammar: Grammar) -> None:
    """Begin a registration, byte by byte, and never complete it."""
    for byte in grammar.greeting()[: chance.randrange(20)]:
        client.send_raw(bytes([byte]))


def _never_read(client: Client, chance: random.Random, grammar: Grammar) -> None:
    """Query as much as there is, without reading."""
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.send(f"NICK deaf{chance.randrange(1000)}", "USER a 0 * a", "JOIN #crowd", *["LIST", "WHO *"] * 40)
    client.send("PING 1")


def _speak_plain(client: Client, chance: random.Random, grammar: Grammar) -> None:
    """Talk as with nc."""
    client.send_raw(b"plain%d\nhello\n/me waves\n" % chance.randrange(1000))
    client.sock.recv(4096)
    client.send_raw(b"x" * chance.randrange(4000))


_VISITS: list[Visit] = [_flood, _flood, _flood, _talk, _talk, _register_halfway, _never_read, _speak_plain]


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
