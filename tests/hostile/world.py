"""A whole server without sockets: its real state, store, turns and commands, and clients whose outboxes can be read.

Each client is also a model of what an IRC client knows from the lines it was sent: its nick and its channels. `check`
compares that with the server's own state.
"""

import random
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from pathlib import Path

import gevent

from greenchat.chat import names_cache
from greenchat.chat.channel import Channel
from greenchat.chat.user import Session, User
from greenchat.commands.catalog import continue_stream, resume, run_line
from greenchat.commands.connection.quit import on_disconnect
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Background, Deferred, Streamed
from greenchat.config.opers import Staff
from greenchat.config.options import Options, Storage, Throttle
from greenchat.config.settings import AccountSettings, Settings
from greenchat.protocol import caps
from greenchat.protocol.framing import BODY_LIMIT, LineBuffer
from greenchat.protocol.message import Message, parse
from tests.hostile.grammar import Grammar
from tests.opers import WITH_OPERS
from tests.world import Mailbox, make_app

BOUND = 1024 * 1024  # bytes that one step may leave in one outbox: the default sendq
_TAGS_LIMIT = 8191


@dataclass(eq=False)
class Puppet:
    """A client: its session, and what it knows from the lines it was sent.

    nick: as the server calls it, "" before the welcome. channels: in the server's last spelling.
    """

    session: Session
    mailbox: Mailbox
    lines: LineBuffer = field(default_factory=LineBuffer)
    nick: str = ""
    channels: dict[str, str] = field(default_factory=dict)
    batches: dict[str, str] = field(default_factory=dict)
    gone: bool = False


def small_options(data: Path) -> Options:
    """Return options that write nothing outside this folder."""
    return Options(data=data, throttle=Throttle(commands=0, logins=1_000_000), storage=Storage(persistent=False))


SETTINGS = Settings(
    staff=Staff(classes=WITH_OPERS.staff.classes, opers={"root": WITH_OPERS.staff.opers["root"]}),
    accounts=AccountSettings(iterations=4096),
)


