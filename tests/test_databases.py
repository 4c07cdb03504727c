"""Prepared databases of the tests: only servers that ask for one get it."""

import threading
from pathlib import Path

from greenchat.storage.sqlite import SqliteStore
from tests import databases
from tests.patience import PATIENCE


def test_only_the_thread_that_asks_gets_a_copy(tmp_path: Path) -> None:
    """Several threads start servers in some tests, while others open stores that must be empty."""
    began, ends = threading.Event(), threading.Event()
    found: list[object] = []

    def start() -> None:
        with databases.copied():
            began.set()
            ends.wait(PATIENCE)
            found.append(casemapping(tmp_path / "copy.db"))

    thread = threading.Thread(target=start)
    thread.start()
    assert began.wait(PATIENCE)
    with databases.copied():
        ends.set()
        thread.join(PATIENCE)
    found.append(casemapping(tmp_path / "new.db"))
    assert found == ["precis", None]


def casemapping(path: Path) -> object:
    """Open a store, and return what it says of the casemapping: nothing if it is new."""
    store = SqliteStore(path)
    try:
        return store.document("server", "casemapping")
    finally:
        store.close()
