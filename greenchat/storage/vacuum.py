"""Returns free space of the whole file to the disk, while no server uses it.

A database of this version returns the space that retention frees automatically, in small steps; an older one does so
after it was compacted once.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from greenchat.storage.inspection import require
from greenchat.storage.interface import StoreError
from greenchat.storage.schema import FAILURES, connect
from greenchat.storage.search import forget_index, index_of


def compact(database: Path) -> tuple[int, int]:
    """Rewrite the database without its free space; the search index is rebuilt at the next start.

    Returns how many bytes both had before, and now. SQLite does it in one transaction: a crash leaves the old file.
    Raises StoreError.
    """
    require(database)
    before = _size(database)
    try:
        with closing(connect(database, durable=True)) as connection:
            # The mode can be changed only by rewriting the whole file, and not with a write-ahead log.
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("VACUUM")
            connection.execute("PRAGMA journal_mode = WAL")
    except (*FAILURES, sqlite3.Error) as error:
        raise StoreError(f"can't compact {database}: {error}") from error
    forget_index(database)
    return before, _size(database)


def _size(database: Path) -> int:
    files = [database, index_of(database)]
    files += [file.with_name(file.name + "-wal") for file in files]
    return sum(file.stat().st_size for file in files if file.exists())
