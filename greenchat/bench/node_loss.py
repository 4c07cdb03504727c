"""Kills a node with a thousand clients: how long clients of other nodes receive nothing, and what is shown to them.

The thousand are in a separate process that does nothing else, so that the measurement does not include the cost of
disconnecting them. A few clients talk in turn, often; the longest time without a message at one of them is compared
with the longest one before.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from greenchat.bench.connecting import connect_all
from greenchat.bench.figures import Figures
from greenchat.bench.load import ARRIVAL_TIMEOUT, Job
from greenchat.bench.node_processes import await_nodes, nodes_of_clients, processes
from greenchat.bench.scenario import Shape
from greenchat.bench.swarm import Client, Endpoint, StalledError, Swarm
from greenchat.bench.transcript import ViolationError
from greenchat.bench.wire import PRESENCE, nick

ROOM = b"#bench"
_SHARED = 30  # one in so many clients of the crowd is in the channel
_FIRST = 90_000  # number of the first talker
_TALKERS = 24  # over all nodes, so that each has some
_EVERY = 0.01  # seconds between messages
_AFTERWARDS = 15.0  # seconds in which the node is removed or restarts


@dataclass(slots=True, eq=False)
class NodeListener:
    """A talking client. numbers: of the received messages, by speaker. silence: the longest one, in seconds.
    seen: the received joins and departures.
    """

    client: Client
    numbers: dict[bytes, list[int]] = field(default_factory=dict)
    seen: list[bytes] = field(default_factory=list)
    silence: float = 0.0
    last: float = field(default_factory=perf_counter)
    rest: bytes = b""

    def feed(self, data: bytes) -> None:
        """Note received messages, joins and departures; answer PING."""
        now = perf_counter()
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            source, command, *words = line.split()[:4]
            if command == b"PRIVMSG":
                self.numbers.setdefault(source.partition(b"!")[0][1:], []).append(int(words[-1][1:]))
                self.silence = max(self.silence, now - self.last)
                self.last = now
            elif source == b"PING":
                self.client.send(b"PONG " + command + b"\r\n")
            elif PRESENCE.match(line + b"\n"):
                self.seen.append(line)

    def restart(self) -> float:
        """Return the longest silence so far, and reset it."""
        silence, self.silence = max(self.silence, perf_counter() - self.last), 0.0
        return silence


class NodeTalk:
    """Clients that talk in turn. sent_counts: sent messages by nick."""

    def __init__(self, swarm: Swarm, clients: Sequence[Client]) -> None:
        self._swarm = swarm
        self._listeners = [NodeListener(client) for client in clients]
        for listener in self._listeners:
            listener.client.feed = listener.feed
        self._due = perf_counter()
        self._turn = 0
        self.sent_counts: Counter[bytes] = Counter()

    def run(self, seconds: float) -> float:
        """Talk for so many seconds; return the longest silence of any client."""
        for each in self._listeners:
            each.restart()
        until = perf_counter() + seconds
        while (now := perf_counter()) < until:
            if now < self._due:
                self._swarm.turn(self._due - now)
                continue
            self._due = now + _EVERY
            client = self._listeners[self._turn % len(self._listeners)].client
            self._turn += 1
            name = nick(client.index)
            client.send(b"PRIVMSG %b :%d\r\n" % (ROOM, self.sent_counts[name]))
            self.sent_counts[name] += 1
        return max(each.restart() for each in self._listeners)

    def forget_presences(self) -> None:
        """Forget the joins and departures received so far."""
        for listener in self._listeners:
            listener.seen.clear()

    def check(self) -> None:
        """Wait for all messages.

        Raises ViolationError if one is missing, repeated or out of order, or if anybody was shown to join or leave."""
        try:
            self._swarm.run(
                lambda: all(map(self._has_all, self._listeners)), "all messages have arrived", ARRIVAL_TIMEOUT
            )
        except StalledError as error:
            raise ViolationError(f"messages were lost when a node was killed: {error}") from error
        for listener in self._listeners:
            for name, numbers in listener.numbers.items():
                if numbers != list(range(self.sent_counts[name])):
                    raise ViolationError(f"{listener.client} heard the messages of {name.decode()} as {numbers}")
            if listener.seen:
                raise ViolationError(f"{listener.client} was shown {listener.seen[0].decode(errors='replace')}")

    def _has_all(self, listener: NodeListener) -> bool:
        own = nick(listener.client.index)
        return all(
            len(listener.numbers.get(name, ())) >= count for name, count in self.sent_counts.items() if name != own
        )


def lose_node(job: Job, shape: Shape) -> Figures:
    """Measure the silence while a node is killed. Raises StalledError and ViolationError."""
    assert job.pid
    port = job.address.port
    await_nodes(port, shape["nodes"])
    nodes = [pid for pid, is_engine in processes(job.pid) if not is_engine]
    crowd = _Crowd(job, shape["clients"] * len(nodes))
    try:
        swarm = Swarm(job.address)
        clients, _ = connect_all(swarm, [ROOM] * _TALKERS, first=_FIRST)
        node_of_port = nodes_of_clients(port, nodes)
        victim, lost = Counter(node_of_port.values()).most_common(1)[0]
        elsewhere: dict[int, list[Client]] = {pid: [] for pid in nodes}
        for client in clients:
            elsewhere[node_of_port[client.socket.getsockname()[1]]].append(client)
        for client in elsewhere.pop(victim):
            swarm.close(client)
        if not all(elsewhere.values()):
            raise StalledError("no talker was connected to one of the nodes: try again")
        talk = NodeTalk(swarm, [client for each in elsewhere.values() for client in each])
        talk.run(1.0)
        talk.forget_presences()  # of the clients that were closed above
        job.progress("talking", 0.2)
        before = talk.run(job.seconds)
        job.progress("a node was killed", 0.5)
        os.kill(victim, signal.SIGKILL)
        then = talk.run(1.0)
        later = talk.run(_AFTERWARDS)
        talk.check()
        swarm.close_all()
    finally:
        crowd.end()
    return {"lost": lost, "before": before, "then": then, "later": later}


class _Crowd:
    """Clients in a separate process, which stay until `end`."""

    def __init__(self, job: Job, count: int) -> None:
        """Connect the clients. Raises StalledError."""
        ready, tell = os.pipe()
        ended, self._end = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.close(self._end)
                stand_by(job.address, count, tell, ended, job.report_connecting)
            finally:
                os._exit(0)
        os.close(tell)
        os.close(ended)
        status = os.read(ready, 1)
        os.close(ready)
        if not status:
            self.end()
            raise StalledError("the additional clients could not connect")

    def end(self) -> None:
        """Disconnect the clients."""
        os.close(self._end)
        os.waitpid(self._pid, 0)


def stand_by(
    address: Endpoint,
    count: int,
    ready: int,
    ended: int,
    progress: Callable[[str, int, int], None] = lambda what, done, of: None,
) -> None:
    """Connect `count` clients, some of them in the channel; then write to the descriptor `ready`, and keep them
    connected until data or the end of file can be read from `ended`.
    """
    swarm = Swarm(address)
    connect_all(swarm, [None if number % _SHARED else ROOM for number in range(count)], progress=progress)
    os.write(ready, b"!")
    os.read(ended, 1)
