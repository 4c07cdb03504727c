"""The delay of a message to somebody at another node, beside a load that is a share of what the nodes can do here.

What they can do is measured first, with many messages in flight; then people talk at a rate, and beside that one
at each node writes to one at the next, one message at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from greenchat.bench.crowd import gather
from greenchat.bench.figures import Figures, quantile
from greenchat.bench.load import Job, SteadyLoad
from greenchat.bench.node_processes import nodes_of_clients
from greenchat.bench.process import cpu_seconds, waiting_seconds
from greenchat.bench.swarm import Client, StalledError
from greenchat.bench.wire import nick

_FIRST = 90_000  # number of the first who measures
_PROBES = 24  # over all nodes, so that each has some
_EVERY = 0.02  # seconds between two messages of one
_STEP = 0.001  # seconds
_BEHIND = 50  # messages that are said at once at the most, to be in time again


@dataclass(slots=True, eq=False)
class DelayProbe:
    """One who writes to another, and asks when it has come. delays: in seconds."""

    client: Client
    to: Client
    delays: list[float] = field(default_factory=list)
    sent: float = 0.0
    due: float = 0.0

    def write(self, now: float) -> None:
        """Write, if the last message has come."""
        if not self.sent and now >= self.due:
            self.sent = now
            self.client.send(b"PRIVMSG %b :a probe\r\n" % nick(self.to.index))

    def hear(self, data: bytes) -> None:
        """Note that a message has come."""
        if b" PRIVMSG " in data:
            now = perf_counter()
            self.delays.append(now - self.sent)
            self.sent, self.due = 0.0, now + _EVERY


def delay_beside(job: Job, talk: SteadyLoad, nodes: Sequence[int], share: float) -> Figures:
    """Measure the delay beside a share of the most that the nodes can do. Raises StalledError."""
    probes = _probes(job, talk, nodes)
    flights = talk.flights
    alone = _beside(talk, probes, 0.0, job.seconds / 2)
    completed, began = flights.completed, perf_counter()
    flights.start()
    talk.swarm.run_for(job.seconds)
    flights.stop()
    most = (flights.completed - completed) / (perf_counter() - began)
    talk.swarm.run(lambda: not flights.in_flight, "all messages have arrived")
    before, began = _times(nodes), perf_counter()
    delays = _beside(talk, probes, most * share, job.seconds)
    passed = perf_counter() - began
    spent = [(cpu - used, waited - then) for (cpu, waited), (used, then) in zip(_times(nodes), before, strict=True)]
    talk.swarm.run(lambda: not flights.in_flight, "all messages have arrived")
    return {
        "rate": most * share,
        "busy": max(cpu for cpu, _ in spent) / passed,
        "waited": max(waited for _, waited in spent) / passed,
        "alone": quantile(alone, 0.5),
        "p50": quantile(delays, 0.5),
        "p95": quantile(delays, 0.95),
    }


def _times(nodes: Sequence[int]) -> list[tuple[float, float]]:
    """Return what each has used of the processors, and how long it has waited for one, in seconds."""
    return [(cpu_seconds(pid), waiting_seconds(pid)) for pid in nodes]


def _probes(job: Job, talk: SteadyLoad, nodes: Sequence[int]) -> list[DelayProbe]:
    """Connect one at each node who writes to the one at the next. Raises StalledError."""
    clients, _ = gather(talk.swarm, [None] * _PROBES, first=_FIRST)
    node_of_port = nodes_of_clients(job.address.port, nodes)
    homes = {node_of_port[client.socket.getsockname()[1]]: client for client in clients}
    if len(homes) < len(nodes):
        raise StalledError("the kernel gave one of the nodes nobody who measures: try again")
    ring = [homes[pid] for pid in nodes]
    probes = [DelayProbe(client, to) for client, to in zip(ring, ring[1:] + ring[:1], strict=True)]
    for probe in probes:
        probe.to.feed = probe.hear
    return probes


def _beside(talk: SteadyLoad, probes: Sequence[DelayProbe], rate: float, seconds: float) -> list[float]:
    """Return the delays while so many messages a second are said."""
    for probe in probes:
        probe.delays.clear()
    began, sent = perf_counter(), 0
    while (passed := perf_counter() - began) < seconds:
        due = min(int(passed * rate) - sent, _BEHIND)
        for _ in range(due):
            talk.flights.speak()
        sent += due
        for probe in probes:
            probe.write(perf_counter())
        talk.swarm.run_for(_STEP)
    return sorted(delay for probe in probes for delay in probe.delays)
