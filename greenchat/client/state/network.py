"""One network as the client knows it: the state of the talk with its server, and its buffers with who is in them and
what was said. Pure state; it draws and sends nothing.

What goes out waits in `Network.outgoing` until the app hands it to the transport. What the user said waits in its
buffer (`Buffer.waiting`) until the server has it, so that nothing typed is lost with a connection.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from greenchat.client.state.address import Address
from greenchat.client.state.channel_list import Directory
from greenchat.client.state.credentials import Attempt, Credentials
from greenchat.client.state.isupport import Isupport
from greenchat.client.state.lines import TALK, Anchor, Line, Member, Page, PendingMessage
from greenchat.protocol.casemap import Casefold
from greenchat.protocol.message import Message

MOST_LINES = 20_000  # kept in memory per buffer
LABEL = "gc"  # begins the labels of what we send, before their numbers
LATELY_MILLISECONDS = 10 * 60_000
RECENT = 500  # lines in which one is looked for that is to be told anew


class BufferKind(Enum):
    """What a buffer is a window on."""

    STATUS = auto()
    CHANNEL = auto()
    PRIVATE = auto()


@dataclass(slots=True, eq=False)
class Buffer:
    """One window's content: a channel, a private talk, or what the server says.

    Lines are numbered from 0 for ever; `first` is the number of the oldest one kept.
    Reads: line, news, member, ranked_members. Changes: add, insert, clear, mark_seen. Changed from outside: the rest.
    """

    network: "Network"
    name: str
    kind: BufferKind
    lines: deque[Line] = field(default_factory=deque)
    first: int = 0
    topic: str = ""
    modes: str = ""
    members: dict[str, Member] = field(default_factory=dict)
    names_arriving: dict[str, Member] | None = None
    joined: bool = False
    waiting: list[PendingMessage] = field(default_factory=list)
    unread: int = 0
    highlights: int = 0
    events: int = 0  # that nobody needs to look at
    seen: int = 0  # the number of the first line that was not on the screen yet when the user looked away
    read_at: int = 0  # milliseconds since the epoch up to which the server says the user has read, 0 while unknown
    page: Page | None = None  # of history that was asked for and has not come yet
    complete: bool = False  # the server has nothing older
    anchor: Anchor | None = None
    cleared: int = 0  # the number from which on lines are shown again, where it is not scrolled back
    typing: dict[str, int] = field(default_factory=dict)  # nick -> until when that is believed, in milliseconds
    told_typing: int = 0  # when we told last that we are typing, in milliseconds; 0 when we are not
    gaps: dict[str, bool] = field(default_factory=dict)  # msgid before which lines are missing -> can't they be got?
    follow: set[str] = field(default_factory=set)  # the ids of what comes later in the page that is being put in
    begun: bool = False  # what was said before was asked for
    wants_older: bool = False  # than what is here, of what an archive has
    fresh: deque[Line] = field(default_factory=lambda: deque(maxlen=MOST_LINES))  # what no archive has yet
    restored: bool = False  # what an archive has is here
    reactions: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # msgid -> reaction -> nicks
    speakers: dict[str, int] = field(default_factory=dict)  # folded nick -> when they spoke last here

    @property
    def end(self) -> int:
        """The number that the next line gets."""
        return self.first + len(self.lines)

    def line(self, number: int) -> Line:
        """The line of this number. Raises IndexError when it is gone or not there yet."""
        if not self.first <= number < self.end:
            raise IndexError(number)
        return self.lines[number - self.first]

    @property
    def news(self) -> int:
        """The number of the first thing that others said since the user looked away, `end` where there is none."""
        for number in range(max(self.seen, self.first), self.end):
            line = self.line(number)
            if line.kind in TALK and not line.own:
                return number
        return self.end

    @property
    def has_news(self) -> bool:
        """Did others say something since the user looked away?"""
        end = self.end
        return self.seen < end and self.news < end

    def said(self, msgid: str) -> Line | None:
        """The message of this id, if it is still here."""
        return next((line for line in reversed(self.lines) if line.id == msgid), None) if msgid else None

    def add(self, line: Line) -> None:
        """Append a line; the oldest goes where there are too many."""
        self.lines.append(line)
        self._note(line)
        while len(self.lines) > MOST_LINES:
            self.lines.popleft()
            self.first += 1

    def insert(self, line: Line) -> bool:
        """Put a line of the past where its time belongs; False if it is there already.

        Of those with the same time, it stands before the ones that `follow` it.
        """
        place = bisect_right(self.lines, line.time, key=lambda kept: kept.time)
        around = range(max(0, place - 200), min(len(self.lines), place + 200))
        if line.id and any(self.lines[near].id == line.id for near in around):
            return False
        before = place
        while before and self.lines[before - 1].time == line.time:
            before -= 1
            place = before if self.lines[before].id in self.follow else place
        self.lines.insert(place, line)
        self._note(line)
        number = self.first + place
        if self.seen > number:
            self.seen += 1
        if self.cleared > number:
            self.cleared += 1
        if self.anchor and self.anchor.line >= number:
            self.anchor = Anchor(self.anchor.line + 1, self.anchor.hidden)
        return True

    def restore(self, lines: list[Line]) -> None:
        """Put lines that were kept from earlier before those that are here, which win where both know a message."""
        known = {line.id for line in self.lines if line.id}
        oldest = self.lines[0].time if self.lines else None
        before = [line for line in lines if line.id not in known and (oldest is None or line.time <= oldest)]
        self.lines.extendleft(reversed(before))
        self.seen += len(before)
        self.cleared += len(before) * (self.cleared > 0)
        if self.anchor:
            self.anchor = Anchor(self.anchor.line + len(before), self.anchor.hidden)

    def replace(self, place: int, line: Line) -> None:
        """Put another line in the place of one, counted from the oldest that is here."""
        self.lines[place] = line
        self.fresh.append(line)

    def exchange(self, old: Line, new: Line) -> bool:
        """Put a line that nobody said in the place of a recent one of the same kind; False where that has gone."""
        for place in range(len(self.lines) - 1, max(-1, len(self.lines) - 1 - RECENT), -1):
            if self.lines[place] is old:
                self.lines[place] = new
                return True
        return False

    def _note(self, line: Line) -> None:
        if line.kind in TALK and self.kind is not BufferKind.STATUS:
            self.fresh.append(line)

    def clear(self) -> None:
        """Begin with an empty screen; the lines are above it."""
        self.cleared = self.end
        self.anchor = None

    def mark_seen(self) -> None:
        """All that is here has been on the screen."""
        self.seen = self.end

    def spoke_lately(self, nick: str, now: int) -> bool:
        """Did this person speak here in the last minutes, so that their coming and going matters?"""
        spoken = self.speakers.get(self.network.fold(nick))
        return spoken is not None and now - spoken < LATELY_MILLISECONDS

    def member(self, nick: str) -> Member | None:
        """The member of this name, in any case."""
        return self.members.get(self.network.fold(nick))

    @property
    def ranked_members(self) -> list[Member]:
        """Operators first, then by name."""
        rank, fold = self.network.isupport.rank, self.network.fold
        return sorted(self.members.values(), key=lambda member: (rank(member.prefixes), fold(member.nick)))


@dataclass(slots=True, eq=False)
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


class Link(Enum):
    """How far the connection to a network is."""

    OFFLINE = auto()
    CONNECTING = auto()
    REGISTERING = auto()
    ONLINE = auto()


@dataclass(slots=True, eq=False)
class Network:
    """One server that the client talks to, and the state of that talk.

    nick: what the server calls us (before it says so: what we asked for). wanted_nick: what the user would like.
    asked_nick: what they have asked for and not got yet. watched_nick: the server tells us when it is free.
    identity: what the ids of our lines begin with, unlike any other client's; "" gives them none.
    heard_at: milliseconds since the epoch, when the server said something last. missed_since: the same, before the
    connection broke.
    lag: milliseconds of the last PING, None while unknown. retry_at: seconds of the app's clock, None when not
    retrying.
    """

    name: str
    address: Address
    nick: str
    channels: dict[str, str] = field(default_factory=dict)  # to be in whenever the server lets us: name -> key or ""
    show_on_join: set[str] = field(default_factory=set)  # names that the user asked for: their window comes up
    password: str = ""
    realname: str = ""
    wanted_nick: str = ""
    asked_nick: str = ""
    watched_nick: str = ""
    monitored: set[str] = field(default_factory=set)  # folded nicks of whom the server tells, for the notify list
    present: dict[str, bool] = field(default_factory=dict)  # folded nicks of that list that are online, or not
    asks_for: tuple[str, ...] = ()  # the same list, where the server has to be asked
    isons: deque[tuple[str, ...]] = field(default_factory=lambda: deque(maxlen=50))  # asked; () by the user
    link: Link = Link.OFFLINE
    isupport: Isupport = field(default_factory=Isupport)
    caps_offered: dict[str, str] = field(default_factory=dict)
    caps: set[str] = field(default_factory=set)
    caps_asked: int = 0  # REQ lines without their ACK or NAK
    mask: str = ""  # our user@host as others see it, "" while unknown
    away: bool = False
    away_text: str = ""  # why the user says they are, on every connection; "" while they are here
    buffers: dict[str, Buffer] = field(default_factory=dict)  # folded name -> buffer; "" is the server's own
    outgoing: deque[Message] = field(default_factory=deque)
    batches: dict[str, Batch] = field(default_factory=dict)  # by their references
    labels: int = 0
    identity: str = ""
    ids: int = 0
    heard_at: int = 0
    missed_since: int = 0
    talks_since: int = 0  # the missed_since for which the talks of that time are being asked
    looks_for_unread: bool = False  # the talks that are being asked may have been read elsewhere
    looked_for_unread: bool = False
    unread: dict[str, int] = field(default_factory=dict)  # such talks: folded name -> when something was said last
    directory: Directory = field(default_factory=Directory)
    settled: bool = False  # the welcome is over
    listed: int = 0  # entries of a list that is coming
    lag: int | None = None
    last_words: str = ""  # of the server, on why it is about to close the connection
    lost_at: float | None = None
    retry_at: float | None = None
    credentials: Credentials | None = None  # to log in with, now and after every reconnect
    certificate: str = ""  # the path of our own, with its key, to show to servers with TLS
    pin: str = ""  # the fingerprint of the certificate that the user trusts there
    only_tls: bool = False  # by STS: nobody may overlook a wrong certificate
    account: str = ""  # whom the server takes us for
    attempt: Attempt | None = None
    keep_login: bool = False  # ask whether to keep the credentials once they turn out to be right
    refused_nick: tuple[str, str] | None = None  # the name that we could not have on coming in, and why
    proving: bool = False  # a password was typed while we are here: it may open more than this connection
    returning: bool = False  # the connection is ended to come in anew with that password
    leaving: bool = False  # the user asked for it: no reconnecting
    tries: int = 0  # to connect that failed, since we were in last
    offers_server: bool = False  # to be started on this machine, where nothing answers
    trouble: Line | None = None  # that tells of them

    def __post_init__(self) -> None:
        self.wanted_nick = self.wanted_nick or self.nick
        self.buffers[""] = Buffer(self, self.name, BufferKind.STATUS)

    @property
    def fold(self) -> Casefold:
        """What makes two names of this network comparable."""
        return self.isupport.casefold

    @property
    def status(self) -> Buffer:
        """The buffer for what belongs to no other."""
        return self.buffers[""]

    def send(self, command: str, *params: str, tags: dict[str, str] | None = None) -> None:
        """Put a message in the queue to the server."""
        self.outgoing.append(Message(command, params, tags=tags or {}))

    def is_me(self, nick: str) -> bool:
        """Is this our own nick?"""
        return self.fold(nick) == self.fold(self.nick)

    def find(self, name: str) -> Buffer | None:
        """The buffer of this name, in any case."""
        return self.buffers.get(self.fold(name)) if name else None

    def want(self, channel: str, key: str = "") -> None:
        """Be in this channel now and after every reconnect."""
        self.unwant(channel)
        self.channels[channel] = key

    def unwant(self, channel: str) -> None:
        """Don't come back to this channel."""
        folded = self.fold(channel)
        self.channels = {name: key for name, key in self.channels.items() if self.fold(name) != folded}

    def new_label(self) -> str:
        """A label that was not used on this network before."""
        self.labels += 1
        return f"{LABEL}{self.labels}"

    def new_id(self) -> str:
        """An id for something that is said, never used before by anybody; "" where ours have none."""
        if not self.identity:
            return ""
        self.ids += 1
        return f"{self.identity}-{self.ids}"

    def with_member(self, nick: str) -> Iterator[tuple[Buffer, Member]]:
        """The channels where someone is, and what they are there."""
        folded = self.fold(nick)
        for buffer in self.buffers.values():
            member = buffer.members.get(folded)
            if member:
                yield buffer, member

    def refold(self) -> None:
        """Make the names comparable again after the server told its casemapping."""
        named = [buffer for folded, buffer in self.buffers.items() if folded]
        self.buffers = {"": self.status} | {self.fold(buffer.name): buffer for buffer in named}
        for buffer in named:
            buffer.members = {self.fold(member.nick): member for member in buffer.members.values()}
