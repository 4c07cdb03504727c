"""The database's tables, their migrations, and how a file is opened or refused.

`MIGRATIONS` is a list; a file's `user_version` says how many of its steps have been applied. Never change a step that
was released: add one.
"""

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from greenchat.storage.account_ids import give_ids
from greenchat.storage.interface import StoreDamagedError, StoreError
from greenchat.storage.seals import MAKE_TABLE, enable, seal_by_id

APPLICATION_ID = 0x67726368
"""`grch`: in the file's header it says whose database this is."""

_MAGIC = b"SQLite format 3\0"

PATIENCE = 250
"""Milliseconds that a commit waits for another program's lock, and with it the whole server."""

FAILURES = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite raises; the latter where a damaged file is quoted in its message."""

_ROOM = 256 * 1024  # bytes: a database that is opened needs room for its log and its index
Step = Sequence[str] | Callable[[sqlite3.Connection], None]
"""Statements, or a function that runs them where what it changes has to be read first."""

MIGRATIONS: Sequence[Step] = (
    (
        # A conversation's name is the first parameter of most of its events; NULL in direct ones.
        "CREATE TABLE conversation (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT) STRICT",
        # The identities of direct conversations.
        """CREATE TABLE member (identity TEXT NOT NULL, conversation INTEGER NOT NULL,
           PRIMARY KEY (identity, conversation)) STRICT, WITHOUT ROWID""",
        """CREATE TABLE source (id INTEGER PRIMARY KEY, mask TEXT NOT NULL, account TEXT NOT NULL,
           UNIQUE (mask, account)) STRICT""",
        # Events are stored by conversation and in order, so that a page of history is a page of the
        # file, and needs no index. kind: see `rows`. target: the first parameter, NULL if it is the conversation's
        # name. text: the last. more: the rest, as JSON.
        """CREATE TABLE event (conversation INTEGER NOT NULL, id INTEGER NOT NULL, kind INTEGER NOT NULL,
           source INTEGER NOT NULL, target TEXT, text TEXT, more TEXT,
           PRIMARY KEY (conversation, id)) STRICT, WITHOUT ROWID""",
        # An event as `rows.ReadRow`, whole, in one column.
        """CREATE VIEW reading AS
           SELECT c.key AS key, e.conversation AS conversation, e.id AS id, e.kind AS kind,
                  json_array(e.id, e.kind, s.mask, s.account, coalesce(e.target, c.name), e.text, e.more) AS row
           FROM conversation c JOIN event e ON e.conversation = c.id JOIN source s ON s.id = e.source""",
        """CREATE TABLE document (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
           PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID""",
        # The number of all erased events: the search index, a separate file, must have erased as many.
        "CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
        "INSERT INTO counter VALUES ('erasures', 0)",
    ),
    (
        # A turn's events are appended to one table, `fresh`, in order of time, and moved later in bulk: so a turn with
        # messages in a hundred conversations writes a few pages, not a hundred.
        "DROP VIEW reading",
        "ALTER TABLE event RENAME TO settled",
        """CREATE TABLE fresh (id INTEGER NOT NULL, conversation INTEGER NOT NULL, kind INTEGER NOT NULL,
           source INTEGER NOT NULL, target TEXT, text TEXT, more TEXT,
           PRIMARY KEY (id, conversation)) STRICT, WITHOUT ROWID""",
        # The progress of compaction: of the fresh events up to the id `upto`, those up to (conversation, id) are
        # settled.
        "CREATE TABLE settling (upto INTEGER NOT NULL, conversation INTEGER NOT NULL, id INTEGER NOT NULL) STRICT",
        "INSERT INTO settling VALUES (0, 0, 0)",
        """CREATE VIEW unsettled AS SELECT conversation, id, kind, source, target, text, more FROM fresh
           WHERE id > (SELECT upto FROM settling)
           OR (conversation, id) > (SELECT conversation, id FROM settling)""",
        # All events; fast queries ask the two halves separately.
        "CREATE VIEW event AS SELECT * FROM settled UNION ALL SELECT * FROM unsettled",
    ),
    give_ids,
    MAKE_TABLE,
    seal_by_id,
    # The id up to which a conversation's history was cut: remaining events up to it are not deleted yet.
    ("ALTER TABLE conversation ADD COLUMN cut INTEGER NOT NULL DEFAULT 0",),
    (
        # With the id as its only key, SQLite appends to it without reading other pages. It has at most one event of
        # each id. The events of the previous table are settled.
        "INSERT OR IGNORE INTO settled SELECT conversation, id, kind, source, target, text, more FROM unsettled",
        "UPDATE settling SET upto = 0, conversation = 0, id = 0",
        "DROP TABLE fresh",
        """CREATE TABLE fresh (id INTEGER PRIMARY KEY, conversation INTEGER NOT NULL, kind INTEGER NOT NULL,
           source INTEGER NOT NULL, target TEXT, text TEXT, more TEXT) STRICT""",
    ),
)


def connect(path: Path, *, durable: bool) -> sqlite3.Connection:
    """Open the database for writing, create it if it is missing, and upgrade it.

    durable: whether a commit waits until it would survive a power cut.
    Raises StoreDamagedError if the file can't be used, StoreError if it can't be opened.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except FileNotFoundError:
        head = b""
    except OSError as error:
        raise StoreError(f"can't open the database {path}: {error.strerror}") from error
    if path.exists() and not os.access(path, os.W_OK):
        raise StoreError(f"can't write to the database {path}: it is read-only; change its owner or its mode")
    if not head and (left := leftovers(path)):
        raise StoreDamagedError(_no_beginning(path, "empty" if path.exists() else "missing", left))
    if head and head != _MAGIC:  # SQLite itself would overwrite a very short file
        raise damaged(path, "it is not a database")
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE / 1000)
    except sqlite3.Error as error:
        raise StoreError(f"can't open the database {path}: {error}") from error
    try:
        enable(connection)
        _prepare(connection, path, durable=durable)
    except BaseException:
        connection.close()
        raise
    return connection


