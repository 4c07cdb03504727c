"""The server's store: opened by the options, maintained while messages are stored, and closed without leftovers."""

import time
from pathlib import Path

import gevent
import pytest

from greenchat.config.options import Options, Storage
from greenchat.config.settings import Settings
from greenchat.server.data.store_keeper import StoreKeeper
from greenchat.storage.interface import Erasure, Retention, StoreError
from greenchat.storage.sqlite import SqliteStore
from tests.conftest import StartServer, quick_options
from tests.irc import people
from tests.patience import PATIENCE
from tests.storage.events import EventMaker, files_hold


def now() -> int:
    """Return milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


@pytest.mark.parametrize(("durability", "synchronous"), [("process", 1), ("power", 2)])
def test_durability_decides_whether_a_commit_waits_for_the_disk(
    tmp_path: Path, durability: str, synchronous: int
) -> None:
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
def test_retention_by_options(tmp_path: Path, options: Storage, kept: Retention) -> None:
    keeper = StoreKeeper(tmp_path, options, now=now)
    assert keeper.store._housekeeping._trimming.keep == kept
    keeper.close()


def test_a_temporary_database_leaves_nothing(tmp_path: Path) -> None:
    keeper = StoreKeeper(tmp_path, Storage(persistent=False), now=now)
    folder = keeper.store.path.parent
    assert folder.is_dir()
    keeper.close()
    assert not folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_an_unusable_database_releases_the_folder(tmp_path: Path) -> None:
    (tmp_path / "greenchat.db").write_bytes(b"rubbish")
    for _ in range(2):  # a lock that was kept would refuse the second one
        with pytest.raises(StoreError, match="damaged"):
            StoreKeeper(tmp_path, Storage(), now=now)


def test_checkpoints_and_indexing_while_messages_are_stored(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(Settings(), quick_options(tmp_path))
    with people(server.address, "alice", channel="#lobby") as (alice,):
        alice.run(*[f"PRIVMSG #lobby :{number}" for number in range(100)])
        deadline = time.monotonic() + PATIENCE
        while not server.call(lambda app: app.store.is_tidy(app.now())):
            assert time.monotonic() < deadline
            alice.sync()
        index = server.call(lambda app: app.store._index.path)
        assert index.is_file()


def test_an_error_in_housekeeping_does_not_end_the_server(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("greenchat.server.data.store_keeper._AFTER_TROUBLE", 0.01)
    options = Options(listen=quick_options(tmp_path).listen, data=tmp_path, throttle=quick_options(tmp_path).throttle)
    SqliteStore(tmp_path / "greenchat.db").close()
    (tmp_path / "greenchat.db-search").mkdir()  # prevents making the index
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
        assert "a history query failed" in caplog.text


def test_a_busy_server_does_both_kinds_of_housekeeping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is always something to tidy on a busy server; `maintain` can't wait until there isn't."""
    keeper = StoreKeeper(tmp_path, Storage(persistent=False), now=now)
    maintained: list[int] = []
    monkeypatch.setattr("greenchat.server.data.store_keeper._TIDYING", 0.01)
    monkeypatch.setattr(keeper.store, "is_tidy", lambda now: False)
    monkeypatch.setattr(keeper.store, "tidy", lambda: True)
    monkeypatch.setattr(keeper.store, "maintain", lambda now, **_: maintained.append(now))
    keeper.start_housekeeping()
    deadline = time.monotonic() + PATIENCE
    while len(maintained) < 2:
        assert time.monotonic() < deadline
        gevent.sleep(0.01)
    keeper.close()


@pytest.mark.parametrize("is_busy", [True, False])
def test_what_can_wait_does_so_while_the_loop_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_busy: bool
) -> None:
    keeper = StoreKeeper(tmp_path, Storage(persistent=False), now=now)
    told: list[bool] = []
    monkeypatch.setattr(keeper.store, "is_tidy", lambda now: False)
    monkeypatch.setattr(keeper.store, "tidy", lambda: False)
    monkeypatch.setattr(keeper.store, "maintain", lambda now, **given: told.append(given["is_busy"]))
    keeper.start_housekeeping()
    deadline = time.monotonic() + PATIENCE
    while is_busy not in told[2:]:  # the first time contains the start
        assert time.monotonic() < deadline
        if is_busy:
            until = time.monotonic() + 0.02
            while time.monotonic() < until:
                pass
        gevent.sleep(0.001)
    keeper.close()


def test_a_lasting_error_is_reported_once_and_so_is_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk may be full for days, and housekeeping tries again every five seconds."""
    caplog.set_level("INFO")
    keeper = StoreKeeper(tmp_path, Storage(persistent=False), now=now)
    tried: list[str] = []

    def maintain(_: int, **_others: object) -> None:
        tried.append("full" if len(tried) < 5 else "damaged" if len(tried) < 7 else "")
        if tried[-1]:
            raise StoreError(f"it is {tried[-1]}")

    monkeypatch.setattr("greenchat.server.data.store_keeper._AFTER_TROUBLE", 0.0)
    monkeypatch.setattr("greenchat.server.data.store_keeper._EVERY", 0.0)
    monkeypatch.setattr(keeper.store, "is_tidy", lambda now: False)
    monkeypatch.setattr(keeper.store, "tidy", lambda: False)
    monkeypatch.setattr(keeper.store, "maintain", maintain)
    keeper.start_housekeeping()
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


def test_without_an_index_the_rest_of_the_housekeeping_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Erased text leaves the files, and readers need not scan ever more fresh events."""
    monkeypatch.setattr("greenchat.server.data.store_keeper._AFTER_TROUBLE", 0.01)
    monkeypatch.setattr("greenchat.storage.housekeeping._COMPACT_AFTER", 0.01)
    keeper = StoreKeeper(tmp_path, Storage(), now=now)
    (tmp_path / "greenchat.db-search").mkdir()  # prevents making the index
    talk = EventMaker()
    secret = talk.say("a secret")
    keeper.store.commit([secret, *talk.lines(10)])
    keeper.store.commit([Erasure("#lobby", secret.id)])
    keeper.start_housekeeping()
    deadline = time.monotonic() + PATIENCE
    while files_hold(keeper.store.path, "a secret") or not keeper.store._compaction.is_done:
        assert time.monotonic() < deadline
        gevent.sleep(0.01)
    keeper.close()
