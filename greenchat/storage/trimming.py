"""Applies the retention limits: finds expired history, cuts it, removes it from the search index, and deletes it, in
small steps.

A cut is an ordinary write: due cuts are decided upon and committed, so that several nodes cut at the same entry of
their log, and the history disappears for readers at once. Each store then deletes the remnants in its own time, from
the index first. The writing thread deletes; all other work is done in the housekeeping's.
"""

import sqlite3
from collections import deque

from greenchat.storage import retention
from greenchat.storage.compaction import Compaction
from greenchat.storage.interface import DueCuts, Retention, StoreError
from greenchat.storage.reader import ConnectionPool
from greenchat.storage.search import SearchIndex
from greenchat.storage.writer import Writer

_PLAN_EVERY = 60_000  # ms
_PRUNE_EVERY = 3_600_000  # ms
_DEPARTED_EVERY = 3_600_000  # ms
_TRIM_ROWS = 200


class Trimming:
    """Applies the retention limits to one store. keep: the limits.

    planned: to be removed from the index first. cuts: then to be deleted from the database. unused_sources: ids of
    sources without events.
    """

    def __init__(
        self, readers: ConnectionPool, index: SearchIndex, compaction: Compaction, writer: Writer, keep: Retention
    ) -> None:
        self.planned: deque[retention.Remnant] = deque()
        self.cuts: deque[retention.Remnant] = deque()
        self.unused_sources: list[int] = []
        self.keep = keep
        self._readers = readers
        self._index = index
        self._compaction = compaction
        self._writer = writer
        self._due_cuts = DueCuts([], [])
        self._renamings = 0  # when that was found: a conversation may have another key since
        self._cuts = -1  # commits of cuts after which nothing was left to delete; -1: not known
        self._departed_at = 0
        self._date = retention.DateDoubt(compaction.last)
        self._totals = retention.Totals(lambda: writer.added)
        self._last_id = compaction.last
        self._planned_at = 0  # ms since the epoch; 0: not yet since the start
        self._pruned_at = 0
        self._has_trimmed = False
        self._is_pruning = False

    @property
    def may_prune(self) -> bool:
        """Whether sources that were found to be unused, or are looked for, may be deleted."""
        return self._has_trimmed or self._is_pruning or bool(self.unused_sources)

    @property
    def is_under_way(self) -> bool:
        """Whether something that was planned is not deleted yet."""
        return bool(self.planned or self.cuts)

    @property
    def has_cut(self) -> bool:
        """Whether there are cuts whose remnants were not looked for yet."""
        return self._cuts != self._writer.cuts

    def is_planning_due(self, now: int) -> bool:
        """Whether to plan now: all earlier cuts must be out of the index, however large that is."""
        is_time = now - self._planned_at >= (_PLAN_EVERY if self.keep != Retention() else _DEPARTED_EVERY)
        return self._planned_at == 0 or ((is_time or self.has_cut) and not self._index.is_untidy)

    def plan(self, now: int, *, decides: bool) -> None:
        """Find the remnants of cuts and, once these are deleted, further due cuts. now: ms since the epoch."""
        cuts = self._writer.cuts
        with self._readers.connection() as connection:
            left = retention.remnants(connection)
            self.planned.extend(left)
            if left:
                return
            self._cuts = cuts
            if decides:
                self._find(connection, now)
        self._planned_at = now

    def _find(self, connection: sqlite3.Connection, now: int) -> None:
        renamings, departed = self._writer.renamings, []
        if now - self._departed_at >= _DEPARTED_EVERY:
            upto = self._compaction.last if self._departed_at else self._last_id
            departed = retention.of_departed(connection, upto)
            self._departed_at = now
        surplus = retention.plan(connection, self._date.allowed(self.keep, now), now, self._totals)
        self._renamings = renamings
        self._due_cuts = DueCuts(surplus, departed)

    def take(self) -> DueCuts:
        """Return the found cuts, and clear them."""
        cuts, self._due_cuts = self._due_cuts, DueCuts([], [])
        return cuts if self._renamings == self._writer.renamings else self._due_cuts

    def is_pruning_due(self, now: int) -> bool:
        """Whether to look for unused sources now."""
        is_time = self._has_trimmed and now - self._pruned_at >= _PRUNE_EVERY
        return is_time and not (self.is_under_way or self._compaction.is_under_way)

    def prune(self, now: int) -> None:
        """Find the sources without events. now: ms since the epoch."""
        self._pruned_at = now
        self._is_pruning = True
        self._has_trimmed = False
        try:
            with self._readers.connection() as connection:
                self.unused_sources = retention.unused_sources(connection)
        finally:
            self._is_pruning = False

    def cut_index(self) -> None:
        """Remove a part of the first cut from the index; then it can be deleted from the database."""
        cut = self.planned[0]
        try:
            upto, more = self._index.cut(cut.conversation, cut.upto)
        except StoreError:
            upto, more = cut.upto, False  # searches do not find the part that is still in the index
        self.cuts.append(retention.Remnant(cut.conversation, min(upto, cut.upto)))
        if not more:
            self.planned.popleft()

    # in the thread that writes

    def delete(self, connection: sqlite3.Connection) -> bool:
        """Delete some events of the first cut; return whether none remain."""
        is_done = retention.trim(connection, self.cuts[0], _TRIM_ROWS)
        if is_done:
            self.cuts.popleft()
            self._has_trimmed = True
        return is_done

    def forget_sources(self, connection: sqlite3.Connection) -> None:
        """Delete some of the unused sources."""
        used = self._writer.sources_settled
        unused = [number for number in self.unused_sources[:_TRIM_ROWS] if number not in used]
        retention.forget_sources(connection, unused)
        del self.unused_sources[:_TRIM_ROWS]
