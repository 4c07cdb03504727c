"""Text that nobody of ours has changed is found by `check`, and whatever is changed by ours is not."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from greenchat.storage.inspection import check, take_in
from greenchat.storage.interface import Erasure, Renaming, Retention, Span
from greenchat.storage.sqlite import SqliteStore
from tests.storage.talk import START, Talk, compact_events, opened, tidy_up

_HOUR = 3_600_000  # ms
_ALL = Span(1000, events=True)


@pytest.fixture
def settled(path: Path, talk: Talk) -> Path:
    """A database in which two channels have talked on two days; what is of the third is not sealed yet."""
    with opened(path) as store:
        for _ in range(2):
            store.commit([*talk.lines(20), *talk.lines(20, "#other"), talk.say("", "#lobby", tags={"+a": "b"})])
            talk.now += 24 * _HOUR
        store.commit(talk.lines(5))
        tidy_up(store)
    assert check(path) == []
    assert seals(path) == 4
    return path


def seals(path: Path) -> int:
    """How many pages are sealed."""
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
    found = [problem for problem in check(settled) if "not as it was stored" in problem]
    assert len(found) == 1
    assert found[0].startswith("what was said in #lobby from Tue Nov 14 2023 at ")
    assert f"not as it was stored: {counts}" in found[0]


def test_who_said_it_is_sealed_too(settled: Path) -> None:
    with closing(sqlite3.connect(settled)) as connection, connection:
        connection.execute("UPDATE source SET mask = 'mallory!u@h'")
    assert len([problem for problem in check(settled) if "not as it was stored" in problem]) == 4


def test_what_was_said_just_now_is_not_sealed_yet(settled: Path) -> None:
    """A page is over when something was said later: until then each message would have it sealed anew."""
    with closing(sqlite3.connect(settled)) as connection, connection:
        connection.execute("UPDATE settled SET text = 'other' WHERE id > ?", (START + 47 * _HOUR << 20,))
    assert check(settled) == []


def test_what_was_read_before_something_changed_is_not_stored(path: Path, talk: Talk) -> None:
    with opened(path) as store:
        said = talk.lines(10)
        store.commit(said)
        talk.now += 24 * _HOUR
        store.commit(talk.lines(1))
        compact_events(store)
        store._sealing.read(store._connection, store._compaction.last)
        store.commit([Erasure("#lobby", said[0].id)])
        store._sealing.store(store._connection)
        assert seals(path) == 0
        tidy_up(store)
        assert seals(path) == 1
    assert check(path) == []


def test_what_is_taken_back_is_no_alteration(settled: Path) -> None:
    with opened(settled) as store:
        first, *_, last = store.read("#lobby", _ALL)
        store.commit([Erasure("#lobby", first.id), Erasure("#lobby", last.id)])
    assert check(settled) == []


@pytest.mark.parametrize("keep", [Retention(per_conversation=7), Retention(total=60), Retention(age=20 * _HOUR)])
def test_what_retention_throws_away_is_none(settled: Path, keep: Retention) -> None:
    store = SqliteStore(settled, keep=keep)
    tidy_up(store, START + 30 * _HOUR)
    store.close()
    assert check(settled) == []
    assert seals(settled) < 4


def test_a_conversation_that_is_called_otherwise_is_none(settled: Path) -> None:
    with opened(settled) as store:
        store.commit([Renaming("#lobby", "#hall", "#hall")])
    assert check(settled) == []


def test_what_is_imported_is_sealed(settled: Path, talk: Talk) -> None:
    """Also what is older than all that there is, and in the middle of a round."""
    older = Talk(START - 100 * _HOUR).lines(30)
    take_in(settled, older)
    with opened(settled) as store:
        store.commit(talk.lines(1000))
        store._compacted_at = -1e9
        store.tidy()
        store.commit([*Talk(START - 200 * _HOUR).lines(10), *talk.lines(10)])
        compact_events(store)
    assert check(settled) == []
    with opened(settled) as store:
        tidy_up(store)
        tidy_up(store)
    assert check(settled) == []
    assert seals(settled) == 6


def test_an_older_database_is_sealed_beside_the_chat(settled: Path) -> None:
    before = seals(settled)
    with closing(sqlite3.connect(settled)) as connection, connection:
        connection.execute("DROP TABLE seal")
        connection.execute("DELETE FROM counter WHERE name IN ('sealed', 'reseals')")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version - 1}")
    with opened(settled) as store:
        tidy_up(store)
    assert check(settled) == []
    assert seals(settled) == before
