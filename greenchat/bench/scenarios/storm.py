"""Thousands connect at once, register and join one channel; it ends when all have seen all members.

A client without an answer for some seconds reconnects, as real clients do: a server with a short listen queue drops
connections that look established from the other side.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from time import perf_counter

from greenchat.bench.connecting import Returning, connect_all, registration
from greenchat.bench.figures import Figures
from greenchat.bench.load import Job, add_reader, answer
from greenchat.bench.reader import Reader
from greenchat.bench.scenario import Scenario, Shape
from greenchat.bench.swarm import Client, Swarm
from greenchat.bench.transcript import Transcript, ViolationError
from greenchat.bench.wire import HEAD

CHANNEL = b"#bench"
PATIENCE = 5.0  # seconds
SAMPLE = 37  # one client in so many is checked for duplicate names


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--clients", type=int, default=5000, metavar="N", help="clients that connect (5000)")
    parser.add_argument("--pace", type=int, default=5000, metavar="N", help="clients that connect in a second (5000)")


def _shapes(options: Namespace) -> Sequence[Shape]:
    title = f"{options.clients} connect, register and join one channel"
    return [Shape(title, {"clients": options.clients, "pace": options.pace})]


class _Newcomer:
    """A connecting client, and the members that it has seen."""

    def __init__(self, storm: "_Storm", client: Client, *, is_retry: bool) -> None:
        self.storm = storm
        self.is_retry = is_retry
        self.client = client
        self.reader = Reader(storm.transcript, client.index, self.private, echo=True)
        self.has_answer = False
        self.names = 0
        self.names_seen: list[bytes] = []
        client.feed = self.reader.feed
        client.closed = self.closed
        client.send(registration(client.index))
        self.came = perf_counter()

    def closed(self, client: Client) -> None:
        if self.has_answer:
            storm = self.storm
            storm.swarm.lost(client)
        self.came = 0.0  # refused: retry at once

    def private(self, line: bytes) -> None:
        head = HEAD.match(line)
        command = head[2] if head else b""
        self.has_answer = True
        if command == b"353":
            names = line.partition(b" :")[2].split()
            self.names += len(names)
            if self.client.index % SAMPLE == 0:
                self.names_seen += names
        elif command == b"001":
            self.storm.registered += 1
            self.storm.last_registered = perf_counter()
            self.client.send(b"JOIN %b\r\n" % CHANNEL)
        elif command == b"433" and self.is_retry:
            self.storm.returning.retry_later(self.client, line)
        elif command == b"366":
            self.storm.joined += 1
            self.storm.last_joined = perf_counter()
        else:
            answer(self.client, line)

    def check(self) -> None:
        """Check that it has seen all members that were in the channel when it joined."""
        transcript = self.storm.transcript
        there = transcript.lines_before(transcript.joins[self.client.index][0]) + 1
        if self.names < there:
            raise ViolationError(f"{self.reader} was told of {self.names} members where {there} were")
        if len(set(self.names_seen)) != len(self.names_seen):
            raise ViolationError(f"{self.reader} was told a name twice among {len(self.names_seen)}")


class _Storm:
    """The progress of all clients."""

    def __init__(self, job: Job, swarm: Swarm, shape: Shape) -> None:
        self.job = job
        self.swarm = swarm
        self.count = shape["clients"] - 1  # the first client has already joined
        self.pace = shape["pace"]
        self.transcript = Transcript(
            job.wording, CHANNEL, release=lambda place: swarm.afterwards.append(lambda: place.feed(b""))
        )
        self.newcomers: dict[int, _Newcomer] = {}
        self.returning = Returning()
        self.tries = self.registered = self.joined = 0
        self.began = self.last_registered = self.last_joined = 0.0

    def over(self) -> bool:
        """Let more clients connect; return True when all have seen all members."""
        self.job.report_connecting("joined", self.joined, self.count)
        if self.registered < self.count:
            self._connect_more()
        if self.joined < self.count or len(self.transcript.ends) < self.count:
            return False
        end = len(self.transcript.text)
        return all(newcomer.reader.offset == end for newcomer in self.newcomers.values())

    def _connect_more(self) -> None:
        now = perf_counter()
        self.returning.ask()
        may = int((now - self.began) * self.pace) + 1 - self.tries
        if may > 0 and len(self.newcomers) == self.count:
            stands_still = now - max(self.began, self.last_registered) > PATIENCE
            since = now - PATIENCE if stands_still else 0.0
            waiting = [each for each in self.newcomers.values() if not each.has_answer and each.came <= since]
            for newcomer in waiting[:may]:
                self.swarm.close(newcomer.client)
                self._try(newcomer.client.index)
        for index in range(len(self.newcomers) + 1, min(self.count, len(self.newcomers) + may) + 1):
            self._try(index)

    def _try(self, index: int) -> None:
        self.tries += 1
        client = self.swarm.connect(index)
        self.newcomers[index] = _Newcomer(self, client, is_retry=index in self.newcomers)


def _run(job: Job, shape: Shape) -> Figures:
    swarm = Swarm(job.address)
    storm = _Storm(job, swarm, shape)
    # The first one joins before the storm, so that the channel's transcript has a known beginning.
    (founder,), _ = connect_all(swarm, [CHANNEL])
    add_reader(founder, storm.transcript, echo=True)
    job.window()
    memory, watch = job.resident(), job.stopwatch()
    began = storm.began = perf_counter()
    swarm.run(storm.over, "all clients have seen all members", tick=0.005)
    shares = watch.stop()
    memory = job.resident() - memory
    job.window()
    for newcomer in storm.newcomers.values():
        newcomer.check()
    swarm.close_all()
    return {
        "clients": shape["clients"],
        "register_rate": storm.count / (storm.last_registered - began),
        "join_rate": storm.count / (storm.last_joined - began),
        "duration": watch.wall,
        "retries": storm.tries - storm.count,
        "cpu_per_join": watch.cpu / storm.count,
        "memory_per_client": memory / storm.count,
        **shares,
    }


SCENARIO = Scenario("storm", "thousands connect, register and join at once", _shapes, _run, _add_arguments)
