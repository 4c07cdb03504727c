"""Erased or expired text is gone from every file within a minute, and its disk space is freed."""

import shutil
import sqlite3
from hashlib import sha256
from pathlib import Path

import pytest

from greenchat.protocol.msgid import first_id
from greenchat.storage.interface import Document, Erasure, HistorySpan, Retention
from greenchat.storage.retention import DateDoubt
from greenchat.storage.sqlite import SqliteStore
from tests.storage.events import START, EventMaker, compact_events, cut_due, opened

ALL = HistorySpan(100_000, events=True)
_DAY = 86_400_000  # ms
_ROUNDS = 300  # of the housekeeping, which runs ten times a second


def words(count: int) -> list[str]:
    """Return words that no file contains by chance, nor their ends: an index leaves out a common beginning of
    successive words.
    """
    return [sha256(str(number).encode()).hexdigest()[:20] for number in range(count)]


def files_with(path: Path, texts: list[str]) -> set[str]:
    """Return the names of the files beside a database that contain one of the texts."""
    found = set()
    for file in path.parent.glob(f"{path.name}*"):
        content = file.read_bytes()
        if any(text.encode() in content for text in texts):
            found.add(file.name)
    return found


def keep_house(store: SqliteStore, now: int = START + 1) -> None:
    """Run the housekeeping as the server does, without waiting."""
    for _ in range(_ROUNDS):
        if store.is_tidy(now):
            return
        store._housekeeping._index_pauses_until = 0.0
        store._housekeeping._learned = float("-inf")
        store.maintain(now)
        cut_due(store)
        while store.tidy():
            pass
    raise AssertionError("there is always something to do")


@pytest.mark.parametrize("is_settled", [True, False])
@pytest.mark.parametrize("is_killed", [True, False])
def test_an_erased_text_is_in_no_file(
    path: Path, talk: EventMaker, tmp_path: Path, is_settled: bool, is_killed: bool
) -> None:
    events = [talk.say(f"{word} and more") for word in words(300)]
    secret = events[150].params[-1].split()[0]
    with opened(path) as store:
        store.commit(events)
        if is_settled:
            compact_events(store)
        keep_house(store)
        assert files_with(path, [secret, secret[-12:]])
        store.commit([Erasure("#lobby", events[150].id)])
        if is_killed:
            after = tmp_path / "after"
            shutil.copytree(path.parent, after, ignore=lambda *_: ["after"])
            path = after / path.name
        else:
            keep_house(store)
            assert files_with(path, [secret, secret[-12:]]) == set()
    if is_killed:
        assert files_with(path, [secret])
        with opened(path) as store:
            keep_house(store)
            assert files_with(path, [secret, secret[-12:]]) == set()
            assert len(store.read("#lobby", ALL)) == 299


def test_a_start_that_cannot_move_the_log_of_the_last_server(path: Path, talk: EventMaker, tmp_path: Path) -> None:
    """On a full disk, or while another process reads the file: the housekeeping has to do it later."""
    events = [talk.say(f"{word} and more") for word in words(3)]
    secret = events[1].params[-1].split()[0]
    left = tmp_path / "left" / path.name
    left.parent.mkdir()
    with opened(path) as store:
        store.commit(events)
        store.commit([Erasure("#lobby", events[1].id)])
        for file in path.parent.glob(f"{path.name}*"):  # as kill -9 leaves them
            shutil.copy(file, left.parent)
    assert files_with(left, [secret])
    reading = sqlite3.connect(left, isolation_level=None)
    reading.execute("BEGIN")
    reading.execute("SELECT count(*) FROM conversation").fetchall()
    with opened(left) as store:
        assert files_with(left, [secret])
        reading.execute("COMMIT")
        reading.close()
        keep_house(store)
        assert files_with(left, [secret]) == set()


def test_a_kill_between_the_erasure_and_its_work_in_the_index(path: Path, talk: EventMaker, tmp_path: Path) -> None:
    events = [talk.say(f"{word} and more") for word in words(300)]
    secret = words(300)[150]
    after = tmp_path / "after"
    with opened(path) as store:
        store.commit(events)
        keep_house(store)
        store.commit([Erasure("#lobby", events[150].id)])
        store._index.catch_up(budget=0)  # the index knows of it, and has not rewritten its file
        shutil.copytree(path.parent, after, ignore=lambda *_: ["after"])
    assert files_with(after / path.name, [secret[-12:]])
    with opened(after / path.name) as store:
        keep_house(store)
        assert files_with(after / path.name, [secret, secret[-12:]]) == set()


