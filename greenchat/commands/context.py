"""What a handler is given: the state, the message, the time, and the one way out.

Handlers never write wire text, touch a socket, or read a clock: they build messages and say who gets them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from ..chat.channel import Channel
from ..chat.network import Network
from ..chat.user import Session, User
from ..protocol import caps
from ..protocol.envelope import Envelope
from ..protocol.message import NO_TAGS, Message, presentable
from ..protocol.numerics import Numeric


class Host(Protocol):
    """What handlers may ask of the process that they run in."""

    def stop(self, reason: str) -> None:
        """Close all listeners and connections and end."""


class Journal(Protocol):
    """What remembers what was said."""

    def say(self, envelope: Envelope, target: str, session: Session) -> None:
        """Store this before anybody sees it. If that fails nobody does, and the session that said it is told."""


@dataclass(frozen=True, slots=True)
class Later:
    """Returned by a handler whose work is too slow for the loop: a password hash, a search.

    work: called in another thread; it must not touch the chat's state.
    then: called with what work returned, in the loop and at a later time (ctx.now is new): it must look at the state
    again.
    """

    work: Callable[[], object]
    then: "Callable[[Context, Any], Later | None]"


class Context:
    """One command of one session.

    now: ms since the epoch, the same for all that the command does. new_id: makes a msgid.
    """

    __slots__ = ("_label", "_responses", "host", "journal", "message", "network", "new_id", "now", "session")

    def __init__(
        self,
        network: Network,
        session: Session,
        message: Message,
        *,
        now: int,
        new_id: Callable[[], str],
        host: Host,
        journal: Journal,
    ) -> None:
        self.network = network
        self.session = session
        self.message = message
        self.now = now
        self.new_id = new_id
        self.host = host
        self.journal = journal
        self._label = ""
        self._responses: list[Envelope] = []
        if message.tags and session.caps & caps.LABELED_RESPONSE and session.caps & caps.BATCH:
            self._label = message.tags.get("label", "")[:64]

    @property
    def user(self) -> User:
        """Who runs the command. Only commands that need registration may ask."""
        user = self.session.user
        if user is None:
            raise RuntimeError(f"{self.message.command} asked for the user of a session that has none")
        return user

    @property
    def nick(self) -> str:
        """The sender's nick as it stands in numerics: `*` before there is one."""
        session = self.session
        return session.user.nick if session.user else session.nick or "*"

    # building

    def envelope(
        self,
        command: str,
        *params: str,
        source: User | None = None,
        msgid: str = "",
        needs: int = 0,
        extended: tuple[str, ...] = (),
        tags: Mapping[str, str] = NO_TAGS,
    ) -> Envelope:
        """A message stamped with the time, from a user or, without one, from the server."""
        if source is None:
            message = Message(command, params, self.network.settings.name)
            return Envelope(message, time=self.now, msgid=msgid, needs=needs)
        return Envelope(
            Message(command, params, source.source, tags),
            time=self.now,
            msgid=msgid,
            account=source.account,
            bot="B" in source.modes,
            needs=needs,
            extended=extended,
        )

    @staticmethod
    def time_text(milliseconds: int) -> str:
        """A time for people to read, in UTC."""
        return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%a %b %d %Y at %H:%M:%S UTC}"

    # answering the sender

    def reply(self, numeric: Numeric, *params: str, text: str = "") -> None:
        """A numeric to the sender; its last parameter is `text`, or the numeric's own text if it has one.

        The others may be the sender's own words, which can't all be sent back as they are.
        """
        text = text or numeric.text
        *words, last = (*params, text) if text else params
        self.respond(self.envelope(numeric.command, self.nick, *map(presentable, words), last))

    def fail(self, command: str, code: str, *context: str, text: str) -> None:
        """A standard reply FAIL to the sender."""
        self.respond(self.envelope("FAIL", command, code, *map(presentable, context), text))

    def notice(self, text: str) -> None:
        """A NOTICE of the server to the sender."""
        self.respond(self.envelope("NOTICE", self.nick, text))

    def respond(self, envelope: Envelope) -> None:
        """To the session that sent the command, as a part of the answer to it."""
        if self._label:
            self._responses.append(envelope)
        else:
            self.session.outbox.put(envelope.encode(self.session.kind))

    # to others

    def say(self, envelope: Envelope, target: str) -> None:
        """Have it remembered that the sender said this; call it before delivering it."""
        self.journal.say(envelope, target, self.session)

    def deliver(self, user: User, envelope: Envelope) -> None:
        """To all sessions of one user."""
        for session in user.sessions:
            self.send(session, envelope)

    def send(self, session: Session, envelope: Envelope) -> None:
        """To one session: as a part of the answer where it is the one that sent the command."""
        if session is self.session:
            self.respond(envelope)
        else:
            session.outbox.put(envelope.encode(session.kind))

    def deliver_each(self, users: Iterable[User], envelope: Envelope) -> None:
        """To all sessions of several users."""
        for user in users:
            self.deliver(user, envelope)

    def broadcast(self, channel: Channel, envelope: Envelope, *, to_sender: bool = True) -> None:
        """To every member of a channel; without to_sender not to the session that sent the command."""
        if to_sender and not self._label:
            channel.group.broadcast(envelope)
            return
        channel.group.broadcast(envelope, skip=self.session)
        if to_sender and self.session.user in channel.members:
            self.respond(envelope)

    def close(self, session: Session, reason: str) -> None:
        """End a connection with an ERROR that says why."""
        session.closing = reason
        self.answer()
        # "ERROR" comes without a source: it is about the link, and no server stands in between
        farewell = Envelope(Message("ERROR", (reason,)), time=self.now)
        session.outbox.close(farewell.encode(session.kind))

    def answer(self) -> None:
        """Send what was collected for a labeled command: https://ircv3.net/specs/extensions/labeled-response."""
        if not self._label:
            return
        label, self._label = self._label, ""
        responses, self._responses = self._responses, []
        if not responses:
            self.respond(self.envelope("ACK").labeled(label))
        elif len(responses) == 1:
            self.respond(responses[0].labeled(label))
        else:
            reference = self.new_id()
            self.respond(self.envelope("BATCH", "+" + reference, "labeled-response").labeled(label))
            for response in responses:
                self.respond(response if response.batch else response.in_batch(reference))
            self.respond(self.envelope("BATCH", "-" + reference))
