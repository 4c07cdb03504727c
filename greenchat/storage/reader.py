"""Questions to the database, from any thread, each on a connection that can only read.

A question is one statement that gives one row: with every row Python's sqlite3 lets go of the interpreter and has to
get it back, which takes a busy process 5 ms each time.
"""

import json
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from .interface import Span, StoredEvent, Target
from .rows import MESSAGES, decode

_READ_OLDEST = """
SELECT json_group_array(json(row)) FROM (
    SELECT row FROM reading WHERE key = ? AND id > ? AND id < ? AND kind BETWEEN ? AND ? ORDER BY id ASC LIMIT ?
)"""
_READ_NEWEST = _READ_OLDEST.replace("ASC", "DESC")

_TARGETS = """
SELECT json_group_array(json_array(key, latest)) FROM (
    SELECT key, (SELECT e.id FROM event e WHERE e.conversation = c.id AND e.kind BETWEEN 1 AND ?
                 ORDER BY e.id DESC LIMIT 1) AS latest
    FROM conversation c
    WHERE c.id IN (SELECT id FROM conversation WHERE key IN (SELECT value FROM json_each(?))
                   UNION SELECT conversation FROM member WHERE identity = ?)
    AND latest > ? AND latest < ? ORDER BY latest
)"""

_TAGGED = """
SELECT json_group_array(json_array(key, json(row))) FROM (
    SELECT key, row FROM reading WHERE id > ? AND instr(row, ?) ORDER BY id DESC LIMIT ?
)"""


class ConnectionPool:
    """Connections for whichever thread asks; as many as ever were in use at once."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._free: deque[sqlite3.Connection] = deque()
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """One connection for as long as the block lasts."""
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
        """Close those not in use now, and the others when they are given back."""
        self._closed = True
        while self._free:
            self._free.pop().close()


def read(connection: sqlite3.Connection, conversation: str, span: Span) -> list[StoredEvent]:
    """Part of a conversation, oldest first."""
    kinds = (0, 255) if span.events else (1, MESSAGES)
    statement = _READ_NEWEST if span.newest else _READ_OLDEST
    (answer,) = connection.execute(statement, (conversation, span.after, span.before, *kinds, span.limit)).fetchone()
    rows = json.loads(answer)
    if span.newest:
        rows.reverse()
    return [decode(conversation, row) for row in rows]


def targets(
    connection: sqlite3.Connection, identity: str, channels: Iterable[str], after: int, before: int
) -> list[Target]:
    """Conversations by the latest message in them, oldest first."""
    keys = json.dumps(list(channels))
    (answer,) = connection.execute(_TARGETS, (MESSAGES, keys, identity, after, before)).fetchone()
    return [Target(key, latest) for key, latest in json.loads(answer)]


def tagged(connection: sqlite3.Connection, tag: str, after: int, limit: int) -> list[StoredEvent]:
    """The newest events that have a tag, oldest first."""
    (answer,) = connection.execute(_TAGGED, (after, tag, limit)).fetchone()
    events = [decode(key, row) for key, row in reversed(json.loads(answer))]
    return [event for event in events if tag in event.tags]
