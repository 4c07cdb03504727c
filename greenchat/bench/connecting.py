"""Brings simulated clients to the beginning of a scenario: connected, registered, in their channels, and quiet.

The lines of a client are sent at once and its answers parsed line by line, unlike the measured part.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from greenchat.bench.swarm import Client, DisconnectedError, Swarm
from greenchat.bench.wire import HEAD, nick

REFUSALS = frozenset(b"%d" % number for number in (403, 405, 432, 433, 437, 451, 461, 464, 465, 471, 473, 474, 475))
PATIENCE = 3.0  # seconds without any new client before those without an answer retry
RETRIES_AT_ONCE = 20  # clients
REPEAT_AFTER = 0.2  # seconds after which a returning client repeats its NICK
MOST_REPEATS = 150  # of a NICK
WEBSOCKET_FACTOR = 10  # times as much patience with a handshake of a WebSocket, which costs a server some work
MANY_MEMBERS = 100  # members of a channel, to all of which each join is sent
JOIN_DELAY = 0.3  # seconds in which many members receive the last joins
SYNC = b"PING :in-step\r\n"


class ServerRefusedError(Exception):
    """The server refused a command of the scenario; the text has its line."""


@dataclass(frozen=True, slots=True)
class ArrivalTimes:
    """The time that clients took: seconds until the last was connected and registered, then until all had joined."""

    registering: float
    joining: float


class Returning:
    """Reconnecting clients whose nick is still in use by their own former connection.

    A slow server may notice the end of that connection late, so they repeat the NICK.
    """

    def __init__(self) -> None:
        self._due: dict[Client, float] = {}  # when to repeat the NICK, the earliest first
        self._asked: dict[Client, int] = {}

    def retry_later(self, client: Client, line: bytes) -> None:
        """Note a client whose nick is in use. Raises ServerRefusedError if that continues for too long."""
        self._asked[client] = self._asked.get(client, 0) + 1
        if self._asked[client] > MOST_REPEATS:
            raise ServerRefusedError(f"{client}: {line.decode(errors='replace').strip()}")
        self._due[client] = perf_counter() + REPEAT_AFTER

    def ask(self) -> None:
        """Repeat the NICK of the clients that are due."""
        now = perf_counter()
        while self._due:
            client, due = next(iter(self._due.items()))
            if due > now:
                return
            del self._due[client]
            if client.reading:
                client.send(b"NICK %b\r\n" % nick(client.index))


@dataclass(slots=True, eq=False)
class ConnectingClient:
    """A client that connects, registers and joins its channel.

    returning: gets the client if its nick is still in use.
    """

    client: Client
    channel: bytes | None
    progress: Callable[[str], None]
    lost: Callable[[Client], None]
    rest: bytes = b""
    has_answer: bool = False
    came: float = field(default_factory=perf_counter)
    returning: Returning | None = None

    def feed(self, data: bytes) -> None:
        """Answer PING, and report it and 001, 366 and PONG."""
        self.has_answer = True
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            head = HEAD.match(line)
            if head:
                self._line(head[2], line)

    def is_lost(self, since: float) -> bool:
        """Whether it has had no answer, and was refused or connected before `since`."""
        return not self.has_answer and self.came <= since

    def closed(self, client: Client) -> None:
        """Note that the server has closed the connection."""
        if self.has_answer or client.ending:
            self.lost(client)
        self.came = 0.0  # refused: retry at once

    def _line(self, command: bytes, line: bytes) -> None:
        if command == b"PING":
            self.client.send(b"PONG" + line.partition(b"PING")[2].rstrip(b"\r") + b"\r\n")
            self.progress("pinged")
        elif command == b"001":
            self.progress("registered")
        elif command == b"366":
            self.progress("joined")
        elif command == b"PONG" and b"in-step" in line:
            self.progress("in step")
        elif command == b"433" and self.returning:
            self.returning.retry_later(self.client, line)
        elif command == b"ERROR":
            raise DisconnectedError(f"{self.client}: {line.decode(errors='replace').strip()}")
        elif command in REFUSALS or (command == b"CAP" and b" NAK " in line):
            raise ServerRefusedError(f"{self.client}: {line.decode(errors='replace').strip()}")


def registration(index: int, capabilities: Iterable[str] = ()) -> bytes:
    """Return the lines with which a client registers, in one piece."""
    name = nick(index)
    wanted = " ".join(capabilities).encode()
    ask = b"CAP REQ :%b\r\n" % wanted if wanted else b""
    end = b"CAP END\r\n" if wanted else b""
    return b"%bNICK %b\r\nUSER %b 0 * :simulated client\r\n%b" % (ask, name, name, end)


def offered(swarm: Swarm) -> set[str]:
    """Return the names of the capabilities that the server offers."""
    names: set[str] = set()
    seen = bytearray()
    done: list[bool] = []

    def feed(data: bytes) -> None:
        nonlocal seen
        seen += data
        for line in bytes(seen).split(b"\n")[:-1]:
            head = HEAD.match(line)
            if head and head[2] == b"CAP" and b" LS " in line:
                _, _, text = line.decode(errors="replace").strip().partition(" LS ")
                names.update(word.partition("=")[0] for word in text.lstrip("* ").lstrip(":").split())
                if not text.startswith("*"):
                    done.append(True)
            elif head and head[2] == b"421":
                done.append(True)

    client = swarm.connect(99999)
    client.feed = feed
    client.send(b"CAP LS 302\r\n")
    swarm.run(lambda: bool(done), "CAP LS is answered")
    swarm.close(client)
    return names


def connect_all(
    swarm: Swarm,
    channels: Sequence[bytes | None],
    *,
    capabilities: Sequence[Sequence[str]] = ((),),
    burst: int = 1000,
    pace: float = 5000.0,
    first: int = 0,
    progress: Callable[[str, int, int], None] = lambda what, done, of: None,
) -> tuple[list[Client], ArrivalTimes]:
    """Connect one client per item of `channels` and let it join that; client i requests capabilities[i % their number].

    At most `burst` are connecting at any time, and at most `pace` connect in a second: some servers listen with a
    backlog of 10 and drop further connections, which look established from here. A client without an answer retries
    only when no other connects either, so as not to slow down the server more. When this returns no client has pending
    input.

    Raises ServerRefusedError, DisconnectedError and StalledError.
    """
    count = len(channels)
    patience = PATIENCE * WEBSOCKET_FACTOR if swarm.address.websocket else PATIENCE
    connecting: dict[int, ConnectingClient] = {}
    returning = Returning()
    reached = {"registered": 0, "joined": 0, "in step": 0}
    progressed = perf_counter()

    def report(what: str) -> None:
        nonlocal progressed
        if what not in reached:
            return
        progressed = perf_counter()
        reached[what] += 1
        progress(what, reached[what], count)

    def connect_more() -> None:
        now = perf_counter()
        may = min(count, reached["registered"] + burst, int((now - began) * pace) + 1)
        for position in range(len(connecting), may):
            connect(position)
        returning.ask()
        if may == count:
            is_stalled = now - progressed > patience
            lost = [item for item in connecting.items() if item[1].is_lost(now - patience if is_stalled else 0.0)]
            for position, each in lost[:RETRIES_AT_ONCE]:
                swarm.close(each.client)
                connect(position)

    def connect(position: int) -> None:
        index = first + position
        client = swarm.connect(index)
        again = returning if position in connecting else None
        each = connecting[position] = ConnectingClient(client, channels[position], report, swarm.lost, returning=again)
        client.feed = each.feed
        client.closed = each.closed
        client.send(registration(index, capabilities[index % len(capabilities)]))

    def registered() -> bool:
        connect_more()
        return reached["registered"] == count

    began = perf_counter()
    swarm.run(registered, "all clients are registered", tick=0.001)
    registering = perf_counter() - began
    clients = [each.client for each in connecting.values()]
    began = perf_counter()
    joining = [(client, channel) for client, channel in zip(clients, channels, strict=True) if channel]
    sent = 0

    def joined() -> bool:
        nonlocal sent
        while sent < len(joining) and sent - reached["joined"] < 64:
            client, channel = joining[sent]
            client.send(b"JOIN %b\r\n" % channel)
            sent += 1
        return reached["joined"] == len(joining)

    swarm.run(joined, "all clients have joined")
    arrival = ArrivalTimes(registering, perf_counter() - began)
    if len(joining) >= MANY_MEMBERS:
        swarm.run_for(JOIN_DELAY)
    synchronize(swarm, clients, reached)
    return clients, arrival


def synchronize(swarm: Swarm, clients: Sequence[Client], reached: dict[str, int]) -> None:
    """Wait until each client has read everything sent so far, up to the answer to a PING."""
    reached["in step"] = 0
    for client in clients:
        client.send(SYNC)
    swarm.run(lambda: reached["in step"] == len(clients), "all clients are in step")
