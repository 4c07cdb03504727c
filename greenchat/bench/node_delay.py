"""The delay of messages between nodes, under a load that is a share of the nodes' capacity on this machine.

The capacity is measured first, with many messages in flight. Then clients talk at that share of it, and one probe at
each node sends private messages to the probe at the next node, one at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from greenchat.bench.connecting import connect_all
from greenchat.bench.figures import Figures, quantile
from greenchat.bench.load import Job, SteadyLoad
from greenchat.bench.node_processes import nodes_of_clients
from greenchat.bench.process import cpu_seconds, waiting_seconds
from greenchat.bench.swarm import Client, StalledError
from greenchat.bench.wire import nick

_FIRST = 90_000  # number of the first probe
_PROBES = 24  # over all nodes, so that each has some
_EVERY = 0.02  # seconds between two messages of a probe
_STEP = 0.001  # seconds
_BEHIND = 50  # the most messages that are sent at once to catch up


@dataclass(slots=True, eq=False)
class DelayProbe:
    """A client that measures how long its messages to another one take. delays: in seconds."""

    client: Client
    to: Client
    delays: list[float] = field(default_factory=list)
    sent: float = 0.0
    due: float = 0.0

    def write(self, now: float) -> None:
        """Send the next message, if it is due and the last one has arrived."""
        if not self.sent and now >= self.due:
            self.sent = now
            self.client.send(b"PRIVMSG %b :a probe\r\n" % nick(self.to.index))

    def hear(self, data: bytes) -> None:
        """Note the arrival of a message."""
        if b" PRIVMSG " in data:
            now = perf_counter()
            self.delays.append(now - self.sent)
            self.sent, self.due = 0.0, now + _EVERY


def delay_under_load(job: Job, talk: SteadyLoad, nodes: Sequence[int], share: float) -> Figures:
    """Measure the delay under a share of the nodes' capacity. Raises StalledError."""
    probes = _probes(job, talk, nodes)
    messages = talk.messages
    alone = _delays_under_load(talk, probes, 0.0, job.seconds / 2)
    completed, began = messages.completed, perf_counter()
    messages.start()
    talk.swarm.run_for(job.seconds)
    messages.stop()
    most = (messages.completed - completed) / (perf_counter() - began)
    talk.swarm.run(lambda: not messages.in_flight, "all messages have arrived")
    before, began = _times(nodes), perf_counter()
    delays = _delays_under_load(talk, probes, most * share, job.seconds)
    passed = perf_counter() - began
    spent = [(cpu - used, waited - then) for (cpu, waited), (used, then) in zip(_times(nodes), before, strict=True)]
    talk.swarm.run(lambda: not messages.in_flight, "all messages have arrived")
    return {
        "rate": most * share,
        "busy": max(cpu for cpu, _ in spent) / passed,
        "waited": max(waited for _, waited in spent) / passed,
        "alone": quantile(alone, 0.5),
        "p50": quantile(delays, 0.5),
        "p95": quantile(delays, 0.95),
    }


def _times(nodes: Sequence[int]) -> list[tuple[float, float]]:
    """Return the CPU time of each node, and how long it has waited for a core, in seconds."""
    return [(cpu_seconds(pid), waiting_seconds(pid)) for pid in nodes]


def _probes(job: Job, talk: SteadyLoad, nodes: Sequence[int]) -> list[DelayProbe]:
    """Connect a probe to each node, which writes to the probe at the next node. Raises StalledError."""
    clients, _ = connect_all(talk.swarm, [None] * _PROBES, first=_FIRST)
    node_of_port = nodes_of_clients(job.address.port, nodes)
    homes = {node_of_port[client.socket.getsockname()[1]]: client for client in clients}
    if len(homes) < len(nodes):
        raise StalledError("no probe was connected to one of the nodes: try again")
    ring = [homes[pid] for pid in nodes]
    probes = [DelayProbe(client, to) for client, to in zip(ring, ring[1:] + ring[:1], strict=True)]
    for probe in probes:
        probe.to.feed = probe.hear
    return probes


def _delays_under_load(talk: SteadyLoad, probes: Sequence[DelayProbe], rate: float, seconds: float) -> list[float]:
    """Return the probes' delays while `rate` messages a second are sent."""
    for probe in probes:
        probe.delays.clear()
    began, sent = perf_counter(), 0
    while (passed := perf_counter() - began) < seconds:
        due = min(int(passed * rate) - sent, _BEHIND)
        for _ in range(due):
            talk.messages.speak()
        sent += due
        for probe in probes:
            probe.write(perf_counter())
        talk.swarm.run_for(_STEP)
    return sorted(delay for probe in probes for delay in probe.delays)
