"""A blocking IRC client for tests: it sends lines, and reads until what it waits for has arrived, never by sleeping."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from textwrap import wrap
from typing import Any, Protocol

from greenchat.protocol.caps import CAPABILITIES, METADATA_2, RESUME, STS, WEBPUSH
from greenchat.protocol.framing import LineBuffer
from greenchat.protocol.message import Message, parse
from tests.patience import PATIENCE


class Dialed(Protocol):
    """A server without sockets: see `world`, which pure clients need not load."""

    def dial(self) -> Any:
        """Return a connection with the methods of a socket that `Client` uses."""


Target = tuple[str, int] | Dialed
"""The address that a client connects to: a host and a port, or a server without sockets."""

_tokens = count(1)
ALL_CAPS = " ".join(
    row.name for row in CAPABILITIES.values() if row.served and row.bit & ~(STS | METADATA_2 | WEBPUSH | RESUME)
)
"""All capabilities that a server without configuration offers, but that of clients that reconnect by themselves."""


@cache
def _requests(caps: str) -> list[str]:
    """Return the lines that request capabilities."""
    return [f"CAP REQ :{some}" for some in wrap(caps, 400, break_on_hyphens=False)]


def _dial(address: Target) -> socket.socket:
    if isinstance(address, tuple):
        return socket.create_connection(address, timeout=PATIENCE)
    dialed: socket.socket = address.dial()
    return dialed


class Client:
    """One connection to a server."""

    def __init__(
        self,
        address: Target,
        nick: str = "",
        *,
        caps: str = "",
        password: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Connect; with a nick also register under it, with these capabilities."""
        self.sock = _dial(address)
        self._is_at_once = not isinstance(address, tuple)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.sock = tls.wrap_socket(self.sock, server_hostname="localhost")
        self.nick = nick
        self._buffer = LineBuffer(body_limit=100_000, tags_limit=100_000)
        self._waiting: list[Message] = []
        if nick:
            self.register(nick, caps=caps, password=password)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def register(self, nick: str, *, caps: str = "", password: str = "") -> None:
        """Register, up to the end of the message of the day."""
        if password:
            self.send(f"PASS {password}")
        if caps:
            self.send("CAP LS 302", *_requests(caps))
        self.send(f"NICK {nick}", f"USER {nick} 0 * :{nick.title()}")
        if caps:
            self.send("CAP END")
        self.until("376", "422")

    def send(self, *lines: str) -> None:
        """Send lines, each with its CR LF."""
        self.sock.sendall("".join(line + "\r\n" for line in lines).encode())

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(data)

    def read(self) -> Message:
        """Return the next message; answer and skip PINGs. Raises EOFError at the end of the connection."""
        while True:
            while not self._waiting:
                data = self.sock.recv(65536)
                if not data:
                    raise EOFError
                for line in self._buffer.feed(data):
                    assert isinstance(line, bytes)
                    self._waiting.append(parse(line.decode()))
            message = self._waiting.pop(0)
            if message.command != "PING":
                return message
            self.send("PONG :" + message.params[-1])

    def until(self, *commands: str) -> list[Message]:
        """Return all messages up to and including the first with one of these commands."""
        messages = [self.read()]
        while messages[-1].command not in commands:
            messages.append(self.read())
        return messages

    def expect(self, *commands: str) -> Message:
        """Return the first message with one of these commands; skip all before it."""
        return self.until(*commands)[-1]

    def sync(self) -> list[Message]:
        """Return all messages up to the answer to a PING: what is not among them was not sent.

        A server without sockets has sent everything once a line was sent, and is not asked.
        """
        if self._is_at_once:
            return self._drain()
        token = f"sync-{next(_tokens)}"
        self.send(f"PING {token}")
        messages: list[Message] = []
        while True:
            message = self.read()
            if message.command == "PONG" and message.params[-1] == token:
                return messages
            messages.append(message)

    def _drain(self) -> list[Message]:
        messages: list[Message] = []
        with suppress(TimeoutError):
            while True:
                messages.append(self.read())
        return messages

    def run(self, *lines: str) -> list[Message]:
        """Send lines, and return all answers."""
        self.send(*lines)
        return self.sync()

    def commands(self, *lines: str) -> list[str]:
        """Send lines, and return the commands of the answers."""
        return [message.command for message in self.run(*lines)]

    def join(self, channel: str) -> list[Message]:
        """Join a channel and read up to the end of its names."""
        self.send(f"JOIN {channel}")
        return self.until("366")

    def quit(self) -> None:
        """Send QUIT, and wait for the end of the connection: the place of a lost one would be kept."""
        self.send("QUIT")
        self.until_end()

    def until_end(self) -> list[Message]:
        """Return all messages up to the end of the connection."""
        messages = []
        try:
            while True:
                messages.append(self.read())
        except (EOFError, ConnectionResetError):
            return messages

    def close(self) -> None:
        """Drop the connection."""
        self.sock.close()


@contextmanager
def people(address: Target, *nicks: str, caps: str = "", channel: str = "") -> Iterator[list[Client]]:
    """Make registered clients that have joined the channel and seen each other join."""
    clients = [Client(address, nick, caps=caps) for nick in nicks]
    try:
        if channel:
            for client in clients:
                client.join(channel)
            for client in clients:
                client.sync()
        yield clients
    finally:
        for client in clients:
            client.close()
