"""Compaction moves events from the table where they are written to the one where they are read; each is in exactly one,
also after a crash.
"""

import shutil
import sqlite3
from heapq import heappop
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from greenchat.protocol.msgid import LAST_ID
from greenchat.storage import compaction, writer
from greenchat.storage.inspection import check, export
from greenchat.storage.interface import (
    Erasure,
    HistorySpan,
    HistoryTarget,
    InvalidWriteError,
    Query,
    StoredEvent,
    StoreError,
)
from greenchat.storage.schema import MIGRATIONS, migrate
from greenchat.storage.sqlite import SqliteStore
from tests.storage.events import START, EventMaker, compact_events, opened, texts, tidy_up

CHANNELS = ("#a", "#b", "#c")
ALL = HistorySpan(100_000, events=True)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a step do next to nothing."""
    for name, value in (("_STEP", 6), ("_CONVERSATION", 2), ("_REMOVED", 3)):
        monkeypatch.setattr(compaction, name, value)


@pytest.fixture
def small_crowds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let three events of one conversation count as many."""
    monkeypatch.setattr(writer, "_MANY", 3)


def count(store: SqliteStore, table: str) -> int:
    """Return the number of rows of a table."""
    rows: int = store._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return rows


def begin(store: SqliteStore) -> None:
    """Begin a compaction with one step."""
    store._housekeeping._compacted_at = -1e9
    assert store.tidy()


