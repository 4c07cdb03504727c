"""Retention: cuts are planned outside the event loop, and what they leave is deleted in it in steps too small to be
noticed.
"""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from greenchat.protocol.msgid import first_id, time_of
from greenchat.protocol.times import format_time
from greenchat.storage import seals
from greenchat.storage.interface import Cut, Retention
from greenchat.storage.rows import UnreadableError, keys_by_number, pairs_of_numbers
from greenchat.storage.transaction import transaction

log = logging.getLogger(__name__)

_HOUR, _DAY = 3_600_000, 86_400_000  # ms
_FEW = 100_000  # events that are counted in some hundredths of a second
_SYMBOLS = "~&@%+"  # before the channel in the key of a conversation of some ranks only
_AT_ONCE = 1000  # events that are deleted in one transaction
_SLICE = 60_000 << 20  # a minute, in ids: the precision of `total`


_REMNANTS = """SELECT id, cut FROM conversation c
   WHERE cut > 0 AND (EXISTS (SELECT 1 FROM settled WHERE conversation = c.id AND id <= c.cut)
                      OR EXISTS (SELECT 1 FROM unsettled WHERE conversation = c.id AND id <= c.cut))"""


class DateDoubt:
    """Guards against a machine that starts with a wrong date: by such a date nothing is deleted."""

    def __init__(self, last_id: int, steady: Callable[[], float] = monotonic) -> None:
        """Make a guard. last_id: of the last event before this start. steady: seconds, of a monotonic clock."""
        self._newest = time_of(last_id) if last_id else None
        self._steady = steady
        self._began = steady()
        self._has_said = False

    def allowed(self, keep: Retention, now: int) -> Retention:
        """Return the rules that may be applied now. now: ms since the epoch.

        These are all if the date agrees with the last event, or the server has run with it for a day.
        """
        newest = self._newest
        if newest is None or keep.age is None or self.is_believed(now):
            return keep
        if not self._has_said:
            self._has_said = True
            log.warning(
                "the clock says %s but the newest message is from %s: nothing is deleted by age for the next 24"
                " hours; if the clock is wrong, set it and restart the server",
                format_time(now),
                format_time(newest),
            )
        return replace(keep, age=None)

    def is_believed(self, now: int) -> bool:
        """Whether something may be deleted by this date, in ms since the epoch."""
        has_lasted = self._steady() - self._began >= _DAY / 1000
        return self._newest is None or abs(now - self._newest) <= _DAY or has_lasted


@dataclass(frozen=True, slots=True)
class Remnant:
    """The events that a cut has left: of a conversation, by its number, up to and including an id."""

    conversation: int
    upto: int


def remnants(connection: sqlite3.Connection) -> list[Remnant]:
    """Return the remnants of cuts to be deleted. Not in the event loop."""
    return [Remnant(conversation, upto) for conversation, upto in pairs_of_numbers(connection, _REMNANTS)]


