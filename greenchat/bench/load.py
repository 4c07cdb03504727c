"""The measured part that the talking scenarios share: clients in their channels, a steady load, a window, a final
check.
"""

import gc
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from greenchat.bench import sampling
from greenchat.bench.connecting import REFUSALS, ArrivalTimes, ServerRefusedError
from greenchat.bench.figures import median, quantile
from greenchat.bench.messages_in_flight import MessagesInFlight, Room
from greenchat.bench.process import cpu_seconds, resident_bytes, waiting_seconds
from greenchat.bench.reader import Reader
from greenchat.bench.swarm import Client, DisconnectedError, Endpoint, StalledError, Swarm
from greenchat.bench.transcript import Transcript, ViolationError
from greenchat.bench.wire import HEAD, Wording

WARM_UP = 0.5  # seconds of talk before the window opens
IDLE_SHARE = 0.05  # share of a core below which a server does nothing but its timers: it is idle
IDLE_STEP = 0.5  # seconds; two idle steps in a row, since other processes may keep it from its core
POSTPONED = 12.0  # seconds for which a server may postpone work: greenchat seals and compacts the last events after 10
IDLE_TIMEOUT = 45.0  # seconds to wait until a server is idle
ARRIVAL_TIMEOUT = 10.0  # seconds without any arrival after which messages in flight count as lost
SAMPLED = 200_000  # deliveries with sampled delays


@dataclass(frozen=True, slots=True)
class Job:
    """The task of the clients' process: the server's address, the duration, and a callback for progress.

    pid: the server's process, None if unknown (another machine); profiled: whether it has a profiler. progress(what,
    share): 0 to 1.
    """

    address: Endpoint
    pid: int | None
    seconds: float
    wording: Wording
    progress: Callable[[str, float], None]
    profiled: bool = False

    def window(self) -> None:
        """Tell a profiler that the measured time begins, or ends."""
        if self.profiled and self.pid:
            os.kill(self.pid, sampling.TOGGLE)

    def report_connecting(self, what: str, done: int, of: int) -> None:
        """Report how many clients have connected, registered or joined."""
        if done % 50 == 0 or done == of:
            self.progress(f"{what}: {done}", done / of)

    def stopwatch(self) -> "Stopwatch":
        """Return a running stopwatch."""
        return Stopwatch(self.pid)

    def resident(self) -> float:
        """Return the resident memory of the server, in bytes; NaN if unknown."""
        return resident_bytes(self.pid) if self.pid else math.nan


class Stopwatch:
    """Measures time until `stop`: by the clock, and on the cores of the server and of this process."""

    def __init__(self, pid: int | None) -> None:
        self._pids = (pid, os.getpid())
        self._before = self._now()
        self.wall = self.cpu = 0.0  # seconds; cpu is the server's, NaN if unknown

    def _now(self) -> list[float]:
        times = [perf_counter()]
        for clock in (cpu_seconds, waiting_seconds):
            times += [clock(pid) if pid else math.nan for pid in self._pids]
        return times

    def stop(self) -> dict[str, float]:
        """Return the load of both processes, and the share of time that each waited for its core."""
        spent = [after - before for before, after in zip(self._before, self._now(), strict=True)]
        self.wall, self.cpu, own, *waited = spent
        return {
            "cpu_share": self.cpu / self.wall,
            "own_share": own / self.wall,
            "kept_waiting": max(each for each in waited if not math.isnan(each)) / self.wall,
        }


@dataclass(frozen=True, slots=True)
class Participant:
    """A client and its position in the transcript."""

    client: Client
    reader: Reader


def add_reader(
    client: Client, transcript: Transcript, *, echo: bool, on_private: Callable[[bytes], None] | None = None
) -> Participant:
    """Make a client without pending input a counted reader of a transcript."""

    def private(line: bytes) -> None:
        answer(client, line)

    reader = Reader(transcript, client.index, on_private or private, echo=echo)
    transcript.present.add(client.index)
    transcript.enter(reader)
    client.feed = reader.feed
    return Participant(client, reader)


def answer(client: Client, line: bytes) -> None:
    """Answer a line that is for this client alone, for instance a PING.

    Raises DisconnectedError for ERROR, and ServerRefusedError for a numeric that refuses a command.
    """
    head = HEAD.match(line)
    command = head[2] if head else b""
    if command == b"PING":
        client.send(b"PONG" + line.partition(b"PING")[2].rstrip(b"\r\n") + b"\r\n")
    elif command == b"ERROR":
        raise DisconnectedError(f"{client}: {line.decode(errors='replace').strip()}")
    elif command in REFUSALS or command in (b"401", b"404", b"407", b"412", b"417", b"FAIL"):
        raise ServerRefusedError(f"{client}: {line.decode(errors='replace').strip()}")


def speakers(rooms: Sequence[tuple[Room, Sequence[int]]]) -> Iterator[tuple[int, Room]]:
    """Yield the next speaker without end: each channel in turn, and its members in turn, with
    distance between successive speakers.
    """
    turns = [(room, members, _stride(len(members))) for room, members in rooms]
    turn = 0
    while True:
        for room, members, stride in turns:
            yield members[turn * stride % len(members)], room
        turn += 1


def _stride(count: int) -> int:
    stride = max(1, int(count * 0.382))
    while math.gcd(stride, count) != 1:
        stride += 1
    return stride


