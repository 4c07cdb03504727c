"""Plain-text clients: carries out the events of `protocol.plain`, which knows the dialect.

`PlainClients.serve` serves a client of an unknown protocol, and returns if the client turns out to speak IRC, TLS or
HTTP. Otherwise the client is an ordinary user in the lobby, served there to its end.
"""

import socket
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from math import inf, isfinite
from typing import Any, Protocol

from greenchat.chat.network import Network
from greenchat.chat.user import Session, User
from greenchat.commands.connection.capabilities import set_kind
from greenchat.commands.core.context import Context
from greenchat.config.options import ListenerOptions, PlainText
from greenchat.config.settings import Settings
from greenchat.protocol import caps
from greenchat.protocol.message import Message
from greenchat.protocol.plain import (
    Dialect,
    Event,
    Family,
    Leave,
    NotPlain,
    OutputStyle,
    PlainOptions,
    PromptTime,
    Run,
    Tell,
    Write,
    dump_events,
    load_events,
    notice,
    orientation,
)
from greenchat.server.net.outbox import SocketOutbox
from greenchat.server.net.plain_outbox import PlainOutbox, now_ms
from greenchat.server.net.turn import Turn

# The kernel finds a dead peer within two minutes: a PING would be shown as a message.
_KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4, "TCP_USER_TIMEOUT": 120_000}  # seconds, ms
_NOTHING = Message("")
_PROMPTS = {"grace": PromptTime.GRACE, "now": PromptTime.NOW, "tilde": PromptTime.NEVER}
_OF_THE_ROOM = ("PRIVMSG", "TOPIC", "NAMES")  # commands about the current channel, which a plain user need not name
_LINE = 512  # bytes of an IRC message: https://modern.ircdocs.horse/#message-format
_AROUND = len(":!@ PRIVMSG  :\r\n")  # the rest of it beside source, target and text


class Carrier(Protocol):
    """The parts of a connection that its plain client uses.

    accepted: the socket below all streams. patience: seconds for it to register. pings: whether it is pinged.
    unanswered: the command whose slow part is in progress.
    """

    accepted: socket.socket
    listener: ListenerOptions
    outbox: SocketOutbox
    patience: float
    pings: bool
    session: Session
    unanswered: str

    @property
    def age(self) -> float:
        """Return the seconds since the connection was opened."""

    def read(self, timeout: float | None) -> bytes | None:
        """Read once; b"" at the end, None after `timeout` seconds. Raises OSError."""

    def perform(self, message: Message) -> None:
        """Run a command, when the throttle permits."""

    def context(self, message: Message) -> Context:
        """Return the context in which a command of this client runs."""

    def close(self, reason: str) -> None:
        """Tell the client the reason, and end the connection."""

    def discard(self) -> None:
        """Read and discard, to the end."""

    def yield_turn(self) -> None:
        """Let this turn end."""


class PlainClients:
    """The plain-text clients of a server, and what they share.

    foreign: whether first bytes belong to another protocol, given the listener's `kind`.
    """

    def __init__(self, network: Network, turn: Turn, options: PlainText, foreign: Callable[[bytes, str], bool]) -> None:
        self.network = network
        self.turn = turn
        self.foreign = foreign
        self.options = options
        self._guests = count(1)
        self._prompted: dict[PlainClient, None] = {}
        self._served: dict[Carrier, PlainClient] = {}
        # shared by all clients of a listener, until the configuration changes
        self._made: dict[ListenerOptions, PlainOptions] = {}
        self._made_from = network.settings, options

    def serve(self, carrier: Carrier, data: bytes | None) -> bytes:
        """Serve a client to its end, and return b""; or return its input if it speaks another protocol.

        data: the first input, None for silence during the grace period.
        """
        return self._serve(PlainClient(self, carrier, self._dialect(carrier.listener, silence=data is None)), data)

    def resume(self, carrier: Carrier, form: Mapping[str, Any], outbox: PlainOutbox, style: OutputStyle) -> bytes:
        """Serve a client as `serve` does, after another process. form: as `dump` made it.

        outbox: its own, which has this style.
        """
        dialect = self._dialect(carrier.listener, silence=False)
        dialect.load(form["dialect"], style)
        client = PlainClient(self, carrier, dialect, outbox)
        client.load(form)
        return self._serve(client, None)

    def dump(self, carrier: Carrier) -> dict[str, Any]:
        """Return the state of a client that is served here, as plain values and bytes."""
        return self._served[carrier].dump(is_asked=self._served[carrier] in self._prompted)

    def _serve(self, client: "PlainClient", data: bytes | None) -> bytes:
        self._served[client.carrier] = client
        try:
            return client.serve(data)
        finally:
            self.answered(client)
            del self._served[client.carrier]

    def prompted(self, client: "PlainClient") -> None:
        """Note that a client was asked for its name. Beyond the limit the one with the longest wait is disconnected."""
        self._prompted[client] = None
        if len(self._prompted) > self.options.prompts:
            oldest = next(iter(self._prompted))
            self.answered(oldest)
            oldest.close("Too many connections are waiting to give a name")

    def answered(self, client: "PlainClient") -> None:
        """Note that a client has given its name, or left."""
        self._prompted.pop(client, None)

    @property
    def waiting(self) -> int:
        """Return the number of clients that were asked for their name and have not given it."""
        return len(self._prompted)

    def _dialect(self, listener: ListenerOptions, *, silence: bool) -> Dialect:
        settings = self.network.settings
        if self._made_from[0] is not settings or self._made_from[1] is not self.options:
            self._made_from = settings, self.options
            self._made.clear()
        options = self._made.get(listener)
        if options is None:
            options = self._made[listener] = self._make(settings, listener)
        return Dialect(options, now_ms() - (options.grace if silence else 0))

    def _make(self, settings: Settings, listener: ListenerOptions) -> PlainOptions:
        limits = settings.limits
        around = _AROUND + limits.nick + limits.username + limits.host + max(len(settings.lobby.encode()), limits.nick)
        return PlainOptions(
            legal=partial(self.network.naming.is_nick, limit=limits.nick),
            nick_limit=limits.nick,
            lobby=settings.lobby,
            irc=listener.kind != "plain",
            prompt=_PROMPTS[listener.prompt],
            grace=int(self.options.grace * 1000),
            timeout=int(self.options.name_timeout * 1000),
            text_limit=_LINE - around,
            password=bool(settings.password),
            prompt_text=listener.prompt_text.encode(),
            ascii_only=listener.charset == "ascii",
            guest_number=self._guests.__next__,
        )


