"""Seals of the events, by which `check` finds text that was changed outside of this program.

A page is about five hours of one conversation. Its seal is the number of its events and the XOR of their hashes, so
that adding or removing an event does not need the others. New events are sealed every ten seconds, later while people
talk at full speed (`housekeeping`), outside the event loop, and when the store is closed. Of the counters in the
database, `sealed` is the id up to which events are sealed, and `reseals` is incremented by each change of events that
may be sealed, so that results of earlier reads are discarded.

Seals detect damage and accidental edits; an attacker who can write to the file can write new seals, too.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from time import monotonic
from typing import NamedTuple

from greenchat.protocol.msgid import time_of
from greenchat.protocol.times import in_words
from greenchat.storage.rows import EventRow, UnreadableError, one_number
from greenchat.storage.transaction import transaction

_PAGE_BITS = 44  # of an id: its lower 20 count within a millisecond, and 2^24 ms are 4.7 hours
_EVERY = 10.0  # seconds
_AT_ONCE = 2000  # seals that are stored in one step: in some milliseconds
_MOST = 100_000  # events of one read; the texts of a conversation are in memory at once

MAKE_TABLE = (
    """CREATE TABLE seal (conversation INTEGER NOT NULL, page INTEGER NOT NULL, events INTEGER NOT NULL,
       hash INTEGER NOT NULL, PRIMARY KEY (conversation, page)) STRICT, WITHOUT ROWID""",
    "INSERT INTO counter VALUES ('sealed', 0), ('reseals', 0)",
)

_SEALED = "SELECT value FROM counter WHERE name = 'sealed'"
_RESEALS = "SELECT value FROM counter WHERE name = 'reseals'"
_UNSETTLED_ONLY = "NOT EXISTS (SELECT 1 FROM settled t WHERE t.conversation = e.conversation AND t.id = e.id)"
# SQLite has no XOR: the bits in one of both, but not in both.
_ADD = """
INSERT INTO seal VALUES (?, ?, ?, ?) ON CONFLICT (conversation, page) DO UPDATE SET
    events = events + excluded.events, hash = (hash | excluded.hash) - (hash & excluded.hash)
"""
_IS_LATE = "e.id = json_extract(i.value, '$[0]') AND e.conversation = json_extract(i.value, '$[1]')"
_SPAN = "e.conversation = :conversation AND e.id BETWEEN :first AND :last"
_DELETE = ["DELETE FROM TABLE AS e WHERE ".replace("TABLE", table) + _SPAN for table in ("settled", "fresh")]
_CLEAN = "DELETE FROM seal WHERE conversation = ? AND page <= ? AND events = 0"
_OF_PAGES_BEFORE = "UPDATE counter SET value = (value << 44) - 1 WHERE name = 'sealed' AND value > 0"

_SEALED_TEXT = "json_array(e.id, e.kind, s.mask, s.account, e.target, e.text, e.more)"
_PAGES = """
SELECT e.conversation AS conversation, e.id >> 44 AS page, count(*) AS events,
       seal_of(CAST(EVENT AS BLOB)) AS hash
FROM ROWS e JOIN source s ON s.id = e.source WHERE CONDITION GROUP BY e.conversation, page
""".replace("EVENT", _SEALED_TEXT)
# For all events of a page at once, since each call from SQLite must get the interpreter lock. JSON has no newlines.
_TEXTS = """
SELECT e.conversation, CAST(group_concat(EVENT, char(10)) AS BLOB)
FROM ROWS e JOIN source s ON s.id = e.source WHERE CONDITION GROUP BY e.conversation
""".replace("EVENT", _SEALED_TEXT)


def _pages(rows: str, condition: str) -> str:
    """Return the query for the pages of events. rows: their table or view `e`; condition: which of them."""
    return _PAGES.replace("ROWS", rows).replace("CONDITION", condition.replace("SEALED", _SEALED))


_FIRST_UNSEALED = """
SELECT min(id) FROM (SELECT min((SELECT min(id) FROM settled WHERE conversation = c.id AND id > ?1)) AS id
                     FROM conversation c UNION ALL SELECT min(id) FROM unsettled WHERE id > ?1)
