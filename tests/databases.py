"""The database of a first start, made once: creating the tables and the secrets is a large part of such a start."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from greenchat.chat.network import Network
from greenchat.config.settings import Settings
from greenchat.server.data.restore import restore
from greenchat.storage import sqlite
from greenchat.storage.schema import connect
from greenchat.storage.sqlite import SqliteStore


@cache
def begun() -> bytes:
    """Return the database that a server has after its first start, with its secrets."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "greenchat.db"
        store = SqliteStore(path)
        restore(Network(Settings(), now=0), store)
        store.close()
        return path.read_bytes()


class _Thread(threading.local):
    copies = False


_thread = _Thread()


def _connect_copying(path: Path, *, durable: bool) -> sqlite3.Connection:
    folder = path.parent
    if _thread.copies and folder.is_dir() and not any(name.startswith(path.name) for name in os.listdir(folder)):
        path.write_bytes(begun())
    return connect(path, durable=durable)


# for good: tests start servers in several threads at the same time, while others open stores
patch.object(sqlite, "connect", _connect_copying).start()


@contextmanager
def copied() -> Iterator[None]:
    """Let stores that this thread opens during the block begin with a copy, where there is no database yet."""
    begun()
    _thread.copies = True
    try:
        yield
    finally:
        _thread.copies = False
