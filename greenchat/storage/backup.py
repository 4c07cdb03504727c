"""What is done with a database from outside: backup, restore, export, check. Only to restore no server may be running.

Nothing here changes a database in place: a backup is written beside its final name and then renamed, and what a restore
replaces is moved aside.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from greenchat.storage.interface import Span, StoredEvent, StoreError
from greenchat.storage.reader import read
from greenchat.storage.rows import UnreadableError
from greenchat.storage.schema import APPLICATION_ID, FAILURES, MIGRATIONS, connect, connect_reader

_PAGE = 5000
_MOST_PROBLEMS = 20
_COMPANIONS = ("-wal", "-shm", "-search", "-search-wal", "-search-shm")


def backup(database: Path, target: Path) -> None:
    """Write a consistent copy of the database as it is now. Raises StoreError; what target names must not exist."""
    _require(database)
    if target.exists():
        raise StoreError(f"{target} exists already; a backup never overwrites anything")
    part = target.with_name(target.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with closing(connect_reader(database)) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
            # A file of its own, without a write-ahead log beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
        _sync(part)
        part.rename(target)
    except (*FAILURES, OSError) as error:
        part.unlink(missing_ok=True)
        raise StoreError(f"can't back up {database} to {target}: {error}") from error


def restore(source: Path, database: Path) -> Path | None:
    """Put a backup in the database's place. No server may be running.

    Returns where the former database was moved, None if there was none. Raises StoreError, and then all is as before.
    """
    problems = check(source)
    if problems:
        raise StoreError(f"{source} can't be restored: {problems[0]}")
    part = database.with_name(database.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with closing(connect_reader(source)) as backed_up, closing(sqlite3.connect(part)) as copy:
            backed_up.backup(copy)
        _sync(part)
        aside = _move_aside(database) if database.exists() else None
        part.rename(database)
    except (*FAILURES, OSError) as error:
        part.unlink(missing_ok=True)
        raise StoreError(f"can't restore {source}: {error}") from error
    return aside


def check(database: Path) -> list[str]:
    """What is wrong with a database, in words; nothing if it is sound. Reads all of it. Raises StoreError if it is
    not there."""
    _require(database)
    try:
        with closing(connect_reader(database)) as connection:
            return _problems(connection)
    except FAILURES as error:
        return [f"it is no sound database: {error}"]


def add_document(database: Path, kind: str, key: str, value: object) -> bool:
    """Put a document into a database, which is made if it is missing, also while a server uses it.

    Returns False, and changes nothing, if there is one of that name already. Raises StoreError.
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
    """Whether there is such a document; False also where there is no database. Raises StoreError."""
    if not database.exists():
        return False
    try:
        with closing(connect_reader(database)) as connection:
            found = connection.execute("SELECT 1 FROM document WHERE kind = ? AND key = ?", (kind, key)).fetchone()
    except FAILURES as error:
        raise StoreError(f"can't read {database}: {error}") from error
    return found is not None


def export(database: Path, conversation: str | None = None) -> Iterator[StoredEvent]:
    """What was said and what happened, in all conversations or in one (by its key), the oldest first in each.

    Raises StoreError.
    """
    _require(database)
    try:
        with closing(connect_reader(database)) as connection:
            rows = connection.execute("SELECT key FROM conversation ORDER BY key").fetchall()
            keys = [key for (key,) in rows if conversation is None or key == conversation]
            if conversation is not None and not keys:
                raise StoreError(f"there is no history of {conversation}")
            for key in keys:
                yield from _events(connection, key)
    except (*FAILURES, UnreadableError) as error:
        raise StoreError(f"can't export {database}: {error}") from error


def _events(connection: sqlite3.Connection, key: str) -> Iterator[StoredEvent]:
    after = 0
    while page := read(connection, key, Span(_PAGE, after=after, events=True)):
        yield from page
        if page[-1].id <= after:  # else there would be no end
            raise UnreadableError(f"the events of {key} are not in their order")
        after = page[-1].id


def _problems(connection: sqlite3.Connection) -> list[str]:
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if owner != APPLICATION_ID:
        return ["it is no database of greenchat"]
    if version > len(MIGRATIONS):
        return [f"it was written by a newer greenchat: its format is {version}, this one knows up to {len(MIGRATIONS)}"]
    problems = [text for (text,) in connection.execute(f"PRAGMA integrity_check({_MOST_PROBLEMS})") if text != "ok"]
    for what, question in _QUESTIONS.items():
        (count,) = connection.execute(question).fetchone()
        if count:
            problems.append(f"{count} {what}")
    return problems


_QUESTIONS = {
    "events belong to no conversation": """
        SELECT count(*) FROM event WHERE conversation NOT IN (SELECT id FROM conversation)""",
    "events come from nobody": "SELECT count(*) FROM event WHERE source NOT IN (SELECT id FROM source)",
    "events have details that can't be read": """
        SELECT count(*) FROM event WHERE more IS NOT NULL AND NOT json_valid(more)""",
    "events are there twice": "SELECT count(*) FROM unsettled JOIN settled USING (conversation, id)",
    "documents can't be read": "SELECT count(*) FROM document WHERE NOT json_valid(value)",
}


def _require(database: Path) -> None:
    if not database.is_file():
        raise StoreError(f"there is no database {database}")


def _move_aside(database: Path) -> Path:
    """The database and what belongs to it get another name; the search index goes, it is made again."""
    number = 1
    while (aside := database.with_name(f"{database.name}.replaced-{number}")).exists():
        number += 1
    database.rename(aside)
    for companion in _COMPANIONS:
        file = database.with_name(database.name + companion)
        if companion == "-wal" and file.exists():
            file.rename(aside.with_name(aside.name + companion))
        else:
            file.unlink(missing_ok=True)
    return aside


def _sync(file: Path) -> None:
    """Have it on the disk before it gets its name."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
