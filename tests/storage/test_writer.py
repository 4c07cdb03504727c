"""A commit is done whole or not at all, and the store stays usable after an error."""

import sqlite3
from pathlib import Path

import pytest

from greenchat.storage.interface import (
    Document,
    Erasure,
    HistorySpan,
    Query,
    Renaming,
    StoredEvent,
    StoreError,
    StoreWrite,
)
from greenchat.storage.sqlite import SqliteStore
from tests.storage.events import EventMaker, opened, texts

ALL = HistorySpan(1_000_000, events=True)


def limit_pages(store: SqliteStore, pages: int | None = None) -> None:
    """Stop the file from growing: SQLite then reports a full disk."""
    connection = store._connection
    connection.execute(f"PRAGMA max_page_count = {pages or connection.execute('PRAGMA page_count').fetchone()[0]}")


def test_committed_events_are_there_after_a_restart(path: Path, talk: EventMaker) -> None:
    events = talk.lines(3)
    with opened(path) as store:
        assert store.last_id() == 0
        store.commit(events)
        store.commit([])
    with opened(path) as store:
        assert store.read("#lobby", ALL) == events
        assert store.last_id() == events[-1].id


def test_committed_events_are_there_without_closing(path: Path, talk: EventMaker) -> None:
    store = SqliteStore(path)
    events = talk.lines(3)
    store.commit(events)
    copy = path.with_name("copy.db")  # what a killed process leaves behind
    for suffix in ("", "-wal"):
        copy.with_name(copy.name + suffix).write_bytes(path.with_name(path.name + suffix).read_bytes())
    with opened(copy) as found:
        assert found.read("#lobby", ALL) == events
    store.close()


def test_documents(store: SqliteStore) -> None:
    store.commit(
        [Document("account", "alice", {"name": "Alice", "born": 1}), Document("account", "bob", [1, None, "ü"])]
    )
    store.commit([Document("marker", "alice", 5), Document("account", "alice", {"name": "Alicia"})])
    assert store.document("account", "alice") == {"name": "Alicia"}
    assert store.document("account", "nobody") is None
    assert store.documents("account") == {"alice": {"name": "Alicia"}, "bob": [1, None, "ü"]}
    store.commit([Document("account", "bob", None), Document("account", "nobody", None)])
    assert store.documents("account") == {"alice": {"name": "Alicia"}}
    assert store.documents("nothing") == {}


@pytest.mark.parametrize(
    "bad",
    [
        StoredEvent(1, "#lobby", "PRIVMSG", "a!b@c", ("#lobby", "\udcff")),
        StoredEvent(1 << 70, "#lobby", "PRIVMSG", "a!b@c", ("#lobby", "x")),
        StoredEvent(1_782_579_200_000_000_000, "#lobby", "PRIVMSG", "a!b@c", ("#lobby", "x")),
        Document("kind", "\udcff", 1),
    ],
)
def test_one_invalid_write_rolls_back_the_turn(store: SqliteStore, talk: EventMaker, bad: StoreWrite) -> None:
    first = talk.say("first")._replace(id=1_782_579_200_000_000_000)
    store.commit([first])
    with pytest.raises(StoreError):
        store.commit([talk.say("second", "#new", "newcomer"), Document("kind", "key", 1), bad])
    assert store.read("#lobby", ALL) == [first]
    assert store.document("kind", "key") is None
    again = talk.say("second", "#new", "newcomer")
    store.commit([again])
    assert store.read("#new", ALL) == [again]


def test_after_a_full_disk_commits_work_again(store: SqliteStore, talk: EventMaker) -> None:
    store.commit([talk.say("before")])
    limit_pages(store)
    count = 0
    refusal = ""
    while not refusal and count < 100:
        try:
            store.commit([talk.say("x" * 400)])
            count += 1
        except StoreError as error:
            refusal = str(error)
    assert "can't write the database" in refusal
    assert "database or disk is full" in refusal
    with pytest.raises(StoreError):
        store.commit([talk.say("x" * 4000)])
    assert len(store.read("#lobby", ALL)) == count + 1
    limit_pages(store, 1 << 30)
    store.commit([talk.say("after")])
    assert texts(store.read("#lobby", ALL))[-1] == "after"


def test_a_lock_of_another_program_fails_a_commit_only(store: SqliteStore, path: Path, talk: EventMaker) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        store.commit([talk.say("now")])
    other.execute("ROLLBACK")
    other.close()
    store.commit([talk.say("later")])
    assert texts(store.read("#lobby", ALL)) == ["later"]


def test_erasing_removes_one_event(store: SqliteStore, talk: EventMaker) -> None:
    events = talk.lines(3)
    store.commit(events)
    store.commit([Erasure("#lobby", events[1].id), Erasure("#lobby", 5), Erasure("#nowhere", events[0].id)])
    assert store.read("#lobby", ALL) == [events[0], events[2]]
    assert store.find("#lobby", events[1].id) is None
    assert store.find("#lobby", events[2].id) == events[2]


def test_a_renamed_channel_keeps_its_history(store: SqliteStore, talk: EventMaker) -> None:
    old, before = talk.say("of old", "#new"), talk.say("before", "#old")
    store.commit([old, before])
    just_before = talk.say("just before", "#old")
    after = talk.say("after", "#new", params=("#New", "after"))
    store.commit([just_before, Renaming("#old", "#new", "#New"), after])
    assert texts(store.read("#new", ALL)) == ["before", "just before", "after"]
    assert {event.params[0] for event in store.read("#new", ALL)} == {"#New"}
    assert store.read("#old", ALL) == []
    assert texts(store.search(Query(["#new"], 9, "before"))) == ["before", "just before"]
    store.commit([Renaming("#new", "#new", "#NEW"), talk.say("again", "#old")])
    assert store.read("#new", ALL)[0].params == ("#NEW", "before")
    assert texts(store.read("#old", ALL)) == ["again"]


def test_more_sources_than_are_cached(store: SqliteStore, talk: EventMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenchat.storage.writer._REMEMBERED", 3)
    events = [talk.say(str(number), f"#{number % 5}", f"nick{number % 7}") for number in range(100)]
    for start in range(0, 100, 10):
        store.commit(events[start : start + 10])
    for channel in range(5):
        assert store.read(f"#{channel}", ALL) == events[channel::5]
