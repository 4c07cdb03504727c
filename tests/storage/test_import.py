"""What was exported comes in again, where it is older than all else, too; and databases of every format are read."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from greenchat.storage.inspection import check, export, take_in
from greenchat.storage.interface import Cut, Erasure, HistorySpan, Query
from greenchat.storage.schema import MIGRATIONS, migrate
from tests.storage.talk import Talk, opened, tidy_up

ALL = HistorySpan(10_000, events=True)
OLD = Path(__file__).with_name("version_0_1_0.sql")
FORMAT = 2  # of that


def test_what_is_older_than_all_that_is_there_is_found_by_search(path: Path, talk: Talk) -> None:
    old, new = talk.lines(5), talk.lines(3)
    with opened(path) as store:
        store.commit(new)
        store.learn()
    assert take_in(path, old) == (5, 0)
    with opened(path) as store:
        assert store.read("#lobby", ALL) == [*old, *new]
        assert store.search(Query(["#lobby"], 9, "line")) == [*old, *new]


@pytest.mark.parametrize("is_deleted", [False, True])
def test_what_was_cut_comes_in_again(path: Path, talk: Talk, is_deleted: bool) -> None:
    """As where somebody has kept it by `export`, and now keeps more; what the cut has left was to go all the same."""
    old, new = talk.lines(5), talk.lines(3)
    with opened(path) as store:
        store.commit(old + new)
        store.commit([Cut("#lobby", old[-1].id)])
        if is_deleted:
            tidy_up(store)
    assert take_in(path, old[1:]) == (4, 0)
    with opened(path) as store:
        tidy_up(store)
        assert store.read("#lobby", ALL) == [*old[1:], *new]
        assert store.search(Query(["#lobby"], 9, "line")) == [*old[1:], *new]
    assert check(path) == []


def test_messages_of_two_conversations_with_one_id(path: Path, talk: Talk) -> None:
    """As where the exports of two servers are brought together, or one comes in again under another name."""
    said = talk.lines(4, "#a")
    again = [event._replace(conversation="#b", params=("#b", event.params[1])) for event in said]
    assert take_in(path, [*said, *again]) == (8, 0)
    with opened(path) as store:
        assert store.search(Query(["#a"], 9, "line")) == said
        store.commit([Cut("#b", said[1].id), Erasure("#b", said[2].id)])
        tidy_up(store)
        assert store.read("#b", ALL) == again[3:]
        assert store.search(Query(["#a"], 9, "line")) == said
        store.commit([Cut("#a", said[1].id), Erasure("#a", said[2].id)])
        tidy_up(store)
        assert store.search(Query(["#a"], 9, "line")) == said[3:]
    assert check(path) == []


@pytest.mark.parametrize("version", range(FORMAT, len(MIGRATIONS) + 1))
def test_what_an_older_version_has_written_is_exported(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(OLD.read_text(encoding="utf-8"))
        migrate(connection, path, MIGRATIONS[:version])
    assert "welcome to the club" in [event.params[-1] for event in export(path)]
    assert check(path) == []
