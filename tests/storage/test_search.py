"""Search: finds messages, only where the asker may read, and forgets erased ones."""

from pathlib import Path

import pytest

from greenchat.storage import search
from greenchat.storage.interface import Erasure, HistorySpan, Query, Retention, StoreError, direct_key
from greenchat.storage.sqlite import SqliteStore
from tests.storage.events import EventMaker, compact_events, cut_due, files_hold, opened, texts, tidy_up

LOBBY = ["#lobby"]


@pytest.fixture
def filled(store: SqliteStore, talk: EventMaker) -> SqliteStore:
    """Make a store with messages."""
    store.commit(
        [
            talk.say("That was fast!", nick="bill"),
            talk.say("Fasting is hard.", nick="Jackie"),
            talk.say("a fast car", "#cars", nick="bill"),
            talk.say("Größe und Straße", nick="[odd]|nick"),
            talk.say("breakfast at noon", nick="bill", command="NOTICE"),
            talk.say("fast", nick="bill", command="TOPIC"),
            talk.say("a secret, fast", direct_key("alice", "bob")),
        ]
    )
    return store


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(LOBBY, 9, "fast"), ["That was fast!", "Fasting is hard."]),
        (Query(LOBBY, 1, "fast"), ["Fasting is hard."]),
        (Query(LOBBY, 1, "fast", oldest=True), ["That was fast!"]),
        (Query(["#cars", "#lobby"], 9, "fast"), ["That was fast!", "Fasting is hard.", "a fast car"]),
        (Query(LOBBY, 9, "FAST hard"), ["Fasting is hard."]),
        (Query(LOBBY, 9, '"was fast"'), ["That was fast!"]),
        (Query(LOBBY, 9, '"fast was"'), []),
        (Query(LOBBY, 9, '"was fa'), []),
        (Query(LOBBY, 9, "grosse"), []),
        (Query(LOBBY, 9, "grö"), ["Größe und Straße"]),
        (Query(LOBBY, 9, "gro"), ["Größe und Straße"]),
        (Query(LOBBY, 9, sender="JACKIE"), ["Fasting is hard."]),
        (Query(LOBBY, 9, sender="[odd]|nick"), ["Größe und Straße"]),
        (Query(LOBBY, 9, sender="odd"), []),
        (Query(LOBBY, 9, "fast", sender="bill"), ["That was fast!"]),
        (Query(LOBBY, 9, "breakfast"), ["breakfast at noon"]),
        (Query(LOBBY, 9), ["That was fast!", "Fasting is hard.", "Größe und Straße", "breakfast at noon"]),
        (Query(["#nowhere"], 9, "fast"), []),
        (Query([], 9, "fast"), []),
        (Query(LOBBY, 9, "c1"), []),
        (Query(LOBBY, 9, "place"), []),
    ],
)
def test_results_of_a_query(filled: SqliteStore, query: Query, found: list[str]) -> None:
    assert texts(filled.search(query)) == found


@pytest.mark.parametrize(
    "text",
    [
        '"',
        '""',
        "'",
        "*",
        "-",
        "fast*",
        "{text}:",
        "place:c1",
        "a AND OR NOT",
        "NEAR(",
        "^fast",
        "\\",
        "()",
        "%_",
        " ",
        "🙂",
    ],
)
def test_no_text_is_a_syntax_error(filled: SqliteStore, text: str) -> None:
    assert "a secret, fast" not in texts(filled.search(Query([*LOBBY, "#cars"], 9, text)))


def test_a_search_finds_the_last_commit(filled: SqliteStore, talk: EventMaker) -> None:
    for number in range(5):
        filled.commit([talk.say(f"needle {number}")])
        assert len(filled.search(Query(LOBBY, 9, "needle"))) == number + 1


def test_a_search_between_two_times(store: SqliteStore, talk: EventMaker) -> None:
    events = talk.lines(9)
    store.commit(events)
    assert store.search(Query(LOBBY, 99, "line", after=events[2].id, before=events[6].id)) == events[3:6]


def test_a_search_over_many_conversations(store: SqliteStore, talk: EventMaker) -> None:
    store.commit([talk.say("x", f"#{number}") for number in range(2000)])
    assert len(store.search(Query([f"#{number}" for number in range(1999)], 5000, "x"))) == 1999


