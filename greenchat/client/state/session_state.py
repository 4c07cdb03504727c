"""The parts of a network's state that concern the connection to its server; `reset` prepares each for a new one.

Plain attributes in small slotted classes: `ClientNetwork` has one of each.
"""

from collections import deque
from collections.abc import Collection, Iterable
from enum import Enum, auto

from greenchat.client.state.lines import Line
from greenchat.protocol.caps import bits
from greenchat.records import field, record


class LinkState(Enum):
    """The state of a network's connection."""

    OFFLINE = auto()
    CONNECTING = auto()
    REGISTERING = auto()
    ONLINE = auto()


@record(slots=True, eq=False)
class Link:
    """The connection: its state, its end, and the next attempt.

    lag: milliseconds of the last PING, None while unknown. heard_at: milliseconds since the epoch of the server's last
    line. missed_since: the same before the connection broke, by the server's clock. lost_at, retry_at: seconds of the
    monotonic clock, or None. tries: failed attempts to connect since the last success. error_line: the line that
    reports them. leaving: whether the user wants the end, so that there is no reconnect. welcomed: whether the welcome
    is complete. offers_server: whether to offer starting a server on this machine. recoded: whether the user was told
    of text that is not UTF-8. refused: the number of refused messages, the last one for the reason `refusal`.
    all_answered: whether the server has answered all commands of a script; None before it was asked.
    """

    state: LinkState = LinkState.OFFLINE
    lag: int | None = None
    heard_at: int = 0
    skew: int = 0  # milliseconds by which the server's clock is ahead of ours
    missed_since: int = 0
    lost_at: float | None = None
    retry_at: float | None = None
    tries: int = 0
    error_line: Line | None = None
    closing_reason: str = ""  # the server's reason for closing the connection soon
    leaving: bool = False
    welcomed: bool = False
    offers_server: bool = False
    recoded: bool = False
    refused: int = 0
    refusal: str = ""
    all_answered: bool | None = None

    def reset(self) -> None:
        """Prepare for a new connection."""
        self.closing_reason = ""
        self.all_answered = None
        self.welcomed = False

    def begin_attempt(self) -> None:
        """Begin to connect."""
        self.state = LinkState.CONNECTING
        self.leaving = False
        self.retry_at = None

    def complete_registration(self) -> None:
        """Note the server's welcome: earlier failures are over."""
        self.state = LinkState.ONLINE
        self.lost_at = self.retry_at = None
        self.tries = 0
        self.error_line = None
        self.offers_server = False
        self.welcomed = False

    def leave(self) -> None:
        """Stay disconnected from now on, or after the end of the connection, until `allow_reconnect`."""
        self.leaving = True
        self.retry_at = None

    def allow_reconnect(self) -> None:
        """Undo `leave`."""
        self.leaving = False

    def forget_failures(self) -> None:
        """Forget the failed attempts before one with other data."""
        self.tries = 0
        self.error_line = None

    def measure_skew(self, server_time: int) -> None:
        """Note the difference between the server's clock and ours. server_time: of the present message, in ms."""
        self.skew = server_time - self.heard_at

    def take_missed_since(self) -> int:
        """Return `missed_since`, and reset it."""
        since, self.missed_since = self.missed_since, 0
        return since


@record(slots=True, eq=False)
class Nicknames:
    """Our nickname on a network.

    current: the present nick; before the welcome the requested one. wanted: the user's choice. asked: a requested nick
    without an answer yet. watched: a nick that the server reports when free. refused: the nick that the server refused
    at registration, and the reason. former: the nick before a reconnect. mask: our user@host as others see it, "" while
    unknown.
    """

    current: str
    wanted: str = ""
    asked: str = ""
    watched: str = ""
    refused: tuple[str, str] | None = None
    former: str = ""
    mask: str = ""

    def reset(self) -> None:
        """Prepare for a new connection."""
        self.current = self.wanted

    def set(self, nick: str) -> None:
        """Set the nick for the next connection, as the user wants."""
        self.current = self.wanted = nick

    def accept_current(self) -> None:
        """Want the present nick."""
        self.wanted = self.current

    def set_host(self, user: str, host: str) -> None:
        """Note our user name and host as others see them."""
        self.mask = f"{user}@{host}"

    def rename(self, nick: str, *, is_asked: bool) -> None:
        """Note our new nick. is_asked: whether it is the requested one."""
        self.current = nick
        if is_asked:
            self.wanted = nick
            self.asked = ""

    def take_asked(self) -> str:
        """Return the requested nick, which was refused, and reset it."""
        asked, self.asked = self.asked, ""
        return asked

    def refuse(self, nick: str, reason: str, substitute: str) -> None:
        """Note the first refused nick at registration, and continue with a substitute."""
        self.refused = self.refused or (nick, reason)
        self.current = substitute

    def take_refused(self) -> tuple[str, str] | None:
        """Return the refused nick with the reason, and reset it."""
        refused, self.refused = self.refused, None
        return refused