"""
_UNSEALED = (
    ("conversation c CROSS JOIN settled", "e.conversation = c.id AND e.id > :sealed AND e.id <= :upto"),
    ("unsettled", "e.id > :sealed AND e.id <= :upto AND " + _UNSETTLED_ONLY),
)
_UNSEALED_TEXTS = [_TEXTS.replace("ROWS", rows).replace("CONDITION", condition) for rows, condition in _UNSEALED]
_COUNT = "SELECT count(*) FROM ROWS e WHERE CONDITION"
_COUNTS_UNSEALED = [_COUNT.replace("ROWS", rows).replace("CONDITION", condition) for rows, condition in _UNSEALED]

# The few unsettled events are counted separately, so that the others are read in the order of the file.
_ALTERED = """
WITH settled_page AS (ONES), unsettled_page AS MATERIALIZED (OTHERS), found AS (
    SELECT a.conversation AS conversation, a.page AS page, a.events + coalesce(b.events, 0) AS events,
           (a.hash | coalesce(b.hash, 0)) - (a.hash & coalesce(b.hash, 0)) AS hash
    FROM settled_page a LEFT JOIN unsettled_page b ON b.conversation = a.conversation AND b.page = a.page
    UNION ALL
    SELECT * FROM unsettled_page p WHERE NOT EXISTS (SELECT 1 FROM settled e WHERE WITHIN)
)
SELECT c.key, found.page, coalesce(seal.events, 0), found.events
FROM found JOIN conversation c ON c.id = found.conversation
LEFT JOIN seal ON seal.conversation = found.conversation AND seal.page = found.page
WHERE seal.events IS NOT found.events OR seal.hash IS NOT found.hash
UNION ALL
SELECT c.key, p.page, p.events, 0 FROM seal p JOIN conversation c ON c.id = p.conversation
WHERE NOT EXISTS (SELECT 1 FROM settled e WHERE WITHIN) AND NOT EXISTS (SELECT 1 FROM unsettled e WHERE WITHIN)
"""
_WITHIN = "e.conversation = p.conversation AND e.id >= p.page << 44 AND e.id < (p.page + 1) << 44 AND e.id <= (SEALED)"
for _part, _query in (
    ("ONES", _pages("settled", "e.id <= (SEALED)")),
    ("OTHERS", _pages("unsettled", "e.id <= (SEALED) AND " + _UNSETTLED_ONLY)),
    ("WITHIN", _WITHIN.replace("SEALED", _SEALED)),
):
    _ALTERED = _ALTERED.replace(_part, _query)


_HASH = blake2b(digest_size=8)


class _SealOf:
    """The XOR of the hashes of blobs, as an aggregate function for SQLite."""

    def __init__(self) -> None:
        self._value = 0

    def step(self, blob: bytes) -> None:
        """Add a blob."""
        hashing = _HASH.copy()  # takes half the time of a new one
        hashing.update(blob)
        self._value ^= int.from_bytes(hashing.digest(), "big")

    def finalize(self) -> int:
        """Return the XOR as an integer of SQLite, in 63 bits."""
        return self._value >> 1


class _Read(NamedTuple):
    """New seals up to an id. reseals: the counter at the time of reading."""

    upto: int
    reseals: int
    seals: list[tuple[int, int, int, int]]


class Sealing:
    """Seals new events: `begin` and `store` run in the writing thread, and `read` between them in any.

    sealed: the id up to which events are sealed. upto: the id up to which they are sealed or being sealed: later
    additions with a lower id go to `add_late`.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.sealed = self.upto = one_number(connection, _SEALED)
        self._begun_at = monotonic()  # 0: begin again at once, since there may be more to seal
        self._read: _Read | None = None
        self._span = 1 << _PAGE_BITS  # of ids that are read at once: few enough the last time
        self.is_begun = False

    def is_due(self, last_id: int, *, many: bool = False) -> bool:
        """Whether to begin. last_id: the largest stored id. many: whether there are so many that it need not wait."""
        is_time = many or not self._begun_at or monotonic() - self._begun_at >= _EVERY
        return is_time and not self.is_begun and self.sealed < last_id

    @property
    def has_read(self) -> bool:
        """Whether there is something to store."""
        return self._read is not None

    def begin(self, last_id: int) -> None:
        """Begin to seal all events. last_id: the largest stored id."""
        self.is_begun = True
        self.upto = last_id
        self._begun_at = monotonic()

    def read(self, connection: sqlite3.Connection) -> None:
        """Read unsealed events, one page at most. connection: the calling thread's."""
        enable(connection)
        connection.execute("BEGIN")  # for a consistent read
        try:
            reseals = one_number(connection, _RESEALS)
            (first,) = connection.execute(_FIRST_UNSEALED, (self.sealed,)).fetchone()
            if first is None or first > self.upto:
                self._read = _Read(self.upto, reseals, [])
                return
            page = first >> _PAGE_BITS
            upto = min(self.upto, (page + 1 << _PAGE_BITS) - 1, first + self._span)
            while upto > first and self._count(connection, upto) > _MOST:
                self._span = (upto - first) // 2
                upto = first + self._span
            seals = self._seals(connection, page, upto)
            while len(seals) > _AT_ONCE and upto > first:
                self._span = (upto - first) // 2
                upto = first + self._span
                seals = self._seals(connection, page, upto)
            if len(seals) <= _AT_ONCE // 4 and sum(events for _, _, events, _ in seals) <= _MOST // 4:
                self._span = min(2 * self._span + 1, 1 << _PAGE_BITS)
            self._read = _Read(upto, reseals, seals)
        finally:
            connection.execute("COMMIT")

    def _count(self, connection: sqlite3.Connection, upto: int) -> int:
        span = {"sealed": self.sealed, "upto": upto}
        return sum(connection.execute(count, span).fetchone()[0] for count in _COUNTS_UNSEALED)

    def _seals(self, connection: sqlite3.Connection, page: int, upto: int) -> list[tuple[int, int, int, int]]:
        span = {"sealed": self.sealed, "upto": upto}
        seals = []
        for texts in _UNSEALED_TEXTS:
            for conversation, text in connection.execute(texts, span):
                seal, events = _SealOf(), text.split(b"\n")
                for event in events:
                    seal.step(event)
                seals.append((conversation, page, len(events), seal.finalize()))
        return seals

    def store(self, connection: sqlite3.Connection) -> None:
        """Store the new seals, unless events have changed since."""
        read, self._read = self._read, None
        self.is_begun = False
        if read is None:
            return
        with transaction(connection):
            is_true = one_number(connection, _RESEALS) == read.reseals
            if is_true:
                connection.executemany(_ADD, read.seals)
                connection.execute("UPDATE counter SET value = ? WHERE name = 'sealed'", (read.upto,))
        if is_true:
            self.sealed = read.upto
        if self.sealed < self.upto:
            self._begun_at = 0.0

    def finish(self, connection: sqlite3.Connection, last_id: int) -> None:
        """Add seals for the remaining events, or for a page of them. last_id: the largest stored id."""
        if self.sealed < last_id:
            self.begin(last_id)
            self.read(connection)
            self.store(connection)

    def add_late(self, connection: sqlite3.Connection, rows: Sequence[EventRow]) -> None:
        """Add just inserted settled events to the seals, if their pages are sealed or being sealed."""
        late = [row[:2] for row in rows if row[0] <= self.upto]
        if late:
            change(connection, 1, "json_each(:late) i CROSS JOIN settled", _IS_LATE, late=json.dumps(late))


