"""Retention: deletions are planned outside the event loop, and done in it in steps too small to be noticed."""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from greenchat.protocol.msgid import LAST_ID, first_id, time_of
from greenchat.protocol.times import format_time
from greenchat.storage import seals
from greenchat.storage.interface import Retention
from greenchat.storage.transaction import transaction

log = logging.getLogger(__name__)

_DAY = 86_400_000  # ms
_SYMBOLS = "~&@%+"  # before the channel in the key of a conversation of some ranks only
_SLICE = 60_000 << 20  # a minute, in ids: the precision of `total`


class DateDoubt:
    """Guards against a machine that starts with a wrong date: by such a date nothing is deleted."""

    def __init__(self, last_id: int, steady: Callable[[], float] = monotonic) -> None:
        """Make a guard. last_id: of the last event before this start. steady: seconds, of a monotonic clock."""
        self._newest = time_of(last_id) if last_id else None
        self._steady = steady
        self._began = steady()
        self._has_said = False

    def allowed(self, keep: Retention, now: int) -> Retention:
        """Return the part of a rule that may be applied. now: ms since the epoch.

        That is all of it if the date agrees with the last event, or the server has run for a day with it.
        """
        newest = self._newest
        if newest is None or keep.age is None or self.is_believed(now):
            return keep
        if not self._has_said:
            self._has_said = True
            log.warning(
                "the clock says %s and the newest message is of %s: nothing is deleted for its age in the next 24"
                " hours; if the clock is wrong, set it and start the server again",
                format_time(now),
                format_time(newest),
            )
        return replace(keep, age=None)

    def is_believed(self, now: int) -> bool:
        """Whether something may be deleted by this date, in ms since the epoch."""
        has_lasted = self._steady() - self._began >= _DAY / 1000
        return self._newest is None or abs(now - self._newest) <= _DAY or has_lasted


@dataclass(frozen=True, slots=True)
class Cut:
    """A conversation loses its events up to and including an id."""

    conversation: int
    upto: int


def plan(connection: sqlite3.Connection, keep: Retention, now: int) -> list[Cut]:
    """Return the cuts to make in settled events. Slow: not in the event loop. now: ms since the epoch."""
    oldest = 0
    if keep.age is not None:
        oldest = first_id(now - keep.age)
    if keep.total is not None:
        oldest = max(oldest, _oldest_of(connection, keep.total))
    most = LAST_ID if keep.per_conversation is None else keep.per_conversation
    kept = {True: most, False: most if keep.per_unregistered is None else min(most, keep.per_unregistered)}
    cuts: list[Cut] = []
    for is_registered, numbers in _by_registration(connection).items():
        rows = connection.execute(
            """SELECT c.value, (SELECT min(id) FROM settled WHERE conversation = c.value),
                      (SELECT id FROM settled WHERE conversation = c.value ORDER BY id DESC LIMIT 1 OFFSET ?)
               FROM json_each(?) c""",
            (kept[is_registered], json.dumps(numbers)),
        ).fetchall()
        cuts += _cuts(rows, oldest)
    return cuts


def _by_registration(connection: sqlite3.Connection) -> dict[bool, list[int]]:
    """Return numbers of conversations: False: of unregistered channels; True: all others."""
    registered = {key for (key,) in connection.execute("SELECT key FROM document WHERE kind = 'channel'")}
    found: dict[bool, list[int]] = {True: [], False: []}
    for number, key in connection.execute("SELECT id, key FROM conversation"):
        channel = key.lstrip(_SYMBOLS)
        is_private = not channel.startswith("#")
        found[is_private or channel.partition(" ")[0] in registered].append(number)
    return found


def of_departed(connection: sqlite3.Connection, upto: int) -> list[Cut]:
    """Return cuts, up to an id, of direct conversations between guests only: nobody can read them any more."""
    rows = connection.execute("SELECT id FROM conversation WHERE key LIKE '~% ~%'").fetchall()
    return [Cut(conversation, upto) for (conversation,) in rows]


def _cuts(rows: list[tuple[int, int | None, int | None]], oldest: int) -> Iterator[Cut]:
    for conversation, first, surplus in rows:
        upto = max(oldest - 1, surplus or 0)
        if first is not None and first <= upto:
            yield Cut(conversation, upto)


def _oldest_of(connection: sqlite3.Connection, total: int) -> int:
    """Return the id from which on there are at most `total` events."""
    kept = 0
    newest_first = "SELECT id / ? AS slice, count(*) FROM event GROUP BY slice ORDER BY slice DESC"
    for number, count in connection.execute(newest_first, (_SLICE,)):
        kept += count
        if kept > total:
            oldest: int = (number + 1) * _SLICE
            return oldest
    return 0


def trim(connection: sqlite3.Connection, cut: Cut, limit: int) -> bool:
    """Delete at most `limit` events of a cut. Return whether it is done.

    An empty conversation is deleted too.
    """
    beyond = connection.execute(
        "SELECT id FROM settled WHERE conversation = ? AND id <= ? ORDER BY id LIMIT 1 OFFSET ?",
        (cut.conversation, cut.upto, limit),
    ).fetchone()
    if beyond:
        with transaction(connection):
            _delete_settled(connection, cut.conversation, beyond[0] - 1)
        return False
    with transaction(connection):
        _delete_settled(connection, cut.conversation, cut.upto)
        connection.execute("DELETE FROM fresh WHERE conversation = ? AND id <= ?", (cut.conversation, cut.upto))
        if not connection.execute("SELECT 1 FROM event WHERE conversation = ? LIMIT 1", (cut.conversation,)).fetchone():
            connection.execute("DELETE FROM member WHERE conversation = ?", (cut.conversation,))
            connection.execute("DELETE FROM conversation WHERE id = ?", (cut.conversation,))
    return True


def _delete_settled(connection: sqlite3.Connection, conversation: int, upto: int) -> None:
    going = "e.conversation = :conversation AND e.id <= :upto"
    seals.change(connection, -1, "settled", going, conversation=conversation, upto=upto)
    connection.execute("DELETE FROM settled WHERE conversation = ? AND id <= ?", (conversation, upto))
    seals.forget(connection, conversation, upto)


def unused_sources(connection: sqlite3.Connection) -> list[int]:
    """Return the sources without events. Slow: reads all events; not in the event loop."""
    (unused,) = connection.execute(
        "SELECT json_group_array(id) FROM (SELECT id FROM source EXCEPT SELECT source FROM event)"
    ).fetchone()
    numbers: list[int] = json.loads(unused)
    return numbers


def forget_sources(connection: sqlite3.Connection, unused: Sequence[int]) -> None:
    """Delete these sources, except those that have fresh events again, see `compaction`."""
    connection.execute(
        "DELETE FROM source WHERE id IN (SELECT value FROM json_each(?)) AND id NOT IN (SELECT source FROM fresh)",
        (json.dumps(unused),),
    )
