"""A store in a file of its own for each test that wants one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

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
def talk() -> Talk:
    """Somebody who talks."""
    return Talk()
