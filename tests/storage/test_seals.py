"""Seals: text changed by other programs is found by `check`, and our own changes are not reported."""

import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from greenchat.storage.inspection import check, import_events
from greenchat.storage.interface import Erasure, HistorySpan, Renaming, Retention
from greenchat.storage.schema import MIGRATIONS
from greenchat.storage.seals import Sealing
from greenchat.storage.sqlite import SqliteStore
from tests.storage.events import START, EventMaker, compact_events, opened, tidy_up

_HOUR = 3_600_000  # ms
_ALL = HistorySpan(1000, events=True)


@pytest.fixture
def settled(path: Path, talk: EventMaker) -> Path:
    """Make a database in which two channels have messages on two days, and one on a third."""
    with opened(path) as store:
        for _ in range(2):
            store.commit([*talk.lines(20), *talk.lines(20, "#other"), talk.say("", "#lobby", tags={"+a": "b"})])
            talk.now += 24 * _HOUR
        store.commit(talk.lines(5))
        tidy_up(store)
    assert check(path) == []
    assert seals(path) == 5
    return path


def seals(path: Path) -> int:
    """Return the number of sealed pages."""
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM seal").fetchone()
        return int(count)


@pytest.mark.parametrize(
    ("statement", "counts"),
    [
        ("UPDATE settled SET text = 'line 8' WHERE text = 'line 7' AND conversation = 1 AND id < ?", "21 events"),
        ("UPDATE settled SET text = NULL WHERE text = 'line 7' AND conversation = 1 AND id < ?", "21 events"),
        ("UPDATE settled SET kind = 2 WHERE text = 'line 7' AND conversation = 1 AND id < ?", "21 events"),
        ("UPDATE settled SET more = '{}' WHERE text = 'line 7' AND conversation = 1 AND id < ?", "21 events"),
        ("UPDATE settled SET id = id + 1 WHERE text = 'line 7' AND conversation = 1 AND id < ?", "21 events"),
        ("DELETE FROM settled WHERE text = 'line 7' AND conversation = 1 AND id < ?", "20 events instead of 21"),
        ("DELETE FROM settled WHERE conversation = 1 AND id < ?", "0 events instead of 21"),
        (
            "INSERT INTO settled SELECT 1, id, kind, source, target, text, more FROM settled"
            " WHERE conversation = 2 AND text = 'line 7' AND id < ?",
            "22 events instead of 21",
        ),
        ("UPDATE settled SET text = CAST(x'ff' AS TEXT) WHERE text = 'line 7' AND conversation = 1 AND id < ?", "21 "),
    ],
)
def test_altered_text_is_found(settled: Path, statement: str, counts: str) -> None:
    with closing(sqlite3.connect(settled)) as connection, connection:
        changed = connection.execute(statement, (START + _HOUR << 20,)).rowcount
    assert changed >= 1
    found = [problem for problem in check(settled) if "was changed after it was stored" in problem]
    assert len(found) == 1
    assert found[0].startswith("the history of #lobby from Tue Nov 14 2023 at ")
    assert f"was changed after it was stored: {counts}" in found[0]


def test_the_sender_is_sealed_too(settled: Path) -> None:
    with closing(sqlite3.connect(settled)) as connection, connection:
        connection.execute("UPDATE source SET mask = 'mallory!u@h'")
    assert len([problem for problem in check(settled) if "was changed after it was stored" in problem]) == 5


@pytest.mark.parametrize("table", ["settled", "fresh"])
@pytest.mark.parametrize(
    ("statement", "counts"),
    [
        ("UPDATE {} SET text = 'other' WHERE text = 'line 7'", "10 events"),
        ("UPDATE {} SET id = id + (1 << 44) WHERE text = 'line 7'", "9 events instead of 10"),
        ("DELETE FROM {} WHERE text = 'line 7'", "9 events instead of 10"),
        ("DELETE FROM {}", "0 events instead of 10"),
        ("INSERT INTO {0} SELECT conversation, id - 1, kind, source, target, text, more FROM {0} LIMIT 1", "11 "),
    ],
)
@pytest.mark.usefixtures("no_crowds")
def test_the_newest_messages_are_sealed(path: Path, talk: EventMaker, table: str, statement: str, counts: str) -> None:
    """In settled events and in fresh ones: a killed server leaves both."""
    if table == "fresh":
        statement = statement.replace("conversation, id - 1", "id - 1, conversation")
    store = SqliteStore(path)
    try:
        store.commit(talk.lines(10))
        if table == "settled":
            compact_events(store)
        store._sealing._begun_at = 0.0  # ten seconds later
        for _ in range(2):
            assert not store.is_tidy(START)
            store._housekeeping._index_pauses_until = 0.0
            store.maintain(START)
            while store.tidy():
                pass
        assert check(path) == []
        with closing(sqlite3.connect(path)) as connection, connection:
            assert connection.execute(statement.format(table)).rowcount >= 1
        found = [problem for problem in check(path) if "was changed after it was stored" in problem]
        assert found
        assert f"was changed after it was stored: {counts}" in found[0]
    finally:
        store.close()


