"""Importing exports, also where they are older than all else; and databases of every format."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from greenchat.storage.inspection import check, export, import_events
from greenchat.storage.interface import Cut, Erasure, HistorySpan, Query
from greenchat.storage.schema import MIGRATIONS, migrate
from tests.storage.events import EventMaker, opened, tidy_up

ALL = HistorySpan(10_000, events=True)
OLD = Path(__file__).with_name("version_0_1_0.sql")
FORMAT = 2  # its format


def test_imported_older_messages_are_found_by_search(path: Path, talk: EventMaker) -> None:
    old, new = talk.lines(5), talk.lines(3)
    with opened(path) as store:
        store.commit(new)
        store.learn()
    assert import_events(path, old) == (5, 0)
    with opened(path) as store:
        assert store.read("#lobby", ALL) == [*old, *new]
        assert store.search(Query(["#lobby"], 9, "line")) == [*old, *new]


@pytest.mark.parametrize("is_deleted", [False, True])
def test_cut_messages_can_be_imported_again(path: Path, talk: EventMaker, is_deleted: bool) -> None:
    """An operator may have exported them, and keep more now; what was still to be deleted by the cut is deleted all the
    same.
    """
    old, new = talk.lines(5), talk.lines(3)
    with opened(path) as store:
        store.commit(old + new)
        store.commit([Cut("#lobby", old[-1].id)])
        if is_deleted:
            tidy_up(store)
    assert import_events(path, old[1:]) == (4, 0)
    with opened(path) as store:
        tidy_up(store)
        assert store.read("#lobby", ALL) == [*old[1:], *new]
        assert store.search(Query(["#lobby"], 9, "line")) == [*old[1:], *new]
    assert check(path) == []


def test_messages_of_two_conversations_with_one_id(path: Path, talk: EventMaker) -> None:
    """As when the exports of two servers are merged, or one is imported again under another name."""
    events = talk.lines(4, "#a")
    again = [event._replace(conversation="#b", params=("#b", event.params[1])) for event in events]
    assert import_events(path, [*events, *again]) == (8, 0)
    with opened(path) as store:
        assert store.search(Query(["#a"], 9, "line")) == events
        store.commit([Cut("#b", events[1].id), Erasure("#b", events[2].id)])
        tidy_up(store)
        assert store.read("#b", ALL) == again[3:]
        assert store.search(Query(["#a"], 9, "line")) == events
        store.commit([Cut("#a", events[1].id), Erasure("#a", events[2].id)])
        tidy_up(store)
        assert store.search(Query(["#a"], 9, "line")) == events[3:]
    assert check(path) == []


@pytest.mark.parametrize("version", range(FORMAT, len(MIGRATIONS) + 1))
def test_a_database_of_an_older_version_is_exported(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(OLD.read_text(encoding="utf-8"))
        migrate(connection, path, MIGRATIONS[:version])
    assert "welcome to the club" in [event.params[-1] for event in export(path)]
    assert check(path) == []
