"""The state of one network: that of its connection, and its buffers with their members and lines. Pure state; it draws
and sends nothing.

Outgoing lines wait in `ClientNetwork.outgoing` until the app passes them to the transport. The user's messages wait in
their buffer (`Buffer.waiting`) until the server has confirmed them, so that none is lost with a connection.
"""

from collections import deque
from collections.abc import Iterator

from greenchat.client.state.address import ServerAddress
from greenchat.client.state.batches import Batches
from greenchat.client.state.buffer import BufferKind, Scroll
from greenchat.client.state.channel_list import Directory
from greenchat.client.state.credentials import Login
from greenchat.client.state.isupport import FoldedNames, Isupport
from greenchat.client.state.lines import Member, PendingMessage, words
from greenchat.client.state.saved_networks import SavedNetwork
from greenchat.client.state.session_state import (
    Bouncer,
    Capabilities,
    Devices,
    Link,
    LinkState,
    Nicknames,
    Presence,
    Reading,
)
from greenchat.protocol.casemap import Casefold
from greenchat.protocol.message import Message
from greenchat.records import field, record

LABEL = "gc"  # the prefix of our labels, before their numbers
_LATELY_MILLISECONDS = 10 * 60_000


@record(slots=True, eq=False)
class Buffer(Scroll):
    """A window's content: a channel, a private conversation, or the server's messages.

    from_stranger: whether it was opened by a message of another user, and not seen yet. has_quit: whether the other
    user of a private chat has quit. refused: whether the server refused our join. names_asked, names_known: whether the
    names were requested, or received. names_wanted: whether to show them to the user. typing: nick -> end of the
    notification, in milliseconds. typing_told_at: the time of our last typing notification, in milliseconds, 0 for
    none. reactions: msgid -> reaction -> nicks. speakers: folded nick -> time of the last message here.
    """

    network: "ClientNetwork" = field(kw_only=True)
    topic: str = ""
    modes: str = ""
    members: dict[str, Member] = field(default_factory=dict)
    names_arriving: dict[str, Member] | None = None
    names_asked: bool = False
    names_known: bool = False
    names_wanted: bool = False
    joined: bool = False
    from_stranger: bool = False
    has_quit: bool = False
    refused: bool = False
    waiting: list[PendingMessage] = field(default_factory=list)
    typing: dict[str, int] = field(default_factory=dict)
    typing_told_at: int = 0
    reactions: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    speakers: dict[str, int] = field(default_factory=dict)

    def enter(self) -> None:
        """Note that the user has joined, and reset the state of an earlier membership."""
        self.joined = True
        self.refused = False
        self.topic = self.modes = ""
        self.typing.clear()
        self.members.clear()
        self.names_arriving = None
        self.names_asked = self.names_known = self.names_wanted = False
        self.history.wants_missed = True
        self.history.first_after_missed = self.end

    def leave(self) -> None:
        """Note that the user has left the channel."""
        self.joined = False
        self.members.clear()
        self.names_arriving = None
        self.history.wants_missed = False

    def spoke_lately(self, nick: str, now: int) -> bool:
        """Whether this user spoke here in the last minutes, so that joins and quits are relevant."""
        spoken = self.speakers.get(self.network.fold(nick))
        return spoken is not None and now - spoken < _LATELY_MILLISECONDS

    def named(self, text: str, most: int) -> set[str]:
        """Return the folded nicks of members that a text contains as words, at most `most`."""
        names: set[str] = set()
        for word in words(text):
            folded = self.network.fold(word)
            if folded in self.members:
                names.add(folded)
                if len(names) >= most:
                    break
        return names

    def member(self, nick: str) -> Member | None:
        """Return the member of this name, in any case."""
        return self.members.get(self.network.fold(nick))

    @property
    def ranked_members(self) -> list[Member]:
        """The members: operators first, then by name."""
        rank, last = self.network.isupport.rank, self.network.isupport.rank("")
        # at every picture, of thousands: most have no rank, and the folded names are there
        ranked = sorted((rank(each.prefixes) if each.prefixes else last, name) for name, each in self.members.items())
        return [self.members[name] for _, name in ranked]


