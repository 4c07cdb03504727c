"""The context of a handler: the state, the message, the time, and the only way to send.

Handlers never write wire text, touch a socket, or read a clock: they build messages and name the recipients.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from greenchat.chat.acts import StepAct
from greenchat.chat.channel import Channel
from greenchat.chat.documents import DocumentKind
from greenchat.chat.network import Network
from greenchat.chat.protection.history_quota import DOCUMENT, EVENT, LIGHT, LIGHT_DOCUMENT
from greenchat.chat.user import Session, User
from greenchat.commands.core.errors import FailError, IrcError, TooLongError
from greenchat.commands.core.history_events import CHANNEL_EVENTS, size_of, to_event
from greenchat.commands.core.journal import Journal
from greenchat.commands.core.line_length import repeats_too_much
from greenchat.commands.core.process import Process
from greenchat.commands.core.response_buffer import ResponseBuffer, label_of
from greenchat.commands.core.steps import NAMES, SINCE
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.envelopes.multiline import MultilineEnvelope
from greenchat.protocol.envelopes.numeric import Addressed
from greenchat.protocol.message import NO_TAGS, Message, presentable
from greenchat.protocol.msgid import time_of
from greenchat.protocol.multiline import Part
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.wrap import room
from greenchat.storage.interface import Document, StoreWrite

T = TypeVar("T")

_NO_ANSWER = "Input line was too long: the answer would not fit into a line"


class Context:
    """The context of one command of one session.

    now: ms since the epoch, fixed for the command. quiet: whether refusals are not answered. parts: those of a
    multiline message. weight: its cost for the throttle, in commands. applies: whether an act of the log is being
    applied, of which all changes are a part.
    """

    __slots__ = (
        "_buffer",
        "_written",
        "applies",
        "journal",
        "message",
        "network",
        "now",
        "parts",
        "process",
        "quiet",
        "session",
        "weight",
    )

    def __init__(
        self,
        network: Network,
        session: Session,
        message: Message,
        *,
        now: int,
        process: Process,
        journal: Journal,
    ) -> None:
        self.network = network
        self.session = session
        self.message = message
        self.now = now
        self.process = process
        self.journal = journal
        self.quiet = False
        self.applies = False
        self.weight = 1
        self._written = 0
        self.parts: tuple[Part, ...] = ()
        self._take_label()

    def adopt(self, message: Message) -> None:
        """Continue with this message instead; its label is used for the answer."""
        self.message = message
        self._take_label()

    def postpone_answer(self) -> None:
        """Leave the answer to a later command."""
        if self._buffer:
            self._buffer.label = ""

    def _take_label(self) -> None:
        label = label_of(self.message, self.session) if self.message.tags else ""
        self._buffer = self._new_buffer(label) if label else None

    def _new_buffer(self, label: str) -> ResponseBuffer:
        return ResponseBuffer(self.session, label, self.envelope, self.network.local.new_reference)

    def for_session(self, session: Session) -> "Context":
        """Return a context for sending to another session without a command of that session."""
        return Context(
            self.network,
            session,
            Message(""),
            now=self.now,
            process=self.process,
            journal=self.journal,
        )

    @property
    def user(self) -> User:
        """The user who runs the command. Only commands that need registration may ask."""
        user = self.session.user
        if user is None and self.applies and self.process.log.is_shared:
            raise IrcError(Numeric.ERR_NOTREGISTERED)  # a previous act, like a KILL, has ended the session
        if user is None:
            raise RuntimeError(f"{self.message.command} asked for the user of a session that has none")
        return user

    @property
    def nick(self) -> str:
        """Return the sender's nick for numerics: `*` before it has one."""
        session = self.session
        return session.user.nick if session.user else session.registration.nick or "*"

    # ids, steps and random bytes

    def new_id(self) -> int:
        """Return a msgid for a present event, made from the state and the time, so that a replay gives the same."""
        return self.network.ids.next(self.now)

    def propose(self, step: Callable[..., T], *fields: object) -> T:
        """Propose a step to be applied through the log; a part of an act from the log is applied directly.

        Other nodes do not run the rest of the handler: call it last. With several nodes this waits until the step is
        applied.
        """
        if self.applies:
            return step(self, *fields)
        act = self._decided(step, fields)
        return self.process.log.decide(act, lambda now: self._apply(now, step, fields))

    def note(self, step: Callable[..., object], *fields: object) -> None:
        """Propose a step without waiting for it. Not for a part of an act."""
        act = self._decided(step, fields)
        self.process.log.note(act, lambda now: self._apply(now, step, fields))

    def _decided(self, step: Callable[..., object], fields: tuple[object, ...]) -> StepAct:
        if step in SINCE and SINCE[step] > self.network.nodes.epoch:
            raise FailError(
                self.message.command or "*",
                "TEMPORARILY_UNAVAILABLE",
                text="Not available until the upgrade of the server is complete: try again later",
            )
        session = self.session
        is_stranger = session.user is None and session.host
        stranger = (session.host, session.registration.nick, session.account) if is_stranger else ()
        return StepAct(session.number, self.now, NAMES[step], fields, stranger)

    def _apply(self, now: int, step: Callable[..., T], fields: Sequence[object]) -> T:
        self.now = now
        self.applies = True
        try:
            return step(self, *fields)
        finally:
            self.applies = False

    def random(self, count: int) -> bytes:
        """Return `count` random bytes from a cryptographic source."""
        return self.process.random(count)

    # building

    def envelope(
        self,
        command: str,
        *params: str,
        source: User | None = None,
        needs: int = 0,
        extended: tuple[str, ...] = (),
        tags: Mapping[str, str] = NO_TAGS,
    ) -> Envelope:
        """Return a message stamped with the time, from the server or from a user; a user's gets a msgid."""
        if source is None:
            message = Message(command, params, self.network.settings.name)
            return Envelope(message, time=self.now, needs=needs)
        msgid = self.new_id()
        message = Message(command, params, source.source, tags)
        time = time_of(msgid)  # the present time, as in the history
        account, bot = source.account, "B" in source.modes
        if self.parts and command == self.message.command:
            return MultilineEnvelope(message, self.parts, time=time, msgid=msgid, account=account, bot=bot)
        return Envelope(message, time=time, msgid=msgid, account=account, bot=bot, needs=needs, extended=extended)

    def room(self, command: str, *params: str) -> int:
        """Return the bytes left for another parameter in a message of the server with these parameters."""
        return room(self.network.settings.name, command, *params)

    def numeric(self, nick: str, numeric: Numeric, *params: str, text: str = "") -> Envelope:
        """Return a numeric for a nick; its last parameter is `text`, or the numeric's own text if it has one.

        The other parameters may come from the sender; those that can't be sent back unchanged become `*`.
        """
        text = text or numeric.text
        *words, last = (*params, text) if text else params
        return self.envelope(numeric.command, nick, *map(presentable, words), last)

    def addressed(self, numeric: Numeric, *params: str) -> Addressed:
        """Return a numeric for several users, as `numeric` does."""
        words = (*params, numeric.text) if numeric.text else params
        *words_before, last = words
        shown = (*map(presentable, words_before), last)
        return Addressed(numeric.command, *shown, source=self.network.settings.name)

    # answering the sender

    def reply(self, numeric: Numeric, *params: str, text: str = "") -> None:
        """Send a numeric to the sender, see `numeric`."""
        self._respond_whole(self.numeric(self.nick, numeric, *params, text=text))

    def fail(self, command: str, code: str, *context: str, text: str) -> None:
        """Send a standard reply FAIL to the sender."""
        self._respond_whole(self.envelope("FAIL", command, code, *map(presentable, context), text))

    def _respond_whole(self, answer: Envelope) -> None:
        """Send an answer, or 417 if the sender's words in it do not fit."""
        if repeats_too_much(answer):
            answer = self.numeric(self.nick, Numeric.ERR_INPUTTOOLONG, text=_NO_ANSWER)
        self.respond(answer)

    def refuse(self, error: IrcError | FailError) -> None:
        """Send a refusal, unless errors of the command are never answered.

        A line that is too long is always reported, since that is no automatic reply to its text.
        """
        if self.quiet and not isinstance(error, TooLongError):
            return
        if isinstance(error, IrcError):
            self.reply(error.numeric, *error.params, text=error.text)
        else:
            self.fail(error.command, error.code, *error.context, text=error.text)

    def notice(self, text: str) -> None:
        """Send a NOTICE of the server to the sender."""
        self.respond(self.envelope("NOTICE", self.nick, text))

    def respond(self, envelope: Envelope) -> None:
        """Send to the session that sent the command, as a part of its answer, if its capabilities allow the message."""
        if self.session.kind & envelope.needs != envelope.needs:
            return
        if self._buffer:
            self._buffer.respond(envelope)
        else:
            self.session.outbox.put(envelope.encode(self.session.kind))

    @contextmanager
    def batch(self, kind: str, *params: str, tags: Mapping[str, str] = NO_TAGS) -> Iterator[None]:
        """Send the answers of the block as one batch, to clients with the capability.

        https://ircv3.net/specs/extensions/batch
        """
        if not self.session.caps & caps.BATCH:
            yield
            return
        if self._buffer is None:
            self._buffer = self._new_buffer("")
        reference = self.network.local.new_reference()
        opening = Message("BATCH", ("+" + reference, kind, *params), self.network.settings.name, tags)
        with self._buffer.batch(reference, Envelope(opening, time=self.now)):
            yield

    # to others

    def remember(self, envelope: Envelope, *channels: Channel) -> None:
        """Record an event of these channels; call it before delivering it, since it gets a msgid here."""
        history = self.network.settings.history
        if history.enabled and history.events:
            envelope.msgid = envelope.msgid or self.new_id()
            events = [to_event(envelope, self.network.fold(channel.name)) for channel in channels]
            size = sum(size_of(event) + EVENT for event in events)
            self.session.room -= size
            self.weight += size // LIGHT
            self.journal.record(*events)

    def keep(self, kind: DocumentKind, key: str, value: Mapping[str, Any] | None) -> None:
        """Store a document, in this turn's transaction; None removes it."""
        self.session.room -= DOCUMENT
        self.record(Document(kind.name, key, value))

    def secure(self, kind: DocumentKind, key: str, value: Mapping[str, Any] | None) -> None:
        """Store a document that must survive, before its change is confirmed; None removes it. Raises StoreError."""
        self.session.room -= DOCUMENT
        self.commit(Document(kind.name, key, value))

    def record(self, *writes: StoreWrite) -> None:
        """Store what has happened, as `Journal.record` does; documents count by their size, see weight."""
        self._count_weight(writes)
        self.journal.record(*writes)

    def commit(self, *writes: StoreWrite) -> None:
        """Store what must survive, as `Journal.secure` does. Raises StoreError, which becomes a FAIL."""
        self._count_weight(writes)
        self.journal.secure(*writes)

    def _count_weight(self, writes: Iterable[StoreWrite]) -> None:
        self._written += sum(write.size for write in writes if isinstance(write, Document))
        self.weight, self._written = self.weight + self._written // LIGHT_DOCUMENT, self._written % LIGHT_DOCUMENT

    def fail_after_all(self, command: str, *context: str, text: str) -> None:
        """Send a FAIL with the label instead of the waiting answer, since nothing could be stored."""
        if self._buffer:
            self._buffer.withdraw(self.message.command)
        self.fail(command, "TEMPORARILY_UNAVAILABLE", *context, text=text)
        self.answer()

    def deliver(self, user: User, envelope: Envelope) -> None:
        """Send to all sessions of one user."""
        for session in user.sessions:
            self.send(session, envelope)

    def send(self, session: Session, envelope: Envelope) -> None:
        """Send to one session; if it sent the command, as a part of the answer."""
        if session is self.session:
            self.respond(envelope)
        else:
            session.outbox.put(envelope.encode(session.kind))

    def deliver_each(self, users: Iterable[User], envelope: Envelope) -> None:
        """Send to all sessions of several users."""
        for user in users:
            self.deliver(user, envelope)

    def broadcast(self, channel: Channel, envelope: Envelope, *, to_sender: bool = True) -> None:
        """Send to every member of a channel; without to_sender not to the session that sent the command."""
        if envelope.message.command in CHANNEL_EVENTS:
            self.remember(envelope, channel)
        if to_sender and not (self._buffer and self._buffer.label):
            channel.group.broadcast(envelope)
            return
        channel.group.broadcast(envelope, skip=self.session)
        if to_sender and self.session.user in channel.members:
            self.respond(envelope)

    def announce(self, channel: Channel, envelope: Envelope, about: User, *, to_sender: bool = True) -> None:
        """Send a member's event to the members who see the member: in an auditorium some do not."""
        if channel.shows(about):
            self.broadcast(channel, envelope, to_sender=to_sender)
        else:
            self.deliver_in(channel.witnesses(about), envelope, to_sender=to_sender)

    def deliver_in(self, members: Iterable[User], envelope: Envelope, *, to_sender: bool = True) -> None:
        """Send to some members of a channel; without to_sender not to the session that sent the command."""
        for member in members:
            for session in member.sessions:
                if to_sender or session is not self.session:
                    self.send(session, envelope)

    def send_numeric(self, session: Session, numeric: Addressed) -> None:
        """Send a numeric of `addressed` to one session, with the nick of its user."""
        nick = session.user.nick if session.user else session.registration.nick or "*"
        if self._buffer and session is self.session:
            self.respond(numeric.addressed_to(nick, self.now))
        else:
            session.outbox.put(numeric.encode(session.kind, nick, self.now))

    def farewell(self, reason: str) -> Envelope:
        """Return an ERROR, without a source since it concerns the connection."""
        return Envelope(Message("ERROR", (reason,)), time=self.now)

    def close(self, session: Session, reason: str) -> None:
        """End a connection with an ERROR that has the reason."""
        self.network.catch_up(session)  # nothing may follow the ERROR
        session.closing = reason
        if session.user is None:
            # LUSERS counts those "currently in an unknown state", which a session being closed is not
            self.network.disconnect(session)
        farewell = self.farewell(reason)
        if session is self.session:
            self.respond(farewell)
            self.answer()
            session.outbox.close()
        else:
            session.outbox.close(farewell.encode(session.kind))

    def answer_in_part(self, *, is_batch: bool) -> None:
        """Send what was collected for a labeled command so far: the rest need not be collected.

        is_batch: one message, or a batch of its own kind, is the whole answer, so that it needs no batch around it.
        """
        if self._buffer:
            self._buffer.answer_in_part(is_batch=is_batch)

    def answer(self) -> None:
        """Send the collected answer of a labeled command: https://ircv3.net/specs/extensions/labeled-response."""
        if self._buffer:
            self._buffer.answer()
