"""The times at which the housekeeping works: what waits while people talk, how long, and that nothing is lost."""

import sqlite3
from contextlib import suppress
from pathlib import Path
from random import Random
from shutil import copytree
from threading import Event, Thread
from time import sleep

import pytest

from greenchat.storage import housekeeping, index_batch, seals, search
from greenchat.storage.housekeeping import Housekeeping
from greenchat.storage.inspection import check
from greenchat.storage.interface import Cut, Erasure, HistorySpan, Query, StoredEvent, StoreError
from greenchat.storage.search import SearchIndex
from greenchat.storage.sqlite import SqliteStore
from tests.storage.events import START, EventMaker, cut_due, files_hold, tidy_up


def test_under_load_the_log_is_moved_once_a_second(
    store: SqliteStore, talk: EventMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last pages of busy conversations are in it many times, and need to be moved once."""
    moved: list[int] = []
    move = Housekeeping.move_log

    def note(housekeeping: Housekeeping) -> None:
        moved.append(housekeeping.commits)
        move(housekeeping)

    def maintain(since: float) -> None:
        store._housekeeping._index_pauses_until = 0.0
        monkeypatch.setattr("greenchat.storage.housekeeping._MOVE_EVERY", since)
        store.maintain(START)

    monkeypatch.setattr(Housekeeping, "move_log", note)
    store._housekeeping._learned = 1e9  # the index is not due
    events = talk.lines(1000)
    store.commit(events)
    maintain(1e9)
    assert moved == []
    assert not store.is_tidy(START)
    maintain(0.0)
    assert moved == [1]
    store.commit([Erasure("#lobby", events[0].id), *talk.lines(1000)])
    maintain(1e9)
    assert moved == [1, 2], "erased text must not stay"
    store.commit(talk.lines(1000))
    maintain(0.0)
    assert moved == [1, 2, 3]
    store.commit(talk.lines(3))
    maintain(1e9)
    assert moved == [1, 2, 3, 4], "a quiet moment is used for a small amount, too"


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few events be many, so that a test needs few."""
    for name, value in (("_QUIET", 5), ("_MUCH", 50), ("_MUCH_IF_BUSY", 200), ("_UNSEALED", 20)):
        monkeypatch.setattr(housekeeping, name, value)
    monkeypatch.setattr(search, "_STEP_ROWS", 10)


def step(store: SqliteStore, *, is_busy: bool) -> None:
    """Do a step of the housekeeping as the server does, without waiting between steps."""
    store._housekeeping._index_pauses_until = 0.0
    store.maintain(START, is_busy=is_busy)
    cut_due(store)
    while store.tidy():
        pass


@pytest.mark.usefixtures("soon")
def test_while_the_loop_is_busy_the_index_and_the_seals_wait(store: SqliteStore, talk: EventMaker) -> None:
    step(store, is_busy=False)
    for number in range(1, 20):
        store.commit(talk.lines(10))
        step(store, is_busy=True)
        assert store.waiting == 10 * number
    assert store._sealing.sealed == 0
    step(store, is_busy=True)  # nothing was said meanwhile
    assert store.waiting == 190
    for _ in range(20):
        step(store, is_busy=False)
    assert store.waiting == 0
    assert store._sealing.sealed == store._compaction.last
    assert store.is_tidy(START)


@pytest.mark.usefixtures("soon")
def test_if_the_loop_has_idle_time_less_waits(store: SqliteStore, talk: EventMaker) -> None:
    step(store, is_busy=False)
    for number in range(1, 5):
        store.commit(talk.lines(10))
        step(store, is_busy=False)
        assert store.waiting == 10 * number
    store.commit(talk.lines(10))
    step(store, is_busy=False)
    assert store.waiting < 50


@pytest.mark.usefixtures("soon")
def test_only_so_much_waits_however_long_the_loop_is_busy(store: SqliteStore, talk: EventMaker) -> None:
    """Once much waits all of it is done, in steps, while people go on talking."""
    step(store, is_busy=False)
    waiting, sealed = [], set()
    for _ in range(200):
        store.commit(talk.lines(10))
        step(store, is_busy=True)
        waiting.append(store.waiting)
        sealed.add(store._sealing.sealed)
    assert max(waiting) <= 220
    assert waiting.count(0) >= 4
    assert len(sealed) > 10
    assert len(store.search(Query(["#lobby"], 9999, "line"))) == 2000
    assert store.waiting == 0


@pytest.mark.usefixtures("soon")
def test_events_wait_for_a_limited_time(store: SqliteStore, talk: EventMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if they are few: text that was erased or cut must be gone from all files within a minute."""
    now = 1000.0
    monkeypatch.setattr(housekeeping, "monotonic", lambda: now)

    def waits() -> bool:
        store.commit(talk.lines(10))
        before = store.waiting
        step(store, is_busy=True)
        return store.waiting >= before

    def catch_up() -> None:
        for _ in range(20):
            step(store, is_busy=False)
        assert store.waiting == 0

    catch_up()
    now += housekeeping._LONG_IF_BUSY - 1
    assert waits()
    now += 1
    assert not waits()
    for write in (lambda said: Erasure("#lobby", said.id), lambda said: Cut("#lobby", said.id)):
        catch_up()
        said = talk.say("a secret")
        store.commit([said])
        catch_up()
        store.commit([write(said)])
        now += housekeeping._LONG - 1
        assert waits()
        now += 1
        assert not waits()
        for _ in range(20):
            step(store, is_busy=True)
        assert not files_hold(store.path, "a secret")


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("seed", range(12))
def test_whatever_waits_searches_are_exact_and_nothing_is_lost(seed: int, tmp_path: Path) -> None:
    """Random messages, erasures, cuts, renamings, steps, kills and restarts, compared with a list of all messages."""
    chance, talk = Random(seed), EventMaker()
    channels = ["#a", "#b", "#c"]
    said: dict[str, list[StoredEvent]] = {channel: [] for channel in channels}
    erased: list[str] = []
    path = tmp_path / "0" / "greenchat.db"
    path.parent.mkdir()
    store = SqliteStore(path)

    def compare() -> None:
        word = f"w{chance.randrange(5)}"
        asked = chance.sample(channels, chance.randint(1, 3))
        expected = sorted(e for channel in asked for e in said[channel] if e.params[1].endswith(f" {word}"))
        assert store.search(Query(asked, 9999, word)) == expected

    for turn in range(60):
        event = chance.random()
        channel = chance.choice(channels)
        if event < 0.6:
            new = [
                talk.say(f"text{talk.now} w{chance.randrange(5)}", chance.choice(channels))
                for _ in range(chance.choice((1, 4, 30)))
            ]
            for each in new:
                said[each.conversation].append(each)
            store.commit(new)
        elif event < 0.7 and said[channel]:
            gone = said[channel].pop(chance.randrange(len(said[channel])))
            erased.append(gone.params[1])
            store.commit([Erasure(channel, gone.id)])
        elif event < 0.74 and said[channel]:
            upto = chance.choice(said[channel]).id
            erased += [each.params[1] for each in said[channel] if each.id <= upto]
            said[channel] = [each for each in said[channel] if each.id > upto]
            store.commit([Cut(channel, upto)])
        elif event < 0.8:
            compare()
        elif event < 0.88:  # another process goes on with what waits: after a kill or a stop
            before, path = path, tmp_path / f"{turn + 1}" / "greenchat.db"
            if chance.random() < 0.5:
                store.close()
            copytree(before.parent, path.parent)
            store.close()
            store = SqliteStore(path)
        step(store, is_busy=chance.random() < 0.8)
    compare()
    for _ in range(60):
        step(store, is_busy=False)
        tidy_up(store)
    assert store.waiting == 0
    compare()
    assert check(path) == []
    for channel in channels:
        assert store.read(channel, HistorySpan(9999)) == said[channel]
    assert not [text for text in erased if files_hold(path, f"{text} ")]
    store.close()


def test_a_long_search_keeps_nobody_waiting(
    store: SqliteStore, talk: EventMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a search indexes a large history, the housekeeping goes on, and the store can be closed."""
    monkeypatch.setattr(search, "_STEP_ROWS", 10)
    store.commit(talk.lines(4000))
    begun, add = Event(), SearchIndex._add

    def add_slowly(index: SearchIndex, connection: sqlite3.Connection, upto: int) -> bool:
        begun.set()
        sleep(0.02)
        return add(index, connection, upto)

    def index_all() -> None:
        with suppress(StoreError):
            store.learn()

    monkeypatch.setattr(SearchIndex, "_add", add_slowly)
    searching = Thread(target=index_all)
    searching.start()
    assert begun.wait(10)
    store.maintain(START)
    assert searching.is_alive()
    store.close()
    searching.join()
    assert store.waiting > 0


@pytest.mark.usefixtures("soon")
def test_many_small_conversations_are_sealed_however_long_the_loop_is_busy(
    store: SqliteStore, talk: EventMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step stores a limited number of seals, one for each conversation: they take more steps than the index."""
    monkeypatch.setattr(seals, "_AT_ONCE", 5)
    monkeypatch.setattr(search, "_STEP_ROWS", 1000)
    step(store, is_busy=False)
    behind = []
    for number in range(600):
        store.commit([talk.say("hello", f"#room{2 * number + each}") for each in range(2)])
        step(store, is_busy=True)
        behind.append(unsealed(store))
    assert max(behind) <= 400


def unsealed(store: SqliteStore) -> int:
    """Return how many events are not sealed."""
    query = "SELECT (SELECT count(*) FROM settled WHERE id > ?1) + (SELECT count(*) FROM unsettled WHERE id > ?1)"
    found: int = store._connection.execute(query, (store._sealing.sealed,)).fetchone()[0]
    return found


def test_events_may_be_erased_while_they_are_indexed(
    store: SqliteStore, talk: EventMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread commits between two queries of a step."""
    said = talk.say("hello")
    store.commit([said])
    latest = index_batch.latest

    def erase_after(connection: sqlite3.Connection, touched: str) -> int:
        found = latest(connection, touched)
        store.commit([Erasure("#lobby", said.id)])
        return found

    with monkeypatch.context() as patched:
        patched.setattr(index_batch, "latest", erase_after)
        store.learn()
    assert store.search(Query(["#lobby"], 10, "hello")) == []
