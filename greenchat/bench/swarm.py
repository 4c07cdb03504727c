"""Simulated clients, as cheap as possible: one epoll, non-blocking sockets, preencoded bytes, no object per message.

The kernel reports each socket once per input (edge-triggered) and a client reads all of it at once, so a client costs
little more than its `recv`. `feed` interprets the bytes.
"""

import errno
import os
import select
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from greenchat.bench.framing import Framing
from greenchat.bench.wire import nick

CHUNK = 65536
EVENTS = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
ENDED = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
PORTS_PER_ADDRESS = 20_000  # of the 28,000 ports that Linux gives out for one source address


class DisconnectedError(Exception):
    """The server closed a connection unexpectedly; the text has the client and the reason."""


class StalledError(Exception):
    """No input for too long; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of the server, and the protocol of the clients."""

    host: str
    port: int
    tls: bool = False
    websocket: bool = False

    def source(self, index: int) -> str | None:
        """Return the address that client number `index` connects from: one has too few ports for more than 28,000."""
        if index < PORTS_PER_ADDRESS or not self.host.startswith("127."):
            return None
        return f"127.0.{index // PORTS_PER_ADDRESS}.1"


def _ignore(data: bytes) -> None:
    pass


class Client:
    """A connection. feed(data) gets all its input, closed(client) the end of it."""

    __slots__ = ("closed", "ending", "feed", "framing", "index", "reading", "socket", "unsent")

    def __init__(self, index: int, connection: socket.socket, closed: Callable[["Client"], None]) -> None:
        self.index = index
        self.socket = connection
        self.feed: Callable[[bytes], None] = _ignore
        self.closed = closed
        self.ending = ""  # why TLS ended the connection
        self.reading = True
        self.unsent = b""
        self.framing: Framing | None = None

    def __str__(self) -> str:
        return nick(self.index).decode()

    def send(self, data: bytes) -> None:
        """Send lines now; queue what the kernel does not take."""
        self._send(self.framing.wrap(data) if self.framing else data)

    def begin(self, framing: Framing) -> None:
        """Speak WebSocket from now on."""
        self.framing = framing
        self._send(framing.handshake)

    def take(self, data: bytes) -> None:
        """Process received bytes."""
        self.feed(self.framing.unwrap(data) if self.framing else data)

    def _send(self, data: bytes) -> None:
        if self.unsent:
            self.unsent += data
            return
        try:
            sent = self.socket.send(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            sent = 0
        except ssl.SSLError as error:
            # reading will tell
            sent = 0
            self.ending = error.reason
        except OSError as error:
            if error.errno not in (errno.ENOTCONN, errno.EPIPE, errno.ECONNRESET):
                raise
            sent = 0  # not connected yet, or no longer: reading will tell
        if sent < len(data):
            self.unsent = data[sent:]

    def flush(self) -> None:
        """Send the queue: the socket is writable."""
        if self.unsent:
            data, self.unsent = self.unsent, b""
            self._send(data)


class Swarm:
    """All clients of a run and the loop they share."""

    def __init__(self, address: Endpoint) -> None:
        self.address = address
        self.clients: dict[int, Client] = {}  # by file descriptor
        self.afterwards: list[Callable[[], None]] = []  # called once each, after the current round of reading
        self._epoll = select.epoll()
        self._known_chunks: dict[bytes, tuple[bytes, bytes]] = {}  # of WebSockets
        self._tls: ssl.SSLContext | None = None
        if address.tls:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._tls.check_hostname = False
            self._tls.verify_mode = ssl.CERT_NONE  # a test certificate of a server on this machine

    def connect(self, index: int) -> Client:
        """Start to connect client number `index`; lines sent meanwhile are queued."""
        connection: socket.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source := self.address.source(index):
            connection.bind((source, 0))
        # TLS needs an established connection.
        connection.setblocking(self._tls is not None)
        error = connection.connect_ex((self.address.host, self.address.port))
        if error not in (0, errno.EINPROGRESS):
            connection.close()
            raise DisconnectedError(f"{nick(index).decode()} cannot connect: {os.strerror(error)}")
        if self._tls:
            connection.setblocking(False)
            connection = self._tls.wrap_socket(connection, do_handshake_on_connect=False)
        client = Client(index, connection, self.lost)
        self.clients[connection.fileno()] = client
        self._epoll.register(connection.fileno(), EVENTS)
        if self.address.websocket:
            client.begin(Framing(self._known_chunks))
        return client

    def lost(self, client: Client) -> None:
        """Report a connection that the server closed unexpectedly."""
        reason = f": {client.ending}" if client.ending else ""
        raise DisconnectedError(f"the server closed the connection of {client}{reason}")

    def close(self, client: Client) -> None:
        """Close a connection from this side."""
        self.clients.pop(client.socket.fileno(), None)
        client.reading = False
        client.socket.close()

    def close_all(self) -> None:
        """Close everything."""
        for client in list(self.clients.values()):
            self.close(client)
        self._epoll.close()

    def turn(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds, then read from every client with input. Return False if there was none."""
        events = self._epoll.poll(timeout)
        clients = self.clients
        read = self._read_tls if self._tls else self._read
        for fd, event in events:
            client = clients.get(fd)
            if client is None:
                continue
            if event & select.EPOLLOUT and client.unsent:
                client.flush()
            if event & ~select.EPOLLOUT and client.reading:
                read(client, event & ENDED)
        afterwards, self.afterwards = self.afterwards, []
        for call in afterwards:
            call()
        return bool(events)

    def run(self, until: Callable[[], bool], awaiting: str, patience: float = 30.0, tick: float = 0.05) -> None:
        """Run the loop until a condition holds, which is checked after every round and at least every `tick` seconds.

        Raises StalledError after `patience` seconds without any input.
        """
        last = monotonic()
        while not until():
            if self.turn(tick):
                last = monotonic()
            elif monotonic() - last > patience:
                raise StalledError(f"nothing came for {patience:.0f} s while waiting until {awaiting}")

    def run_for(self, seconds: float) -> None:
        """Run the loop for so many seconds."""
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            self.turn(min(left, 0.05))

    def _read(self, client: Client, ended: int) -> None:
        while client.reading:
            try:
                data = client.socket.recv(CHUNK)
            except BlockingIOError:
                return
            except ConnectionError:
                data = b""
            if not data:
                client.closed(client)
                return
            client.take(data)
            if len(data) < CHUNK and not ended:  # everything was read: later input is reported again
                return

    def _read_tls(self, client: Client, ended: int) -> None:
        # A TLS socket hands out one record at a time and may hold more than the kernel reports: read to the end.
        try:
            while client.reading:
                data = client.socket.recv(CHUNK)
                if not data:
                    client.closed(client)
                    return
                client.take(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            client.flush()
        except ssl.SSLError as error:
            client.ending = error.reason
            client.closed(client)
        except ConnectionError:
            client.closed(client)
