"""The next messages for the search index: copied from the database to temporary tables, then into the index.

They are copied first, since the write-ahead log can't be reset while a statement reads the database. The word of a
sender is made once, not for each message. Of several messages with one id, which imports cause, the index takes that of
the oldest conversation.
"""

import sqlite3

from greenchat.storage.transaction import transaction

SENDER = "'n' || hex(lower(substr(s.mask, 1, instr(s.mask || '!', '!') - 1)))"
"""The word that represents the nick of a source `s`, in SQL."""

_TABLES = (
    "CREATE TEMP TABLE batch (id INTEGER PRIMARY KEY, text, source, conversation)",
    "CREATE TEMP TABLE speaker (id INTEGER PRIMARY KEY, word)",
    "CREATE TEMP TABLE held (id INTEGER PRIMARY KEY)",
)
_EMPTY = ("DELETE FROM temp.batch", "DELETE FROM temp.speaker")
_LATEST = """
SELECT max((SELECT coalesce(max(id), 0) FROM db.unsettled),
           (SELECT coalesce(max((SELECT max(id) FROM db.settled WHERE conversation = t.value)), 0) FROM json_each(?) t))
"""
_NEXT = """
SELECT min(id) FROM (
    SELECT min(id) AS id FROM db.unsettled WHERE id > ?1
    UNION ALL
    SELECT min((SELECT min(id) FROM db.settled WHERE conversation = t.value AND id > ?1)) FROM json_each(?2) t
)
"""
_COPY = """
INSERT OR IGNORE INTO temp.batch SELECT id, coalesce(text, ''), source, conversation FROM (
    SELECT e.* FROM json_each(?1) t CROSS JOIN db.settled e
    ON e.conversation = t.value AND e.id > ?2 AND e.id <= ?3 AND e.kind IN (1, 2)
    UNION ALL
    SELECT * FROM db.unsettled WHERE id > ?2 AND id <= ?3 AND kind IN (1, 2)
) ORDER BY id, conversation
"""
_COPY_SPEAKERS = """
INSERT INTO temp.speaker SELECT s.id, SENDER FROM db.source s WHERE s.id IN (SELECT source FROM temp.batch)
""".replace("SENDER", SENDER)
_ADD = """
INSERT INTO words (rowid, text, sender, place)
SELECT b.id, b.text, s.word, 'c' || b.conversation
FROM temp.batch b CROSS JOIN temp.speaker s ON s.id = b.source ORDER BY b.id
"""


def sender(mask: str) -> str:
    """Return the word that represents the nick of a `nick!user@host`: the same as `SENDER`."""
    nick = mask.partition("!")[0].encode()
    return "n" + nick.lower().hex()  # of bytes, `lower` changes only ASCII, as SQLite's does


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables, on a connection of the index to which the database is attached as `db`."""
    for statement in _TABLES:
        connection.execute(statement)


def latest(connection: sqlite3.Connection, touched: str) -> int:
    """Return the largest id in the database, 0 if there is none. touched: conversations, as JSON."""
    (last,) = connection.execute(_LATEST, (touched,)).fetchone()
    return int(last)


def following(connection: sqlite3.Connection, touched: str, after: int) -> int | None:
    """Return the smallest id after another, None if there is none. touched: conversations, as JSON."""
    first: int | None = connection.execute(_NEXT, (after, touched)).fetchone()[0]
    return first


def copy(connection: sqlite3.Connection, touched: str, after: int, upto: int) -> int:
    """Copy the messages between two ids, the first excluded; return how many. touched: conversations, as JSON."""
    with transaction(connection):  # for a consistent read
        for statement in _EMPTY:
            connection.execute(statement)
        rows = connection.execute(_COPY, (touched, after, upto)).rowcount
        connection.execute(_COPY_SPEAKERS)
    return rows


def add(connection: sqlite3.Connection) -> None:
    """Add the copied messages to the index, in the caller's transaction."""
    connection.execute(_ADD)
