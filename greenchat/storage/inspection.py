"""Commands on a database, even while a server uses it: check, export, import, adding an account."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from greenchat.storage.interface import HistorySpan, StoredEvent, StoreError, StoreWrite
from greenchat.storage.reader import read
from greenchat.storage.rows import UnreadableError
from greenchat.storage.schema import APPLICATION_ID, FAILURES, MIGRATIONS, connect, connect_reader
from greenchat.storage.seals import altered
from greenchat.storage.search import forget_index
from greenchat.storage.sqlite import SqliteStore

_PAGE = 5000
_MOST_PROBLEMS = 20
_AT_ONCE = 1000  # events imported in one transaction
_WITH_CUTS = 6  # the format since which conversations have a cut


def check(database: Path) -> list[str]:
    """Return the faults of a database, for people; an empty list if it is sound.

    Reads everything, like a client that reads the history. Raises StoreError if it does not exist, or is newer.
    """
    require(database)
    try:
        with closing(_reader(database)) as connection:
            return _problems(connection)
    except (*FAILURES, UnreadableError) as error:
        return [f"it is not a valid database: {error}"]


def _reader(database: Path) -> sqlite3.Connection:
    """Return a read-only connection to a database with a known schema. Raises StoreError."""
    connection = connect_reader(database)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (owner,) = connection.execute("PRAGMA application_id").fetchone()
        if version < _WITH_CUTS:
            connection.execute("CREATE TEMP VIEW conversation AS SELECT *, 0 AS cut FROM main.conversation")
    except BaseException:
        connection.close()
        raise
    if owner == APPLICATION_ID and version > len(MIGRATIONS):
        connection.close()
        raise StoreError(
            f"{database} was written by a newer greenchat (format {version}; this one supports up to"
            f" {len(MIGRATIONS)}): use that version"
        )
    return connection


def add_document(database: Path, kind: str, key: str, value: object) -> bool:
    """Add a document to a database, which is created if it is missing, even while a server uses it.

    Returns False, and changes nothing, if a document of that name exists. Raises StoreError.
    """
    connection = connect(database, durable=True)
    try:
        with closing(connection):
            connection.execute("BEGIN IMMEDIATE")
            added = connection.execute(
                "INSERT OR IGNORE INTO document VALUES (?, ?, ?)", (kind, key, json.dumps(value, ensure_ascii=False))
            ).rowcount
            connection.execute("COMMIT")
    except FAILURES as error:
        raise StoreError(f"can't write to {database}: {error}") from error
    return added > 0


def has_document(database: Path, kind: str, key: str) -> bool:
    """Whether a document exists; False also without a database. Raises StoreError."""
    if not database.exists():
        return False
    try:
        with closing(_reader(database)) as connection:
            row = connection.execute("SELECT 1 FROM document WHERE kind = ? AND key = ?", (kind, key)).fetchone()
    except FAILURES as error:
        raise StoreError(f"can't read {database}: {error}") from error
    return row is not None


def documents(database: Path, kind: str) -> dict[str, object]:
    """Return all documents of a kind by their keys. Raises StoreError."""
    require(database)
    try:
        with closing(_reader(database)) as connection:
            rows = connection.execute("SELECT key, value FROM document WHERE kind = ?", (kind,)).fetchall()
        return {key: json.loads(value) for key, value in rows}
    except (*FAILURES, ValueError, TypeError) as error:
        raise StoreError(f"can't read {database}: {error}") from error


def export(database: Path, conversation: str | None = None) -> Iterator[StoredEvent]:
    """Yield the events of all conversations, or of one (by its key), the oldest first in each.

    Unreadable events are skipped: `check` lists them. Raises StoreError.
    """
    require(database)
    try:
        with closing(_reader(database)) as connection:
            keys = [key for key in _conversations(connection) if conversation is None or key == conversation]
            if conversation is not None and not keys:
                raise StoreError(f"there is no history of {conversation}")
            for key in keys:
                for page in _pages(connection, key, []):
                    yield from page
    except (*FAILURES, UnreadableError) as error:
        raise StoreError(f"can't read {database}: {error}") from error


def import_events(database: Path, events: Iterable[StoredEvent]) -> tuple[int, int]:
    """Import exported events into a database that no server uses, and that is created if it is missing.

    Returns how many were imported, and how many were there already. Raises StoreError: the events before it are in.
    The search index is created again: it continues from the newest event that it has, and these may be older.
    """
    store = SqliteStore(database, durable=True)
    added = known = 0
    try:
        store.forget_cuts()
        batch: list[StoreWrite] = []
        for event in events:
            if store.find(event.conversation, event.id):
                known += 1
                continue
            batch.append(event)
            added += 1
            if len(batch) >= _AT_ONCE:
                store.commit(batch)
                batch = []
        store.commit(batch)
    finally:
        store.close()
        forget_index(database)
    return added, known


def require(database: Path) -> None:
    """Check that there is a database. Raises StoreError."""
    if not database.is_file():
        raise StoreError(f"there is no database {database}")


def _conversations(connection: sqlite3.Connection) -> list[str]:
    return [key for (key,) in connection.execute("SELECT key FROM conversation ORDER BY key").fetchall()]


def _pages(connection: sqlite3.Connection, key: str, unreadable: list[str]) -> Iterator[list[StoredEvent]]:
    """Yield the events, page by page. unreadable: gets the reasons for undecodable ones."""
    after = 0
    while True:
        seen: list[int] = []
        page = read(connection, key, HistorySpan(_PAGE, after=after, events=True), unreadable, seen)
        yield page
        last = max(seen, default=0)
        if not seen:
            return
        if last <= after:  # otherwise this would loop for ever
            raise UnreadableError(f"the events of {key} are not in their order")
        after = last


def _problems(connection: sqlite3.Connection) -> list[str]:
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if owner != APPLICATION_ID:
        return ["it is not a greenchat database"]
    problems = [text for (text,) in connection.execute(f"PRAGMA integrity_check({_MOST_PROBLEMS})") if text != "ok"]
    unreadable = list(_unreadable_documents(connection))
    if version < len(MIGRATIONS):
        return problems + unreadable[:_MOST_PROBLEMS]  # its tables differ; the next start upgrades it
    for what, question in _QUESTIONS.items():
        (count,) = connection.execute(question).fetchone()
        if count:
            problems.append(f"{count} {what}")
    unreadable += islice(altered(connection), _MOST_PROBLEMS)
    for key in _conversations(connection):
        for _ in _pages(connection, key, unreadable):
            if len(unreadable) > _MOST_PROBLEMS:
                break
    return problems + unreadable[:_MOST_PROBLEMS]


def _unreadable_documents(connection: sqlite3.Connection) -> Iterator[str]:
    question = "SELECT kind, key, CAST(value AS BLOB) FROM document"
    for kind, key, value in connection.execute(question):
        try:
            json.loads(value)
        except (ValueError, TypeError) as error:  # a damaged one may be NULL
            yield f"the {kind} {key} can't be read: {error}"


_QUESTIONS = {
    "events without a conversation": """
        SELECT count(*) FROM event WHERE conversation NOT IN (SELECT id FROM conversation)""",
    "events without a source": "SELECT count(*) FROM event WHERE source NOT IN (SELECT id FROM source)",
    "duplicate events": "SELECT count(*) FROM unsettled JOIN settled USING (conversation, id)",
}
