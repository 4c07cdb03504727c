"""A replica: the state rebuilt from a server's log, without clients, clock, randomness and store.

Answers and messages go nowhere; it only matters that the state becomes the same.
"""

from collections.abc import Callable, Sequence
from typing import Any

from greenchat.chat import documents
from greenchat.chat.acts import Act
from greenchat.chat.continuity import snapshot
from greenchat.chat.continuity.messages import Form
from greenchat.chat.network import Network
from greenchat.chat.outbox import RemoteOutbox
from greenchat.chat.user import Session
from greenchat.commands.applying import Applier
from greenchat.commands.core.journal import Encoded, LaterWrites
from greenchat.commands.core.process import (
    Audit,
    AuditError,
    BadTokenError,
    BearerTokens,
    ConnectionRules,
    ExternalAuth,
    Mail,
    Port,
    Reloaded,
)
from greenchat.commands.core.utterance import Utterance
from greenchat.storage.interface import (
    Document,
    DueCuts,
    HistorySpan,
    HistoryTarget,
    Location,
    Query,
    StoredEvent,
    StoreWrite,
)
from greenchat.storage.log import Log, MemoryLog


class Replica:
    """A state, and a way to apply acts to it. read_markers: their documents, which are read on demand."""

    def __init__(self, document: Form, read_markers: dict[str, object]) -> None:
        """Make a replica. document: the initial snapshot. Raises SnapshotError."""
        self.network: Network = snapshot.restore(document, lambda _: RemoteOutbox())
        self._applier = Applier(self.network, _Journal(read_markers), _Process(), RemoteOutbox)

    def apply(self, act: Act) -> None:
        """Apply an act of the log. Raises ActError for a step that this version does not have."""
        self._applier.apply(act)

    def digest(self, now: int) -> str:
        """Return the state's digest, see `snapshot.digest`."""
        return snapshot.digest(self.network, now)


class _Journal:
    """Stores nothing but the read markers, and forgets all messages."""

    def __init__(self, read_markers: dict[str, object]) -> None:
        self._read_markers = read_markers

    @property
    def store(self) -> "_NoHistory":
        return _NoHistory(self._read_markers)

    def later_writes(self) -> LaterWrites:
        return LaterWrites()

    def has_erased(self, conversation: str, event_id: int) -> bool:
        return False

    def find(self, conversation: str, event_id: int) -> StoredEvent | None:
        return None

    def secure(self, *writes: StoreWrite) -> None:
        self.record(*writes)

    def store_message(self, writes: Sequence[StoreWrite], message: Encoded, refuse: Callable[[], None]) -> None:
        pass

    def store_utterance(self, utterance: Utterance) -> None:
        pass

    def record(self, *writes: StoreWrite) -> None:
        for write in writes:
            if isinstance(write, Document) and write.kind == documents.READ_MARKERS.name:
                self._read_markers[write.key] = write.value


class _NoHistory:
    """A read-only store that contains only the read markers."""

    def __init__(self, read_markers: dict[str, object]) -> None:
        self._read_markers = read_markers

    def document(self, kind: str, key: str) -> object:
        return self._read_markers.get(key) if kind == documents.READ_MARKERS.name else None

    def documents(self, kind: str) -> dict[str, object]:
        return {}

    def commit(self, writes: Sequence[StoreWrite]) -> None:
        raise RuntimeError("a replica stores nothing")  # any other use is a bug

    def last_id(self) -> int:
        return 0

    def read(self, conversation: str, span: HistorySpan) -> list[StoredEvent]:
        return []

    def find(self, conversation: str, event_id: int) -> StoredEvent | None:
        return None

    def targets(self, identity: str, channels: Any, after: int, before: int) -> list[HistoryTarget]:
        return []

    def tagged(self, tag: str, after: int, limit: int) -> list[StoredEvent]:
        return []

    def by_id(self, ids: Any) -> list[StoredEvent]:
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

    def maintain(self, now: int, *, decides: bool = True, is_busy: bool = False) -> None:
        pass

    def due_cuts(self) -> DueCuts:
        return DueCuts([], [])

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

    def check(self, name: str, password: str, address: str) -> None:
        return None

    def claims(self, token: str, now: int, address: str) -> BadTokenError:
        return BadTokenError("a replica checks no tokens")


class _Process:
    """A process without any activity of its own."""

    connection_rules = ConnectionRules(0.0, 0)

    def __init__(self) -> None:
        self.log: Log = MemoryLog()
        self.audit: Audit = _Silence()
        self.moderation: Audit = self.audit
        self.mail: Mail = _Silence()
        self.bearer: BearerTokens = _Silence()
        self.external_auth: ExternalAuth = _Silence()

    def random(self, count: int) -> bytes:
        raise RuntimeError("applying an act must not need random bytes")

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