class PlainClient:
    """A plain client's connection."""

    __slots__ = (
        "_clients",
        "_dialect",
        "_doing",
        "_family",
        "_outbox",
        "_patience",
        "_queue",
        "_wanted",
        "_welcomed",
        "carrier",
    )

    def __init__(
        self, clients: PlainClients, carrier: Carrier, dialect: Dialect, outbox: PlainOutbox | None = None
    ) -> None:
        """Make the client of a connection. outbox: its plain outbox, if it already has one."""
        self._clients = clients
        self.carrier = carrier
        self._dialect = dialect
        self._family: Family | None = None
        self._welcomed = False
        self._wanted = ""
        self._patience = carrier.patience
        self._outbox = outbox or PlainOutbox(carrier.outbox, carrier.accepted, dialect.style)
        self._queue: Sequence[Event] = ()  # events still to be carried out
        self._doing: Event | None = None

    def dump(self, *, is_asked: bool) -> dict[str, Any]:
        """Return the state of the client, as plain values and bytes. is_asked: whether it was asked for its name."""
        # the current event waits for the throttle: any other is carried out at once
        doing = [self._doing] if self._doing and not self.carrier.unanswered else []
        return {
            "dialect": self._dialect.dump(),
            "waits": self._outbox.dump(),
            "muted": self._outbox.muted,
            "events": dump_events([*doing, *self._queue]),
            "family": self._family.name if self._family else "",
            "welcomed": self._welcomed,
            "wish": self._wanted,
            "patience": self._patience if isfinite(self._patience) else None,
            "asked": is_asked,
        }

    def load(self, form: Mapping[str, Any]) -> None:
        """Restore the state that `dump` returned."""
        self._family = Family[form["family"]] if form["family"] else None
        self._welcomed = form["welcomed"]
        self._wanted = form["wish"]
        self._patience = inf if form["patience"] is None else form["patience"]
        self._queue = load_events(form["events"])
        if form["asked"]:
            self._clients.prompted(self)
        self._outbox.resume()

    def serve(self, data: bytes | None) -> bytes:
        """Serve the client, see `PlainClients.serve`."""
        carrier = self.carrier
        carrier.outbox = carrier.session.outbox = self._outbox
        carrier.patience = float("inf")  # the dialect has its own timeout
        while True:
            if data and self._family is None and self._is_foreign(data):
                return self._give_back(data)
            irc = self._do(self._events_of(data))
            if irc:
                return self._give_back(irc)
            if data == b"":
                carrier.yield_turn()
                return b""
            if carrier.session.closing:
                carrier.discard()
                return b""
            deadline = self._dialect.deadline
            data = carrier.read(None if deadline is None else (deadline - now_ms()) / 1000)

    def close(self, reason: str) -> None:
        """End the connection, for a reason that does not come from the client."""
        self.carrier.close(reason)

    def _is_foreign(self, data: bytes) -> bool:
        return self._clients.foreign(data, self.carrier.listener.kind)

    def _events_of(self, data: bytes | None) -> list[Event]:
        now = now_ms()
        self._know_nick()
        if data is None:
            return self._dialect.tick(now)
        return self._dialect.receive(data, now) if data else self._dialect.end(now)

    def _do(self, events: Iterable[Event]) -> bytes:
        """Carry out the events; return IRC's first bytes if one says that the client speaks IRC, else b""."""
        queue = deque((*self._queue, *events))
        self._queue = queue
        session = self.carrier.session
        self._follow_family()
        while queue and not session.closing:
            match queue.popleft():
                case Write(data):
                    self._clients.prompted(self)
                    self._outbox.write(data)
                case NotPlain(data):
                    return data
                case Tell(text):
                    self._tell(text)
                case Leave(reason):
                    self.carrier.close(reason)
                case Run(message) as event:
                    self._doing = event
                    self._run(message)
                    self._doing = None
            is_waiting = self._welcomed or self._dialect.asks_password or session.closing
            if not queue and self._family and not is_waiting:
                queue.extend(self._go_in())
        self._queue = ()
        return b""

    def _run(self, message: Message) -> None:
        user = self.carrier.session.user
        if message.command == "NICK":
            self._wanted = message.params[0]
        room = self._dialect.room
        if message.command in _OF_THE_ROOM and message.params[0].startswith("#"):
            # messages sent together with a /join go to the joined channel
            message = message._replace(params=(room, *message.params[1:]))
        if user and message.command == "PRIVMSG" and message.params[0] == room:
            channel = self._clients.network.channel(room)
            if channel is None or user not in channel.members:
                # the client was kicked, and has no other way to return
                self.carrier.perform(Message("JOIN", (room,)))
        before = set(user.channels) if user else set()
        self.carrier.perform(message)
        self._know_nick()
        if user and message.command == "JOIN":
            self._follow_into(user, before)

    def _follow_into(self, user: User, before: set[str]) -> None:
        """Follow a client that joined a channel, or was forwarded to one, and leave the previous channel."""
        network = self._clients.network
        for folded in [folded for folded in user.channels if folded not in before]:
            for event in self._dialect.moved(network.channels[folded].name):
                if isinstance(event, Run):
                    self.carrier.perform(event.message)
            if self._family is Family.LINE:
                self._tell(self._orientation(user))

    def _orientation(self, user: User) -> str:
        room = self._clients.network.channel(self._dialect.room)
        members = room.members if room else ()
        here = [member.nick for member in members if member is not user and room and room.sees(user, member)]
        return orientation(self._dialect.room, here)

    def _tell(self, text: str) -> None:
        self._clients.turn.begin()
        self._outbox.put(notice(text, tilde=self._family is Family.TILDE))

    def _know_nick(self) -> None:
        user = self.carrier.session.user
        if user and self._welcomed:
            self._dialect.known_as(user.nick)

    def _go_in(self) -> list[Event]:
        """Return the events of a registration attempt: a welcome, or the refusal of the name."""
        user = self.carrier.session.user
        if user is None:
            return self._dialect.refused(taken=self._is_taken(self.carrier.session))
        self._welcomed = True
        return self._dialect.welcomed(user.nick, now_ms())

    def _is_taken(self, session: Session) -> bool:
        """Whether the nick that the client asked for is in use, or confusable with one that is."""
        network = self._clients.network
        wanted = self._wanted or session.registration.nick
        return network.holder(wanted) is not None or network.accounts.claimant_of(wanted) is not None

    def _follow_family(self) -> None:
        """Use the client's family, which has just become known or changed."""
        family = self._dialect.family
        if family is self._family:
            return
        if self._family is None:
            self._clients.answered(self)
            self._outbox.muted = False
            self.carrier.pings = False
            for name, value in _KEEPALIVE.items():
                if hasattr(socket, name):
                    with suppress(OSError):
                        self.carrier.accepted.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self._outbox.collect()
        self._family = family
        echo = caps.ECHO_MESSAGE if self._dialect.style.echo else 0
        dialect = caps.TILDE if family is Family.TILDE else caps.PLAIN
        session = self.carrier.session
        if session.user is None:
            self._clients.network.set_kind(session, caps.NO_IMPLICIT_NAMES | echo, dialect)
        else:
            self._clients.turn.begin()
            self.carrier.context(_NOTHING).propose(set_kind, caps.NO_IMPLICIT_NAMES | echo, dialect)

    def _give_back(self, data: bytes) -> bytes:
        """Give the connection back, since its client speaks another protocol. Return the client's input."""
        carrier = self.carrier
        outbox = self._outbox
        outbox.release()
        carrier.outbox = carrier.session.outbox = SocketOutbox(
            outbox.dirty, outbox.sock, outbox.limit, outbox.send_queues
        )
        carrier.patience = carrier.age + self._patience
        return data
