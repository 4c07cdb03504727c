"""Compaction: moves events from the table in order of time to the table in order of conversations.

A commit appends to the table `fresh`, which costs the same however many conversations a turn wrote to. The table
`settled` holds each conversation's events together; many events of one conversation in a turn are written there
directly, see `Writer`. Fresh events are moved there once they are so many that each write of a page stores many of
them. A round moves all events that are fresh at its beginning, one conversation after another in steps of about a
millisecond, and then empties `fresh` up to there. Its progress is stored in the database, so that each event is always
in exactly one of `settled` and `unsettled`, also for concurrent readers and after a crash.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from heapq import heapify, heappop
from typing import NamedTuple

from greenchat.storage.rows import EventRow, one_number, pairs_of_numbers
from greenchat.storage.transaction import transaction

# Fresh events for a round: many of each conversation, so that each of its pages is written once for all of them. But
# no more than a reader scans in a few milliseconds.
_MUCH, _MOST = 8192, 32768
_OF_EACH = 32
_STEP = 400  # the weight of the events moved in one step
_CONVERSATION = 5  # the weight of a conversation besides its events, for finding and writing its pages
_REMOVED = 4000  # events in one step

# The ids come in the order of the events.
_COMPACT = """
INSERT OR IGNORE INTO settled SELECT e.conversation, e.id, e.kind, e.source, e.target, e.text, e.more
FROM json_each(?) i CROSS JOIN fresh e ON e.id = i.value
"""
_ADVANCE = "UPDATE settling SET upto = ?, conversation = ?, id = ?"


class _Slice(NamedTuple):
    """The events moved in one step: their ids, up to a position in the order of conversations."""

    ids: list[int]
    conversation: int
    last: int


class Compaction:
    """Compacts the events committed on the same connection. A step that failed is tried again.

    Reads: is_due, is_under_way, is_done, last, upto. Changes: note, step.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._fresh: defaultdict[int, list[int]] = defaultdict(list)  # ids by conversation, for the next round
        self._count = 0
        self.last = 0
        """The largest id in the database, 0 if it has no events."""
        self._slices: Iterator[_Slice] = iter(())  # the rest of the current round
        self._slice: _Slice | None = None  # the next of it
        self.upto = one_number(connection, "SELECT upto FROM settling")
        self._resume()

    @property
    def is_due(self) -> bool:
        """Whether there are enough fresh events for a round."""
        return self._count >= min(max(_MUCH, _OF_EACH * len(self._fresh)), _MOST)

    @property
    def is_under_way(self) -> bool:
        """Whether a round has started and not ended."""
        return self.upto > 0

    @property
    def is_done(self) -> bool:
        """Whether nothing is fresh."""
        return not (self._count or self.upto)

    def note(self, rows: Sequence[EventRow], last: int) -> None:
        """Note that these rows were added to the fresh ones. last: the largest id of all that were committed."""
        fresh = self._fresh
        for row in rows:
            fresh[row[1]].append(row[0])
        self._count += len(rows)
        self.last = max(self.last, last)

    def step(self) -> None:
        """Do about a millisecond of work: a step of the current round, or begin one."""
        if not self.upto:
            self._begin()
        if self._slice:
            self._compact(self._slice)
            self._slice = next(self._slices, None)
        elif self.upto:
            self._remove()

    def _resume(self) -> None:
        """Resume the round of an earlier process."""
        rows = pairs_of_numbers(self._connection, "SELECT id, conversation FROM unsettled ORDER BY conversation, id")
        begun: defaultdict[int, list[int]] = defaultdict(list)
        for number, conversation in rows:
            (begun if number <= self.upto else self._fresh)[conversation].append(number)
            self.last = max(self.last, number)
        self._count = sum(map(len, self._fresh.values()))
        self._split(begun)

    def _begin(self) -> None:
        """Begin a round with all fresh events."""
        fresh, self._fresh = self._fresh, defaultdict(list)
        self._count = 0
        self._split(fresh)
        self.upto = self.last if self._slice else 0

    def _split(self, fresh: dict[int, list[int]]) -> None:
        """Split a round into its steps, one at a time: all at once would take longer than a step."""
        self._slices = _slices(fresh)
        self._slice = next(self._slices, None)

    def _compact(self, part: _Slice) -> None:
        with transaction(self._connection):
            ids, conversation, last = json.dumps(part.ids), part.conversation, part.last
            self._connection.execute(_COMPACT, (ids,))
            self._connection.execute(_ADVANCE, (self.upto, conversation, last))

    def _remove(self) -> None:
        """Delete the fresh rows of the round, a portion at a time; after the last one the round ends."""
        beyond = self._connection.execute(
            "SELECT id FROM fresh WHERE id <= ? ORDER BY id LIMIT 1 OFFSET ?", (self.upto, _REMOVED)
        ).fetchone()
        if beyond:
            self._connection.execute("DELETE FROM fresh WHERE id < ?", beyond)
            return
        with transaction(self._connection):
            self._connection.execute("DELETE FROM fresh WHERE id <= ?", (self.upto,))
            self._connection.execute(_ADVANCE, (0, 0, 0))
        self.upto = 0


def _slices(fresh: Mapping[int, list[int]]) -> Iterator[_Slice]:
    """Yield the parts for one step each, in the order of conversations and then of ids."""
    ids: list[int] = []
    room = _STEP
    conversations = list(fresh)
    heapify(conversations)
    while conversations:
        conversation = heappop(conversations)
        left = sorted(fresh[conversation])
        while left:
            taken, left = left[:room], left[room:]
            ids += taken
            room -= len(taken) + _CONVERSATION
            if room <= 0:
                yield _Slice(ids, conversation, taken[-1])
                ids, room = [], _STEP
    if ids:
        yield _Slice(ids, conversation, taken[-1])
