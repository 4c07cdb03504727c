"""The database of a first start, made once: creating the tables and the secrets is a large part of such a start."""

import os
import sqlite3
from contextlib import AbstractContextManager
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


def copied() -> AbstractContextManager[object]:
    """Let stores opened during the block begin with a copy, where there is no database yet."""
    content = begun()

    def connecting(path: Path, *, durable: bool) -> sqlite3.Connection:
        if path.parent.is_dir() and not any(name.startswith(path.name) for name in os.listdir(path.parent)):
            path.write_bytes(content)
        return connect(path, durable=durable)

    return patch.object(sqlite, "connect", connecting)
