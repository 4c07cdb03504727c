"""Joins and quits while others talk: a channel of talking members, and visitors who join, part, quit and return.

Joins and departures are in proportion to messages, so that the work does not depend on the server's speed.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from enum import Enum, auto

from greenchat.bench.connecting import SYNC, connect_all, registration
from greenchat.bench.figures import Figures
from greenchat.bench.load import ARRIVAL_TIMEOUT, Job, SteadyLoad, answer, arrival_figures, speakers
from greenchat.bench.messages_in_flight import Room
from greenchat.bench.reader import Reader
from greenchat.bench.scenario import Scenario, Shape
from greenchat.bench.swarm import Client, StalledError, Swarm
from greenchat.bench.transcript import Transcript, ViolationError
from greenchat.bench.wire import HEAD

CHANNEL = b"#bench"


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--clients", type=int, default=500, metavar="N", help="members that stay and talk (500)")
    parser.add_argument("--visitors", type=int, default=100, metavar="N", help="clients that join and leave (100)")
    parser.add_argument("--every", type=int, default=10, metavar="N", help="messages per join or departure (10)")
    parser.add_argument("--flight", type=int, default=16, metavar="W", help="messages in flight (16)")


def _shapes(options: Namespace) -> Sequence[Shape]:
    title = (
        f"{options.clients} talk, {options.visitors} come and go, each {options.every} messages one of them,"
        f" {options.flight} in flight"
    )
    names = ("clients", "visitors", "every", "flight")
    return [Shape(title, {name: getattr(options, name) for name in names})]


class _VisitorState(Enum):
    ELSEWHERE = auto()
    COMING = auto()
    HERE = auto()
    PARTING = auto()
    QUITTING = auto()
    REGISTERING = auto()


class _Visitor:
    """A client that joins, parts, joins, quits, and begins again."""

    def __init__(self, swarm: Swarm, client: Client, transcript: Transcript) -> None:
        self.swarm = swarm
        self.client = client
        self.reader = Reader(transcript, client.index, self._private, echo=True)
        self.state = _VisitorState.ELSEWHERE
        self.quits = False  # how it leaves the next time
        client.feed = self.reader.feed

    def act(self) -> bool:
        """Join or leave, unless the last action is pending."""
        if self.state is _VisitorState.ELSEWHERE:
            self.state = _VisitorState.COMING
            self.client.send(b"JOIN %b\r\n" % CHANNEL)
        elif self.state is _VisitorState.HERE:
            self.state = _VisitorState.QUITTING if self.quits else _VisitorState.PARTING
            if self.quits:
                self.client.closed = self._closed
            self.client.send(b"QUIT\r\n" if self.quits else b"PART %b\r\n%b" % (CHANNEL, SYNC))
            self.quits = not self.quits
        else:
            return False
        return True

    def _private(self, line: bytes) -> None:
        head = HEAD.match(line)
        command = head[2] if head else b""
        if command == b"366":
            self.state = _VisitorState.HERE
        elif command == b"001":
            self.state = _VisitorState.ELSEWHERE
        elif command == b"PONG" and self.state is _VisitorState.PARTING:
            if not self.reader.last_line().startswith(b":%b!" % str(self.reader).encode()):
                raise ViolationError(f"{self.reader} did not see its own PART last, but {self.reader.last_line()!r}")
            self.reader.leave_channel()
            self.state = _VisitorState.ELSEWHERE
        elif command != b"ERROR" or self.state is not _VisitorState.QUITTING:
            answer(self.client, line)

    def _closed(self, client: Client) -> None:
        self.swarm.close(client)
        self.reader.leave_channel()
        self.state = _VisitorState.REGISTERING
        self.client = self.swarm.connect(client.index)
        self.client.feed = self.reader.feed
        self.client.send(registration(client.index))


class _Churn:
    """Lets the visitors join and leave at the pace of the messages."""

    def __init__(self, visitors: Sequence[_Visitor], every: int) -> None:
        self.visitors = visitors
        self.every = every
        self.spoken = self.turn = self.acts = 0

    def keep_pace(self) -> None:
        """Keep the visitors' pace after one more message."""
        self.spoken += 1
        if self.spoken % self.every:
            return
        for _ in self.visitors:
            self.turn = (self.turn + 1) % len(self.visitors)
            if self.visitors[self.turn].act():
                self.acts += 1
                return


def _run(job: Job, shape: Shape) -> Figures:
    count = shape["clients"]
    swarm = Swarm(job.address)
    clients, arrival = connect_all(swarm, [CHANNEL] * count, progress=job.report_connecting)
    guests, _ = connect_all(swarm, [None] * shape["visitors"], first=count, progress=job.report_connecting)
    room = Room(CHANNEL)
    talk = SteadyLoad(job, swarm, [room], speakers([(room, range(count))]), shape["flight"])
    transcript = talk.transcript(CHANNEL)
    room.transcripts.append(transcript)
    for client in clients:
        talk.add(client, transcript)
    visitors = [_Visitor(swarm, guest, transcript) for guest in guests]
    churn = _Churn(visitors, shape["every"])
    talk.spoken = churn.keep_pace
    figures = talk.measure("talking")
    talk.finish()
    _let_all_read(swarm, talk, visitors)
    swarm.close_all()
    return {**arrival_figures(count, arrival), "comings_and_goings": churn.acts, **figures}


def _let_all_read(swarm: Swarm, talk: SteadyLoad, visitors: Sequence[_Visitor]) -> None:
    """Check that all members at the end have received everything that was said in the channel."""
    readers = [member.reader for member in talk.members]

    def settled() -> bool:
        here = [visitor.reader for visitor in visitors if visitor.state is _VisitorState.HERE]
        still = all(visitor.state in (_VisitorState.HERE, _VisitorState.ELSEWHERE) for visitor in visitors)
        return still and all(reader.is_up_to_date() for reader in (*readers, *here))

    try:
        swarm.run(settled, "all members have read everything", ARRIVAL_TIMEOUT)
    except StalledError:
        late = [str(reader) for reader in readers if not reader.is_up_to_date()]
        late += [
            f"{visitor.reader}, {visitor.state.name.lower()}"
            for visitor in visitors
            if visitor.state is not _VisitorState.ELSEWHERE
            and not (visitor.state is _VisitorState.HERE and visitor.reader.is_up_to_date())
        ]
        raise ViolationError(f"{len(late)} miss what others were told ({'; '.join(late[:3])})") from None


SCENARIO = Scenario(
    "churn", "joins, parts and quits while others talk", _shapes, _run, _add_arguments,
    connections=lambda shape: shape["clients"] + shape["visitors"],
)  # fmt: skip
