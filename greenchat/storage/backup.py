"""Backup and restore. A restore needs the server to be stopped.

Nothing here changes a database in place: backups and restored databases are written to a temporary name and then
renamed, and a replaced database is kept under another name. A crash at any point leaves the old or the new one.

A backup also contains files of the data folder, in a separate table: with the certificate that clients trust, a server
can move to another machine.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

from greenchat.storage.durable import free_name, put, write
from greenchat.storage.inspection import check, require
from greenchat.storage.interface import StoreError
from greenchat.storage.schema import FAILURES, connect_keeper, connect_reader

_COMPANIONS = ("-wal", "-shm", "-search", "-search-wal", "-search-shm")
_NOTHING: Mapping[str, bytes] = MappingProxyType({})
_MAKE_FILES = "CREATE TABLE carried (name TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT"
_NAMES = "SELECT name FROM carried"


def backup(database: Path, target: Path, files: Iterable[str] = (), contents: Mapping[str, bytes] = _NOTHING) -> None:
    """Write a consistent copy of the current database, and of files beside it.

    files: their names, relative to the database's folder. contents: of files that were read before, by name. Raises
    StoreError; the target must not exist.
    """
    require(database)
    part = target.with_name(target.name + ".part")
    try:
        with _claimed(part, target):
            try:
                with closing(connect_reader(database)) as source, closing(sqlite3.connect(part)) as copy:
                    source.backup(copy)
                    # One file, without a write-ahead log.
                    copy.execute("PRAGMA journal_mode = DELETE")
                    copy.execute(_MAKE_FILES)
                    with copy:
                        copy.executemany("INSERT INTO carried VALUES (?, ?)", contents.items())
                        copy.executemany("INSERT INTO carried VALUES (?, ?)", _contents(database.parent, files))
                put(part, target)
            except (*FAILURES, OSError):
                part.unlink(missing_ok=True)
                raise
    except (*FAILURES, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise StoreError(f"can't back up {database} to {target}: {reason}") from error


@contextmanager
def _claimed(part: Path, target: Path) -> Iterator[None]:
    """Lock the temporary file of a backup, and empty it: a second backup to the same name would spoil the first.

    Raises StoreError if the backup exists, or is being written; OSError if it can't be created.
    """
    if os.path.lexists(target):  # before creating a file beside it
        raise StoreError(f"{target} already exists; a backup never overwrites a file")
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(f"another backup to {target} is being written") from error
        if os.path.lexists(target):  # meanwhile: then this file may be the finished one, under its former name
            raise StoreError(f"{target} already exists; a backup never overwrites a file")
        file.truncate(0)  # the rest of a killed backup
        yield


def carried(source: Path, name: str) -> bytes | None:
    """Return a file in a backup, None if it is not in it. Raises StoreError."""
    try:
        with closing(connect_reader(source)) as connection:
            if not _has_files(connection):
                return None
            row = connection.execute("SELECT content FROM carried WHERE name = ?", (name,)).fetchone()
            return row[0] if row else None
    except FAILURES as error:
        raise StoreError(f"{source} can't be read: {error}") from error


def carried_names(source: Path) -> set[str]:
    """Return the names of the files in a backup. Raises StoreError."""
    try:
        with closing(connect_reader(source)) as connection:
            return {name for (name,) in connection.execute(_NAMES)} if _has_files(connection) else set()
    except FAILURES as error:
        raise StoreError(f"{source} can't be read: {error}") from error


def restore(source: Path, database: Path, *, without: str = "") -> list[Path]:
    """Replace the database by a backup, and restore the files in it. No server may be running.

    without: the name of a file that is left in the backup. Returns the new path of the replaced database. Raises
    StoreError, and then the database is as before.
    """
    problems = check(source)
    if problems:
        raise StoreError(f"{source} can't be restored: {problems[0]}")
    part = database.with_name(database.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with closing(connect_reader(source)) as backed_up, closing(sqlite3.connect(part)) as copy:
            backed_up.backup(copy)
            _drop_files(copy)
        kept = _keep_old(database) if database.exists() else []
        # Removed before the new one has its name: SQLite would take another database's log or index for its own.
        for companion in _COMPANIONS:
            database.with_name(database.name + companion).unlink(missing_ok=True)
        put(part, database)
        return kept + _put_files(source, database.parent, without)
    except (*FAILURES, OSError) as error:
        part.unlink(missing_ok=True)
        raise StoreError(f"can't restore {source}: {error}") from error


def _contents(folder: Path, files: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents, one after another, since all together may not fit into memory."""
    for name in files:
        with suppress(FileNotFoundError):  # the file was deleted meanwhile
            yield name, (folder / name).read_bytes()


def _drop_files(copy: sqlite3.Connection) -> None:
    """Remove the table of files from a restored database. Raises StoreError for files that are not ours."""
    if not _has_files(copy):
        return
    for (name,) in copy.execute(_NAMES):
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise StoreError("the backup names files outside of the data folder: it was not made by greenchat")
    copy.execute("PRAGMA secure_delete = ON")
    copy.execute("DROP TABLE carried")


def _has_files(connection: sqlite3.Connection) -> bool:
    """Whether it is a backup, and of a version that carries files."""
    return connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'carried'").fetchone() is not None


def _put_files(source: Path, folder: Path, without: str) -> list[Path]:
    """Write the files of a backup into a folder; return the new paths of the previous ones."""
    kept = []
    with closing(connect_reader(source)) as backed_up:
        if not _has_files(backed_up):
            return []
        for name, content in backed_up.execute("SELECT name, content FROM carried WHERE name != ?", (without,)):
            file = folder / name
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if file.exists() and file.read_bytes() != content:
                kept.append(free_name(file))
                os.link(file, kept[-1])
            write(file, content)
    return kept


def _keep_old(database: Path) -> list[Path]:
    """Keep the database under a second name, with its log moved into it or kept beside it."""
    kept = free_name(database)
    log = database.with_name(database.name + "-wal")
    try:
        with closing(connect_keeper(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except FAILURES:  # a damaged database is kept as it is
        if log.exists():
            os.link(log, kept.with_name(kept.name + "-wal"))
    os.link(database, kept)
    return [kept]
