"""A replica: the state rebuilt from a server's log, without clients, clock, randomness and store.

Answers and messages go nowhere; it only matters that the state becomes the same.
"""

from collections.abc import Callable, Sequence
from typing import Any

from greenchat.chat import documents
from greenchat.chat.acts import Act, Ran, Spoken
from greenchat.chat.continuity import snapshot
from greenchat.chat.network import Network
from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.user import Session
from greenchat.commands.catalog import apply_step, run
from greenchat.commands.connection.registration import new_session
from greenchat.commands.core.context import Context
from greenchat.commands.core.journal import Encoded, Since
from greenchat.commands.core.process import (
    Audit,
    AuditError,
    BadTokenError,
    BearerTokens,
    ConnectionRules,
    Mail,
    Port,
    Reloaded,
)
from greenchat.commands.core.service import ServiceError
from greenchat.commands.messages.speech import find_voice, say
from greenchat.protocol.message import Message
from greenchat.storage.interface import (
    Document,
    Location,
    Query,
    Span,
    StoredEvent,
    Target,
    Write,
)
from greenchat.storage.log import Log, MemoryLog

_ENTER = "enter"  # the step that registers a session
_MUCH = 1000  # outboxes that are emptied together


class Replica:
    """A state, and a way to apply acts to it. marks: documents of read markers, which are read when first asked for."""

    def __init__(self, document: snapshot.Document, marks: dict[str, object]) -> None:
        """Make a replica. document: the initial snapshot. Raises SnapshotError."""
        self.dirty = Dirty()
        self.network: Network = snapshot.restore(document, lambda _: Outbox(self.dirty))
        self._journal = _Journal(marks)
        self._process = _Process()
        self._sessions = {session.number: session for session in self.network.sessions}

    def apply(self, act: Act) -> None:
        """Apply an act of the log. Raises KeyError for a step that this version does not have."""
        session = self._sessions.get(act.session)
        is_new = session is None
        if session is None:
            session = self._come(act)
        ctx = self._context(session, act)
        if isinstance(act, Ran):
            run(ctx)
        elif isinstance(act, Spoken):
            self._speak(ctx, act)
        else:
            try:
                apply_step(ctx, act.step, act.fields)
            except ServiceError:
                ctx.answer()  # a service's refusal, which its client was told
        if is_new and session.user is None:
            self.network.disconnect(session)
        elif is_new:
            self._sessions[act.session] = session
        elif session.user is None and session not in self.network.sessions:
            del self._sessions[act.session]
        if len(self.dirty) > _MUCH:
            self._empty()

    def digest(self, now: int) -> str:
        """Return the state's digest, see `snapshot.digest`."""
        return snapshot.digest(self.network, now)

    def _come(self, act: Act) -> Session:
        """Return the session of an act that is not known yet: a new one, or nobody's."""
        if not isinstance(act, Ran | Spoken) and act.step == _ENTER:
            session = new_session(Outbox(self.dirty), act.fields[0], act.now)
            session.number = act.session
            self.network.connect(session)
            return session
        return Session(Outbox(self.dirty), "", act.now)

    def _context(self, session: Session, act: Act) -> Context:
        message = Message(act.command, act.params, None, act.tags) if isinstance(act, Ran) else Message("")
        ctx = Context(self.network, session, message, now=act.now, process=self._process, journal=self._journal)
        ctx.applies = True  # what may be refused for its amount was asked where it came from
        return ctx

    def _speak(self, ctx: Context, act: Spoken) -> None:
        """Say texts that were checked before, checking again only if the state has changed since."""
        voice = find_voice(self.network, ctx.session, act.command, act.target, lambda _: None)
        if voice is not None and voice.revisions == act.revisions:
            words = [text.encode() for text in act.texts]
            say(self.network, self._process.log, self._journal, voice, words, act.texts, act.now)
            return
        for text in act.texts:
            ctx.adopt(Message(act.command, (act.target, text)))
            run(ctx)

    def _empty(self) -> None:
        for outbox in self.dirty.take():
            outbox.pending.clear()


class _Journal:
    """Stores nothing but the read markers, and forgets all messages."""

    def __init__(self, marks: dict[str, object]) -> None:
        self._marks = marks

    @property
    def store(self) -> "_NoHistory":
        return _NoHistory(self._marks)

    def since(self) -> Since:
        return Since()

    def has_erased(self, conversation: str, event_id: int) -> bool:
        return False

    def find(self, conversation: str, event_id: int) -> StoredEvent | None:
        return None

    def secure(self, *writes: Write) -> None:
        self.record(*writes)

    def say(self, writes: Sequence[Write], said: Encoded, refuse: Callable[[], None]) -> None:
        pass

    def record(self, *writes: Write) -> None:
        for write in writes:
            if isinstance(write, Document) and write.kind == documents.READ_MARKS.name:
                self._marks[write.key] = write.value


class _NoHistory:
    """A read-only store that contains only the read markers."""

    def __init__(self, marks: dict[str, object]) -> None:
        self._marks = marks

    def document(self, kind: str, key: str) -> object:
        return self._marks.get(key) if kind == documents.READ_MARKS.name else None

    def documents(self, kind: str) -> dict[str, object]:
        return {}

    def commit(self, writes: Sequence[Write]) -> None:
        raise RuntimeError("a replica stores nothing")  # who asks for it has a bug

    def last_id(self) -> int:
        return 0

    def read(self, conversation: str, span: Span) -> list[StoredEvent]:
        return []

    def find(self, conversation: str, event_id: int) -> StoredEvent | None:
        return None

    def targets(self, identity: str, channels: Any, after: int, before: int) -> list[Target]:
        return []

    def tagged(self, tag: str, after: int, limit: int) -> list[StoredEvent]:
        return []

    def accounts(self) -> list[str]:
        return []

    def said_by(self, accounts: Any, after: Location, limit: int) -> list[Location]:
        return []

    def matching(self, query: Query, events: Sequence[StoredEvent]) -> list[StoredEvent]:
        return []

    def conversations(self) -> list[tuple[str, str | None]]:
        return []

    def search(self, query: Query) -> list[StoredEvent]:
        return []

    def is_tidy(self, now: int) -> bool:
        return True

    def maintain(self, now: int) -> None:
        pass

    def tidy(self) -> bool:
        return False

    def close(self) -> None:
        pass


class _Silence:
    """An audit log and a mailbox that ignore everything."""

    is_on = False

    def write(self, line: str) -> None:
        pass

    def read(self, count: int, text: str) -> list[str] | AuditError:
        return []

    def send(self, to: str, subject: str, text: str) -> bool:
        return False

    def claims(self, token: str, now: int) -> BadTokenError:
        return BadTokenError("a replica checks no tokens")


class _Process:
    """A process in which nothing happens by itself."""

    connection_rules = ConnectionRules(0.0, 0)

    def __init__(self) -> None:
        self.log: Log = MemoryLog()
        self.audit: Audit = _Silence()
        self.moderation: Audit = self.audit
        self.mail: Mail = _Silence()
        self.bearer: BearerTokens = _Silence()

    def random(self, count: int) -> bytes:
        raise RuntimeError("an act that is applied must draw nothing")

    def stop(self, reason: str) -> None:
        pass

    def restart(self, who: str, reason: str) -> None:
        pass

    def reload(self, who: str) -> Reloaded:
        return Reloaded("")

    def relocate(self, session: Session, host: str) -> str:
        return ""

    def ports(self) -> list[Port]:
        return []
