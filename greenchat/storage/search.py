"""Search: a full-text index in a separate file beside the database, kept up to date outside the event loop.

A separate file has its own write lock: another thread writes the index, and a commit never waits for it. A missing or
damaged index is rebuilt from the database.

Each message is a row of one FTS5 table, its rowid the message's id. `place` is the conversation's number and `sender`
the nickname in hex, each as one word, so that one query applies all conditions before any text is read.
"""

import json
import re
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from greenchat.storage import index_batch
from greenchat.storage.changes import Changes, Erased
from greenchat.storage.interface import SAID, Query, StoredEvent, StoreError
from greenchat.storage.reader import ConnectionPool, complain, decode_all, rows_of
from greenchat.storage.rows import ROW, UnreadableError, one_number
from greenchat.storage.schema import FAILURES
from greenchat.storage.transaction import transaction

# Without the lengths of messages, which are not used: each would be a row of another table. Older files have them.
_WORDS = """CREATE VIRTUAL TABLE words USING fts5
    (text, sender, place, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2')"""
# Eight segments are merged into one, not four: words are written less often, but searches read more segments.
_SCHEMA = """
INSERT INTO words (words, rank) VALUES ('automerge', 8);
CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO state VALUES ('version', 2), ('indexed', 0), ('erasures', 0), ('untidy', 0);
CREATE TABLE cut (conversation INTEGER PRIMARY KEY, upto INTEGER NOT NULL) STRICT;
"""
_VERSION = 2

# One half of the database's messages as the index sees them; temporary views.
_MESSAGE = """
CREATE TEMP VIEW HALF_message AS
SELECT e.conversation AS conversation, e.id AS id, coalesce(e.text, '') AS text,
       SENDER AS sender, 'c' || e.conversation AS place
FROM db.HALF e JOIN db.source s ON s.id = e.source WHERE e.kind IN (1, 2)
""".replace("SENDER", index_batch.SENDER)
# Of several messages with one id it has only one, and only indexed ones may be removed.
_HELD = (
    "INSERT INTO temp.held SELECT rowid FROM words WHERE words MATCH '{place} : c' || ? AND rowid > ? AND rowid <= ?"
)
_CUT = """
INSERT INTO words (words, rowid, text, sender, place) SELECT 'delete', id, text, sender, place FROM (
    SELECT * FROM settled_message WHERE conversation = ?1 AND id > ?2 AND id <= ?3
    UNION ALL
    SELECT * FROM unsettled_message WHERE conversation = ?1 AND id > ?2 AND id <= ?3
) WHERE id IN temp.held ORDER BY id
"""
_CUT_END = """
SELECT id FROM (
    SELECT id FROM db.settled WHERE conversation = ?1 AND id > ?2 AND id <= ?3
    UNION ALL
    SELECT id FROM db.unsettled WHERE conversation = ?1 AND id > ?2 AND id <= ?3
) ORDER BY id LIMIT 1 OFFSET ?4
"""
_ERASE = "INSERT INTO words (words, rowid, text, sender, place) VALUES ('delete', ?, ?, ?, ?)"
_HAS = "SELECT 1 FROM words WHERE words MATCH '{place} : c' || ? AND rowid = ?"
_PLACES = "SELECT json_group_array(id) FROM db.conversation WHERE key IN (SELECT value FROM json_each(?))"
# Cut messages may be in the index for a while: they must not replace present ones in the result.
_FIND_NEWEST = """
WITH place AS MATERIALIZED (
    SELECT c.id AS id, c.cut AS cut FROM json_each(?5) t CROSS JOIN db.conversation c ON c.id = t.value
), found AS MATERIALIZED (
    SELECT rowid AS id FROM words WHERE words MATCH ?1 AND rowid > ?2 AND rowid < ?3 AND (
        EXISTS (SELECT 1 FROM place p CROSS JOIN db.settled e
                ON e.conversation = p.id AND e.id = words.rowid AND e.id > p.cut)
        OR EXISTS (SELECT 1 FROM db.unsettled e CROSS JOIN place p ON p.id = e.conversation AND e.id > p.cut
                   WHERE e.id = words.rowid)
    ) ORDER BY rowid DESC LIMIT ?4
)
SELECT json_group_array(json_array(c.key, ROW)) FROM (
    SELECT e.* FROM found f CROSS JOIN place p CROSS JOIN db.settled e
    ON e.conversation = p.id AND e.id = f.id AND e.id > p.cut
    UNION ALL
    SELECT e.* FROM found f CROSS JOIN db.unsettled e ON e.id = f.id CROSS JOIN place p
    ON p.id = e.conversation AND e.id > p.cut
    ORDER BY id LIMIT ?4
) e CROSS JOIN db.conversation c ON c.id = e.conversation CROSS JOIN db.source s ON s.id = e.source
""".replace("ROW", ROW)
_FIND_OLDEST = _FIND_NEWEST.replace("DESC", "ASC")

