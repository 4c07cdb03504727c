"""A commit is all or nothing; whatever goes wrong, the store stays usable."""

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
from tests.storage.talk import Talk, opened, texts

ALL = HistorySpan(1_000_000, events=True)


def limit_pages(store: SqliteStore, pages: int | None = None) -> None:
    """Let the file not grow: what SQLite says then is what it says on a full disk."""
    connection = store._connection
    connection.execute(f"PRAGMA max_page_count = {pages or connection.execute('PRAGMA page_count').fetchone()[0]}")


def test_what_was_committed_is_there_after_a_restart(path: Path, talk: Talk) -> None:
    said = talk.lines(3)
    with opened(path) as store:
        assert store.last_id() == 0
        store.commit(said)
        store.commit([])
    with opened(path) as store:
        assert store.read("#lobby", ALL) == said
        assert store.last_id() == said[-1].id


def test_what_was_committed_is_there_though_nobody_closed(path: Path, talk: Talk) -> None:
    store = SqliteStore(path)
    said = talk.lines(3)
    store.commit(said)
    copy = path.with_name("copy.db")  # what a killed process leaves behind
    for suffix in ("", "-wal"):
        copy.with_name(copy.name + suffix).write_bytes(path.with_name(path.name + suffix).read_bytes())
    with opened(copy) as found:
        assert found.read("#lobby", ALL) == said
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
def test_one_bad_write_keeps_all_of_a_turn_out(store: SqliteStore, talk: Talk, bad: StoreWrite) -> None:
    first = talk.say("first")._replace(id=1_782_579_200_000_000_000)
    store.commit([first])
    with pytest.raises(StoreError):
        store.commit([talk.say("second", "#new", "newcomer"), Document("kind", "key", 1), bad])
    assert store.read("#lobby", ALL) == [first]
    assert store.document("kind", "key") is None
    again = talk.say("second", "#new", "newcomer")
    store.commit([again])
    assert store.read("#new", ALL) == [again]


def test_a_full_disk_refuses_and_room_on_it_heals(store: SqliteStore, talk: Talk) -> None:
    store.commit([talk.say("before")])
    limit_pages(store)
    kept = 0
    refusal = ""
    while not refusal and kept < 100:
        try:
            store.commit([talk.say("x" * 400)])
            kept += 1
        except StoreError as error:
            refusal = str(error)
    assert "can't write the database" in refusal
    assert "database or disk is full" in refusal
    with pytest.raises(StoreError):
        store.commit([talk.say("x" * 4000)])
    assert len(store.read("#lobby", ALL)) == kept + 1
    limit_pages(store, 1 << 30)
    store.commit([talk.say("after")])
    assert texts(store.read("#lobby", ALL))[-1] == "after"


def test_another_program_that_holds_the_lock_costs_a_commit_and_no_more(
    store: SqliteStore, path: Path, talk: Talk
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        store.commit([talk.say("now")])
    other.execute("ROLLBACK")
    other.close()
    store.commit([talk.say("later")])
    assert texts(store.read("#lobby", ALL)) == ["later"]


def test_erasing_takes_one_event_out(store: SqliteStore, talk: Talk) -> None:
    said = talk.lines(3)
    store.commit(said)
    store.commit([Erasure("#lobby", said[1].id), Erasure("#lobby", 5), Erasure("#nowhere", said[0].id)])
    assert store.read("#lobby", ALL) == [said[0], said[2]]
    assert store.find("#lobby", said[1].id) is None
    assert store.find("#lobby", said[2].id) == said[2]


def test_a_renamed_channel_keeps_its_history(store: SqliteStore, talk: Talk) -> None:
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


def test_more_people_than_are_remembered(store: SqliteStore, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenchat.storage.writer._REMEMBERED", 3)
    said = [talk.say(str(number), f"#{number % 5}", f"nick{number % 7}") for number in range(100)]
    for start in range(0, 100, 10):
        store.commit(said[start : start + 10])
    for channel in range(5):
        assert store.read(f"#{channel}", ALL) == said[channel::5]
