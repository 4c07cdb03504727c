"""A store in a file of its own for each test that needs one."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from greenchat.storage import writer
from greenchat.storage.sqlite import SqliteStore
from tests.storage.events import EventMaker, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of the store."""
    return tmp_path / "greenchat.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    """Open an empty store."""
    with opened(path) as store:
        yield store


@pytest.fixture
def no_crowds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put events into the table `fresh` first, however many of one conversation are committed together."""
    monkeypatch.setattr(writer, "_MANY", sys.maxsize)


@pytest.fixture
def talk() -> EventMaker:
    """Make a source of events."""
    return EventMaker()
