"""The store in the server's hands: as the options say, looked after while people talk, and nothing left behind."""

import time
from pathlib import Path

import gevent
import pytest

from greenchat.config.options import Options, Storage
from greenchat.config.settings import Settings
from greenchat.server.data.store_keeper import StoreKeeper
from greenchat.storage.interface import Retention, StoreError
from greenchat.storage.sqlite import SqliteStore
from tests.conftest import StartServer, quick_options
from tests.irc import people
from tests.patience import PATIENCE


def now() -> int:
    """Ms since the epoch."""
    return time.time_ns() // 1_000_000


@pytest.mark.parametrize(("durability", "synchronous"), [("process", 1), ("power", 2)])
def test_a_commit_waits_for_the_disk_where_that_is_wanted(tmp_path: Path, durability: str, synchronous: int) -> None:
    """https://www.sqlite.org/pragma.html#pragma_synchronous: 1 is NORMAL, 2 is FULL."""
    keeper = StoreKeeper(tmp_path, Storage(durability=durability), now=now)
    assert keeper.store._connection.execute("PRAGMA synchronous").fetchone() == (synchronous,)
    keeper.close()


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        (Storage(keep_unregistered=0, keep_total=0), Retention()),
        (Storage(), Retention(per_unregistered=100_000, total=10_000_000)),
        (
            Storage(keep_days=0.5, keep_per_channel=10, keep_unregistered=0, keep_total=100),
            Retention(age=43_200_000, per_conversation=10, total=100),
        ),
    ],
)
def test_how_much_is_kept(tmp_path: Path, options: Storage, kept: Retention) -> None:
    keeper = StoreKeeper(tmp_path, options, now=now)
    assert keeper.store._housekeeping._trimming.keep == kept
    keeper.close()


def test_what_is_not_to_last_leaves_nothing_behind(tmp_path: Path) -> None:
    keeper = StoreKeeper(tmp_path, Storage(persistent=False), now=now)
    folder = keeper.store.path.parent
    assert folder.is_dir()
    keeper.close()
    assert not folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_can_not_be_used_lets_go_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "greenchat.db").write_bytes(b"rubbish")
    for _ in range(2):  # the second would find it locked
        with pytest.raises(StoreError, match="damaged"):
            StoreKeeper(tmp_path, Storage(), now=now)


def test_while_people_talk_the_log_is_moved_and_the_index_learns(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(Settings(), quick_options(tmp_path))
    with people(server.address, "alice", channel="#lobby") as (alice,):
        alice.run(*[f"PRIVMSG #lobby :{number}" for number in range(100)])
        deadline = time.monotonic() + PATIENCE
        while not server.call(lambda app: app.store.is_tidy(app.now())):
            assert time.monotonic() < deadline
            alice.sync()
        index = server.call(lambda app: app.store._index.path)
        assert index.is_file()


def test_trouble_in_the_housekeeping_ends_nothing(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("greenchat.server.data.store_keeper._AFTER_TROUBLE", 0.01)
    options = Options(listen=quick_options(tmp_path).listen, data=tmp_path, throttle=quick_options(tmp_path).throttle)
    SqliteStore(tmp_path / "greenchat.db").close()
    (tmp_path / "greenchat.db-search").mkdir()  # so that the index can't be made
    server = start_server(Settings(), options)
    with people(server.address, "alice", "bob", channel="#lobby") as (alice, bob):
        deadline = time.monotonic() + PATIENCE
        while "housekeeping of the database" not in caplog.text:
            assert time.monotonic() < deadline
            alice.sync()
        alice.send("PRIVMSG #lobby :still here")
        assert bob.expect("PRIVMSG").params[-1] == "still here"
        alice.send("CAP REQ :soju.im/search batch", "SEARCH text=still")
        assert alice.expect("FAIL", "BATCH").params[:2] == ("SEARCH", "INTERNAL_ERROR")
        assert "a question about the history has no answer" in caplog.text


def test_on_a_busy_server_both_kinds_of_housekeeping_are_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is always something to tidy while much is said; what `maintain` does can't wait for the end of that."""
    keeper = StoreKeeper(tmp_path, Storage(persistent=False), now=now)
    maintained: list[int] = []
    monkeypatch.setattr("greenchat.server.data.store_keeper._TIDYING", 0.01)
    monkeypatch.setattr(keeper.store, "is_tidy", lambda now: False)
    monkeypatch.setattr(keeper.store, "tidy", lambda: True)
    monkeypatch.setattr(keeper.store, "maintain", lambda now, decides: maintained.append(now))
    keeper.start()
    deadline = time.monotonic() + PATIENCE
    while len(maintained) < 2:
        assert time.monotonic() < deadline
        gevent.sleep(0.01)
    keeper.close()


def test_trouble_that_stays_is_told_once_and_its_end_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk may be full for days, and housekeeping tries again every five seconds."""
    caplog.set_level("INFO")
    keeper = StoreKeeper(tmp_path, Storage(persistent=False), now=now)
    tried: list[str] = []

    def maintain(_: int, **_decides: object) -> None:
        tried.append("full" if len(tried) < 5 else "damaged" if len(tried) < 7 else "")
        if tried[-1]:
            raise StoreError(f"it is {tried[-1]}")

    monkeypatch.setattr("greenchat.server.data.store_keeper._AFTER_TROUBLE", 0.0)
    monkeypatch.setattr("greenchat.server.data.store_keeper._EVERY", 0.0)
    monkeypatch.setattr(keeper.store, "is_tidy", lambda now: False)
    monkeypatch.setattr(keeper.store, "tidy", lambda: False)
    monkeypatch.setattr(keeper.store, "maintain", maintain)
    keeper.start()
    deadline = time.monotonic() + PATIENCE
    while "again" not in caplog.text:
        assert time.monotonic() < deadline
        gevent.sleep(0.001)
    keeper.close()
    assert [record.getMessage() for record in caplog.records if "housekeeping" in record.getMessage()] == [
        "housekeeping of the database: it is full",
        "housekeeping of the database: it is damaged",
        "housekeeping of the database works again",
    ]
