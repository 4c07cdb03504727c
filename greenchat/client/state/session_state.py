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
    """The connection itself: how far it is, how it ended, when it is tried again.

    lag: milliseconds of the last PING, None while unknown. heard_at: milliseconds since the epoch, when the server said
    something last. missed_since: the same before the connection broke, by the server's clock. lost_at, retry_at:
    seconds of the monotonic clock, None when not lost and not retrying. tries: failed attempts to connect since the
    last success. trouble: the line that reports them. leaving: the user asked for the end, do not reconnect.
    welcomed: the welcome is complete. offers_server: offer to start a server on this machine when nothing answers.
    recoded: the user was told of text that is no UTF-8. refused: how many lines of the user's the server did not take,
    the last of them for the reason `refusal`. settled: the server has answered all that a script has asked for; None
    where it was not asked whether it has.
    """

    state: LinkState = LinkState.OFFLINE
    lag: int | None = None
    heard_at: int = 0
    skew: int = 0  # milliseconds by which the server's clock is ahead of ours
    missed_since: int = 0
    lost_at: float | None = None
    retry_at: float | None = None
    tries: int = 0
    trouble: Line | None = None
    last_words: str = ""  # of the server, on why it is about to close the connection
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
    """Our own name on a network.

    current: what the server calls us; before it says so, what we asked for. wanted: what the user would like. asked:
    what they have asked for and not got yet. watched: the server reports when this nick is free. refused: the name that
    the server refused at registration, and why. former: what we were called before we came in again. mask: our
    user@host as others see it, "" while unknown.
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

    credentials: to log in with, now and after every reconnect. certificate: the path of our own, with its key, to show
    to servers with TLS. pin: the fingerprint of the server's certificate that the user trusts. only_tls: by STS, a
    wrong certificate can't be accepted. account: whom the server takes us for. keep: ask whether to keep the
    credentials once they turn out to be right. email: of a new account. proving: a password was typed while online; it
    may open more than this connection. returning: we end the connection ourselves, to come in again at once: with a
    password, or by TLS. told: the account that the user was told they are logged in to. silently: folded channels that
    they were in then, where coming back is no news. resume_token: what lets a guest continue after an upgrade of the
    server. locked: what the user was told about their password command. server_password: what PASS is to say, for
    servers that ask everybody for one. upstream: an account on the network behind a bouncer, of this connection only.
    registering: an account is being registered with these credentials. code_wanted: why the server wants the code of an
    authenticator app beside the password; the user is asked for it.
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
    told: str = ""
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

    monitored: folded nicks that the server reports on. present: folded nicks of the list that are online, or not.
    asks_for: the same list, where the server has to be asked. isons: what was asked, () by the user.
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
    """An automatic answer that waits for another device of ours. delay, due: seconds; due: of the monotonic clock."""

    nick: str
    command: str
    text: str
    delay: float
    due: float | None = None


@record(slots=True, eq=False)
class Devices:
    """The known facts about the user's other connections under the same nickname.

    others: there was one. last: where the user spoke last, None before they did. answers: automatic answers that wait
    for another device to give them. sent: (folded nick, command) of those from here whose echo has not come yet; the
    last ones, since there is none where the server refuses one.
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

    bound: the id of the one that this connection is for, "" for the connection to the bouncer itself. networks: id ->
    attributes, as the bouncer tells them on that connection.
    """

    bound: str = ""
    networks: dict[str, dict[str, str]] = field(default_factory=dict)

    def reset(self) -> None:
        """Prepare for a new connection."""
        self.networks.clear()


@record(slots=True, eq=False)
class Reading:
    """The private talks that continued while the user was not connected.

    talks_since: the `missed_since` for which the talks of that time are being asked. looks_for_unread: the talks that
    are being asked for may have been read elsewhere. unread: such talks, folded name -> when something was said last.
    asks_talks: the server has not named all talks yet. told_strangers: the user was told why strangers' talks stand in
    the server's window.
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
    """Messages that belong together, from their opening on. size: how many have come. kept: those that have to wait."""

    opening: Message
    size: int = 0
    kept: list[Message] = field(default_factory=list)

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
        """Forget all of them: another connection begins."""
        self._open: dict[str, Batch] = {}
        self._size = 0  # bytes of the open batches
        self._was_told = False

    def get(self, reference: str) -> Batch | None:
        """Return the open batch with this reference."""
        return self._open.get(reference)

    def begin(self, opening: Message) -> str:
        """Begin a batch. Return what the user is to be told, as `keep` does."""
        reference = opening.params[0][1:]
        self.end(reference)
        self._open[reference] = Batch(opening)
        return self._drop() if len(self._open) > _MOST_OPEN else ""

    def keep(self, batch: Batch, message: Message) -> str:
        """Keep a message until its batch is whole.

        Where that is too much all that is open is dropped. Returns what the user is to be told of that, once.
        """
        batch.kept.append(message)
        self._size += _size_of(message)
        return self._drop() if self._size > _MOST_KEPT else ""

    def end(self, reference: str) -> Batch | None:
        """End a batch and return it; None if there is none."""
        ended = self._open.pop(reference, None)
        if ended:
            self._size -= sum(map(_size_of, ended.kept))
        return ended

    def _drop(self) -> str:
        self._open.clear()
        self._size = 0
        was_told, self._was_told = self._was_told, True
        return "" if was_told else "The server begins batches and does not end them: what is in them is not shown."


def _size_of(message: Message) -> int:
    tags = sum(len(name) + len(value) for name, value in message.tags.items())
    return _MESSAGE + tags + sum(map(len, message.params))
