"""The store in an SQLite database: connects writer, readers, search index and housekeeping.

Three kinds of connections share one file. Only the event loop's writes, so that no commit ever waits for a lock.
Readers in other threads see the last commit (write-ahead log) and block nobody. The keeper, also in another thread,
moves the log's content into the database, so that the loop need not.
"""

import math
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from json import loads
from pathlib import Path

from greenchat.storage import reader, retention, search
from greenchat.storage.changes import Changes
from greenchat.storage.compaction import Compaction
from greenchat.storage.housekeeping import Housekeeping
from greenchat.storage.interface import (
    DueCuts,
    HistorySpan,
    HistoryTarget,
    InvalidWriteError,
    Location,
    Query,
    Retention,
    StoredEvent,
    StoreError,
    StoreWrite,
)
from greenchat.storage.rows import UnreadableError, one_number, pairs_of_numbers
from greenchat.storage.schema import connect, connect_reader
from greenchat.storage.seals import Sealing
from greenchat.storage.search import SearchIndex
from greenchat.storage.sqlite_errors import errors, explained
from greenchat.storage.writer import Writer

_SEARCH_SECONDS = 5.0  # to index what waits, before a search; that takes a second, and longer on a busy machine
_LAST_OF_EACH = "SELECT c.id, (SELECT max(id) FROM settled WHERE conversation = c.id) FROM conversation c"