def test_the_index_is_complete_however_it_was_built(
    path: Path, talk: EventMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("greenchat.storage.search._STEP_ROWS", 4)
    monkeypatch.setattr("greenchat.storage.search._FIRST_WINDOW", 10 << 20)
    with opened(path) as store:
        store.commit([line for channel in "abc" for line in talk.lines(100, f"#{channel}")])
        talk.now += 10_000_000_000
        store.commit(talk.lines(50, "#a"))
    with opened(path) as store:
        assert len(store.search(Query(["#a", "#b"], 999, "line"))) == 250
        assert len(store.search(Query(["#a"], 999, "7"))) == 12
    path.with_name("greenchat.db-search").write_bytes(b"rubbish" * 1000)
    with opened(path) as store:
        store.commit(talk.lines(1, "#c"))
        assert len(store.search(Query(["#c"], 999, "line"))) == 101


def test_the_index_waits_for_a_quiet_moment(
    store: SqliteStore, talk: EventMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commit_and_maintain(events: int) -> bool:
        store.commit(talk.lines(events))
        store._housekeeping._index_pauses_until = 0.0
        store.maintain(1)
        return store.waiting == 0

    tidy_up(store)
    assert commit_and_maintain(1)
    assert not commit_and_maintain(1000)
    assert not commit_and_maintain(1000)
    assert commit_and_maintain(1)
    monkeypatch.setattr("greenchat.storage.housekeeping._MUCH", 1500)
    assert not commit_and_maintain(1000)
    assert commit_and_maintain(1000)
    tidy_up(store)  # the seals, too
    assert not commit_and_maintain(1000)
    assert len(store.search(Query(LOBBY, 9999, "line"))) == 5002
    monkeypatch.setattr("greenchat.storage.housekeeping._LONG", 0.0)
    assert commit_and_maintain(1000)
    tidy_up(store)
    assert store.is_tidy(1)


def test_a_broken_index_is_rebuilt(path: Path, talk: EventMaker) -> None:
    with opened(path) as store:
        events = talk.lines(100)
        store.commit(events)
        assert len(store.search(Query(LOBBY, 999, "line"))) == 100
        store.commit([Erasure("#lobby", events[0].id)])
        tidy_up(store)
        connection = store._index._connection
        assert connection
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM words_data")
        store.commit(talk.lines(5))
        with pytest.raises(StoreError, match="malformed"):
            store.search(Query(LOBBY, 999, "line"))
        found = store.search(Query(LOBBY, 999, "line"))
        assert len(found) == 104
        store.commit([Erasure("#lobby", events[1].id)])
        assert len(store.search(Query(LOBBY, 999, "line"))) == 103
    with opened(path) as store:
        assert len(store.search(Query(LOBBY, 999, "line"))) == 103


def test_an_index_with_the_lengths_of_messages_is_kept(
    path: Path, talk: EventMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As 0.1.0 made it: an upgrade does not wait for a new one, and erased text is gone from its files."""
    tokens = "tokenize='unicode61 remove_diacritics 2'"
    with monkeypatch.context() as old:
        old.setattr(
            search, "_WORDS", f"CREATE VIRTUAL TABLE words USING fts5 (text, sender, place, content='', {tokens})"
        )
        with opened(path) as store:
            secret = talk.say("xyzzyplugh, as before")
            store.commit([*talk.lines(50), secret])
            assert store.search(Query(LOBBY, 9, "xyzzyplugh")) == [secret]
    file = search.index_of(path).stat().st_ino
    with opened(path) as store:
        later = talk.say("a later line")
        store.commit([later, Erasure("#lobby", secret.id)])
        assert store.search(Query(LOBBY, 1, "line")) == [later]
        assert store.search(Query(LOBBY, 9, "before")) == []
        tidy_up(store)
        assert not files_hold(path, "xyzzyplugh")
        assert len(store.search(Query(LOBBY, 99, "line"))) == 51
    assert search.index_of(path).stat().st_ino == file


def test_without_an_index_everything_else_works(path: Path, talk: EventMaker) -> None:
    SqliteStore(path).close()
    path.with_name("greenchat.db-search").mkdir()
    store = SqliteStore(path, keep=Retention(age=1000))
    store.commit(talk.lines(5))
    compact_events(store)
    with pytest.raises(StoreError, match="search index"):
        store.search(Query(LOBBY, 9, "line"))
    with pytest.raises(StoreError, match="search index"):
        store.maintain(talk.now + 5000)
    cut_due(store)
    assert store.read("#lobby", HistorySpan(9)) == []
    store.close()


def test_an_erased_text_is_in_no_file(path: Path, talk: EventMaker) -> None:
    with opened(path) as store:
        secret = talk.say("my passphrase is xyzzyplugh")
        store.commit([*talk.lines(50), secret])
        assert store.search(Query(LOBBY, 9, "xyzzyplugh")) == [secret]
        assert files_hold(path, "xyzzyplugh")
        store.commit([Erasure("#lobby", secret.id)])
        assert store.search(Query(LOBBY, 9, "xyzzyplugh")) == []
        tidy_up(store)
        assert not files_hold(path, "xyzzyplugh")
        assert len(store.search(Query(LOBBY, 99, "line"))) == 50


def test_a_text_erased_before_a_crash_is_not_in_the_index_after_it(path: Path, talk: EventMaker) -> None:
    secret = talk.say("xyzzyplugh")
    with opened(path) as store:
        store.commit([secret, *talk.lines(5)])
        assert len(store.search(Query(LOBBY, 9, "xyzzyplugh"))) == 1
        store.commit([Erasure("#lobby", secret.id)])
    # the index was closed before it heard of the erasure
    with opened(path) as store:
        assert len(store.search(Query(LOBBY, 9, "line"))) == 5
        assert not files_hold(path, "xyzzyplugh")
