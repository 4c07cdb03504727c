"""Reconnecting, asking whether the server is there, and pacing: all by a clock that the test moves."""

from greenchat.client.net.connection import (
    ANSWER_SECONDS,
    BURST,
    MOST_AT_HOME,
    SILENCE_SECONDS,
    Clocks,
    NetworkConnection,
)
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.events import Connected, Disconnected, Received
from greenchat.client.state.model import ClientNetwork, LinkState
from greenchat.protocol.message import Message


class FakeWire:
    """Takes what would be sent."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.closed = ""

    def start(self) -> None:
        """Nothing to do."""

    def send(self, lines: bytes) -> None:
        self.lines += lines.decode().splitlines()

    def close(self, reason: str) -> None:
        self.closed = reason

    def join(self, seconds: float) -> None:
        """Nothing to wait for."""


class Desk:
    """A connection with its wires."""

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


def test_a_server_on_this_machine_is_tried_often() -> None:
    desk = Desk()
    desk.network.address = ServerAddress("localhost", 9090)
    desk.connection.connect()
    now = 0.0
    for _ in range(9):
        desk.lose(now)
        assert desk.network.link.retry_at is not None
        wait, now = desk.network.link.retry_at - now, desk.network.link.retry_at
        assert wait <= MOST_AT_HOME
        desk.connection.tick(now)


def test_each_try_waits_longer_up_to_a_minute() -> None:
    desk = Desk()
    desk.connection.connect()
    waits = []
    now = 0.0
    for _ in range(9):
        desk.lose(now)
        assert desk.network.link.retry_at is not None
        waits.append(desk.network.link.retry_at - now)
        now = desk.network.link.retry_at
        desk.connection.tick(now - 0.01)
        assert desk.connection.wire is None
        desk.connection.tick(now)
        assert desk.connection.wire is not None
    assert waits == [1, 2, 4, 8, 15, 30, 60, 60, 60]


def test_a_connection_that_held_starts_the_waiting_anew() -> None:
    desk = Desk()
    desk.connection.connect()
    desk.lose(0)
    desk.lose(1)
    desk.online(10)
    desk.lose(100)
    assert desk.network.link.retry_at == 101


def test_one_that_breaks_at_once_does_not() -> None:
    desk = Desk()
    desk.connection.connect()
    desk.lose(0)
    desk.online(1)
    desk.lose(2)
    assert desk.network.link.retry_at == 4


def test_leaving_is_not_followed_by_a_try() -> None:
    desk = Desk()
    desk.online(0)
    desk.network.link.leaving = True
    desk.lose(1)
    assert desk.network.link.retry_at is None
    assert desk.connection.deadline(1) is None


def test_the_countdown_wants_a_picture_every_second() -> None:
    desk = Desk()
    desk.connection.connect()
    for now in (0, 1, 2):
        desk.lose(now)
    assert desk.connection.deadline(2.5) == 3.5
    assert desk.connection.deadline(5.8) == 6


def test_pings_measure_the_lag() -> None:
    desk = Desk()
    desk.online(0)
    desk.connection.tick(19)
    assert desk.wires[0].lines == []
    desk.connection.tick(20)
    assert desk.wires[0].lines == ["PING greenchat-20000"]
    desk.connection.on_event(Received(Message("PONG", ("srv", "greenchat-20000"))), 20.25)
    assert desk.network.link.lag == 250


def test_a_silent_server_is_given_up() -> None:
    desk = Desk()
    desk.online(0)
    reasons = []
    for now in (SILENCE_SECONDS - 1, SILENCE_SECONDS):
        desk.connection.tick(now)
        reasons.append(desk.wires[0].closed)
    assert reasons == ["", "no answer for 60 s"]


def test_a_flood_is_paced_and_pongs_are_not_held_up() -> None:
    desk = Desk()
    desk.online(0)
    for number in range(BURST + 4):
        desk.network.send("PRIVMSG", "#tea", str(number))
    desk.connection.tick(0)
    assert len(desk.wires[0].lines) == BURST
    deadline = desk.connection.deadline(0)
    assert deadline == 0.5
    desk.connection.tick(deadline)
    assert len(desk.wires[0].lines) == BURST + 1
    desk.connection.tick(10)
    assert [line.partition(":")[2] for line in desk.wires[0].lines] == [str(number) for number in range(BURST + 4)]


def test_what_can_not_be_a_line_is_not_sent() -> None:
    desk = Desk()
    desk.online(0)
    desk.network.send("PRIVMSG", "two words", "x")
    desk.network.send("JOIN", "#tea")
    desk.connection.tick(0)
    assert desk.wires[0].lines == ["JOIN #tea"]


def test_a_machine_that_slept_is_noticed_by_its_clocks() -> None:
    """And so is somebody who sets the clock, forward or back: all that was compared with it is measured again."""
    clocks = Clocks()
    jumped = [clocks.jumped(*each) for each in ((0, 1000), (5, 1005.2), (6, 4000), (11, 4005), (12, 406), (13, 407))]
    assert jumped == [False, False, True, False, True, False]


def test_after_a_sleep_the_server_is_asked_at_once() -> None:
    desk = Desk()
    desk.online(0)
    desk.connection.woke(3)
    desk.connection.tick(3)
    assert desk.wires[0].lines == ["PING greenchat-3000"]
    assert desk.connection.deadline(4) == 9
    assert desk.connection.deadline(9) == 3 + ANSWER_SECONDS
    desk.connection.tick(3 + ANSWER_SECONDS)
    assert desk.wires[0].closed == "the connection broke while this machine was suspended"


def test_an_answer_after_a_sleep_keeps_the_connection() -> None:
    desk = Desk()
    desk.online(0)
    desk.connection.woke(3)
    desk.connection.tick(3)
    desk.connection.on_event(Received(Message("PONG", ("srv", "greenchat-3000"))), 4)
    desk.connection.tick(3 + ANSWER_SECONDS)
    assert desk.wires[0].closed == ""


def test_another_address_is_gone_to_at_once() -> None:
    desk = Desk()
    desk.online(0)
    desk.connection.reconnect("to switch to TLS", 1)
    assert desk.wires[0].closed == "to switch to TLS"
    desk.lose(1)
    desk.connection.tick(1)
    assert len(desk.wires) == 2


def test_after_a_sleep_nobody_waits_for_the_next_try() -> None:
    desk = Desk()
    desk.connection.connect()
    for now in (0, 1, 2, 3, 4):
        desk.lose(now)
    desk.connection.woke(5)
    desk.connection.tick(5)
    assert len(desk.wires) == 2
