"""Converts exceptions of SQLite to errors of the interface, with one line that says what failed."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from greenchat.storage.interface import StoreError
from greenchat.storage.rows import UnreadableError
from greenchat.storage.schema import damaged


@contextmanager
def errors(path: Path, doing: str) -> Iterator[None]:
    """Raise the errors of a block as StoreError or StoreDamagedError. doing: a verb, for the text."""
    try:
        yield
    except sqlite3.Error as error:
        raise explained(path, doing, error) from error
    except (UnreadableError, UnicodeDecodeError) as error:
        raise damaged(path, str(error)) from error


def explained(path: Path, doing: str, error: sqlite3.Error) -> StoreError:
    """Return the error to raise for one of SQLite's."""
    if isinstance(error, sqlite3.OperationalError | sqlite3.ProgrammingError):
        return StoreError(f"can't {doing} the database {path}: {error}")
    return damaged(path, str(error))
