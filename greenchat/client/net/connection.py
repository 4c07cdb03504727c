"""Keeps one network connected: reconnects, pings the server, and paces sending.

It drives a transport by the app's clock (seconds, monotonic) and never sleeps: `deadline` is the time of the next call
of `tick`.
"""

from collections.abc import Callable
from typing import Protocol

from greenchat.client.irc import ctcp, joining, network_setup, notify_list
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.events import Connected, Disconnected, NetworkEvent, Received
from greenchat.client.state.model import ClientNetwork, LinkState
from greenchat.protocol.message import Message

BACKOFF = (1, 2, 4, 8, 15, 30, 60)  # seconds before each further try; the last one stays
MOST_AT_HOME = 4  # the steps used for a server on this machine, for which frequent attempts are harmless
STABLE_SECONDS = 30  # a connection that lasted this long starts the backoff again
PING_SECONDS = 20
SILENCE_SECONDS = 60  # without any line in spite of pings the connection is dead
BURST = 12  # messages sent at once; servers disconnect flooding clients
PER_SECOND = 2.0
UNPACED = frozenset("PING PONG CAP NICK USER PASS QUIT AUTHENTICATE JOIN".split())
ANSWER_SECONDS = 10  # for the PING after the machine slept
WATCH_SECONDS = 5  # between an idle client's checks for a suspended machine
JUMP_SECONDS = 10  # a larger difference between wall clock and monotonic clock means a suspension
PING_PREFIX = "greenchat-"


class Wire(Protocol):
    """The interface of a transport to its connection."""

    def start(self) -> None:
        """Begin to connect."""

    def send(self, lines: bytes) -> None:
        """Queue complete lines."""

    def close(self, reason: str) -> None:
        """Send the queue, then close."""

    def join(self, seconds: float) -> None:
        """Wait for the end."""


class SuspendDetector:
    """Notices that the machine was suspended: the monotonic clock stood still meanwhile, the wall clock did not. A
    clock that was set looks the same.
    """

    def __init__(self) -> None:
        self._offset: float | None = None

    def jumped(self, monotonic: float, wall: float) -> bool:
        """Whether the machine has slept, or its clock was set, since the last call. Both in seconds."""
        before, self._offset = self._offset, wall - monotonic
        return before is not None and abs(self._offset - before) >= JUMP_SECONDS


Opener = Callable[[ServerAddress, "NetworkConnection"], Wire]