class World:
    """The server, its clients, and the source of randomness."""

    def __init__(self, chance: random.Random, data: Path, settings: Settings = SETTINGS) -> None:
        self.app = make_app(settings, small_options(data))
        self.network = self.app.network
        self.chance = chance
        self.puppets: list[Puppet] = []
        self.inputs = 0
        self.msgids: list[str] = []
        self._numbers = count(1)
        self.grammar = Grammar(chance, self._draw_text, self.msgids)
        self._actor: Puppet | None = None

    def close(self) -> None:
        """Stop the server as a real one stops."""
        self.app.close()

    # events

    def connect(self) -> Puppet:
        """Connect a client."""
        mailbox = Mailbox()
        session = Session(mailbox.outbox(self.app.turn), f"192.0.2.{len(self.puppets) % 250 + 1}", self.app.now())
        self.network.connect(session)
        puppet = Puppet(session, mailbox)
        self.puppets.append(puppet)
        return puppet

    def drop(self, puppet: Puppet) -> None:
        """Reset the connection of a client."""
        self._leave(puppet, puppet.session.closing or "Connection reset by peer")
        self._end_turn()

    def send(self, puppet: Puppet, data: bytes) -> None:
        """Execute what a client sends."""
        self._actor = puppet
        for line in puppet.lines.feed(data):
            if puppet.session.closing:
                break
            self.inputs += 1
            self.app.turn.begin()
            ctx, continuation = run_line(line, lambda message: self._context(puppet, message))
            while continuation is not None:
                if isinstance(continuation, Background):  # here and now, so that nothing happens after the last check
                    ctx = ctx.for_session(puppet.session)
                    continuation = Streamed(continuation.steps(ctx))
                if isinstance(continuation, Deferred):
                    result = continuation.work()
                    continuation.done()
                    continuation = resume(ctx, continuation, result)
                else:
                    continuation = continue_stream(ctx, continuation)
        self._end_turn()

    def line(self) -> bytes:
        """Return a line made by the grammar."""
        return self.grammar.line()

    def _draw_text(self) -> str:
        """Return a text that occurs nowhere else."""
        return f"said-{next(self._numbers)}- {'x' * self.chance.choice([0, 0, 9, 300, 500])}"

    def _context(self, puppet: Puppet, message: Message) -> Context:
        app = self.app
        return Context(self.network, puppet.session, message, now=app.now(), process=app, journal=app.turn)

    def _end_turn(self) -> None:
        self._rest()
        for puppet in [puppet for puppet in self.puppets if puppet.session.closing and self.chance.randrange(2)]:
            self._leave(puppet, puppet.session.closing)
        self._rest()
        for puppet in self.puppets:
            self._read(puppet)
        self.puppets = [puppet for puppet in self.puppets if not puppet.gone]

    def _rest(self) -> None:
        """End the turn without waiting for more input."""
        self.app.turn.hurry()
        gevent.sleep(0)

    def _leave(self, puppet: Puppet, reason: str) -> None:
        """Remove a client as a connection does when its reader ends."""
        self.app.turn.begin()
        if puppet.session.user is None:
            self.network.disconnect(puppet.session)
        else:
            self._context(puppet, Message("")).propose(on_disconnect, reason)
        puppet.gone = True

    # what clients see

    def _read(self, puppet: Puppet) -> None:
        data, puppet.mailbox.sent = b"".join(puppet.mailbox.sent), []
        if not data:
            return
        assert len(data) <= BOUND, f"{len(data)} bytes at once"
        assert data.endswith(b"\r\n"), data[-200:]
        for line in data[:-2].split(b"\r\n"):
            self._take(puppet, check_line(line))

    def _take(self, puppet: Puppet, message: Message) -> None:
        fold = self.network.fold
        mine = bool(puppet.nick) and message.source is not None and fold(message.nick) == fold(puppet.nick)
        self._check_batch(puppet, message)
        is_replayed = message.tags.get("batch", "") in puppet.batches and puppet.session.caps & caps.BATCH
        if "msgid" in message.tags and len(self.msgids) < 100:
            self.msgids.append(message.tags["msgid"])
        if message.command.isdigit() and puppet.nick and message.params[0] not in ("*", puppet.nick):
            # a numeric is for its receiver, or for a channel (KNOCK)
            assert message.params[0].startswith("#") or puppet.session.closing, (puppet.nick, message)
        if is_replayed and puppet.batches[message.tags["batch"]] != "labeled-response":
            return
        match message.command, message.params:
            case "001", (nick, *_):
                puppet.nick = nick
            case "NICK", (nick, *_) if mine:
                puppet.nick = nick
            case "JOIN", (name, *_) if mine:
                puppet.channels[fold(name)] = name
            case "PART", (name, *_) if mine:
                assert puppet.channels.pop(fold(name), None), message
            case "KICK", (name, nick, *_) if fold(nick) == fold(puppet.nick):
                assert puppet.channels.pop(fold(name), None), message
            case "RENAME", (old, new, *_):
                puppet.channels.pop(fold(old), None)
                puppet.channels[fold(new)] = new
            case (("PRIVMSG" | "NOTICE" | "TAGMSG" | "TOPIC" | "MODE" | "PART" | "KICK" | "JOIN"), (target, *_)):
                name = fold(target.lstrip("~&@%+"))
                if name.startswith("#") and puppet is not self._actor and message.source:
                    assert name in puppet.channels, (puppet.nick, puppet.channels, message)
                elif not name.startswith("#") and message.command != "MODE" and puppet.session.caps & caps.BATCH:
                    # (without batches history can't be told from new messages, and has former nicks)
                    assert mine or target == puppet.nick or not puppet.nick, (puppet.nick, message)

    def _check_batch(self, puppet: Puppet, message: Message) -> None:
        if message.command == "BATCH":
            reference = message.params[0]
            if reference[0] == "+":
                puppet.batches[reference[1:]] = message.params[1]
            else:
                assert puppet.batches.pop(reference[1:], None) is not None, message
        elif "batch" in message.tags:
            assert message.tags["batch"] in puppet.batches, message

    # invariants after every step

    def check(self) -> None:
        """Check that all sides of the state agree. Raises AssertionError."""
        network = self.network
        looked_up = {network.fold(user.nick): user for user in network.users.values()}
        assert looked_up == network.users  # each nick belongs to one user
        for user in network.users.values():
            self._check_user(user)
        for folded, channel in network.channels.items():
            self._check_channel(folded, channel)
        for letter, number in network.counts.modes.items():
            assert number == sum(letter in user.modes for user in network.users.values()), letter
        assert network.unregistered == sum(session.user is None for session in network.sessions)
        open_sessions = {session for session in network.sessions if not session.closing}
        assert open_sessions == {puppet.session for puppet in self.puppets if not puppet.session.closing}
        for puppet in self.puppets:
            self._check_puppet(puppet)
        for session in network.local.monitors._targets:
            assert session in network.sessions
            for folded in network.local.monitors.targets(session):
                assert session in network.local.monitors.watchers(folded)
        assert not self.app.turn.dirty.outboxes

    def _check_user(self, user: User) -> None:
        network = self.network
        assert user.sessions
        assert len(user.channels) <= network.settings.limits.channels or user.oper
        for session in user.sessions:
            assert session.user is user
            assert session in network.sessions
        for folded in user.channels:
            assert user in network.channels[folded].members
        for folded in user.invitations:
            assert user in network.channels[folded].invited

    def _check_channel(self, folded: str, channel: Channel) -> None:
        network = self.network
        assert network.fold(channel.name) == folded
        assert channel.members or channel.registration
        hearers = {}
        for member in channel.members:
            assert network.users[network.fold(member.nick)] is member
            assert folded in member.channels
            for session in member.sessions:
                hearers[session.outbox] = session.kind
        grouped = {outbox: kind for kind, group in channel.group.outboxes.items() for outbox in group}
        assert grouped == hearers  # the sessions of each member, and no others, are in the group of their kind
        for guest in channel.invited:
            assert folded in guest.invitations
        for masks in channel.lists.values():
            assert len(masks) <= network.settings.limits.list_entries
        for variant, cached in channel.names.items():
            assert cached.texts() == names_cache.lines_of(network.settings, channel, variant, channel.members).texts()

    def _check_puppet(self, puppet: Puppet) -> None:
        user = puppet.session.user
        if puppet.session.closing:
            return
        assert not puppet.session.outbox.pending
        if user is None:
            assert not puppet.nick
            return
        assert puppet.nick == user.nick
        assert puppet.channels.keys() == user.channels.keys(), (puppet.nick, puppet.channels, user.channels)
        assert not puppet.batches, puppet.batches


@lru_cache(maxsize=5000)  # most lines come again and again
def check_line(line: bytes) -> Message:
    """Return the parsed line. Raises AssertionError if it is not UTF-8, parsable and within the limits."""
    text = line.decode()
    assert not set(text) & {"\0", "\r", "\n"}, line
    tags, body = b"", line
    if line.startswith(b"@"):
        tags, _, body = line.partition(b" ")
    assert len(body) + 2 <= BODY_LIMIT, line
    assert len(tags) + 1 <= _TAGS_LIMIT, line
    message = parse(text)
    assert parse(message.format()) == message, line
    return message