class Totals:
    """Finds the id from which on the newest history is within the total limit, which takes reading all of it.

    So it reads again only if the limit may be exceeded; if reading takes long, only when it is exceeded by a hundredth,
    or after an hour. added: returns the number of all events added so far.
    """

    def __init__(self, added: Callable[[], int]) -> None:
        self._added = added
        self._count: int | None = None  # an upper bound of the number of events
        self._seen = 0  # how many had been added then
        self._read_at = 0

    def oldest(self, connection: sqlite3.Connection, total: int, now: int) -> int:
        """Return the id from which on there are at most `total` events; 0 if nothing is known to be too much."""
        if not self._is_due(total, now):
            return 0
        self._seen = self._added()  # before reading: new events meanwhile count twice rather than not at all
        self._read_at = now
        self._count, oldest = _oldest_of(connection, total)
        return oldest

    def _is_due(self, total: int, now: int) -> bool:
        if self._count is None:
            return True
        surplus = self._count + self._added() - self._seen - total
        is_cheap = self._count < _FEW
        return surplus > 0 and (is_cheap or surplus > total // 100 or abs(now - self._read_at) >= _HOUR)


def plan(connection: sqlite3.Connection, keep: Retention, now: int, totals: Totals) -> list[Cut]:
    """Return the cuts to make in settled events. Slow: not in the event loop. now: ms since the epoch.

    No cut goes beyond the present events: later messages would be deleted at once.
    """
    oldest = 0
    if keep.age is not None:
        oldest = first_id(now - keep.age)
    if keep.total is not None:
        oldest = max(oldest, totals.oldest(connection, keep.total, now))
    most, few = keep.per_conversation, keep.per_unregistered
    kept = {True: most, False: min((each for each in (most, few) if each is not None), default=None)}
    cuts: list[Cut] = []
    for is_registered, numbers in _by_registration(connection).items():
        rows = connection.execute(
            """SELECT c.key, (SELECT min(id) FROM settled WHERE conversation = c.id AND id > c.cut),
                      CASE WHEN ?1 IS NOT NULL THEN  -- else it would go through all that there is
                      (SELECT id FROM settled WHERE conversation = c.id ORDER BY id DESC LIMIT 1 OFFSET coalesce(?1, 0))
                      END,
                      (SELECT max(id) FROM settled WHERE conversation = c.id)
               FROM json_each(?2) n JOIN conversation c ON c.id = n.value""",
            (kept[is_registered], json.dumps(numbers)),
        ).fetchall()
        cuts += _cuts(rows, oldest)
    return cuts


def _by_registration(connection: sqlite3.Connection) -> dict[bool, list[int]]:
    """Return numbers of conversations: False: of unregistered channels; True: all others."""
    registered = {key for (key,) in connection.execute("SELECT key FROM document WHERE kind = 'channel'")}
    numbers: dict[bool, list[int]] = {True: [], False: []}
    for number, key in keys_by_number(connection).items():
        channel = key.lstrip(_SYMBOLS)
        is_private = not channel.startswith("#")
        numbers[is_private or channel.partition(" ")[0] in registered].append(number)
    return numbers


def of_departed(connection: sqlite3.Connection, upto: int) -> list[Cut]:
    """Return cuts, up to an id, of direct conversations between guests only: nobody can read them any more."""
    rows = connection.execute("SELECT key FROM conversation WHERE key LIKE '~% ~%' AND cut < ?", (upto,)).fetchall()
    return [Cut(conversation, upto) for (conversation,) in rows]


def _cuts(rows: list[tuple[str, int | None, int | None, int | None]], oldest: int) -> Iterator[Cut]:
    for conversation, *figures in rows:
        first, surplus, newest = (number or 0 for number in figures)
        if not all(isinstance(number, int) for number in (first, surplus, newest)):
            raise UnreadableError(f"the events of the conversation {conversation!r} have no numbers")
        upto = min(max(oldest - 1, surplus), newest)
        if first and first <= upto:
            yield Cut(conversation, upto)


def _oldest_of(connection: sqlite3.Connection, total: int) -> tuple[int, int]:
    """Return how many events are kept, and the id from which on there are at most `total` of them."""
    kept = 0
    newest_first = "SELECT id / ? AS slice, count(*) FROM event GROUP BY slice ORDER BY slice DESC"
    for number, count in connection.execute(newest_first, (_SLICE,)):
        if kept + count > total:
            oldest: int = (number + 1) * _SLICE
            return kept, oldest
        kept += count
    return kept, 0


def trim(connection: sqlite3.Connection, cut: Remnant, limit: int) -> bool:
    """Delete at most `limit` events that a cut has left. Return whether it is done.

    An empty conversation is deleted too.
    """
    beyond = connection.execute(
        "SELECT id FROM settled WHERE conversation = ? AND id <= ? ORDER BY id LIMIT 1 OFFSET ?",
        (cut.conversation, cut.upto, limit),
    ).fetchone()
    if beyond:
        with transaction(connection):
            seals.remove(connection, cut.conversation, 0, beyond[0] - 1)
        return False
    with transaction(connection):
        seals.remove(connection, cut.conversation, 0, cut.upto)
        if not connection.execute("SELECT 1 FROM event WHERE conversation = ? LIMIT 1", (cut.conversation,)).fetchone():
            connection.execute("DELETE FROM member WHERE conversation = ?", (cut.conversation,))
            connection.execute("DELETE FROM conversation WHERE id = ?", (cut.conversation,))
    return True


def forget_cuts(connection: sqlite3.Connection) -> None:
    """Delete what cuts have left, and allow events older than the cuts again. Slow: not in the event loop."""
    for remnant in remnants(connection):
        while not trim(connection, remnant, _AT_ONCE):
            pass
    connection.execute("UPDATE conversation SET cut = 0")


def unused_sources(connection: sqlite3.Connection) -> list[int]:
    """Return the sources without events. Slow: reads all events; not in the event loop."""
    (unused,) = connection.execute(
        "SELECT json_group_array(id) FROM (SELECT id FROM source EXCEPT SELECT source FROM event)"
    ).fetchone()
    numbers: list[int] = json.loads(unused)
    return numbers


def forget_sources(connection: sqlite3.Connection, unused: Sequence[int]) -> None:
    """Delete these sources, except those that have fresh events again, see `compaction`.

    unused: without those that have had events since which never were fresh.
    """
    connection.execute(
        "DELETE FROM source WHERE id IN (SELECT value FROM json_each(?)) AND id NOT IN (SELECT source FROM fresh)",
        (json.dumps(unused),),
    )
