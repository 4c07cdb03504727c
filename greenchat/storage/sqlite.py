"""The store in an SQLite database: connects writer, readers, search index and housekeeping.

Three kinds of connections share one file. The event loop's is the only one that writes, so that no commit ever waits
for a lock. Readers in other threads see the last commit (write-ahead log) and block nobody. The keeper, in another
thread too, moves the log's content into the database, so that the loop does not pay for that.
"""

import math
import sqlite3
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from json import loads
from pathlib import Path
from time import monotonic, thread_time

from greenchat.storage import reader, retention, search
from greenchat.storage.changes import Changes
from greenchat.storage.compaction import Compaction
from greenchat.storage.interface import (
    Location,
    Query,
    Retention,
    Span,
    StoredEvent,
    StoreError,
    Target,
    UnfitWriteError,
    Write,
)
from greenchat.storage.rows import UnreadableError, one_number
from greenchat.storage.schema import PATIENCE, connect, connect_keeper, connect_reader, damaged, is_there_a_log
from greenchat.storage.seals import Sealing
from greenchat.storage.search import SearchIndex
from greenchat.storage.writer import Writer

_LONG_LOG = 16384  # pages: beyond 32 MiB the write-ahead log should be reset
_INDEX_RESTS = 4  # times as long as it has worked, in processor time
_QUIET = 200  # events between one `maintain` and the next
_MUCH = 50_000  # events
_LONG = 10.0  # seconds
_SEARCH_SECONDS = 3.0
_COMPACT_AFTER = 10.0  # seconds
_CUTTING = 0.1  # seconds, or one step
_PLAN_EVERY = 60_000  # ms
_PRUNE_EVERY = 3_600_000  # ms
_TRIM_ROWS = 200
_SPARE_PAGES = 1024  # kept free for new messages: 2 MiB
_VACUUMED = 64  # pages in a step
_INCREMENTAL = 2


