"""Reconnecting, pings and pacing, by a clock that the test moves."""

from greenchat.client.net.connection import (
    ANSWER_SECONDS,
    BURST,
    MOST_AT_HOME,
    SILENCE_SECONDS,
    NetworkConnection,
    SuspendDetector,
)
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.events import Connected, Disconnected, Received
from greenchat.client.state.model import ClientNetwork, LinkState
from greenchat.protocol.message import Message


class FakeWire:
    """A transport that keeps what is sent."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.closed = ""

    def start(self) -> None:
        """Do nothing."""

    def send(self, lines: bytes) -> None:
        self.lines += lines.decode().splitlines()

    def close(self, reason: str) -> None:
        self.closed = reason

    def join(self, seconds: float) -> None:
        """Do nothing: there is no thread to wait for."""


class ConnectionUnderTest:
    """A connection and the transports that it opened."""

    def __init__(self) -> None:
        self.network = ClientNetwork("net", ServerAddress("irc.example", 9090), "alice")
        self.wires: list[FakeWire] = []
        self.connection = NetworkConnection(self.network, self.open, lambda: 0.0)

    def open(self, _address: ServerAddress, _connection: NetworkConnection) -> FakeWire:
        self.wires.append(FakeWire())
        return self.wires[-1]

    def online(self, now: float) -> None:
        self.connection.connect()
        self.connection.on_event(Connected(), now)
        self.network.link.state = LinkState.ONLINE

    def lose(self, now: float) -> None:
        self.connection.on_event(Disconnected("cut"), now)
        self.network.link.state = LinkState.OFFLINE


def test_a_local_server_is_tried_often() -> None:
    case = ConnectionUnderTest()
    case.network.address = ServerAddress("localhost", 9090)
    case.connection.connect()
    now = 0.0
    for _ in range(9):
        case.lose(now)
        assert case.network.link.retry_at is not None
        wait, now = case.network.link.retry_at - now, case.network.link.retry_at
        assert wait <= MOST_AT_HOME
        case.connection.tick(now)


def test_the_delay_between_attempts_grows_to_a_minute() -> None:
    case = ConnectionUnderTest()
    case.connection.connect()
    waits = []
    now = 0.0
    for _ in range(9):
        case.lose(now)
        assert case.network.link.retry_at is not None
        waits.append(case.network.link.retry_at - now)
        now = case.network.link.retry_at
        case.connection.tick(now - 0.01)
        assert case.connection.wire is None
        case.connection.tick(now)
        assert case.connection.wire is not None
    assert waits == [1, 2, 4, 8, 15, 30, 60, 60, 60]


def test_a_connection_that_held_resets_the_delay() -> None:
    case = ConnectionUnderTest()
    case.connection.connect()
    case.lose(0)
    case.lose(1)
    case.online(10)
    case.lose(100)
    assert case.network.link.retry_at == 101


def test_a_connection_that_breaks_at_once_does_not() -> None:
    case = ConnectionUnderTest()
    case.connection.connect()
    case.lose(0)
    case.online(1)
    case.lose(2)
    assert case.network.link.retry_at == 4


def test_after_leaving_there_is_no_attempt() -> None:
    case = ConnectionUnderTest()
    case.online(0)
    case.network.link.leaving = True
    case.lose(1)
    assert case.network.link.retry_at is None
    assert case.connection.deadline(1) is None


def test_the_countdown_is_drawn_every_second() -> None:
    case = ConnectionUnderTest()
    case.connection.connect()
    for now in (0, 1, 2):
        case.lose(now)
    assert case.connection.deadline(2.5) == 3.5
    assert case.connection.deadline(5.8) == 6


def test_pings_measure_the_lag() -> None:
    case = ConnectionUnderTest()
    case.online(0)
    case.connection.tick(19)
    assert case.wires[0].lines == []
    case.connection.tick(20)
    assert case.wires[0].lines == ["PING greenchat-20000"]
    case.connection.on_event(Received(Message("PONG", ("srv", "greenchat-20000"))), 20.25)
    assert case.network.link.lag == 250


def test_a_silent_connection_is_given_up() -> None:
    case = ConnectionUnderTest()
    case.online(0)
    reasons = []
    for now in (SILENCE_SECONDS - 1, SILENCE_SECONDS):
        case.connection.tick(now)
        reasons.append(case.wires[0].closed)
    assert reasons == ["", "no answer for 60 s"]


def test_a_flood_is_paced_and_pongs_are_not_delayed() -> None:
    case = ConnectionUnderTest()
    case.online(0)
    for number in range(BURST + 4):
        case.network.send("PRIVMSG", "#tea", str(number))
    case.connection.tick(0)
    assert len(case.wires[0].lines) == BURST
    deadline = case.connection.deadline(0)
    assert deadline == 0.5
    case.connection.tick(deadline)
    assert len(case.wires[0].lines) == BURST + 1
    case.connection.tick(10)
    assert [line.partition(":")[2] for line in case.wires[0].lines] == [str(number) for number in range(BURST + 4)]


def test_invalid_lines_are_not_sent() -> None:
    case = ConnectionUnderTest()
    case.online(0)
    case.network.send("PRIVMSG", "two words", "x")
    case.network.send("JOIN", "#tea")
    case.connection.tick(0)
    assert case.wires[0].lines == ["JOIN #tea"]


def test_sleep_is_noticed_by_comparing_the_clocks() -> None:
    """As is a change of the date, forward or back: everything that was compared with it is measured again."""
    clocks = SuspendDetector()
    jumped = [clocks.jumped(*each) for each in ((0, 1000), (5, 1005.2), (6, 4000), (11, 4005), (12, 406), (13, 407))]
    assert jumped == [False, False, True, False, True, False]


def test_after_sleep_a_ping_is_sent_at_once() -> None:
    case = ConnectionUnderTest()
    case.online(0)
    case.connection.woke(3)
    case.connection.tick(3)
    assert case.wires[0].lines == ["PING greenchat-3000"]
    assert case.connection.deadline(4) == 9
    assert case.connection.deadline(9) == 3 + ANSWER_SECONDS
    case.connection.tick(3 + ANSWER_SECONDS)
    assert case.wires[0].closed == "the connection broke while this machine was suspended"


def test_an_answer_after_sleep_keeps_the_connection() -> None:
    case = ConnectionUnderTest()
    case.online(0)
    case.connection.woke(3)
    case.connection.tick(3)
    case.connection.on_event(Received(Message("PONG", ("srv", "greenchat-3000"))), 4)
    case.connection.tick(3 + ANSWER_SECONDS)
    assert case.wires[0].closed == ""


def test_another_address_is_connected_to_at_once() -> None:
    case = ConnectionUnderTest()
    case.online(0)
    case.connection.reconnect("to switch to TLS", 1)
    assert case.wires[0].closed == "to switch to TLS"
    case.lose(1)
    case.connection.tick(1)
    assert len(case.wires) == 2


def test_after_sleep_the_next_attempt_is_made_at_once() -> None:
    case = ConnectionUnderTest()
    case.connection.connect()
    for now in (0, 1, 2, 3, 4):
        case.lose(now)
    case.connection.woke(5)
    case.connection.tick(5)
    assert len(case.wires) == 2