@record(slots=True, eq=False)
class Capabilities:
    """Capability negotiation. asked: the number of REQ lines without their ACK or NAK."""

    offered: dict[str, str] = field(default_factory=dict)
    held: int = 0  # a set of bits, see `greenchat.protocol.caps`
    asked: int = 0

    def reset(self) -> None:
        """Prepare for a new connection."""
        self.offered.clear()
        self.held = 0
        self.asked = 0

    def withdraw(self, names: list[str]) -> None:
        """Note capabilities that the server offers no longer."""
        for name in names:
            self.offered.pop(name, None)
        self.held &= ~bits(names)

    def acknowledge(self, names: list[str]) -> None:
        """Note capabilities that the server has enabled, or with `-` disabled."""
        self.held |= bits([name for name in names if not name.startswith("-")])
        self.held &= ~bits([name[1:] for name in names if name.startswith("-")])

    def answered(self) -> None:
        """Note an ACK or NAK."""
        self.asked = max(0, self.asked - 1)


@record(slots=True, eq=False)
class Presence:
    """The members of the notify list that are online.

    monitored: folded nicks that the server reports. present: folded nicks of the list -> whether online. polled: the
    list, if the server must be polled. ison_requests: pending requests, () for the user's.
    """

    monitored: set[str] = field(default_factory=set)
    present: dict[str, bool] = field(default_factory=dict)
    polled: tuple[str, ...] = ()
    ison_requests: deque[tuple[str, ...]] = field(default_factory=lambda: deque(maxlen=50))

    def reset(self) -> None:
        """Prepare for a new connection."""
        self.monitored.clear()
        self.ison_requests.clear()

    def keep_only(self, wanted: Collection[str]) -> None:
        """Forget nicks that are no longer on the list. wanted: folded."""
        self.present = {nick: is_online for nick, is_online in self.present.items() if nick in wanted}

    def monitor(self, added: Iterable[str], removed: Iterable[str]) -> None:
        """Note folded nicks that the server reports from now on, or no longer."""
        self.monitored = (self.monitored - set(removed)) | set(added)


class LastDevice(Enum):
    """The device of the user's last message: this one or another."""

    HERE = auto()
    ELSEWHERE = auto()


@record(slots=True, eq=False)
class CtcpAnswer:
    """An automatic answer that waits for another device. delay, due: seconds; due: of the monotonic clock."""

    nick: str
    command: str
    text: str
    delay: float
    due: float | None = None


@record(slots=True, eq=False)
class Devices:
    """The user's other connections under the same nickname.

    others: whether one was noticed. last: the device of the user's last message, None before one. answers: automatic
    answers that wait for another device. sent: (folded nick, command) of our last answers without an echo so far;
    refused ones get none.
    """

    others: bool = False
    last: LastDevice | None = None
    answers: list[CtcpAnswer] = field(default_factory=list)
    sent: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=10))

    def reset(self) -> None:
        """Prepare for a new connection."""
        self.answers.clear()
        self.sent.clear()


@record(slots=True, eq=False)
class Bouncer:
    """The networks that a bouncer holds.

    bound: the id of this connection's network, "" for the bouncer's main connection. networks: id -> attributes, from
    that connection.
    """

    bound: str = ""
    networks: dict[str, dict[str, str]] = field(default_factory=dict)

    def reset(self) -> None:
        """Prepare for a new connection."""
        self.networks.clear()


@record(slots=True, eq=False)
class Reading:
    """Private conversations with messages while the user was not connected.

    talks_since: the `missed_since` of the pending request. looks_for_unread: whether requested conversations may have
    been read elsewhere. unread: such conversations, folded name -> time of the last message. asks_talks: whether the
    server has not listed all yet. told_strangers: whether the user was told why messages of strangers are in the
    server's window.
    """

    talks_since: int = 0
    asks_talks: bool = False
    told_strangers: bool = False
    looks_for_unread: bool = False
    looked_for_unread: bool = False
    unread: dict[str, int] = field(default_factory=dict)

    def reset(self) -> None:
        """Prepare for a new connection."""
        self.looks_for_unread = self.asks_talks = self.told_strangers = False
        self.unread.clear()

    def begin(self, *, may_look: bool) -> bool:
        """Begin to request the conversations; return whether also those that may have been read elsewhere.

        may_look: whether the server can tell that; it is asked once.
        """
        self.unread.clear()
        self.looks_for_unread = may_look and not self.looked_for_unread
        self.looked_for_unread = self.looked_for_unread or may_look
        return self.looks_for_unread

    def ask_talks(self, since: int) -> None:
        """Note the request of the conversations since a time, in ms."""
        self.asks_talks = True
        self.talks_since = since