def enable(connection: sqlite3.Connection) -> None:
    """Let a connection make seals."""
    connection.create_aggregate("seal_of", 1, _SealOf)  # type: ignore[arg-type]  # typeshed wants step(*args)


def seal_by_id(connection: sqlite3.Connection) -> None:
    """Migrate to seals up to an id, from seals of the settled events of all pages before one."""
    enable(connection)
    connection.execute(_OF_PAGES_BEFORE)
    change(connection, 1, "unsettled", _UNSETTLED_ONLY)


def change(connection: sqlite3.Connection, sign: int, rows: str, condition: str, **values: object) -> None:
    """Update existing seals for added (sign 1) or removed (-1) events, in the transaction of that change.

    rows: a table or view with the columns of `settled`; condition: which of its rows `e`, in SQL, with named values.
    """
    connection.execute("UPDATE counter SET value = value + 1 WHERE name = 'reseals'")
    pages = connection.execute(_pages(rows, "(" + condition + ") AND e.id <= (SEALED)"), values).fetchall()
    connection.executemany(_ADD, ((*page, sign * events, digest) for *page, events, digest in pages))


def remove(connection: sqlite3.Connection, conversation: int, first: int, last: int) -> None:
    """Delete the events of a conversation from one id to another, in the caller's transaction."""
    span = {"conversation": conversation, "first": first, "last": last}
    change(connection, -1, "settled", _SPAN, **span)
    change(connection, -1, "unsettled", _SPAN + " AND " + _UNSETTLED_ONLY, **span)
    for statement in _DELETE:
        connection.execute(statement, span)
    connection.execute(_CLEAN, (conversation, last >> _PAGE_BITS))


def altered(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield descriptions of altered pages. Reads all sealed events."""
    enable(connection)
    for key, page, sealed, counted in connection.execute(_ALTERED):
        if not isinstance(page, int):
            raise UnreadableError(f"a seal of {key} has no page")
        since, until = (in_words(time_of(each << _PAGE_BITS)) for each in (page, page + 1))
        counts = f"{counted} events" if counted == sealed else f"{counted} events instead of {sealed}"
        yield f"the history of {key} from {since} to {until} was changed after it was stored: {counts}"
