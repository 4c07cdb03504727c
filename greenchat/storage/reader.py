"""Queries of the database, from any thread, each with a read-only connection.

A query is one statement that returns one row: for every row Python's sqlite3 releases the interpreter lock and must
reacquire it, which takes 5 ms in a busy process.
"""

import json
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from greenchat.storage.interface import HistorySpan, HistoryTarget, Location, StoredEvent
from greenchat.storage.rows import COLUMNS, KINDS, MESSAGES, ROW, UnreadableError, decode

log = logging.getLogger(__name__)

# Events are in two halves, see `compaction`. Each returns its page in order, so that no more is read than needed.
_HALF = """
    SELECT * FROM (
        SELECT * FROM HALF WHERE conversation = (SELECT id FROM place)
        AND id > max(?2, (SELECT cut FROM place)) AND id < ?3 AND kind BETWEEN ?4 AND ?5 ORDER BY id ASC LIMIT ?6
    )"""
_READ_OLDEST = (
    """
WITH place AS MATERIALIZED (SELECT id, name, cut FROM conversation WHERE key = ?1)
SELECT json_group_array(ROW) FROM (SETTLED UNION ALL UNSETTLED ORDER BY id ASC LIMIT ?6) e
CROSS JOIN place c CROSS JOIN source s ON s.id = e.source
""".replace("ROW", ROW)
    .replace("UNSETTLED", _HALF.replace("HALF", "unsettled"))
    .replace("SETTLED", _HALF.replace("HALF", "settled"))
)
_READ_NEWEST = _READ_OLDEST.replace("ASC", "DESC")

_TARGETS = """
WITH place AS MATERIALIZED (
    SELECT id, key, cut FROM conversation WHERE key IN (SELECT value FROM json_each(?2))
    UNION SELECT c.id, c.key, c.cut FROM member m JOIN conversation c ON c.id = m.conversation WHERE m.identity = ?3
), latest AS MATERIALIZED (
    SELECT key, (SELECT e.id FROM settled e WHERE e.conversation = p.id AND e.id > p.cut AND e.kind BETWEEN 1 AND ?1
                 ORDER BY e.id DESC LIMIT 1) AS id
    FROM place p
    UNION ALL
    SELECT key, max(e.id) FROM unsettled e CROSS JOIN place p ON p.id = e.conversation
    WHERE e.id > p.cut AND e.kind BETWEEN 1 AND ?1 GROUP BY key
)
SELECT json_group_array(json_array(key, id)) FROM (
    SELECT key, max(id) AS id FROM latest GROUP BY key HAVING max(id) > ?4 AND max(id) < ?5 ORDER BY max(id)
)"""

_TAGGED = """
SELECT json_group_array(json_array(c.key, ROW)) FROM (
    SELECT * FROM (
        SELECT e.* FROM conversation c CROSS JOIN settled e ON e.conversation = c.id
        WHERE e.id > max(?1, c.cut) AND instr(e.more, ?2)
        UNION ALL
        SELECT e.* FROM unsettled e CROSS JOIN conversation c ON c.id = e.conversation
        WHERE e.id > max(?1, c.cut) AND instr(e.more, ?2)
    ) ORDER BY id DESC LIMIT ?3
) e CROSS JOIN conversation c ON c.id = e.conversation CROSS JOIN source s ON s.id = e.source
""".replace("ROW", ROW)

_BY_ID = """
SELECT json_group_array(json_array(c.key, ROW)) FROM (
    SELECT e.* FROM conversation c CROSS JOIN settled e ON e.conversation = c.id
    WHERE e.id IN (SELECT value FROM json_each(?1)) AND e.id > c.cut AND e.kind BETWEEN 1 AND ?2
    UNION ALL
    SELECT e.* FROM unsettled e CROSS JOIN conversation c ON c.id = e.conversation
    WHERE e.id IN (SELECT value FROM json_each(?1)) AND e.id > c.cut AND e.kind BETWEEN 1 AND ?2
) e CROSS JOIN conversation c ON c.id = e.conversation CROSS JOIN source s ON s.id = e.source
""".replace("ROW", ROW)

# Both halves in the same order, so that an event that is moved between two pages is still found in its place.
_HALF_SAID_BY = """
    SELECT * FROM (
        SELECT conversation, id FROM HALF WHERE (conversation, id) > (?1, ?2) AND kind BETWEEN 1 AND ?3
        AND source IN (SELECT id FROM source WHERE account IN (SELECT value FROM json_each(?4)))
        ORDER BY conversation, id LIMIT ?5
    )"""
_SAID_BY = """
SELECT json_group_array(json_array(e.conversation, c.key, e.id))
FROM (SETTLED UNION ALL UNSETTLED ORDER BY conversation, id LIMIT ?5) e
CROSS JOIN conversation c ON c.id = e.conversation
""".replace("UNSETTLED", _HALF_SAID_BY.replace("HALF", "unsettled")).replace(
    "SETTLED", _HALF_SAID_BY.replace("HALF", "settled")
)


class ConnectionPool:
    """A pool of connections for any thread; it grows to the maximum of simultaneous uses."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._free: deque[sqlite3.Connection] = deque()
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Lend one connection for the length of the block."""
        try:
            connection = self._free.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._free.append(connection)
            if self._closed:
                self.close()

    def close(self) -> None:
        """Close the unused connections now, and the others when they are returned."""
        self._closed = True
        while self._free:
            self._free.pop().close()