def test_closing_the_store_seals_everything(path: Path, talk: EventMaker) -> None:
    with opened(path) as store:
        store.commit(talk.lines(3))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE fresh SET text = 'other' WHERE text = 'line 1'")
    assert len(check(path)) == 1


def test_events_committed_during_sealing(path: Path, talk: EventMaker) -> None:
    """Also late ones: with an earlier id (another node's clock, an import), into a sealed page."""
    late = [EventMaker(START - 5).say("late", f"#{number}") for number in range(4)]
    with opened(path) as store:
        for step, event in enumerate(late):
            store.commit(talk.lines(5))
            store._sealing.begin(store._compaction.last)
            if step == 0:
                store.commit([event])
            store._sealing.read(store._connection)
            if step == 1:
                store.commit([event])
            store._sealing.store(store._connection)
            if step == 2:
                store.commit([event])
            if step == 3:
                store._housekeeping._compacted_at = -1e9
                store.tidy()  # a compaction is under way
                store.commit([event])
            assert check(path) == [], step
            compact_events(store)
            assert check(path) == [], step
    assert check(path) == []
    assert seals(path) == 5


def test_many_seals_are_stored_in_steps(path: Path, talk: EventMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenchat.storage.seals._AT_ONCE", 3)
    with opened(path) as store:
        same = talk.say("quit").id
        store.commit([talk.say("bye", f"#{number}")._replace(id=same) for number in range(5)])
        store.commit([talk.say("hello", f"#{number}") for number in range(10)])
        store._sealing._begun_at = 0.0
        found, steps = [0], 0
        while store._sealing.is_due(store._compaction.last):
            store._sealing.begin(store._compaction.last)
            store._sealing.read(store._connection)
            store._sealing.store(store._connection)
            found.append(seals(path))
            steps += 1
        assert steps > 3
        assert max(after - before for before, after in pairwise(found)) <= 5
    assert check(path) == []


def test_many_conversations_are_not_read_repeatedly(
    path: Path, talk: EventMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case in which a few events have more seals than are stored at once, as private messages of a thousand users."""
    monkeypatch.setattr("greenchat.storage.seals._AT_ONCE", 8)
    read: list[int] = []
    seal = Sealing._seals

    def note(sealing: Sealing, connection: sqlite3.Connection, page: int, upto: int) -> list[tuple[int, int, int, int]]:
        read.append(upto)
        return seal(sealing, connection, page, upto)

    monkeypatch.setattr(Sealing, "_seals", note)
    with opened(path) as store:
        store.commit([talk.say("hello", f"#{number % 64}") for number in range(256)])
        compact_events(store)
        store._sealing._begun_at = 0.0
        steps = 0
        while store._sealing.is_due(store._compaction.last):
            store._sealing.begin(store._compaction.last)
            store._sealing.read(store._connection)
            store._sealing.store(store._connection)
            steps += 1
        assert steps >= 256 // 8
        assert len(read) <= steps + 12
        assert store._sealing._span < 1 << 44
        talk.now += 60_000
        for _ in range(30):  # few seals each: soon all can be read at once again
            store.commit([talk.say("hello")])
            store._sealing.finish(store._connection, store._compaction.last)
        assert store._sealing._span > 60_000 << 20
    assert check(path) == []


def test_texts_are_sealed_together_up_to_a_limit(path: Path, talk: EventMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """`check` counts them one by one: of two pages, settled and fresh, with texts that contain the separator."""
    monkeypatch.setattr("greenchat.storage.seals._MOST", 7)
    with opened(path) as store:
        store.commit([talk.say("two\nlines"), talk.say("nul\0inside\n"), *talk.lines(6), *talk.lines(6, "#other")])
        compact_events(store)
        talk.now += 24 * _HOUR
        store.commit([talk.say("\n"), talk.say(""), *talk.lines(20)])
        steps = 0
        store._sealing._begun_at = 0.0
        while store._sealing.is_due(store._compaction.last):
            store._sealing.begin(store._compaction.last)
            store._sealing.read(store._connection)
            store._sealing.store(store._connection)
            steps += 1
        assert steps > 5
        assert store._sealing.sealed == store._compaction.last
    assert check(path) == []
    assert seals(path) == 3


def test_a_seal_of_outdated_events_is_not_stored(path: Path, talk: EventMaker) -> None:
    with opened(path) as store:
        events = talk.lines(10)
        store.commit(events)
        store._sealing.begin(store._compaction.last)
        store._sealing.read(store._connection)
        store.commit([Erasure("#lobby", events[0].id)])
        store._sealing.store(store._connection)
        assert seals(path) == 0
        tidy_up(store)
        assert seals(path) == 1
    assert check(path) == []


def test_a_redaction_is_not_reported(settled: Path) -> None:
    with opened(settled) as store:
        first, *_, last = store.read("#lobby", _ALL)
        store.commit([Erasure("#lobby", first.id), Erasure("#lobby", last.id)])
    assert check(settled) == []


@pytest.mark.parametrize("keep", [Retention(per_conversation=7), Retention(total=60), Retention(age=20 * _HOUR)])
def test_retention_is_not_reported(settled: Path, keep: Retention) -> None:
    store = SqliteStore(settled, keep=keep)
    tidy_up(store, START + 30 * _HOUR)
    store.close()
    assert check(settled) == []
    assert seals(settled) < 5


def test_a_rename_is_not_reported(settled: Path) -> None:
    with opened(settled) as store:
        store.commit([Renaming("#lobby", "#hall", "#hall")])
    assert check(settled) == []


def test_imported_events_are_sealed(settled: Path, talk: EventMaker) -> None:
    """Also events older than all others, and in the middle of a compaction."""
    older = EventMaker(START - 100 * _HOUR).lines(30)
    import_events(settled, older)
    with opened(settled) as store:
        store.commit(talk.lines(1000))
        store._housekeeping._compacted_at = -1e9
        store.tidy()
        store.commit([*EventMaker(START - 200 * _HOUR).lines(10), *talk.lines(10)])
        compact_events(store)
    assert check(settled) == []
    with opened(settled) as store:
        tidy_up(store)
        tidy_up(store)
    assert check(settled) == []
    assert seals(settled) == 7


def downgrade(path: Path, steps: int) -> None:
    """Make a database of settled events look as if the last migrations had not been done."""
    second = MIGRATIONS[1]
    assert not callable(second)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE fresh")  # the last one
        connection.execute(next(statement for statement in second if "TABLE fresh" in statement))
        connection.execute("ALTER TABLE conversation DROP COLUMN cut")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version - steps}")


def test_a_database_without_seals_is_sealed_during_operation(settled: Path) -> None:
    before = seals(settled)
    with closing(sqlite3.connect(settled)) as connection, connection:
        connection.execute("DROP TABLE seal")
        connection.execute("DELETE FROM counter WHERE name IN ('sealed', 'reseals')")
    downgrade(settled, 4)
    with opened(settled) as store:
        tidy_up(store)
    assert check(settled) == []
    assert seals(settled) == before


def test_seals_of_complete_pages_are_kept(settled: Path) -> None:
    """As they were before fresh events were sealed: they counted settled events only, up to a page."""
    page = START + 48 * _HOUR << 20 >> 44
    with closing(sqlite3.connect(settled)) as connection, connection:
        connection.execute("DELETE FROM seal WHERE page >= ?", (page,))
        before = connection.execute("SELECT * FROM seal").fetchall()
    with opened(settled) as store:
        store.commit([EventMaker(START + 1000).say("late")])
    with closing(sqlite3.connect(settled)) as connection, connection:
        connection.execute("DELETE FROM seal")
        connection.executemany("INSERT INTO seal VALUES (?, ?, ?, ?)", before)
        connection.execute("UPDATE counter SET value = ? WHERE name = 'sealed'", (page,))
    downgrade(settled, 3)
    with closing(sqlite3.connect(settled)) as connection, connection:
        connection.execute(
            "INSERT INTO fresh (id, conversation, kind, source, target, text, more)"
            " SELECT id, conversation, kind, source, target, text, more FROM settled WHERE text = 'late'"
        )
        connection.execute("DELETE FROM settled WHERE text = 'late'")
    with opened(settled) as store:
        assert check(settled) == []
        assert seals(settled) == 4
        tidy_up(store)
    assert check(settled) == []
    assert seals(settled) == 5


def test_events_older_than_the_sealed_ones_are_sealed(path: Path, talk: EventMaker) -> None:
    """Also where the newest sealed event is gone, and a start finds older ids only."""
    with opened(path) as store:
        events = talk.lines(5)
        store.commit(events)
        tidy_up(store)
        store.commit([Erasure("#lobby", event.id) for event in events[2:]])
    with opened(path) as store:
        assert store.last_id() == events[1].id
        store.commit([events[3]._replace(id=events[3].id + 1)])
        assert len(store.read("#lobby", _ALL)) == 3
    assert check(path) == []