_STEP_ROWS = 10_000
_FIRST_WINDOW = 10_000 << 20  # ten seconds, in ids
_PAUSE = 0.001  # seconds between two steps: a thread that waits for the index gets it then
_MERGE_PAGES = 500
_SPARE_PAGES = 64
_MOST_WORDS = 32
_TERM = re.compile(r'"([^"]*)"?|([^\s"]+)')


class SearchIndex:
    """The index of the database at `path`. Its methods may be called from any thread, but not in the event loop.

    erasures: the number of all erased messages when `changes` began to collect. An index that missed one may still
    contain its words, and is rebuilt.
    Callers hold no lock of the database; the index's own lock serializes them, except searches.
    """

    def __init__(self, path: Path, changes: Changes, *, erasures: int) -> None:
        self.path = index_of(path)
        self._database = path
        self._changes = changes
        self._erasures = erasures
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._readers = ConnectionPool(self._open_reader)
        self._touched: set[int] = set()
        self._known = 0  # of the events of `changes`: those in the index
        self._window = _FIRST_WINDOW
        self._untidy = False
        self._is_closed = False

    def catch_up(self, *, budget: float) -> bool:
        """Apply the changes to the index, in steps, until done or `budget` seconds have passed.

        Returns whether the index is complete. Between two steps others may use the index. Raises StoreError.
        """
        until = time.monotonic() + budget
        while not self._catch_up_a_step():
            if time.monotonic() >= until:
                return False
            time.sleep(_PAUSE)
        return True

    def _catch_up_a_step(self) -> bool:
        """Apply some changes; return whether those were all. Raises StoreError."""
        with self._lock, self._errors():
            connection = self._ready()
            events = self._changes.events
            touched, upto, erased = self._changes.take()
            self._touched |= touched
            try:
                if erased:
                    self._erase(connection, erased)
                    erased = []
            finally:
                self._changes.note((), 0, erased)
            if self._touched and not self._add(connection, upto):
                return False
            self._known = events
            return True

    @property
    def waiting(self) -> int:
        """Return how many events of this process are not in the index yet, approximately."""
        return max(self._changes.events - self._known, 0)

    @property
    def is_untidy(self) -> bool:
        """Whether its file may still contain words of erased or cut messages."""
        return self._untidy

    def tidy(self, *, budget: float) -> None:
        """Rewrite the index without erased messages, in steps, until done or `budget` seconds have passed.

        Then their words are gone from the file, and the space is freed. Raises StoreError.
        """
        with self._lock, self._errors():
            connection = self._ready()
            until = time.monotonic() + budget
            while self._untidy:
                self._merge(connection)
                if time.monotonic() >= until:
                    break

    def cut(self, conversation: int, upto: int) -> tuple[int, bool]:
        """Remove, in one step, a part of a conversation's messages up to an id; after that the database deletes them.

        Returns the id up to which none remain, and whether there are more to remove. The id can be lower than `upto`
        with none to remove, if the index is not up to date.
        """
        with self._lock, self._errors():
            connection = self._ready()
            with transaction(connection):
                upto = min(upto, _state(connection, "indexed"))
                row = connection.execute("SELECT upto FROM cut WHERE conversation = ?", (conversation,)).fetchone()
                done = row[0] if row else 0
                if upto <= done:
                    return done, False
                last = connection.execute(_CUT_END, (conversation, done, upto, _STEP_ROWS - 1)).fetchone()
                upto = last[0] if last else upto
                connection.execute("DELETE FROM temp.held")
                connection.execute(_HELD, (conversation, done, upto))
                connection.execute(_CUT, (conversation, done, upto))
                connection.execute("INSERT OR REPLACE INTO cut VALUES (?, ?)", (conversation, upto))
                self._note_untidy(connection)
            return upto, last is not None

    def search(self, query: Query, *, budget: float) -> list[StoredEvent]:
        """Return the matches, oldest first; catches up first if that takes at most `budget` seconds."""
        self.catch_up(budget=budget)
        keys = json.dumps(list(query.conversations))
        with self._errors(), self._readers.connection() as connection:
            (places,) = connection.execute(_PLACES, (keys,)).fetchone()
            match = _match(query, json.loads(places))
            if not match:
                return []
            statement = _FIND_OLDEST if query.oldest else _FIND_NEWEST
            problems: list[str] = []
            rows = rows_of(connection, statement, (match, query.after, query.before, query.limit, places), problems)
        events = decode_all(rows, problems)
        complain(problems)
        return events

    def close(self) -> None:
        """Close the files, after the running step."""
        self._readers.close()
        with self._lock:
            self._is_closed = True
            if self._connection:
                self._connection.close()
                self._connection = None

    def _add(self, connection: sqlite3.Connection, upto: int) -> bool:
        """Index the next window of messages. Return whether none up to `upto` are left."""
        touched = json.dumps(list(self._touched))
        indexed = _state(connection, "indexed")
        last = min(index_batch.latest(connection, touched), upto)
        if last > indexed:
            first = index_batch.following(connection, touched, indexed) or last  # if they were erased since
            if self.waiting > 2 * _STEP_ROWS:  # otherwise the first step would take all that has waited
                self._window = max(min(self._window, (last - first) * 2 * _STEP_ROWS // self.waiting), 1)
            end = min(first + self._window, last)
            rows = index_batch.copy(connection, touched, indexed, end)
            with transaction(connection):
                index_batch.add(connection)
                connection.execute("UPDATE state SET value = ? WHERE name = 'indexed'", (end,))
            self._known += rows
            if rows > 2 * _STEP_ROWS:
                self._window //= 2
            elif rows < _STEP_ROWS // 2:
                self._window = min(self._window * 2, 1 << 60)
            if end < last:
                return False
        self._touched.clear()
        return True

    def _erase(self, connection: sqlite3.Connection, erased: list[Erased]) -> None:
        with transaction(connection):
            # read from the index itself: a cut skips erased messages, which are reported here later
            known = [m for m in erased if connection.execute(_HAS, (m.conversation, m.id)).fetchone()]
            connection.executemany(
                _ERASE, [(m.id, m.text, index_batch.sender(m.mask), f"c{m.conversation}") for m in known]
            )
            connection.execute("UPDATE state SET value = value + ? WHERE name = 'erasures'", (len(erased),))
            self._note_untidy(connection)
        self._erasures += len(erased)

    def _note_untidy(self, connection: sqlite3.Connection) -> None:
        """Note in a transaction that it is untidy, so that it is known after a crash."""
        connection.execute("INSERT OR REPLACE INTO state VALUES ('untidy', 1)")
        self._untidy = True

    def _merge(self, connection: sqlite3.Connection) -> None:
        """Do one step of rewriting the index without erased messages."""
        before = connection.total_changes
        connection.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (-_MERGE_PAGES,))
        if connection.total_changes - before >= 2:
            return
        if connection.execute("PRAGMA main.freelist_count").fetchone()[0] > _SPARE_PAGES:
            connection.execute(f"PRAGMA main.incremental_vacuum({_MERGE_PAGES})").fetchall()
            return
        connection.execute("UPDATE state SET value = 0 WHERE name = 'untidy'")
        (busy, _, _) = connection.execute("PRAGMA main.wal_checkpoint(TRUNCATE)").fetchone()
        if busy:  # a search is running: try again soon
            connection.execute("UPDATE state SET value = 1 WHERE name = 'untidy'")
        else:
            self._untidy = False

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Raise failures as StoreError. A damaged index is deleted: it is rebuilt when next needed."""
        try:
            yield
        except (*FAILURES, UnreadableError, OSError) as error:
            if isinstance(error, sqlite3.DatabaseError | ValueError) and not isinstance(
                error, sqlite3.OperationalError
            ):
                self._throw_away()
            raise StoreError(f"the search index {self.path}: {error}") from error

    def _ready(self) -> sqlite3.Connection:
        if self._is_closed:
            raise StoreError("the search index is closed")
        if self._connection is None:
            try:
                self._connection = self._open()
            except sqlite3.OperationalError:
                raise
            except (sqlite3.DatabaseError, UnicodeDecodeError):
                self._throw_away()
                self._connection = self._open()
        return self._connection

    def _throw_away(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None
        self._readers.close()
        self._readers = ConnectionPool(self._open_reader)
        forget_index(self._database)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path.absolute().as_uri(), uri=True, isolation_level=None, check_same_thread=False, timeout=5
        )
        try:
            if connection.execute("PRAGMA page_count").fetchone() == (0,):
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("ATTACH ? AS db", (f"{self._database.absolute().as_uri()}?mode=ro",))
            connection.execute("PRAGMA temp_store = MEMORY")
            for half in ("settled", "unsettled"):
                connection.execute(_MESSAGE.replace("HALF", half))
            index_batch.prepare(connection)
            if not connection.execute("SELECT count(*) FROM main.sqlite_schema").fetchone()[0]:
                connection.executescript(f"BEGIN; {_WORDS}; {_SCHEMA} COMMIT;")
                connection.execute("UPDATE state SET value = ? WHERE name = 'erasures'", (self._erasures,))
                self._touched.update(number for (number,) in connection.execute("SELECT id FROM db.conversation"))
            if _state(connection, "version") != _VERSION or _state(connection, "erasures") != self._erasures:
                raise sqlite3.DatabaseError("not the index of this database as it is")
            self._untidy = bool(_state(connection, "untidy"))
            if self._untidy:  # left in the log by a killed server
                connection.execute("PRAGMA main.wal_checkpoint(TRUNCATE)")
        except BaseException:
            connection.close()
            raise
        return connection

    def _open_reader(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=5,
        )
        connection.execute("ATTACH ? AS db", (f"{self._database.absolute().as_uri()}?mode=ro",))
        return connection


def matching(query: Query, events: Sequence[StoredEvent]) -> list[StoredEvent]:
    """Return those of a few events that the search would find, oldest first, using an index in memory."""
    places = {key: number for number, key in enumerate(query.conversations)}
    rows = [
        (number, "".join(event.params[1:][-1:]), index_batch.sender(event.source), f"c{places[event.conversation]}")
        for number, event in enumerate(events)
        if event.command in SAID and event.conversation in places and query.after < event.id < query.before
    ]
    match = _match(query, list(places.values()))
    if not (rows and match):
        return []
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(_WORDS)
        connection.executemany("INSERT INTO words (rowid, text, sender, place) VALUES (?, ?, ?, ?)", rows)
        numbers = connection.execute("SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid", (match,)).fetchall()
    chosen = sorted((events[number] for (number,) in numbers), key=lambda event: event.id)
    return chosen[: query.limit] if query.oldest else chosen[max(0, len(chosen) - query.limit) :]


def index_of(database: Path) -> Path:
    """Return the path of a database's index."""
    return database.with_name(database.name + "-search")


def forget_index(database: Path) -> None:
    """Delete a database's unused index; it is rebuilt when next needed."""
    index = index_of(database)
    for suffix in ("", "-wal", "-shm"):
        index.with_name(index.name + suffix).unlink(missing_ok=True)


def _state(connection: sqlite3.Connection, name: str) -> int:
    return one_number(connection, "SELECT value FROM state WHERE name = ?", name)


def _match(query: Query, places: list[int]) -> str:
    """Return the query in FTS5's language; "" if nothing can match."""
    if not places:
        return ""
    parts = ["{place} : (" + " OR ".join(f"c{place}" for place in places) + ")"]
    if query.sender:
        parts.append("{sender} : " + index_batch.sender(query.sender))
    words = []
    for phrase, word in _TERM.findall(query.text)[:_MOST_WORDS]:
        words.append(f'"{phrase}"' if phrase else f'"{word}" *')
    if words:
        parts.append("{text} : (" + " AND ".join(words) + ")")
    return " AND ".join(parts)
