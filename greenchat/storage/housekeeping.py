"""The housekeeping of a store: moves the log, updates the search index, compacts, and applies the retention limits.

Its work is divided into steps of two threads: slow work is prepared in a separate thread (`maintain`), and results are
written by the event loop's thread (`tidy`), the only writer, within a few milliseconds.

The search index and the seals can wait: events are safe and readable without them, a search indexes first what is
missing, and a restart goes on with the rest. So while people talk at full speed they wait until the loop has idle time,
or until much waits: then all of it is done, in small steps. Only compaction is done in time, since each reader scans
all fresh events.
"""

import math
import sqlite3
import threading
from pathlib import Path
from time import monotonic, thread_time

from greenchat.storage.changes import Changes
from greenchat.storage.compaction import Compaction
from greenchat.storage.interface import DueCuts, Retention, StoreError
from greenchat.storage.reader import ConnectionPool
from greenchat.storage.rows import one_number
from greenchat.storage.schema import PATIENCE, connect_keeper, is_there_a_log
from greenchat.storage.seals import Sealing
from greenchat.storage.search import SearchIndex
from greenchat.storage.sqlite_errors import errors
from greenchat.storage.trimming import Trimming
from greenchat.storage.writer import Writer

_LONG_LOG = 8192  # pages, 32 MiB if they have 4 KiB: beyond that the write-ahead log should be reset
_MOVE_EVERY = 1.0  # seconds in busy times: pages that are written repeatedly are then moved only once
_INDEX_PAUSE = 4  # pause of the index, in multiples of the CPU time of its work
_QUIET = 200  # events between one `maintain` and the next
# How many events may wait for the index and the seals, and how many seconds; and if the loop has no idle time. A search
# indexes them in less than a second; erased text must be gone from all files within a minute.
_MUCH, _MUCH_IF_BUSY = 50_000, 200_000
_LONG, _LONG_IF_BUSY = 10.0, 30.0
_UNSEALED = 20_000  # events after which to seal without waiting for the time
_COMPACT_AFTER = 10.0  # seconds
_CUTTING = 0.1  # seconds, or one step
_SPARE_PAGES = 512  # kept free for new messages: 2 MiB if they have 4 KiB
_VACUUMED = 64  # pages in a step
_INCREMENTAL = 2


