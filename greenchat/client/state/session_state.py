"""The parts of a network's state that concern the connection to its server; `reset` prepares each for a new one.

Plain attributes in small slotted classes: `ClientNetwork` has one of each.
"""

from collections import deque
from enum import Enum, auto

from greenchat.client.state.credentials import Attempt, Credentials
from greenchat.client.state.lines import Line
from greenchat.protocol.message import Message
from greenchat.records import field, record

# The size of open batches is limited: a server may never end one.
_MOST_OPEN = 100  # a label's answer, a page of history and the texts in it are three
_MOST_KEPT = 8 << 20  # bytes: a page of a hundred texts of 24 lines is a tenth of it
_MESSAGE = 500  # bytes of a message besides its texts


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
    of text that is not UTF-8. refused: the number of refused messages, the last one for the reason `refusal`. settled:
    whether the server has answered all commands of a script; None before it was asked.
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
    last_words: str = ""  # the server's reason for closing the connection soon
    leaving: bool = False
    welcomed: bool = False
    offers_server: bool = False
    recoded: bool = False
    refused: int = 0
    refusal: str = ""
    settled: bool | None = None

    def reset(self) -> None:
        """Prepare for a new connection."""
        self.last_words = ""
        self.settled = None
        self.welcomed = False


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


@record(slots=True, eq=False)
class Login:
    """The user's account on the server, and the security of the connection.

    credentials: for this and every later connection. certificate: the path of the client certificate with its key. pin:
    the fingerprint of the server's trusted certificate. only_tls: whether STS forbids accepting an invalid certificate.
    account: the one we are logged in to. keep: whether to offer saving the credentials after a login. email: of a new
    account. proving: whether a password was typed while online; it may work for more than this connection. returning:
    whether we end the connection to reconnect at once, with a password or by TLS. announced: the account of the last
    login that was shown. silently: folded channels whose rejoin is not shown. resume_token: lets a guest continue after
    an upgrade of the server. locked: the shown error of the password command. server_password: the parameter of PASS,
    for servers with a connection password. upstream: an account on the network behind a bouncer, of this connection
    only. registering: whether an account is being registered with these credentials. code_wanted: why the server
    requires a code of an authenticator app, for which the user is asked.
    """

    credentials: Credentials | None = None
    upstream: Credentials | None = None
    certificate: str = ""
    pin: str = ""
    only_tls: bool = False
    account: str = ""
    attempt: Attempt | None = None
    keep: bool = False
    email: str = ""
    registering: bool = False
    proving: bool = False
    returning: bool = False
    resume_token: str = ""
    announced: str = ""
    code_wanted: str = ""
    locked: str = ""
    server_password: str = field(default="", repr=False)
    silently: set[str] = field(default_factory=set)

    def reset(self) -> None:
        """Prepare for a new connection."""
        self.attempt = None
        self.account = ""
        self.upstream = None
        self.proving = self.registering = False


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


@record(slots=True, eq=False)
class Presence:
    """The members of the notify list that are online.

    monitored: folded nicks that the server reports. present: folded nicks of the list -> whether online. asks_for: the
    list, if the server must be polled. isons: pending requests, () for the user's.
    """

    monitored: set[str] = field(default_factory=set)
    present: dict[str, bool] = field(default_factory=dict)
    asks_for: tuple[str, ...] = ()
    isons: deque[tuple[str, ...]] = field(default_factory=lambda: deque(maxlen=50))

    def reset(self) -> None:
        """Prepare for a new connection."""
        self.monitored.clear()
        self.isons.clear()


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


@record(slots=True, eq=False)
class Batch:
    """A batch from its opening on. size: the number of received messages. messages: those that wait for the end."""

    opening: Message
    size: int = 0
    messages: list[Message] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The type, like `chathistory`."""
        return self.opening.params[1] if len(self.opening.params) > 1 else ""

    @property
    def target(self) -> str:
        """The first parameter of the type, a channel or a nick; "" without one."""
        return self.opening.params[2] if len(self.opening.params) > 2 else ""


class Batches:
    """The open batches of a connection, by their references.

    Reads: get, in, len. Changes: begin, keep, end, clear.
    """

    __slots__ = ("_open", "_size", "_was_told")

    def __init__(self) -> None:
        self.clear()

    def __contains__(self, reference: str) -> bool:
        return reference in self._open

    def __len__(self) -> int:
        return len(self._open)

    def clear(self) -> None:
        """Drop all batches, for a new connection."""
        self._open: dict[str, Batch] = {}
        self._size = 0  # bytes of the open batches
        self._was_told = False

    def get(self, reference: str) -> Batch | None:
        """Return the open batch with this reference."""
        return self._open.get(reference)

    def begin(self, opening: Message) -> str:
        """Begin a batch. Return a message for the user, as `keep` does."""
        reference = opening.params[0][1:]
        self.end(reference)
        self._open[reference] = Batch(opening)
        return self._drop() if len(self._open) > _MOST_OPEN else ""

    def keep(self, batch: Batch, message: Message) -> str:
        """Keep a message until its batch is complete.

        Beyond the limit all open batches are dropped. Returns a message for the user about that, once.
        """
        batch.messages.append(message)
        self._size += _size_of(message)
        return self._drop() if self._size > _MOST_KEPT else ""

    def end(self, reference: str) -> Batch | None:
        """End a batch and return it; None if there is none."""
        ended = self._open.pop(reference, None)
        if ended:
            self._size -= sum(map(_size_of, ended.messages))
        return ended

    def _drop(self) -> str:
        self._open.clear()
        self._size = 0
        was_told, self._was_told = self._was_told, True
        return "" if was_told else "The server begins batches and does not end them: their messages are not shown."


def _size_of(message: Message) -> int:
    tags = sum(len(name) + len(value) for name, value in message.tags.items())
    return _MESSAGE + tags + sum(map(len, message.params))
