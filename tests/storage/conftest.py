"""A store in a file of its own for each test that wants one."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from greenchat.storage import writer
from greenchat.storage.sqlite import SqliteStore
from tests.storage.talk import Talk, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "greenchat.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    """An empty store."""
    with opened(path) as store:
        yield store


@pytest.fixture
def no_crowds(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many events of one conversation come together, they are fresh first."""
    monkeypatch.setattr(writer, "_MANY", sys.maxsize)


@pytest.fixture
def talk() -> Talk:
    """Somebody who talks."""
    return Talk()