class Housekeeping:
    """The housekeeping of one store, which hands it its parts. keep: how much history to keep.

    commits: how many there were; log_holds_erased: whether the write-ahead log has older versions of erased texts. The
    store counts and sets them.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        readers: ConnectionPool,
        index: SearchIndex,
        changes: Changes,
        compaction: Compaction,
        writer: Writer,
        sealing: Sealing,
        keep: Retention | None,
    ) -> None:
        self._path = path
        self._connection = connection
        self._readers = readers
        self._index = index
        self._changes = changes
        self._compaction = compaction
        self._writer = writer
        self._lock = threading.Lock()
        self._keeper: sqlite3.Connection | None = None
        self._log_is_long = False
        # If the last server's log could not be moved into the database, its content is unknown.
        self.log_holds_erased = is_there_a_log(path)
        self._moved = False
        self._moved_at = 0.0
        self.commits = 0
        self._kept = -1  # commits after which everything was done
        self._index_pauses_until = 0.0
        self._events_before = 0  # at the last `maintain`
        self._learned = -math.inf  # when nothing waited; after a start, something of the last process may
        # If too much waited: the last id then. All up to there is indexed and sealed, even in a busy moment.
        self._learns_upto: int | None = None
        self._events_sealed = 0
        self._compacted_at = monotonic()  # the last step
        self._trimming = Trimming(readers, index, compaction, writer, keep or Retention())
        self._gives_back = one_number(connection, "PRAGMA auto_vacuum") == _INCREMENTAL
        self._may_give_back = self._gives_back
        self._sealing = sealing

    # in the thread that opened it

    def tidy(self) -> bool:
        """Do one short step of the work that `maintain` left for this thread; return whether there is more."""
        if not self._trimming.may_prune:
            self._writer.sources_settled.clear()
        with errors(self._path, "clean up"):
            if self._log_is_long:
                # All but the last commits are in the database already. Doing the rest here, where no commit can
                # intervene, lets the next one reset the log.
                self._log_is_long = False
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            elif self.log_holds_erased and self._moved:
                self._moved = False
                self.log_holds_erased = not self._empty_log()
                self._may_give_back = self._gives_back
            elif self._trimming.unused_sources:
                # before anything fresh is settled, so that a source that is used again is found among the fresh
                self._trimming.forget_sources(self._connection)
                self._writer.forget()
                self.log_holds_erased = True
            elif self._is_time_to_compact():
                self._compacted_at = monotonic()
                self._compaction.step()
            elif self._trimming.cuts:
                self.log_holds_erased = True
                if self._trimming.delete(self._connection):
                    self._writer.forget()
            elif self._sealing.has_read:
                self._sealing.store(self._connection)
            elif self._is_time_to_seal():
                self._sealing.begin(self._compaction.last)
                self._events_sealed = self._changes.events
            elif self._may_give_back:
                self._may_give_back = self._give_back()
        return bool(
            self._log_is_long
            or self._trimming.unused_sources
            or self._trimming.cuts
            or self._sealing.has_read
            or self._is_time_to_seal()
            or self._may_give_back
            or self._is_time_to_compact()
        )

    def due_cuts(self) -> DueCuts:
        """Return the due cuts, and clear them."""
        return self._trimming.take()

    def _give_back(self) -> bool:
        """Give some free pages back to the disk; return whether more are free than are worth keeping."""
        if one_number(self._connection, "PRAGMA freelist_count") <= _SPARE_PAGES:
            return False
        self._connection.execute(f"PRAGMA incremental_vacuum({_VACUUMED})").fetchall()
        return True

    # in any thread

    def close(self) -> None:
        """Close the connection of the thread that moves the log, after its running work."""
        with self._lock:
            if self._keeper:
                self._keeper.close()
                self._keeper = None

    def is_tidy(self, now: int) -> bool:
        """Whether `maintain` would find nothing to do. now: ms since the epoch."""
        return self._kept == self.commits and not (
            self._trimming.planned
            or self.log_holds_erased
            or self._index.is_untidy
            or self._trimming.is_planning_due(now)
            or self._trimming.is_pruning_due(now)
            or self._is_time_to_compact()
            or self._sealing.is_begun
            or self._is_time_to_seal()
        )

    @property
    def waiting(self) -> int:
        """Return how many events of this process are not in the search index yet, approximately."""
        return self._index.waiting

    def move_log(self) -> None:
        """Move committed pages out of the write-ahead log: the urgent part of `maintain`."""
        with self._lock, errors(self._path, "maintain"):
            if self._keeper is None:
                self._keeper = connect_keeper(self._path)
            self._move(self._keeper)

    def maintain(self, now: int, *, decides: bool, is_busy: bool) -> None:
        """Do one step of the work outside the event loop; call `tidy` after it. See `Store.maintain`."""
        commits = self.commits
        events, before = self._changes.events, self._events_before
        self._events_before = events
        is_quiet = events - before < _QUIET and not is_busy
        learns = is_quiet or self._must_learn(is_busy=is_busy)
        if learns or self.log_holds_erased or monotonic() - self._moved_at >= _MOVE_EVERY:
            self.move_log()
        with self._lock, errors(self._path, "maintain"):
            started, worked = monotonic(), thread_time()
            # `tidy` needs a moment without readers
            if self._log_is_long or started < self._index_pauses_until or not learns:
                return
            complete, failure = False, None
            try:
                complete = self._index.catch_up(budget=0)
            except StoreError as error:
                failure = error  # without an index there is no search, but everything else works
            if (complete or failure) and not self._trimming.is_under_way and self._trimming.is_planning_due(now):
                self._trimming.plan(now, decides=decides)
            elif self._trimming.is_pruning_due(now):
                self._trimming.prune(now)
            elif self._sealing.is_begun and not self._sealing.has_read:
                with self._readers.connection() as connection:
                    self._sealing.read(connection)
            until = monotonic() + _CUTTING
            while self._trimming.planned:
                self._trimming.cut_index()
                if monotonic() >= until:
                    break
            else:
                if not failure:
                    self._index.tidy(budget=until - monotonic())
            # Even with much to index and to cut, most of the processor is left to the chat.
            self._index_pauses_until = monotonic() + _INDEX_PAUSE * (thread_time() - worked)
            if complete:
                self._kept = commits
            if (complete or failure) and not self._must_seal and not self._has_more_to_learn():
                self._learns_upto = None
                self._learned = started
            if failure:
                raise failure

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
            keeper.execute("PRAGMA wal_checkpoint(PASSIVE)")  # the commits meanwhile, which leaves little for `tidy`
            self._log_is_long = True
        self._moved = True
        self._moved_at = monotonic()

    def _must_learn(self, *, is_busy: bool) -> bool:
        """Whether to index and to seal even while people talk, since too much waits, or has waited for too long."""
        much, long = (_MUCH_IF_BUSY, _LONG_IF_BUSY) if is_busy else (_MUCH, _LONG)
        if self.log_holds_erased or self._changes.has_erased or self._trimming.has_cut or self._has_more_to_learn():
            long = _LONG
        is_time = self._index.waiting >= much or monotonic() - self._learned >= long
        if is_time and self._learns_upto is None:
            self._learns_upto = self._compaction.last
        return self._learns_upto is not None

    @property
    def _must_seal(self) -> bool:
        """Whether events that have waited for too long are not sealed yet."""
        return self._learns_upto is not None and self._sealing.sealed < self._learns_upto

    def _has_more_to_learn(self) -> bool:
        """Whether the index's file contains text that has to be removed."""
        return bool(self._trimming.planned) or self._index.is_untidy

    def _is_time_to_seal(self) -> bool:
        many = self._changes.events - self._events_sealed >= _UNSEALED
        return self._sealing.is_due(self._compaction.last, many=many or self._must_seal)

    def _is_time_to_compact(self) -> bool:
        """Whether to compact now: a round is running, or there are enough fresh events for one, or a few old ones."""
        compaction = self._compaction
        if compaction.is_under_way or compaction.is_due:
            return True
        return not compaction.is_done and monotonic() - self._compacted_at >= _COMPACT_AFTER