class Model(RuleBasedStateMachine):
    """Users send, redact and read, and the process dies, while events are compacted step by step."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name) / "0" / "greenchat.db"
        self.path.parent.mkdir()
        self.store = SqliteStore(self.path)
        self.talk = EventMaker()
        self.events: list[StoredEvent] = []

    def teardown(self) -> None:
        compact_events(self.store)
        assert count(self.store, "fresh") == 0
        self.all_is_there()
        self.store.close()
        assert check(self.path) == []
        assert sorted(export(self.path)) == sorted(self.events)
        self.folder.cleanup()

    @rule(where=st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=12), quits=st.booleans())
    def talk_in(self, where: list[str], quits: bool) -> None:
        events = [self.talk.say(f"word{number}", place) for number, place in enumerate(where)]
        if quits:
            goes = self.talk.say("", command="QUIT", params=("bye",))
            events += [goes._replace(conversation=place) for place in CHANNELS]
        self.store.commit(events)
        self.events += events

    @rule(steps=st.integers(1, 4))
    def settle_on(self, steps: int) -> None:
        self.store._housekeeping._compacted_at = -1e9
        for _ in range(steps):
            self.store.tidy()

    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        if self.events:
            event = data.draw(st.sampled_from(self.events))
            self.store.commit([Erasure(event.conversation, event.id)])
            self.events.remove(event)

    @rule()
    def die(self) -> None:
        folder = self.path.parent.with_name(str(int(self.path.parent.name) + 1))
        shutil.copytree(self.path.parent, folder)  # what a killed process leaves behind
        self.store.close()
        self.path = folder / "greenchat.db"
        self.store = SqliteStore(self.path)
        assert self.store.last_id() >= max((event.id for event in self.events), default=0)

    @rule()
    def search_words(self) -> None:
        found = self.store.search(Query(CHANNELS, 1000, "word0"))
        assert found == [event for event in self.events if event.params[-1] == "word0"]

    @rule(after=st.integers(0, 60), before=st.integers(0, 60), limit=st.integers(1, 20), newest=st.booleans())
    def read_a_page(self, after: int, before: int, limit: int, newest: bool) -> None:
        first, last = (START + each << 20 for each in (after, before))
        for place in CHANNELS:
            wanted = [e for e in self.events if e.conversation == place and first < e.id < last and e.command != "QUIT"]
            wanted = wanted[max(0, len(wanted) - limit) :] if newest else wanted[:limit]
            assert self.store.read(place, HistorySpan(limit, first, last, newest)) == wanted

    @invariant()
    def all_is_there(self) -> None:
        for place in CHANNELS:
            assert self.store.read(place, ALL) == [event for event in self.events if event.conversation == place]

    @invariant()
    def targets_are_the_latest(self) -> None:
        latest = {event.conversation: event.id for event in self.events if event.command != "QUIT"}
        wanted = sorted((number, place) for place, number in latest.items())
        assert self.store.targets("", CHANNELS, 0, LAST_ID) == [
            HistoryTarget(place, number) for number, place in wanted
        ]


TestModel = pytest.mark.usefixtures("small_steps", "small_crowds")(Model.TestCase)
TestModel.settings = settings(max_examples=40, stateful_step_count=25, deadline=None, phases=[Phase.generate])


def test_many_events_of_one_conversation_are_settled_at_once(store: SqliteStore, talk: EventMaker) -> None:
    """As are events older than all in the store: a compaction under way may be past them."""
    crowd = [talk.say(f"word{number}", "#crowd") for number in range(12)]
    few = talk.lines(3)
    late = [event._replace(id=event.id + 1) for event in crowd]
    store.commit([*crowd, *few])
    assert (count(store, "settled"), count(store, "fresh")) == (12, 3)
    store.commit(late)
    assert (count(store, "settled"), count(store, "fresh")) == (24, 3)
    assert store.read("#crowd", ALL) == sorted([*crowd, *late])
    assert store.search(Query(("#crowd", "#lobby"), 100, "word3")) == [crowd[3], late[3]]
    compact_events(store)
    assert store.read("#crowd", ALL) == sorted([*crowd, *late])


@pytest.mark.usefixtures("no_crowds")
def test_a_compaction_has_small_steps(store: SqliteStore, talk: EventMaker) -> None:
    events = [talk.say(str(number), f"#{number % 100}") for number in range(5000)]
    store.commit(events)
    steps = []
    store._housekeeping._compacted_at = -1e9
    before = 0
    while store.tidy():
        now = count(store, "settled")
        steps.append(now - before)
        before = now
    assert max(steps) <= compaction._STEP
    assert sum(steps) == 5000
    assert count(store, "fresh") == 0


@pytest.mark.usefixtures("no_crowds")
def test_it_begins_when_there_are_many_fresh_events(
    store: SqliteStore, talk: EventMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "_MUCH", 100)
    store.maintain(START)
    store.commit(talk.lines(99))
    assert not store.tidy()
    assert count(store, "settled") == 0
    store.commit(talk.lines(1))
    assert not store.is_tidy(START)
    while store.tidy():
        pass
    assert count(store, "settled") == 100


@pytest.mark.usefixtures("no_crowds")
@pytest.mark.parametrize(("conversations", "begins"), [(1, 10), (2, 10), (5, 20), (100, 30)])
def test_it_waits_for_many_events_of_each_conversation(
    store: SqliteStore, talk: EventMaker, monkeypatch: pytest.MonkeyPatch, conversations: int, begins: int
) -> None:
    for name, value in (("_MUCH", 10), ("_OF_EACH", 4), ("_MOST", 30)):
        monkeypatch.setattr(compaction, name, value)
    store.commit([talk.say("hello", f"#{number % conversations}") for number in range(begins - 1)])
    assert not store.tidy()
    assert count(store, "settled") == 0
    store.commit([talk.say("hello", "#0")])
    while store.tidy():
        pass
    assert count(store, "settled") == begins


@pytest.mark.usefixtures("no_crowds")
def test_a_round_is_divided_as_it_goes(store: SqliteStore, talk: EventMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """To divide it all at once took several steps' time."""
    monkeypatch.setattr(compaction, "_MUCH", 1000)
    monkeypatch.setattr(compaction, "_OF_EACH", 1)
    taken: list[int] = []

    def counted(conversations: list[int]) -> int:
        taken.append(heappop(conversations))
        return taken[-1]

    monkeypatch.setattr(compaction, "heappop", counted)
    store.commit([talk.say("hello", f"#{number}") for number in range(1000)])
    for steps in range(1, 4):
        store.tidy()
        assert len(taken) <= 70 * (steps + 1)  # with one event each, 67 make a step
    while store.tidy():
        pass
    assert count(store, "settled") == len(taken) == 1000


