"""Seals on the settled events, by which `check` finds text that nobody of ours has changed.

A page is what was said in one conversation in about five hours. Its seal is the number of its events and the XOR of
their hashes: so an event that comes or goes later changes it without the others being read again. A page is sealed
beside the event loop once it is over; of the counters in the database, `sealed` says up to which page that was done,
and `reseals` goes up with each change of what may be in one, so that nothing that was read before is taken for true.

It finds damage and clumsy hands; whoever can write to the file can write a new seal, too.
"""

import sqlite3
from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from greenchat.protocol.msgid import time_of
from greenchat.protocol.times import in_words
from greenchat.storage.rows import one_number
from greenchat.storage.transaction import transaction

_PAGE_BITS = 44  # of an id: its lower 20 count within a millisecond, and 2^24 ms are 4.7 hours

MAKE_TABLE = (
    """CREATE TABLE seal (conversation INTEGER NOT NULL, page INTEGER NOT NULL, events INTEGER NOT NULL,
       hash INTEGER NOT NULL, PRIMARY KEY (conversation, page)) STRICT, WITHOUT ROWID""",
    "INSERT INTO counter VALUES ('sealed', 0), ('reseals', 0)",
)

_SEALED = "SELECT value FROM counter WHERE name = 'sealed'"
_RESEALS = "SELECT value FROM counter WHERE name = 'reseals'"
# The pages of events `e`, see above.
_PAGES = """
SELECT e.conversation AS conversation, e.id >> 44 AS page, count(*) AS events,
       seal_of(CAST(json_array(e.id, e.kind, s.mask, s.account, e.target, e.text, e.more) AS BLOB)) AS hash
FROM ROWS e JOIN source s ON s.id = e.source WHERE CONDITION GROUP BY e.conversation, page
"""
_UNSEALED = """
SELECT min((SELECT min(id) FROM settled WHERE conversation = c.id AND id >= ? << 44)) >> 44 FROM conversation c
"""
_OF_PAGE = _PAGES.replace("ROWS", "conversation c CROSS JOIN settled").replace(
    "CONDITION", "e.conversation = c.id AND e.id >= :page << 44 AND e.id < (:page + 1) << 44"
)
_FRESH = "SELECT min(id) >> 44 FROM unsettled"
# sign: 1 for events that come, -1 for those that go. An XOR, which SQLite has not, is what is in one but not in both.
_CHANGE = """
INSERT INTO seal SELECT conversation, page, :sign * events, hash FROM (PAGES) WHERE page < (SEALED)
ON CONFLICT (conversation, page) DO UPDATE SET events = events + excluded.events,
    hash = (hash | excluded.hash) - (hash & excluded.hash)
""".replace("PAGES", _PAGES).replace("SEALED", _SEALED)
_CLEAN = "DELETE FROM seal WHERE conversation = ? AND page <= ? AND events = 0"

_ALTERED = """
SELECT c.key, found.page, coalesce(seal.events, 0), found.events
FROM (PAGES) found JOIN conversation c ON c.id = found.conversation
LEFT JOIN seal ON seal.conversation = found.conversation AND seal.page = found.page
WHERE found.page < (SEALED) AND (seal.events IS NOT found.events OR seal.hash IS NOT found.hash)
UNION ALL
SELECT c.key, seal.page, seal.events, 0 FROM seal JOIN conversation c ON c.id = seal.conversation
WHERE NOT EXISTS (SELECT 1 FROM settled e WHERE e.conversation = seal.conversation
                  AND e.id >= seal.page << 44 AND e.id < (seal.page + 1) << 44)
""".replace("PAGES", _PAGES.replace("ROWS", "settled").replace("CONDITION", "1")).replace("SEALED", _SEALED)