class ClientNetwork:
    """A network and the state of the connection to it.

    channels: to be joined after each connection, name -> key or "". show_on_join: channels whose window is shown after
    joining. lacking_names: channels without requested names. away_text: the away message, "" if not away. buffers:
    folded name -> buffer; "" is the server's. batches: the open ones. identity: the unique prefix of our client ids; ""
    for none. saved: the saved network.
    """

    __slots__ = (
        "address",
        "away",
        "away_text",
        "batches",
        "bouncer",
        "buffers",
        "caps",
        "channels",
        "devices",
        "directory",
        "identity",
        "ids",
        "isupport",
        "labels",
        "lacking_names",
        "link",
        "login",
        "name",
        "nicks",
        "outgoing",
        "presence",
        "reading",
        "realname",
        "saved",
        "show_on_join",
    )

    def __init__(self, name: str, address: ServerAddress, nick: str, identity: str = "") -> None:
        self.name = name
        self.address = address
        self.realname = ""
        self.saved: SavedNetwork | None = None
        self.link = Link()
        self.nicks = Nicknames(nick, wanted=nick)
        self.login = Login()
        self.caps = Capabilities()
        self.isupport = Isupport()
        self.channels = FoldedNames(self.fold)
        self.show_on_join = FoldedNames(self.fold)
        self.lacking_names: deque[Buffer] = deque()
        self.presence = Presence()
        self.devices = Devices()
        self.reading = Reading()
        self.bouncer = Bouncer()
        self.directory = Directory()
        self.away = False
        self.away_text = ""
        self.outgoing: deque[Message] = deque()
        self.batches = Batches()
        self.labels = 0
        self.identity = identity
        self.ids = 0
        self.buffers: dict[str, Buffer] = {"": Buffer(name, BufferKind.STATUS, network=self)}

    def begin_connection(self) -> None:
        """Begin a connection, and reset the state of the previous one."""
        self.link.state = LinkState.REGISTERING
        self.isupport = Isupport()
        self.directory = Directory()
        self.refold()
        self.batches.clear()
        self.away = False
        for part in (
            self.link,
            self.nicks,
            self.login,
            self.caps,
            self.presence,
            self.devices,
            self.reading,
            self.bouncer,
        ):
            part.reset()

    def end_connection(self) -> None:
        """End the connection, and reset the state that is known only while it lasts."""
        if self.link.state is LinkState.ONLINE:
            self.link.missed_since = self.link.heard_at + self.link.skew
        self.link.state = LinkState.OFFLINE
        self.link.lag = None
        self.outgoing.clear()
        self.lacking_names.clear()
        for buffer in self.buffers.values():
            buffer.leave()
            buffer.history.end_connection(buffer.end)

    def rename(self, name: str) -> None:
        """Change the name of the network and its window."""
        self.name = self.status.name = name

    def apply_settings(self, saved: SavedNetwork) -> None:
        """Apply the settings of the saved network."""
        self.saved = saved
        self.realname = saved.realname
        self.login.certificate = saved.certificate
        for channel, key in saved.wanted.items():
            self.want(channel, key)

    @property
    def storage_key(self) -> str:
        """Return the key for stored data: the server, and on a bouncer the network."""
        return f"{self.address} {self.bouncer.bound}".rstrip()

    @property
    def fold(self) -> Casefold:
        """The function that maps equal names of this network (CASEMAPPING) to the same text."""
        return self.isupport.casefold

    @property
    def status(self) -> Buffer:
        """Return the server's buffer, for lines of no other."""
        return self.buffers[""]

    def send(self, command: str, *params: str, tags: dict[str, str] | None = None) -> None:
        """Put a message in the queue to the server."""
        self.outgoing.append(Message(command, params, tags=tags or {}))

    def request_nick(self, nick: str) -> None:
        """Ask the server for another nick."""
        self.nicks.asked = nick
        self.send("NICK", nick)

    def is_me(self, nick: str) -> bool:
        """Whether this is our own nick."""
        return self.fold(nick) == self.fold(self.nicks.current)

    def find(self, name: str) -> Buffer | None:
        """Return the buffer of this name, in any case; None without one."""
        return self.buffers.get(self.fold(name)) if name else None

    def want(self, channel: str, key: str = "") -> None:
        """Join this channel now and after every reconnect."""
        self.unwant(channel)  # the latest wanted channel is joined last
        self.channels[channel] = key

    def ask_for(self, channel: str, key: str = "") -> None:
        """Want a channel on the user's request, even if a bouncer manages the channels."""
        self.want(channel, key)
        self.show_on_join[channel] = ""

    def unwant(self, channel: str) -> None:
        """Do not rejoin this channel."""
        self.channels.pop(channel, None)

    def is_coming(self, channel: str) -> bool:
        """Whether a join of this channel is wanted or pending, so that messages to it wait."""
        return channel in self.channels or channel in self.show_on_join

    def new_label(self) -> str:
        """Return a label that was not used on this network before."""
        self.labels += 1
        return f"{LABEL}{self.labels}"

    def new_id(self) -> str:
        """Return a unique id for a message; "" if the messages have none."""
        if not self.identity:
            return ""
        self.ids += 1
        return f"{self.identity}-{self.ids}"

    def with_member(self, nick: str) -> Iterator[tuple[Buffer, Member]]:
        """Yield the channels of a nick, with its membership."""
        folded = self.fold(nick)
        for buffer in self.buffers.values():
            member = buffer.members.get(folded)
            if member:
                yield buffer, member

    def refold(self) -> None:
        """Fold all names again after a change of the casemapping."""
        self.channels.refold(self.fold)
        self.show_on_join.refold(self.fold)
        named = [buffer for folded, buffer in self.buffers.items() if folded]
        self.buffers = {"": self.status} | {self.fold(buffer.name): buffer for buffer in named}
        for buffer in named:
            buffer.members = {self.fold(member.nick): member for member in buffer.members.values()}
