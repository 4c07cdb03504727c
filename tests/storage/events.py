"""Events for tests of the store, with ids in order, a millisecond apart."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from greenchat.protocol.msgid import MessageIds
from greenchat.storage.interface import StoredEvent
from greenchat.storage.sqlite import SqliteStore

START = 1_700_000_000_000  # ms: 2023-11-14T22:13:20Z


class EventMaker:
    """A source of events; its clock advances by a millisecond with each."""

    def __init__(self, now: int = START) -> None:
        self.now = now
        self.ids = MessageIds()

    def say(self, text: str, conversation: str = "#lobby", nick: str = "alice", **fields: object) -> StoredEvent:
        """Make a PRIVMSG to a channel; fields replace those of the event."""
        self.now += 1
        event = StoredEvent(self.ids.next(self.now), conversation, "PRIVMSG", f"{nick}!u@h", (conversation, text))
        return event._replace(**fields)  # type: ignore[arg-type]  # a test names fields that there are

    def lines(self, count: int, conversation: str = "#lobby") -> list[StoredEvent]:
        """Make several, numbered from 0."""
        return [self.say(f"line {number}", conversation) for number in range(count)]


@contextmanager
def opened(path: Path) -> Iterator[SqliteStore]:
    """Open a store for the duration of the block."""
    store = SqliteStore(path)
    try:
        yield store
    finally:
        store.close()


def texts(events: list[StoredEvent]) -> list[str]:
    """Return the texts."""
    return [event.params[-1] for event in events]


def compact_events(store: SqliteStore) -> None:
    """Move all events to the table from which they are read."""
    while not store._compaction.is_done:
        store._housekeeping._compacted_at = -1e9
        store.tidy()
    store._housekeeping._compacted_at = monotonic()


def cut_due(store: SqliteStore) -> None:
    """Cut what is due, as a server without other nodes does."""
    due = store.due_cuts()
    if due.surplus or due.departed:
        store.commit([*due.surplus, *due.departed])


def tidy_up(store: SqliteStore, now: int = START) -> None:
    """Run the housekeeping until nothing is left to do."""
    for _ in range(6):
        compact_events(store)
        store._housekeeping._index_pauses_until = 0.0
        store._sealing._begun_at = 0.0
        store.maintain(now)
        cut_due(store)
        while store.tidy():
            pass
    store._sealing._begun_at = monotonic()


def files_hold(path: Path, text: str) -> bool:
    """Whether the text is anywhere in the store's files."""
    return any(text.encode() in file.read_bytes() for file in path.parent.iterdir() if file.is_file())