class SqliteStore:
    """A `Store` in the file at `path`, which is created if it is missing.

    durable: whether a commit waits until it would survive a power cut (it always survives the process being killed).
    keep: how much history to keep.
    Raises StoreDamagedError if the file can't be used, StoreError if it can't be opened.
    """

    def __init__(self, path: Path, *, durable: bool = False, keep: Retention | None = None) -> None:
        self.path = path
        self._keep = keep or Retention()
        self._connection = connect(path, durable=durable)
        try:
            with self._errors("read"):
                conversations = dict(
                    self._connection.execute(
                        "SELECT c.id, (SELECT max(id) FROM settled WHERE conversation = c.id) FROM conversation c"
                    ).fetchall()
                )
                self._compaction = Compaction(self._connection)
                erasures = one_number(self._connection, "SELECT value FROM counter WHERE name = 'erasures'")
        except StoreError:
            self._connection.close()
            raise
        self._last_id: int = max(self._compaction.last, *(last or 0 for last in conversations.values()), 0)
        self._compaction.last = self._last_id
        self._changes = Changes(conversations, self._last_id)
        self._writer = Writer(self._connection, self._changes, self._compaction)
        self._readers = reader.ConnectionPool(partial(connect_reader, path))
        self._index = SearchIndex(path, self._changes, erasures=erasures)
        self._housekeeping_lock = threading.Lock()
        self._keeper: sqlite3.Connection | None = None
        self._log_is_long = False
        # Where the log of the last server could not be moved into the database, nobody knows what it holds.
        self._log_holds_erased = is_there_a_log(path)
        self._moved = False
        self._planned = 0
        self._commits = 0
        self._kept = -1  # commits after which everything was done
        self._index_rests = 0.0
        self._events_before = 0  # at the last `maintain`
        self._events_learned = 0
        self._learned = 0.0
        self._compacted_at = monotonic()  # the last step
        self._planned_cuts: deque[retention.Cut] = deque()  # to be removed from the index first
        self._cuts: deque[retention.Cut] = deque()
        self._has_trimmed = False
        self._pruned = 0
        self._unused_sources: list[int] = []
        self._gives_back = one_number(self._connection, "PRAGMA auto_vacuum") == _INCREMENTAL
        self._may_give_back = self._gives_back
        self._sealing = Sealing()
        self._date = retention.DateDoubt(self._last_id)

    # in the thread that opened it

    def commit(self, writes: Sequence[Write]) -> None:
        """Commit all of it in one transaction."""
        try:
            if self._writer.commit(writes):
                self._log_holds_erased = True
            self._commits += 1
        except sqlite3.IntegrityError as error:
            raise UnfitWriteError(f"can't write this to the database: {error}") from error
        except sqlite3.Error as error:
            raise self._explained("write", error) from error
        except MemoryError as error:
            raise StoreError("can't write to the database: out of memory") from error
        except (ValueError, OverflowError) as error:  # text that is no UTF-8, a number that is too large
            raise UnfitWriteError(f"can't write this to the database: {error}") from error

    def last_id(self) -> int:
        """Return the largest id that was in the store when it was opened."""
        return self._last_id

    def document(self, kind: str, key: str) -> object:
        """Return one document's value."""
        with self._errors("read"):
            row = self._connection.execute(
                "SELECT value FROM document WHERE kind = ? AND key = ?", (kind, key)
            ).fetchone()
            return _value(kind, key, row[0]) if row else None

    def documents(self, kind: str) -> dict[str, object]:
        """Return all documents of a kind."""
        with self._errors("read"):
            rows = self._connection.execute("SELECT key, value FROM document WHERE kind = ?", (kind,)).fetchall()
            return {key: _value(kind, key, value) for key, value in rows}

    def conversations(self) -> list[tuple[str, str | None]]:
        """Return keys and names of all conversations, the oldest first."""
        with self._errors("read"):
            return self._connection.execute("SELECT key, name FROM conversation ORDER BY id").fetchall()

    def tidy(self) -> bool:
        """Do one short step of what `maintain` left for this thread; return whether there is more."""
        with self._errors("clean up"):
            if self._log_is_long:
                # All but the last commits are in the database already. Doing the rest here, where no commit can
                # intervene, lets the next one reset the log.
                self._log_is_long = False
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            elif self._log_holds_erased and self._moved:
                self._moved = False
                self._log_holds_erased = not self._empty_log()
                self._may_give_back = self._gives_back
            elif self._unused_sources:
                # before anything fresh is settled, so that a source that is used again is found among the fresh
                retention.forget_sources(self._connection, self._unused_sources[:_TRIM_ROWS])
                del self._unused_sources[:_TRIM_ROWS]
                self._writer.forget()
                self._log_holds_erased = True
            elif self._is_time_to_compact():
                self._compacted_at = monotonic()
                self._compaction.step()
            elif self._cuts:
                self._log_holds_erased = True
                if retention.trim(self._connection, self._cuts[0], _TRIM_ROWS):
                    self._cuts.popleft()
                    self._writer.forget()
                    self._has_trimmed = True
            elif self._sealing.has_read:
                self._sealing.store(self._connection)
            elif self._may_give_back:
                self._may_give_back = self._give_back()
        return bool(
            self._log_is_long
            or self._unused_sources
            or self._cuts
            or self._sealing.has_read
            or self._may_give_back
            or self._is_time_to_compact()
        )

    def _give_back(self) -> bool:
        """Give some free pages back to the disk; return whether more are free than are worth keeping."""
        if one_number(self._connection, "PRAGMA freelist_count") <= _SPARE_PAGES:
            return False
        self._connection.execute(f"PRAGMA incremental_vacuum({_VACUUMED})").fetchall()
        return True

    def close(self) -> None:
        """Close the store; the last connection to close moves the log into the database and deletes it."""
        self._index.close()
        self._readers.close()
        with self._housekeeping_lock:
            if self._keeper:
                self._keeper.close()
                self._keeper = None
        self._connection.close()

    # in any thread

    def read(self, conversation: str, span: Span) -> list[StoredEvent]:
        """Return a part of a conversation, oldest first."""
        with self._errors("read"), self._readers.connection() as connection:
            return reader.read(connection, conversation, span)

    def find(self, conversation: str, event_id: int) -> StoredEvent | None:
        """Return one event."""
        found = self.read(conversation, Span(1, after=event_id - 1, before=event_id + 1, events=True))
        return found[0] if found else None

    def targets(self, identity: str, channels: Iterable[str], after: int, before: int) -> list[Target]:
        """Return conversations by their latest message, oldest first."""
        with self._errors("read"), self._readers.connection() as connection:
            return reader.targets(connection, identity, channels, after, before)

    def tagged(self, tag: str, after: int, limit: int) -> list[StoredEvent]:
        """Return the newest events after an id that have a tag, oldest first."""
        with self._errors("read"), self._readers.connection() as connection:
            return reader.tagged(connection, tag, after, limit)

    def accounts(self) -> list[str]:
        """Return all accounts that ever said something."""
        with self._errors("read"), self._readers.connection() as connection:
            return reader.accounts(connection)

    def said_by(self, accounts: Iterable[str], after: Location, limit: int) -> list[Location]:
        """Return the locations of messages of accounts."""
        with self._errors("read"), self._readers.connection() as connection:
            return reader.said_by(connection, accounts, after, limit)

    def search(self, query: Query) -> list[StoredEvent]:
        """Return the matching events, oldest first."""
        with self._errors("read"):
            return self._index.search(query, budget=_SEARCH_SECONDS)

    def matching(self, query: Query, events: Sequence[StoredEvent]) -> list[StoredEvent]:
        """Return those of these few events that the search would find."""
        with self._errors("read"):
            return search.matching(query, events)

    def is_tidy(self, now: int) -> bool:
        """Whether `maintain` would find nothing to do. now: ms since the epoch."""
        return self._kept == self._commits and not (
            self._planned_cuts
            or self._log_holds_erased
            or self._index.is_untidy
            or self._is_planning_due(now)
            or self._is_pruning_due(now)
            or self._is_time_to_compact()
            or self._sealing.is_due(self._compaction.last)
        )

    def move_log(self) -> None:
        """Move what was committed out of the write-ahead log: the part of `maintain` that can't wait for long."""
        with self._housekeeping_lock, self._errors("maintain"):
            if self._keeper is None:
                self._keeper = connect_keeper(self.path)
            self._move(self._keeper)

    def learn(self) -> None:
        """Index everything that is not in the search index yet, however long that takes."""
        self._index.catch_up(budget=math.inf)

    def maintain(self, now: int) -> None:
        """Do one step of the work outside the event loop; call `tidy` after it. now: ms since the epoch."""
        commits = self._commits
        self.move_log()
        with self._housekeeping_lock, self._errors("maintain"):
            started, worked = monotonic(), thread_time()
            # `tidy` needs that nobody reads
            if self._log_is_long or started < self._index_rests or not self._is_time_to_learn(started):
                return
            self._events_learned, self._learned = self._changes.events, started
            complete, trouble = False, None
            try:
                complete = self._index.catch_up(budget=0)
            except StoreError as error:
                trouble = error  # without an index there is no search, but everything else works
            if (complete or trouble) and not self._is_cutting and self._is_planning_due(now):
                self._plan(now)
            elif self._is_pruning_due(now):
                self._pruned, self._has_trimmed = now, False
                with self._readers.connection() as connection:
                    self._unused_sources = retention.unused_sources(connection)
            elif self._sealing.is_due(self._compaction.last):
                with self._readers.connection() as connection:
                    self._sealing.read(connection, self._compaction.last)
            until = monotonic() + _CUTTING
            while self._planned_cuts:
                self._cut_index()
                if monotonic() >= until:
                    break
            else:
                if not trouble:
                    self._index.tidy(budget=until - monotonic())
            # However much there is to index and to cut, most of the processor is left to the chat.
            self._index_rests = monotonic() + _INDEX_RESTS * (thread_time() - worked)
            if complete:
                self._kept = commits
            if trouble:
                raise trouble

    def _empty_log(self) -> bool:
        """Truncate the log file, if no reader needs it now."""
        self._connection.execute("PRAGMA busy_timeout = 0")
        (busy, _, _) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self._connection.execute(f"PRAGMA busy_timeout = {PATIENCE}")
        return not busy

    def _move(self, keeper: sqlite3.Connection) -> None:
        """Move as much of the log as possible into the database."""
        _, pages, _ = keeper.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if pages > _LONG_LOG:
            keeper.execute("PRAGMA wal_checkpoint(PASSIVE)")  # what came meanwhile: leaves little for `tidy`
            self._log_is_long = True
        self._moved = True

    def _is_time_to_learn(self, time: float) -> bool:
        """Whether to index now: in a quiet moment, but before there is very much or it takes very long."""
        events, before = self._changes.events, self._events_before
        self._events_before = events
        is_quiet = events - before < _QUIET
        return is_quiet or events - self._events_learned >= _MUCH or time - self._learned >= _LONG

    def _is_time_to_compact(self) -> bool:
        """Whether to compact now: a round is under way, or there is enough for one, or a little that is old."""
        compaction = self._compaction
        if compaction.is_under_way or compaction.is_due:
            return True
        return not compaction.is_done and monotonic() - self._compacted_at >= _COMPACT_AFTER

    def _is_planning_due(self, now: int) -> bool:
        """Whether to plan now: all earlier cuts must be out of the index, however large that is."""
        is_time = now - self._planned >= _PLAN_EVERY and self._keep != Retention() and not self._index.is_untidy
        return self._planned == 0 or is_time

    def _is_pruning_due(self, now: int) -> bool:
        is_time = self._has_trimmed and now - self._pruned >= _PRUNE_EVERY
        return is_time and not (self._is_cutting or self._compaction.is_under_way)

    @property
    def _is_cutting(self) -> bool:
        return bool(self._planned_cuts or self._cuts)

    def _plan(self, now: int) -> None:
        with self._readers.connection() as connection:
            cuts = retention.plan(connection, self._date.allowed(self._keep, now), now)
            if self._planned == 0:
                cuts += retention.of_departed(connection, self._last_id)
        self._planned = now
        self._planned_cuts.extend(cuts)

    def _cut_index(self) -> None:
        """Do one step of the first cut in the index; what it no longer holds can be deleted from the database."""
        cut = self._planned_cuts[0]
        try:
            upto, more = self._index.cut(cut.conversation, cut.upto)
        except StoreError:
            upto, more = cut.upto, False  # what the index still holds of it will not be found
        self._cuts.append(retention.Cut(cut.conversation, min(upto, cut.upto)))
        if not more:
            self._planned_cuts.popleft()

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._explained(doing, error) from error
        except (UnreadableError, UnicodeDecodeError) as error:
            raise damaged(self.path, str(error)) from error

    def _explained(self, doing: str, error: sqlite3.Error) -> StoreError:
        if isinstance(error, sqlite3.OperationalError | sqlite3.ProgrammingError):
            return StoreError(f"can't {doing} the database {self.path}: {error}")
        return damaged(self.path, str(error))


def _value(kind: str, key: str, text: str) -> object:
    """Return the value of a document. Raises UnreadableError."""
    try:
        return loads(text)
    except (ValueError, TypeError) as error:
        raise UnreadableError(f"the {kind} {key} can't be read: {error}") from error
