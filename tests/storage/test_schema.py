"""A file is opened, migrated, or refused with a useful reason; never harmed."""

import re
import sqlite3
from pathlib import Path

import pytest

from greenchat.storage import inspection
from greenchat.storage.interface import HistorySpan, StoreDamagedError, StoreError
from greenchat.storage.schema import APPLICATION_ID, MIGRATIONS, free_space, in_words, migrate
from greenchat.storage.sqlite import SqliteStore
from tests.storage.events import EventMaker, opened


def schema(connection: sqlite3.Connection) -> list[tuple[str, ...]]:
    """Return the definitions of the tables."""
    return connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name").fetchall()


@pytest.mark.parametrize("version", range(len(MIGRATIONS)))
def test_every_older_version_becomes_the_newest(path: Path, version: int) -> None:
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    migrate(fresh, path)
    older = sqlite3.connect(":memory:", isolation_level=None)
    if version:
        migrate(older, path, MIGRATIONS[:version])
    migrate(older, path)
    assert schema(older) == schema(fresh)
    assert older.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert older.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


def test_a_failed_migration_leaves_the_older_version(path: Path) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, path)
    before = schema(connection)
    with pytest.raises(sqlite3.Error):
        migrate(connection, path, (*MIGRATIONS, ("CREATE TABLE new (x)", "nonsense")))
    assert schema(connection) == before
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


def test_a_newer_file_is_refused(path: Path, talk: EventMaker) -> None:
    with opened(path) as store:
        store.commit(talk.lines(1))
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreDamagedError, match="written by a newer greenchat"):
        SqliteStore(path)
    assert path.read_bytes() == before
    for read in (inspection.export, lambda path: inspection.documents(path, "account")):
        with pytest.raises(StoreError, match="written by a newer greenchat"):
            list(read(path))


@pytest.mark.parametrize(
    ("free", "expected"),
    [(0, "its disk is full (disk I/O error); free some space"), (1 << 30, "disk I/O error")],
)
def test_a_full_disk_is_reported_as_such(free: int, expected: str) -> None:
    """SQLite names an I/O error where its shared memory can't grow."""
    assert in_words(sqlite3.OperationalError("disk I/O error"), free) == expected


def test_the_remaining_space(tmp_path: Path) -> None:
    assert free_space(tmp_path) > 1 << 20
    assert free_space(tmp_path / "nothing") > 0


def test_another_programs_database_is_refused(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE precious (x)")
    connection.close()
    with pytest.raises(StoreDamagedError, match="of another program"):
        SqliteStore(path)


@pytest.mark.parametrize("content", [b"rubbish" * 1000, b"SQLite format 3\0" + b"\xff" * 5000, b"x"])
def test_a_damaged_file_is_refused_and_not_changed(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreDamagedError, match=re.escape("greenchat-server restore")):
        SqliteStore(path)
    assert path.read_bytes() == content


def test_a_truncated_file_is_refused_or_reported(path: Path, talk: EventMaker) -> None:
    with opened(path) as store:
        store.commit(talk.lines(5000))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2 // 4096 * 4096])
    with pytest.raises(StoreDamagedError, match="damaged"), opened(path) as store:
        store.read("#lobby", HistorySpan(10_000))


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't"):
        SqliteStore(tmp_path / "nowhere" / "greenchat.db")