class SqliteStore:
    """A `Store` in the file at `path`, which is created if it is missing.

    durable: whether a commit waits until it would survive a power cut (it always survives the process being killed).
    keep: how much history to keep.
    Raises StoreDamagedError if the file can't be used, StoreError if it can't be opened.
    """

    def __init__(self, path: Path, *, durable: bool = False, keep: Retention | None = None) -> None:
        self.path = path
        self._connection = connect(path, durable=durable)
        try:
            with errors(self.path, "read"):
                conversations = dict(pairs_of_numbers(self._connection, _LAST_OF_EACH))
                self._compaction = Compaction(self._connection)
                self._sealing = Sealing(self._connection)
                erasures = one_number(self._connection, "SELECT value FROM counter WHERE name = 'erasures'")
        except StoreError:
            self._connection.close()
            raise
        self._last_id: int = max(self._compaction.last, *conversations.values(), 0)
        self._compaction.last = self._last_id
        self._changes = Changes(conversations, self._last_id)
        self._writer = Writer(self._connection, self._changes, self._compaction, self._sealing)
        self._readers = reader.ConnectionPool(partial(connect_reader, path))
        self._index = SearchIndex(path, self._changes, erasures=erasures)
        self._housekeeping = Housekeeping(
            path,
            self._connection,
            self._readers,
            self._index,
            self._changes,
            self._compaction,
            self._writer,
            self._sealing,
            keep,
        )

    # in the thread that opened it

    def commit(self, writes: Sequence[StoreWrite]) -> None:
        """Commit the writes in one transaction."""
        try:
            if self._writer.commit(writes):
                self._housekeeping.log_holds_erased = True
            self._housekeeping.commits += 1
        except sqlite3.IntegrityError as error:
            raise InvalidWriteError(f"can't write this to the database: {error}") from error
        except sqlite3.Error as error:
            raise explained(self.path, "write", error) from error
        except MemoryError as error:
            raise StoreError("can't write to the database: out of memory") from error
        except (ValueError, OverflowError) as error:  # text that is no UTF-8, a number that is too large
            raise InvalidWriteError(f"can't write this to the database: {error}") from error

    def forget_cuts(self) -> None:
        """Allow events older than a cut, after deleting the remnants of cuts at once."""
        with errors(self.path, "write"):
            retention.forget_cuts(self._connection)
        self._writer.forget()

    def last_id(self) -> int:
        """Return the largest id that was in the store when it was opened."""
        return self._last_id

    def document(self, kind: str, key: str) -> object:
        """Return one document's value."""
        with errors(self.path, "read"):
            row = self._connection.execute(
                "SELECT value FROM document WHERE kind = ? AND key = ?", (kind, key)
            ).fetchone()
            return _value(kind, key, row[0]) if row else None

    def documents(self, kind: str) -> dict[str, object]:
        """Return all documents of a kind."""
        with errors(self.path, "read"):
            rows = self._connection.execute("SELECT key, value FROM document WHERE kind = ?", (kind,)).fetchall()
            return {key: _value(kind, key, value) for key, value in rows}

    def conversations(self) -> list[tuple[str, str | None]]:
        """Return keys and names of all conversations, the oldest first."""
        with errors(self.path, "read"):
            rows = self._connection.execute("SELECT key, name FROM conversation ORDER BY id").fetchall()
            if not all(isinstance(key, str) for key, _ in rows):
                raise UnreadableError("a conversation has no key")
            return rows

    def tidy(self) -> bool:
        """Do one short step of the work that `maintain` left for this thread; return whether there is more."""
        return self._housekeeping.tidy()

    def due_cuts(self) -> DueCuts:
        """Return the cuts that `maintain` has found, and clear them."""
        return self._housekeeping.due_cuts()

    def close(self) -> None:
        """Close the store; the last connection to close moves the log into the database and deletes it."""
        self._index.close()
        self._readers.close()
        self._housekeeping.close()
        # on a full disk it is done after the next start, and `check` reports a damaged file
        with suppress(sqlite3.Error, UnicodeDecodeError, UnreadableError):
            self._sealing.finish(self._connection, self._compaction.last)
        self._connection.close()

    # in any thread

    def read(self, conversation: str, span: HistorySpan) -> list[StoredEvent]:
        """Return a part of a conversation, oldest first."""
        with errors(self.path, "read"), self._readers.connection() as connection:
            return reader.read(connection, conversation, span)

    def find(self, conversation: str, event_id: int) -> StoredEvent | None:
        """Return one event."""
        events = self.read(conversation, HistorySpan(1, after=event_id - 1, before=event_id + 1, events=True))
        return events[0] if events else None

    def targets(self, identity: str, channels: Iterable[str], after: int, before: int) -> list[HistoryTarget]:
        """Return conversations by their latest message, oldest first."""
        with errors(self.path, "read"), self._readers.connection() as connection:
            return reader.targets(connection, identity, channels, after, before)

    def tagged(self, tag: str, after: int, limit: int) -> list[StoredEvent]:
        """Return the newest events after an id that have a tag, oldest first."""
        with errors(self.path, "read"), self._readers.connection() as connection:
            return reader.tagged(connection, tag, after, limit)

    def by_id(self, ids: Iterable[int]) -> list[StoredEvent]:
        """Return the messages with these ids, in whatever conversations they are."""
        with errors(self.path, "read"), self._readers.connection() as connection:
            return reader.by_id(connection, ids)

    def accounts(self) -> list[str]:
        """Return all accounts that have sent a message."""
        with errors(self.path, "read"), self._readers.connection() as connection:
            return reader.accounts(connection)

    def said_by(self, accounts: Iterable[str], after: Location, limit: int) -> list[Location]:
        """Return the locations of messages of accounts."""
        with errors(self.path, "read"), self._readers.connection() as connection:
            return reader.said_by(connection, accounts, after, limit)

    def search(self, query: Query) -> list[StoredEvent]:
        """Return the matching events, oldest first."""
        with errors(self.path, "read"):
            return self._index.search(query, budget=_SEARCH_SECONDS)

    def matching(self, query: Query, events: Sequence[StoredEvent]) -> list[StoredEvent]:
        """Return those of a few events that the search would find."""
        with errors(self.path, "read"):
            return search.matching(query, events)

    def is_tidy(self, now: int) -> bool:
        """Whether `maintain` would find nothing to do. now: ms since the epoch."""
        return self._housekeeping.is_tidy(now)

    def move_log(self) -> None:
        """Move committed pages out of the write-ahead log: the urgent part of `maintain`."""
        self._housekeeping.move_log()

    @property
    def waiting(self) -> int:
        """Return how many events of this process are not in the search index yet, approximately."""
        return self._housekeeping.waiting

    def maintain(self, now: int, *, decides: bool = True, is_busy: bool = False) -> None:
        """Do one step of the work outside the event loop; call `tidy` after it. See `Store.maintain`."""
        self._housekeeping.maintain(now, decides=decides, is_busy=is_busy)

    def learn(self) -> None:
        """Index all messages that are not in the search index yet, without a time limit."""
        self._index.catch_up(budget=math.inf)


def _value(kind: str, key: str, text: str) -> object:
    """Return the value of a document. Raises UnreadableError."""
    try:
        return loads(text)
    except (ValueError, TypeError) as error:
        raise UnreadableError(f"the {kind} {key} can't be read: {error}") from error