def test_a_text_erased_while_its_history_is_cut(path: Path, talk: EventMaker) -> None:
    """The cut reads what is there at that time: the index hears of an earlier erasure later."""
    events = [talk.say(f"{word} and more") for word in words(300)]
    secret = words(300)[150]
    with opened(path) as store:
        store.commit(events)
        compact_events(store)
        keep_house(store)
        (number,) = store._connection.execute("SELECT id FROM conversation").fetchone()
        store.commit([Erasure("#lobby", events[150].id)])
        store._index.cut(number, events[200].id)
        keep_house(store)
        assert files_with(path, [secret, secret[-12:]]) == set()


def test_expired_texts_are_in_no_file_and_the_files_shrink(path: Path, talk: EventMaker) -> None:
    events = [talk.say(f"{word} " + "and so on " * 20) for word in words(16_000)]
    old = words(16_000)[:15_000:50]
    with opened(path) as store:
        store.commit(events)
        compact_events(store)
        keep_house(store)
        assert any("-search" in name for name in files_with(path, [word[-12:] for word in old]))
    sizes = {file.name: file.stat().st_size for file in path.parent.iterdir()}
    store = SqliteStore(path, keep=Retention(per_conversation=100))
    keep_house(store)
    assert store.read("#lobby", ALL) == events[-100:]
    assert files_with(path, [word[-12:] for word in old]) == set()
    keep_house(store)
    store.close()
    assert path.stat().st_size < sizes[path.name] / 2
    index = path.with_name(f"{path.name}-search")
    assert index.stat().st_size < sizes[index.name] / 2


def test_a_deleted_document_is_in_no_file(path: Path) -> None:
    with opened(path) as store:
        store.commit([Document("account", "alice", {"email": "alice-qzx@example.org"})])
        store.commit([Document("account", "alice", None)])
        keep_house(store)
        assert files_with(path, ["alice-qzx"]) == set()


def test_retention_of_unregistered_channels(path: Path, talk: EventMaker) -> None:
    store = SqliteStore(path, keep=Retention(per_unregistered=10))
    events = {place: talk.lines(50, place) for place in ("#own", "@#own", "#free", "@#free", "a b")}
    store.commit([Document("channel", "#own", {}), *(event for lines in events.values() for event in lines)])
    compact_events(store)
    keep_house(store)
    counts = {place: len(store.read(place, ALL)) for place in events}
    assert counts == {"#own": 50, "@#own": 50, "#free": 10, "@#free": 10, "a b": 50}
    store.close()


def test_a_start_with_a_wrong_clock_deletes_nothing(
    path: Path, talk: EventMaker, caplog: pytest.LogCaptureFixture
) -> None:
    events = talk.lines(10)
    with opened(path) as store:
        store.commit(events)
        compact_events(store)
    wrong = talk.now + 400 * _DAY
    store = SqliteStore(path, keep=Retention(age=10 * _DAY))
    keep_house(store, wrong)
    store.commit([talk.say("said with a wrong date", id=first_id(wrong))])
    compact_events(store)
    keep_house(store, wrong + 120_000)
    assert store.read("#lobby", ALL)[:10] == events
    assert caplog.text.count("nothing is deleted by age for the next 24 hours") == 1
    store.close()


def test_a_lasting_date_is_believed() -> None:
    """A week without messages is possible, too."""
    steady = 0.0
    keep = Retention(age=_DAY, total=7)
    doubt = DateDoubt(first_id(START), lambda: steady)
    assert doubt.allowed(keep, START + _DAY // 2) == keep
    assert doubt.allowed(keep, START - 7 * _DAY) == Retention(total=7)
    assert doubt.allowed(keep, START + 7 * _DAY) == Retention(total=7)
    steady = 86_400.0
    assert doubt.allowed(keep, START + 7 * _DAY) == keep
    assert DateDoubt(0).allowed(keep, START) == keep


def test_an_older_database_frees_space_once_compacted(path: Path) -> None:
    with opened(path):
        pass
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    connection.close()