class SteadyLoad:
    """A steady load over rooms, measured in windows."""

    def __init__(
        self, job: Job, swarm: Swarm, rooms: Sequence[Room], turns: Iterator[tuple[int, Room]], flight: int
    ) -> None:
        self.job = job
        self.swarm = swarm
        self.members: list[Participant] = []
        self.clients: dict[int, Client] = {}
        self.messages = MessagesInFlight(flight, rooms, self._say, turns)
        self.spoken: Callable[[], None] = lambda: None  # called after each message that is said

    def transcript(self, target: bytes) -> Transcript:
        """Return a transcript of this talk's messages."""
        messages = self.messages
        return Transcript(
            self.job.wording,
            target,
            on_complete=messages.on_complete,
            said_at=messages.said_at,
            said_by=messages.said_by,
            release=lambda place: self.swarm.afterwards.append(lambda: place.feed(b"")),
            on_detach=messages.on_detach,
            on_arrival=messages.on_arrival,
        )

    def add(self, client: Client, transcript: Transcript, *, echo: bool = False) -> None:
        """Add a client that reads and talks."""
        self.members.append(add_reader(client, transcript, echo=echo))
        self.clients[client.index] = client

    def _say(self, sender: int, target: bytes, number: int) -> None:
        self.clients[sender].send(self.job.wording.privmsg(target, sender, number))
        self.spoken()

    def measure(self, what: str, *, profile: bool = True) -> dict[str, float]:
        """Talk for the job's seconds and return the figures of that window, which is profiled if `profile`.

        On a busy machine the server may wait for its core for as long: the window ends after something has arrived.
        """
        job, messages, swarm = self.job, self.messages, self.swarm
        if not messages.talking:
            messages.start()
        swarm.run_for(WARM_UP)
        gc.collect()
        gc.freeze()
        gc.disable()
        messages.delays.clear()
        for transcript in self.transcripts():
            transcript.samples.clear()
        messages.late.clear()
        if profile:
            job.window()
        before, completed, watch = self.received(), messages.completed, job.stopwatch()
        steps = max(1, round(job.seconds / 0.2))
        for step in range(steps):
            job.progress(what, step / steps)
            swarm.run_for(job.seconds / steps)
        self._run_until(lambda: self.received() > before, "a message arrives")
        shares = watch.stop()
        received = self.received() - before
        if profile:
            job.window()
        gc.enable()
        gc.unfreeze()
        delays = self._delays()
        return {
            "messages_per_second": (messages.completed - completed) / watch.wall,
            "deliveries_per_second": received / watch.wall,
            "cpu_per_delivery": watch.cpu / received,
            "delay_p50": quantile(delays, 0.5),
            "delay_p99": quantile(delays, 0.99),
            "delay_max": max(messages.delays, default=math.nan),
            "delay_all": quantile(sorted(messages.delays), 0.5),
            **shares,
        }

    def finish(self) -> None:
        """Let everything arrive and check that nothing is missing.

        Raises ViolationError.
        """
        self.messages.stop()
        self._run_until(lambda: not self.messages.in_flight, "all messages have arrived")

    def with_later_work(self, figures: Mapping[str, float]) -> dict[str, float]:
        """Return the CPU time of a delivery with the work that the server postpones until nobody talks, and wait
        for that work. figures: of the window.

        The CPU time of an idle server, for its timers and idle clients, is not counted.
        """
        if not self.job.pid:
            return {}
        step = min(IDLE_STEP, self.job.seconds / 4)
        spent: list[tuple[float, float]] = []  # CPU seconds and seconds of each step
        idle_steps, waited = 0, 0.0
        while (idle_steps < 2 or waited < POSTPONED) and waited < IDLE_TIMEOUT:
            watch = self.job.stopwatch()
            self.swarm.run_for(step)
            watch.stop()
            spent.append((watch.cpu, watch.wall))
            idle_steps = 0 if watch.cpu >= IDLE_SHARE * watch.wall else idle_steps + 1
            waited += watch.wall
        idle_shares = [cpu / wall for cpu, wall in spent if cpu < IDLE_SHARE * wall]
        idle_share = median(idle_shares) if idle_shares else 0.0
        later = sum(cpu - idle_share * wall for cpu, wall in spent)
        return {"cpu_per_delivery_in_all": figures["cpu_per_delivery"] + max(later, 0.0) / self.received()}

    def _run_until(self, until: Callable[[], bool], awaiting: str) -> None:
        """Run the loop until a condition holds. Raises ViolationError if a message is missing, or else StalledError."""
        try:
            self.swarm.run(until, awaiting, ARRIVAL_TIMEOUT)
        except StalledError:
            self.messages.stop()
            if self.messages.in_flight:
                raise ViolationError(self.messages.missing([member.reader for member in self.members])) from None
            raise

    def transcripts(self) -> list[Transcript]:
        """Return the transcripts by channel and kind of client."""
        return [transcript for room in self.messages.rooms for transcript in room.transcripts]

    def received(self) -> int:
        """Return the number of delivered messages."""
        return sum(member.reader.got() for member in self.members)

    def _delays(self) -> list[float]:
        delays = list(self.messages.late)
        transcripts = self.transcripts()
        lines = sum(
            transcript.lines_before(end) - transcript.lines_before(start)
            for transcript in transcripts
            for _, start, end in transcript.samples
        )
        skip = max(1, lines // SAMPLED)
        at = 0
        for transcript in transcripts:
            for when, start, end in transcript.samples:
                for line in range(transcript.lines_before(start), transcript.lines_before(end)):
                    at += 1
                    if at % skip == 0 and transcript.messages[line]:
                        delays.append(when - transcript.sent[line])
        delays.sort()
        return delays


def arrival_figures(clients: int, arrival: ArrivalTimes) -> dict[str, float]:
    """Return the figures of the clients' arrival."""
    return {
        "clients": clients,
        "register_rate": clients / arrival.registering,
        "join_rate": clients / arrival.joining if arrival.joining else math.nan,
    }