class NetworkConnection:
    """A network's connection, which reconnects whenever it is lost.

    open_wire: makes a transport that posts its events for this connection. chance: returns a number from 0 to 1, which
    spreads the attempts of many clients after a server's restart.
    """

    def __init__(self, network: ClientNetwork, open_wire: Opener, chance: Callable[[], float]) -> None:
        self.network = network
        self.wire: Wire | None = None
        self._open_wire = open_wire
        self._chance = chance
        self._tries = 0
        self._connected_at = 0.0
        self._heard_at = 0.0
        self._next_ping = 0.0
        self._next_look = 0.0
        self._answer_by: float | None = None
        self._again = False
        self._allowance = float(BURST)
        self._allowed_at = 0.0

    def connect(self) -> None:
        """Open a connection now."""
        if self.wire is None:
            self.network.link.begin_attempt()
            self.wire = self._open_wire(self.network.address, self)
            self.wire.start()

    def close(self, reason: str, monotonic: float) -> None:
        """Send the queue, and close."""
        self.flush(monotonic, at_once=True)
        if self.wire:
            self.wire.close(reason)

    def reconnect(self, reason: str, monotonic: float) -> None:
        """Send the queue, close, and connect again at once."""
        self._again = True
        self.flush(monotonic, at_once=True)
        if self.wire:
            self.wire.close(reason)

    def on_event(self, event: NetworkEvent, monotonic: float) -> None:
        """Note what handlers need not know: signs of life, and the time of the next attempt."""
        network = self.network
        self._heard_at = monotonic
        self._answer_by = None
        match event:
            case Connected():
                self._connected_at = monotonic
                self._next_ping = monotonic + PING_SECONDS
                self._next_look = monotonic + notify_list.ASK_SECONDS
                self._allowance = float(BURST)
                self._allowed_at = monotonic
            case Received(Message("PONG", params)) if params and params[-1].startswith(PING_PREFIX):
                network.link.lag = self._lag(params[-1], monotonic)
            case Disconnected():
                self.wire = None
                if network.link.lost_at is None:
                    network.link.lost_at = monotonic
                if network.link.leaving:
                    network.link.retry_at = None
                    return
                if network.link.tries:
                    network_setup.try_next_address(network)
                if self._connected_at and monotonic - self._connected_at >= STABLE_SECONDS:
                    self._tries = 0
                self._connected_at = 0.0
                if self._again:
                    self._again = False
                    network.link.retry_at = monotonic
                    return
                wait = BACKOFF[min(self._tries, len(BACKOFF) - 1)]
                wait = min(wait, MOST_AT_HOME) if network.address.is_local else wait
                self._tries += 1
                network.link.retry_at = monotonic + wait * (1 + 0.2 * self._chance())
            case _:
                pass

    def flush(self, monotonic: float, *, at_once: bool = False) -> None:
        """Send queued lines of the network, as fast as servers accept them."""
        network = self.network
        if self.wire is None or network.link.state in (LinkState.OFFLINE, LinkState.CONNECTING):
            return
        self._allowance = min(BURST, self._allowance + (monotonic - self._allowed_at) * PER_SECOND)
        self._allowed_at = monotonic
        lines = []
        while network.outgoing:
            message = network.outgoing[0]
            # A multiline message is sent completely, and counts as one line.
            paced = message.command not in UNPACED and "batch" not in message.tags
            if paced and not at_once:
                if self._allowance < 1:
                    break
                self._allowance -= 1
            network.outgoing.popleft()
            lines.append(_encode(message))
        if lines:
            self.wire.send(b"".join(lines))

    def woke(self, monotonic: float) -> None:
        """Check the connection at once after the machine has slept, or try again.

        The answer has the server's time, too, against which our clock is measured.
        """
        if self.wire is None and self.network.link.retry_at is not None:
            self._tries = 0
            self.network.link.retry_at = monotonic
        elif self.network.link.state is LinkState.ONLINE:
            self._next_ping = monotonic
            self._answer_by = monotonic + ANSWER_SECONDS

    def tick(self, monotonic: float) -> None:
        """Run everything that is due."""
        network = self.network
        if self.wire is None and network.link.retry_at is not None and monotonic >= network.link.retry_at:
            self.connect()
        elif network.link.state is LinkState.ONLINE and self.wire:
            if monotonic - self._heard_at >= SILENCE_SECONDS:
                self.wire.close(f"no answer for {SILENCE_SECONDS} s")
            elif self._answer_by is not None and monotonic >= self._answer_by:
                self.wire.close("the connection broke while this machine was suspended")
            elif monotonic >= self._next_ping:
                network.send("PING", f"{PING_PREFIX}{int(monotonic * 1000)}")
                self._next_ping = monotonic + PING_SECONDS
            if not network.outgoing and (unknown := joining.without_names(network)):
                joining.ask_names(unknown)  # one after another, so that the user's messages do not wait for them
            ctcp.tick(network, monotonic)
            if monotonic >= self._next_look:
                notify_list.ask(network)
                self._next_look = monotonic + notify_list.ASK_SECONDS
        self.flush(monotonic)

    def deadline(self, monotonic: float) -> float | None:
        """Return the latest time for the next call of `tick`."""
        network = self.network
        if self.wire is None:
            # Every second, for the countdown on the status line.
            return None if network.link.retry_at is None else min(network.link.retry_at, monotonic + 1)
        if network.link.state is not LinkState.ONLINE:
            return None
        if network.outgoing or joining.without_names(network):
            return monotonic + 1 / PER_SECOND
        deadlines = [self._next_ping, self._heard_at + SILENCE_SECONDS, monotonic + WATCH_SECONDS]
        more = (self._answer_by, ctcp.deadline(network, monotonic))
        return min(*deadlines, *(each for each in more if each is not None))

    def _lag(self, ping: str, monotonic: float) -> int | None:
        sent = ping.removeprefix(PING_PREFIX)
        return max(0, int(monotonic * 1000) - int(sent)) if sent.isdecimal() else None


def _encode(message: Message) -> bytes:
    try:
        return message.format().encode(errors="replace") + b"\r\n"
    except ValueError:
        return b""  # the message does not fit into a line; slash commands check that earlier