def read(
    connection: sqlite3.Connection,
    conversation: str,
    span: HistorySpan,
    unreadable: list[str] | None = None,
    seen: list[int] | None = None,
) -> list[StoredEvent]:
    """Return a part of a conversation, oldest first.

    Undecodable events are skipped, and logged, or their reasons added to `unreadable`. seen: gets the ids of all.
    """
    kinds = (0, 255) if span.events else (1, MESSAGES)
    parameters = (conversation, span.after, span.before, *kinds, span.limit)
    problems = [] if unreadable is None else unreadable
    rows = rows_of(connection, _READ_NEWEST if span.newest else _READ_OLDEST, parameters, problems)
    if span.newest:
        rows.reverse()
    if seen is not None:
        seen += [row[0] for row in rows]
    events = decode_all([(conversation, row) for row in rows], problems)
    if unreadable is None:
        complain(problems)
    return events


def complain(problems: Iterable[str]) -> None:
    """Log skipped events."""
    for problem in problems:
        log.error("%s", problem)


def rows_of(
    connection: sqlite3.Connection, statement: str, parameters: tuple[object, ...], problems: list[str]
) -> list[Any]:
    """Return the rows of a statement that returns them as one JSON array.

    A text that is not UTF-8 makes the whole array unreadable: then the rows are read one by one. Of an unreadable row
    only the first column is returned, and the reason is added to `problems`.
    """
    try:
        (answer,) = connection.execute(statement, parameters).fetchone()
        rows: list[Any] = json.loads(answer)
        return rows
    except (sqlite3.OperationalError, UnicodeDecodeError, ValueError) as error:
        unreadable = error
    connection.text_factory = bytes
    try:
        flat = statement.replace(f"json_group_array(json_array(c.key, {ROW}))", f"c.key, {COLUMNS}")
        has_key = flat != statement
        flat = flat.replace(f"json_group_array({ROW})", COLUMNS)
        answers = connection.execute(flat, parameters).fetchall()
    except sqlite3.Error:
        raise unreadable from None
    finally:
        connection.text_factory = str
    if has_key:
        return [[key.decode(), _decoded(row, problems)] for key, *row in answers]
    return [_decoded(row, problems) for row in answers]


def decode_all(rows: Iterable[Any], unreadable: list[str]) -> list[StoredEvent]:
    """Return the events of these rows. unreadable: gets the reasons for skipped ones."""
    events = []
    for conversation, row in rows:
        if len(row) == 1:
            continue  # the row is in `unreadable` already
        try:
            events.append(decode(conversation, row))
        except UnreadableError as error:
            unreadable.append(str(error))
    return events


def _decoded(row: Sequence[Any], problems: list[str]) -> list[Any]:
    values = []
    for value in row:
        try:
            values.append(value.decode() if isinstance(value, bytes) else value)
        except UnicodeDecodeError as error:
            problems.append(f"event {row[0]} can't be read: {error}")
            return [row[0]]
    return values


def targets(
    connection: sqlite3.Connection, identity: str, channels: Iterable[str], after: int, before: int
) -> list[HistoryTarget]:
    """Return conversations by the latest message in them, oldest first. Raises UnreadableError."""
    keys = json.dumps(list(channels))
    (answer,) = connection.execute(_TARGETS, (MESSAGES, keys, identity, after, before)).fetchone()
    rows: list[Any] = json.loads(answer)
    if not all(isinstance(key, str) and isinstance(latest, int) for key, latest in rows):
        raise UnreadableError("a conversation has no key, or a message no number")
    return [HistoryTarget(key, latest) for key, latest in rows]


def tagged(connection: sqlite3.Connection, tag: str, after: int, limit: int) -> list[StoredEvent]:
    """Return the newest events that have a tag, oldest first."""
    problems: list[str] = []
    events = decode_all(reversed(rows_of(connection, _TAGGED, (after, tag, limit), problems)), problems)
    complain(problems)
    return [event for event in events if tag in event.tags]


def by_id(connection: sqlite3.Connection, ids: Iterable[int]) -> list[StoredEvent]:
    """Return the messages with these ids, in whatever conversations they are."""
    problems: list[str] = []
    events = decode_all(rows_of(connection, _BY_ID, (json.dumps(list(ids)), MESSAGES), problems), problems)
    complain(problems)
    return events


def accounts(connection: sqlite3.Connection) -> list[str]:
    """Return the accounts that have sent a message."""
    (answer,) = connection.execute("SELECT json_group_array(DISTINCT account) FROM source").fetchone()
    return [account for account in json.loads(answer) if account]


def said_by(connection: sqlite3.Connection, names: Iterable[str], after: Location, limit: int) -> list[Location]:
    """Return the locations of messages of accounts, in the order of the table. Raises UnreadableError."""
    values = (after.number, after.id, KINDS["TAGMSG"], json.dumps(list(names)), limit)
    (answer,) = connection.execute(_SAID_BY, values).fetchone()
    rows: list[Any] = json.loads(answer)
    if not all(list(map(type, row)) == [int, str, int] for row in rows):
        raise UnreadableError("a conversation has no key or no number, or a message none")
    return [Location(*row) for row in rows]