class _SealOf:
    """The XOR of the hashes of blobs, as an aggregate function for SQLite."""

    def __init__(self) -> None:
        self._value = 0

    def step(self, blob: bytes) -> None:
        """Take one more in."""
        self._value ^= int.from_bytes(blake2b(blob, digest_size=8).digest(), "big")

    def finalize(self) -> int:
        """Return it as SQLite can hold it: 63 bits."""
        return self._value >> 1


class _Read(NamedTuple):
    """Seals that were read, up to a page and without it. reseals: the counter then."""

    upto: int
    reseals: int
    seals: list[tuple[int, int, int, int]]


class Sealing:
    """Seals pages that are over: `read` in another thread, `store` in the one that writes."""

    def __init__(self) -> None:
        self._read: _Read | None = None
        self._seen = 0  # the page up to which there is nothing more to seal

    def is_due(self, last_id: int) -> bool:
        """Whether a page may be over that has no seals. last_id: the largest id that there is."""
        return self._seen < last_id >> _PAGE_BITS

    @property
    def has_read(self) -> bool:
        """Whether there is something to store."""
        return self._read is not None

    def read(self, connection: sqlite3.Connection, last_id: int) -> None:
        """Read the next page that is over. connection: of this thread's own; last_id: as before."""
        enable(connection)
        connection.execute("BEGIN")  # all of it sees the same state
        try:
            sealed = one_number(connection, _SEALED)
            reseals = one_number(connection, _RESEALS)
            (fresh,) = connection.execute(_FRESH).fetchone()
            last = last_id >> _PAGE_BITS
            over = last if fresh is None else min(last, fresh)
            (page,) = connection.execute(_UNSEALED, (sealed,)).fetchone()
            if page is None or page >= over:
                self._seen = over
                return
            seals = connection.execute(_OF_PAGE, {"page": page}).fetchall()
            self._read = _Read(page + 1, reseals, seals)
        finally:
            connection.execute("COMMIT")

    def store(self, connection: sqlite3.Connection) -> None:
        """Store what was read, unless something has changed since."""
        read, self._read = self._read, None
        if read is None:
            return
        with transaction(connection):
            if one_number(connection, _RESEALS) == read.reseals:
                connection.executemany("INSERT OR REPLACE INTO seal VALUES (?, ?, ?, ?)", read.seals)
                connection.execute("UPDATE counter SET value = ? WHERE name = 'sealed'", (read.upto,))


def enable(connection: sqlite3.Connection) -> None:
    """Let a connection make seals."""
    connection.create_aggregate("seal_of", 1, _SealOf)  # type: ignore[arg-type]  # typeshed wants step(*args)


def is_late(ids: list[int], last_id: int) -> bool:
    """Whether one of these ids may be in a page that has a seal already. last_id: the largest id that there is."""
    return min(ids) >> _PAGE_BITS < last_id >> _PAGE_BITS


def change(connection: sqlite3.Connection, sign: int, rows: str, condition: str, **values: object) -> None:
    """Take events that come (sign 1) or go (-1) into the seals that there are, in the transaction in which they do.

    rows: a table or view with the columns of `settled`; condition: which of its rows `e`, in SQL, with named values.
    """
    connection.execute("UPDATE counter SET value = value + 1 WHERE name = 'reseals'")
    statement = _CHANGE.replace("ROWS", rows).replace("CONDITION", condition)
    connection.execute(statement, {"sign": sign, **values})


def forget(connection: sqlite3.Connection, conversation: int, upto: int) -> None:
    """Delete the seals of a conversation that hold nothing any more, up to an id."""
    connection.execute(_CLEAN, (conversation, upto >> _PAGE_BITS))


def altered(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield what is not as it was stored, in words. Reads all that is settled."""
    enable(connection)
    for key, page, sealed, found in connection.execute(_ALTERED):
        since, until = (in_words(time_of(each << _PAGE_BITS)) for each in (page, page + 1))
        counts = f"{found} events" if found == sealed else f"{found} events instead of {sealed}"
        yield f"what was said in {key} from {since} to {until} is not as it was stored: {counts}"