def leftovers(path: Path) -> list[Path]:
    """Return files that show that there was a database: its log, its index, and those kept by a restore."""
    files = path.parent.glob(f"{path.name}*") if path.parent.is_dir() else ()
    passing = {path.name + suffix for suffix in ("", "-shm", "-journal")}  # also after a first start that was killed
    return sorted(file for file in files if file.name not in passing)


def is_there_a_log(path: Path) -> bool:
    """Whether the write-ahead log of a database is not empty."""
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def _no_beginning(path: Path, what: str, left: Sequence[Path]) -> str:
    return (
        f"the database {path} is {what}, but {left[0]} shows that there was one: rename it back, restore a backup"
        f" with `greenchat-server restore FILE`, or move {path.name}* away to start with an empty one"
    )


def connect_reader(path: Path) -> sqlite3.Connection:
    """Return a read-only connection, for any one thread at a time."""
    return sqlite3.connect(_uri(path, "ro"), uri=True, isolation_level=None, timeout=5, check_same_thread=False)


def connect_keeper(path: Path) -> sqlite3.Connection:
    """Return a connection for checkpoints, for any one thread at a time."""
    return sqlite3.connect(_uri(path, "rw"), uri=True, isolation_level=None, timeout=5, check_same_thread=False)


def _uri(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?mode={mode}"


def in_words(error: Exception, free: int) -> str:
    """Return SQLite's message, with a hint to a full disk, which it reports as an I/O error. free: bytes."""
    return f"its disk is full ({error}); free some space" if free < _ROOM else str(error)


def free_space(path: Path) -> int:
    """Return how many bytes a file can still grow by."""
    try:
        system = os.statvfs(path)
    except OSError:
        return _ROOM
    return system.f_bavail * system.f_frsize


def _prepare(connection: sqlite3.Connection, path: Path, *, durable: bool) -> None:
    try:
        # of a new database, or one that is compacted; older ones have pages of 2 KiB
        connection.execute("PRAGMA page_size = 4096")
        if connection.execute("PRAGMA page_count").fetchone() == (0,):
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # freed pages can be given back in steps
        if connection.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
            raise StoreError(
                f"the file system of {path} does not support a database with a write-ahead log; use a local disk"
            )
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # a commit must never do a checkpoint: see `maintain`
        connection.execute("PRAGMA secure_delete = ON")  # deleted content is overwritten
        connection.execute("PRAGMA cache_size = -16384")  # KiB
        migrate(connection, path)
        # A killed server leaves a log with older versions of pages, which contain erased texts.
        with suppress(sqlite3.OperationalError):  # on a full disk it can't be moved: the housekeeping tries again
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:
        raise StoreError(f"can't use the database {path}: {in_words(error, free_space(path))}") from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise damaged(path, str(error)) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(path, f"it can't be migrated: {type(error).__name__}: {error}") from error


def migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[Step] = MIGRATIONS) -> None:
    """Upgrade an older file, completely or not at all.

    Raises StoreDamagedError for a file of another program or of a newer version.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if owner != APPLICATION_ID and (version or tables or owner):
        raise StoreDamagedError(f"{path} is the database of another program; choose another one")
    if version > len(steps):
        raise StoreDamagedError(
            f"{path} was written by a newer greenchat (format {version}; this one supports up to {len(steps)}):"
            " install that version, or choose another database"
        )
    if version == len(steps):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in steps[version:]:
            if callable(step):
                step(connection)
                continue
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def damaged(path: Path, what: str) -> StoreDamagedError:
    """Return the error for a file that is no longer a sound database."""
    return StoreDamagedError(
        f"the database {path} is damaged ({what}). It was not changed. Examine it with `greenchat-server check`;"
        " restore a backup with `greenchat-server restore FILE`,"
        " or move the file away to start with an empty one"
    )
