"""Thousands come at once: connect, register and join one channel; over when everybody has been told of everybody."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from time import perf_counter, process_time

from greenchat.bench.crowd import gather, registration
from greenchat.bench.figures import Figures
from greenchat.bench.load import Job, answer, seat
from greenchat.bench.scenarios import Scenario, Shape
from greenchat.bench.swarm import Client, Swarm
from greenchat.bench.transcript import Reader, Transcript, Violation
from greenchat.bench.wire import HEAD

CHANNEL = b"#bench"
SAMPLE = 37  # the names that one client in so many is told are checked for doubled ones


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--clients", type=int, default=5000, metavar="N", help="how many come (5000)")
    parser.add_argument("--burst", type=int, default=1000, metavar="N", help="how many are at the door at once (1000)")


def _shapes(options: Namespace) -> Sequence[Shape]:
    title = f"{options.clients} connect, register and join one channel"
    return [Shape(title, {"clients": options.clients, "burst": options.burst})]


class _Newcomer:
    """What one client is told on its way in."""

    def __init__(self, storm: "_Storm", client: Client) -> None:
        self.storm = storm
        self.client = client
        self.reader = Reader(storm.transcript, client.index, self.private, echo=True)
        self.names = 0
        self.told: list[bytes] = []
        client.feed = self.reader.feed

    def private(self, line: bytes) -> None:
        head = HEAD.match(line)
        command = head[2] if head else b""
        if command == b"353":
            names = line.partition(b" :")[2].split()
            self.names += len(names)
            if self.client.index % SAMPLE == 0:
                self.told += names
        elif command == b"001":
            self.storm.registered += 1
            self.storm.last_registered = perf_counter()
            self.client.send(b"JOIN %b\r\n" % CHANNEL)
        elif command == b"366":
            self.storm.joined += 1
            self.storm.last_joined = perf_counter()
        else:
            answer(self.client, line)

    def check(self) -> None:
        """Was it told of everybody who was there when it came?"""
        transcript = self.storm.transcript
        there = transcript.lines_before(transcript.joins[self.client.index][0]) + 1
        if self.names < there:
            raise Violation(f"{self.reader} was told of {self.names} members where {there} were")
        if len(set(self.told)) != len(self.told):
            raise Violation(f"{self.reader} was told a name twice among {len(self.told)}")


class _Storm:
    """Everybody's progress."""

    def __init__(self, swarm: Swarm, job: Job) -> None:
        self.transcript = Transcript(
            job.wording, release=lambda reader: swarm.afterwards.append(lambda: reader.feed(b""))
        )
        self.newcomers: list[_Newcomer] = []
        self.registered = self.joined = 0
        self.last_registered = self.last_joined = 0.0


def _run(job: Job, shape: Shape) -> Figures:
    count, burst = shape["clients"], shape["burst"]
    swarm = Swarm(job.address)
    storm = _Storm(swarm, job)
    transcript = storm.transcript
    # The first one is there before the storm, so that what is said in the channel has a known beginning.
    (founder,), _ = gather(swarm, [CHANNEL])
    witness = seat(founder, transcript, echo=True).reader
    cpu, own, began, memory = job.cpu(), process_time(), perf_counter(), job.resident()

    def over() -> bool:
        come = 1 + len(storm.newcomers)
        while come < count and come - storm.joined < burst:
            client = swarm.connect(come)
            storm.newcomers.append(_Newcomer(storm, client))
            client.send(registration(come))
            come += 1
        job.gathering("joined", storm.joined + 1, count)
        if storm.joined < count - 1 or len(transcript.ends) < count - 1:
            return False
        end = len(transcript.text)
        return witness.offset == end and all(newcomer.reader.offset == end for newcomer in storm.newcomers)

    swarm.run(over, "everybody has been told of everybody")
    now = perf_counter()
    cpu, own, memory = job.cpu() - cpu, process_time() - own, job.resident() - memory
    for newcomer in storm.newcomers:
        newcomer.check()
    swarm.close_all()
    wall = now - began
    return {
        "clients": count,
        "register_rate": storm.registered / (storm.last_registered - began),
        "join_rate": storm.joined / (storm.last_joined - began),
        "duration": wall,
        "cpu_per_join": cpu / (count - 1),
        "memory_per_client": memory / (count - 1),
        "cpu_share": cpu / wall,
        "own_share": own / wall,
    }


SCENARIO = Scenario("storm", "thousands connect, register and join at once", _shapes, _run, _add_arguments)