def test_it_begins_after_a_while(store: SqliteStore, talk: EventMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    store.commit(talk.lines(1))
    assert not store.tidy()
    assert count(store, "settled") == 0
    monkeypatch.setattr("greenchat.storage.housekeeping._COMPACT_AFTER", 0.0)
    assert not store.is_tidy(START)
    while store.tidy():
        pass
    assert count(store, "settled") == 1


@pytest.mark.usefixtures("no_crowds")
@pytest.mark.usefixtures("small_steps")
def test_an_event_older_than_the_present_step_is_not_lost(store: SqliteStore, talk: EventMaker) -> None:
    late = talk.say("late", "#a")
    events = talk.lines(20)
    store.commit(events)
    begin(store)
    newer = talk.say("newer")
    store.commit([late, newer])
    assert store.read("#a", ALL) == [late]
    compact_events(store)
    assert store.read("#a", ALL) == [late]
    assert store.read("#lobby", ALL) == [*events, newer]


@pytest.mark.usefixtures("no_crowds")
@pytest.mark.usefixtures("small_steps")
def test_a_failed_step_is_repeated(store: SqliteStore, path: Path, talk: EventMaker) -> None:
    events = [talk.say("x" * 400, f"#{number % 5}") for number in range(100)]
    store.commit(events)
    begin(store)
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")  # SQLite now reports a full disk
    with pytest.raises(StoreError, match="full"):
        compact_events(store)
    for channel in range(5):
        assert store.read(f"#{channel}", ALL) == events[channel::5]
    store._connection.execute("PRAGMA max_page_count = 1000000000")
    compact_events(store)
    assert count(store, "settled") == 100
    assert check(path) == []


@pytest.mark.usefixtures("no_crowds")
def test_an_event_erased_during_compaction_is_gone(store: SqliteStore, path: Path, talk: EventMaker) -> None:
    events = [talk.say(f"secret{number}", f"#{number % 3}") for number in range(3000)]
    store.commit(events)
    begin(store)
    gone = [events[0], events[-1]]
    store.commit([Erasure(event.conversation, event.id) for event in gone])
    compact_events(store)
    assert [event for channel in range(3) for event in store.read(f"#{channel}", ALL)] == [
        event for channel in range(3) for event in events[channel::3] if event not in gone
    ]


@pytest.mark.usefixtures("no_crowds")
def test_one_fresh_event_per_id(store: SqliteStore, path: Path, talk: EventMaker) -> None:
    """For a QUIT, and for events that come again or late; sealed or not."""
    goes = talk.say("", command="QUIT", params=("bye",))
    quits = [goes._replace(conversation=place) for place in CHANNELS]
    events = talk.lines(3, "#a")
    store.commit([*quits, *events])
    assert (count(store, "settled"), count(store, "fresh")) == (2, 4)
    tidy_up(store)
    store.commit([goes._replace(conversation="#late"), talk.say("new", "#a")])
    assert (count(store, "settled"), count(store, "fresh")) == (7, 1)
    assert len(store.read("#late", ALL)) == 1
    store.commit([events[0]])  # it is there already, so it is not stored again
    assert len(store.read("#a", ALL)) == 5
    fresh = talk.say("fresh", "#a")
    store.commit([fresh])
    for twice in ([fresh], [later := talk.say("later"), later]):
        with pytest.raises(InvalidWriteError):
            store.commit(twice)
    tidy_up(store)
    assert len(store.read("#a", ALL)) == 6
    assert check(path) == []


def test_a_file_with_fresh_events_in_the_order_of_conversations_keeps_them(path: Path, talk: EventMaker) -> None:
    """As 0.1.0 wrote it, in the middle of a compaction, some with the same id."""
    old = sqlite3.connect(path, isolation_level=None)
    migrate(old, path, MIGRATIONS[:-1])
    old.execute("INSERT INTO conversation (id, key, name) VALUES (1, '#a', '#a'), (2, '#b', '#b')")
    old.execute("INSERT INTO source VALUES (1, 'alice!u@h', '')")
    ids = [START + number << 20 for number in range(60)]
    rows = [
        (each, where, kind, 1, f"old {number}") for number, each in enumerate(ids) for where, kind in ((1, 1), (2, 6))
    ]
    old.executemany("INSERT INTO fresh (id, conversation, kind, source, text) VALUES (?, ?, ?, ?, ?)", rows)
    old.execute(
        "INSERT INTO settled SELECT conversation, id, kind, source, target, text, more FROM fresh"
        " WHERE conversation = 1 AND id <= ?",
        (ids[29],),
    )
    old.execute("UPDATE settling SET upto = ?, conversation = 1, id = ?", (ids[49], ids[29]))
    old.close()
    talk.ids.last = ids[-1]
    with opened(path) as store:
        assert store.last_id() == ids[-1]
        new = talk.say("new", "#a")
        store.commit([new])
        assert count(store, "fresh") == 1
        for place, more in (("#a", ["new"]), ("#b", [])):
            assert texts(store.read(place, ALL)) == [*[f"old {number}" for number in range(60)], *more]
        assert len(store.search(Query(["#a"], 1000, "old"))) == 60
        tidy_up(store)
    assert check(path) == []


def test_a_file_of_the_first_format_keeps_its_events(path: Path, talk: EventMaker) -> None:
    """Greenchat wrote all events to one table, conversation by conversation, before there was `fresh`."""
    old = sqlite3.connect(path, isolation_level=None)
    migrate(old, path, MIGRATIONS[:1])
    old.execute("INSERT INTO conversation VALUES (1, '#lobby', '#Lobby'), (2, '#other', '#other')")
    old.execute("INSERT INTO source VALUES (1, 'alice!u@h', '')")
    ids = [START + number << 20 for number in range(100)]
    old.executemany(
        "INSERT INTO event VALUES (?, ?, 1, 1, NULL, ?, NULL)",
        [(1 + number % 2, each, f"old {number}") for number, each in enumerate(ids)],
    )
    old.close()
    talk.ids.last = ids[-1]
    with opened(path) as store:
        assert store.last_id() == ids[-1]
        new = talk.say("new")
        store.commit([new])
        assert texts(store.read("#lobby", ALL)) == [*[f"old {number}" for number in range(0, 100, 2)], "new"]
        assert store.read("#lobby", HistorySpan(1))[0].params == ("#Lobby", "old 0")
        assert len(store.search(Query(["#lobby", "#other"], 1000, "old"))) == 100
        compact_events(store)
        assert texts(store.read("#lobby", HistorySpan(2, newest=True))) == ["old 98", "new"]
    assert check(path) == []


def test_events_with_few_and_with_all_columns_are_unchanged(store: SqliteStore, talk: EventMaker) -> None:
    """Many of each in one turn, new ones and some older than the compaction under way."""
    events = [
        talk.say(f"line {number}", "#a", **fields)
        for number in range(50)
        for fields in (
            {},
            {"params": ("#A", "to another spelling")},
            {"tags": {"+draft/reply": "1"}},
            {"params": ("#a",)},
        )
    ]
    store.commit(events[1::2])
    store._compaction.step()
    store.commit(events[::2])
    assert store.read("#a", ALL) == events
    compact_events(store)
    assert store.read("#a", ALL) == events
