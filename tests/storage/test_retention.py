"""Retention: what is too old or too much is deleted, in small steps, from the index, too; nothing else is."""

from pathlib import Path

import pytest

from greenchat.storage.inspection import check
from greenchat.storage.interface import (
    NOWHERE,
    Cut,
    Document,
    DueCuts,
    HistorySpan,
    Query,
    Renaming,
    Retention,
    direct_key,
)
from greenchat.storage.retention import Totals, plan
from greenchat.storage.sqlite import SqliteStore
from tests.storage.events import START, EventMaker, compact_events, cut_due, texts, tidy_up

ALL = HistorySpan(10_000, events=True)


def store_with(path: Path, keep: Retention) -> SqliteStore:
    """Open a store that keeps so much."""
    return SqliteStore(path, keep=keep)


def stored(store: SqliteStore) -> list[int]:
    """Return the ids of all events in the file, cut or not."""
    return [number for (number,) in store._connection.execute("SELECT id FROM event ORDER BY id")]


def test_old_events_are_deleted(path: Path, talk: EventMaker) -> None:
    store = store_with(path, Retention(age=1000))
    old, older = talk.say("old xyzzy"), talk.say("older", direct_key("a", "b"))
    talk.now += 500
    new = talk.say("new xyzzy")
    store.commit([old, older, new])
    assert len(store.search(Query(["#lobby"], 9, "xyzzy"))) == 2
    tidy_up(store, old.time + 1000)
    assert store.read("#lobby", ALL) == [old, new]
    tidy_up(store, old.time + 1000 + 60_000)
    assert store.read("#lobby", ALL) == []
    assert store.targets("a", [], 0, 1 << 62) == []
    assert store.search(Query(["#lobby"], 9, "xyzzy")) == []
    store.close()


def test_age_is_exact_to_the_millisecond(path: Path, talk: EventMaker) -> None:
    store = store_with(path, Retention(age=1000))
    events = talk.lines(10)
    store.commit(events)
    tidy_up(store, events[4].time + 1000)
    assert store.read("#lobby", ALL) == events[4:]
    store.close()


def test_too_many_events_of_one_conversation_are_deleted(path: Path, talk: EventMaker) -> None:
    store = store_with(path, Retention(per_conversation=300))
    loud, quiet = talk.lines(1000), talk.lines(5, "#quiet")
    store.commit(loud + quiet)
    compact_events(store)
    store.maintain(START)
    cut_due(store)
    assert store.read("#lobby", ALL) == loud[-300:], "cut lines are not readable from then on"
    store._housekeeping._index_pauses_until = 0.0
    store.maintain(START)
    steps = 1
    while store.tidy():
        steps += 1
    assert len(stored(store)) == 305
    assert steps >= 4  # each short
    assert store.read("#lobby", ALL) == loud[-300:]
    assert store.read("#quiet", ALL) == quiet
    assert len(store.search(Query(["#lobby"], 5000, "line"))) == 300
    store.close()


def test_too_many_events_in_all_are_deleted(path: Path, talk: EventMaker) -> None:
    store = store_with(path, Retention(total=50))
    first = talk.lines(30)
    talk.now += 60_000
    second = talk.lines(30, "#other")
    talk.now += 60_000
    third = talk.lines(20)
    store.commit(first + second + third)
    tidy_up(store)
    assert store.read("#lobby", ALL) == third
    assert store.read("#other", ALL) == second
    store.close()


@pytest.mark.parametrize("keep", [Retention(total=50), Retention(age=1)])
def test_events_after_a_cut_stay(path: Path, talk: EventMaker, keep: Retention) -> None:
    """With a wrong clock that is corrected, or when the limit is exceeded again before the minute is over."""
    store = store_with(path, keep)
    store.commit(talk.lines(60))
    compact_events(store)
    store.maintain(talk.now + 60_000)
    cut_due(store)
    assert store.read("#lobby", ALL) == []
    event = talk.say("here")
    store.commit([event])
    assert store.read("#lobby", ALL) == [event]
    store.close()


def test_nothing_is_deleted_by_default(store: SqliteStore, talk: EventMaker) -> None:
    events = talk.lines(100)
    store.commit(events)
    tidy_up(store, START + 10**12)
    assert store.read("#lobby", ALL) == events


def test_conversations_without_limits_are_not_scanned(path: Path, talk: EventMaker) -> None:
    """Not every minute, however large they have become."""
    store = store_with(path, Retention())
    store.commit([*talk.lines(3000, "#registered"), Document("channel", "#registered", {})])
    compact_events(store)
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 10
        return 0

    store._connection.set_progress_handler(count, 10)
    assert plan(store._connection, Retention(age=1 << 40, per_unregistered=10), talk.now, Totals(lambda: 0)) == []
    assert 0 < steps < 1000
    store._connection.set_progress_handler(None, 0)
    store.close()


def test_a_deleted_conversation_can_begin_again(path: Path, talk: EventMaker) -> None:
    store = store_with(path, Retention(age=1000))
    store.commit([talk.say("old")])
    tidy_up(store, talk.now + 5000)
    again = talk.say("new")
    store.commit([again])
    assert texts(store.search(Query(["#lobby"], 9, "new"))) == ["new"]
    assert store.read("#lobby", ALL) == [again]
    store.close()


def test_private_messages_of_guests_are_deleted_with_them(path: Path, talk: EventMaker) -> None:
    both, one = direct_key("~1", "~2"), direct_key("~1", "alice")
    store = store_with(path, Retention())
    before = talk.say("still here", one)
    store.commit([talk.say("gone", both), before])
    tidy_up(store)
    assert len(store.read(both, ALL)) == 1
    store.close()
    store = store_with(path, Retention())
    after = talk.say("others of the same name", both)
    store.commit([after])
    tidy_up(store)
    assert store.read(both, ALL) == [after]
    assert store.read(one, ALL) == [before]
    store.close()


def test_without_work_the_store_is_tidy(path: Path, talk: EventMaker) -> None:
    store = store_with(path, Retention(age=10**9))
    assert not store.is_tidy(START)
    tidy_up(store)
    assert store.is_tidy(START)
    assert not store.is_tidy(START + 60_000)
    store.commit(talk.lines(1))
    assert not store.is_tidy(START)
    tidy_up(store)
    assert store.is_tidy(START)
    store.close()


@pytest.mark.parametrize("keep", [Retention(age=1), Retention(per_conversation=0), Retention(total=0)])
def test_keeping_nothing(path: Path, talk: EventMaker, keep: Retention) -> None:
    store = store_with(path, keep)
    store.commit(talk.lines(500))
    tidy_up(store, talk.now + 120_000)
    assert store.read("#lobby", ALL) == []
    store.close()


def test_many_events_are_removed_from_the_index_in_steps(
    path: Path, talk: EventMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile the index learns new events, and the log is moved."""
    monkeypatch.setattr("greenchat.storage.search._STEP_ROWS", 100)
    monkeypatch.setattr("greenchat.storage.housekeeping._CUTTING", 0.0)
    store = store_with(path, Retention(per_conversation=300))
    loud = talk.lines(1000)
    store.commit(loud)
    compact_events(store)
    store.learn()
    store.maintain(START)
    cut_due(store)
    left = []
    while not store.is_tidy(START):
        store._housekeeping._index_pauses_until = 0.0
        store.maintain(START)
        while store.tidy():
            pass
        left.append(len(stored(store)))
        assert len(store.search(Query(["#lobby"], 5000, "line"))) == 300
    assert left[:8] == [900, 800, 700, 600, 500, 400, 300, 300]
    assert store.read("#lobby", ALL) == loud[-300:]
    store.close()


@pytest.mark.parametrize("lines", [1, 8])
def test_unused_sources_are_forgotten(
    path: Path, talk: EventMaker, monkeypatch: pytest.MonkeyPatch, lines: int
) -> None:
    """Except if they are used again meanwhile, by one event or by so many that they are settled at once."""
    monkeypatch.setattr("greenchat.storage.trimming._TRIM_ROWS", 3)
    store = store_with(path, Retention(age=1000))
    store.commit([talk.say("old", nick=f"gone{number}") for number in range(10)])
    store.commit([talk.say("old", nick="back"), talk.say("taken back", nick="stays")])
    talk.now += 5000
    new = [talk.say("new", nick="stays"), talk.say("new", nick="other")]
    store.commit(new)
    compact_events(store)
    for _ in range(4):  # found, deleted, nothing left, and its sources searched
        store._housekeeping._index_pauses_until = 0.0
        store.maintain(talk.now)
        cut_due(store)
        while store._housekeeping._trimming.cuts:
            store.tidy()
    assert len(store._housekeeping._trimming.unused_sources) == 11
    again = [talk.say("here again", nick="back") for _ in range(lines)]
    store.commit(again)  # after that source was found to be unused
    new += again
    tidy_up(store, talk.now)
    masks = [mask for (mask,) in store._connection.execute("SELECT mask FROM source ORDER BY mask")]
    assert masks == ["back!u@h", "other!u@h", "stays!u@h"]
    new.append(talk.say("and so am I", nick="gone1"))
    store.commit([new[-1]])
    assert store.read("#lobby", ALL) == new
    assert not store._housekeeping._trimming.is_pruning_due(talk.now)
    store.close()
    assert check(path) == []


@pytest.mark.parametrize("is_settled", [True, False])
def test_cut_events_are_hidden_from_all_readers_at_once(path: Path, talk: EventMaker, is_settled: bool) -> None:
    """However far the housekeeping is: otherwise several nodes would give different answers."""
    store = store_with(path, Retention())
    private, other = direct_key("alice", "bob"), direct_key("alice", "carol")
    first = [*talk.lines(6), talk.say("line to bob", private), talk.say("line to carol", other)]
    store.commit(first)
    store.learn()
    if is_settled:
        compact_events(store)
    store.commit([Cut("#lobby", first[3].id), Cut(private, first[6].id), Cut("#nowhere", first[6].id)])
    assert store.read("#lobby", ALL) == first[4:6]
    assert store.read("#lobby", HistorySpan(1, events=True)) == [first[4]]
    assert store.find("#lobby", first[3].id) is None
    assert [each.conversation for each in store.targets("alice", ["#lobby"], 0, 1 << 62)] == ["#lobby", other]
    everywhere = ["#lobby", private, other]
    assert store.search(Query(everywhere, 9, "line")) == [first[4], first[5], first[7]]
    assert store.search(Query(everywhere, 1, "line", oldest=True)) == [first[4]], "cut lines do not count"
    assert store.search(Query(everywhere, 2, "line", before=first[7].id)) == first[4:6], "nor from the newest on"
    store.commit([Cut("#lobby", first[2].id)])
    assert store.read("#lobby", ALL) == first[4:6], "a cut is never taken back"
    new = talk.say("line again", private)
    store.commit([new])
    assert store.read(private, ALL) == [new]
    tidy_up(store)
    assert stored(store) == [first[4].id, first[5].id, first[7].id, new.id]
    assert store.search(Query(everywhere, 9, "line")) == [first[4], first[5], first[7], new]
    store.close()
    assert check(path) == []


def test_another_node_decides(path: Path, talk: EventMaker) -> None:
    store = store_with(path, Retention(per_conversation=1))
    events = talk.lines(3)
    store.commit(events)
    compact_events(store)
    store.maintain(START, decides=False)
    assert store.due_cuts() == DueCuts([], [])
    assert store.is_tidy(START)
    store._housekeeping._index_pauses_until = 0.0
    store.maintain(START + 60_000, decides=True)
    assert store.due_cuts() == DueCuts([Cut("#lobby", events[1].id)], [])
    assert store.due_cuts() == DueCuts([], []), "due cuts are returned once"
    store.close()


def test_a_name_that_means_another_conversation_now_cuts_nothing(path: Path, talk: EventMaker) -> None:
    store = store_with(path, Retention(per_conversation=1))
    events, other = talk.lines(3), talk.lines(3, "#other")
    store.commit(events + other)
    compact_events(store)
    store.maintain(START)
    store.commit([Renaming("#other", "#lobby", "#lobby")])
    assert store.due_cuts() == DueCuts([], [])
    store._housekeeping._index_pauses_until = 0.0
    store.maintain(START + 60_000)
    assert Cut("#lobby", other[1].id) in store.due_cuts().surplus
    store.close()


def test_the_deletion_of_a_cut_continues_after_a_restart(path: Path, talk: EventMaker) -> None:
    store = store_with(path, Retention())
    events = talk.lines(3)
    store.commit([*events, Cut("#lobby", events[1].id)])
    store.close()
    store = store_with(path, Retention())
    assert store.read("#lobby", ALL) == events[2:]
    tidy_up(store)
    assert stored(store) == [events[2].id]
    store.close()


def test_former_guests_are_looked_for_every_hour(path: Path, talk: EventMaker) -> None:
    both = direct_key("~1", "~2")
    store = store_with(path, Retention())
    tidy_up(store)
    event = talk.say("to be forgotten", both)
    store.commit([event])
    tidy_up(store, START + 3_599_000)
    assert store.read(both, ALL) == [event]
    store.maintain(START + 3_600_000)
    assert store.due_cuts() == DueCuts([], [Cut(both, event.id)])
    store.close()


def test_a_conversation_put_aside_by_a_rename_has_the_same_key_on_all_nodes(tmp_path: Path) -> None:
    """The number of a conversation may differ between nodes, and its key is how all of them erase from it."""
    keys = []
    for node in range(2):
        talk = EventMaker()
        (tmp_path / str(node)).mkdir()
        store = store_with(tmp_path / str(node) / "greenchat.db", Retention())
        if node:
            store.commit([talk.say("somewhere else first", "#elsewhere")])
            talk = EventMaker()
        event, other = talk.say("old", "#lobby", account="eve"), talk.say("new", "#other", account="eve")
        store.commit([event, other, Renaming("#other", "#lobby", "#lobby")])
        found = store.said_by(["eve"], NOWHERE, 9)
        keys.append([(each.conversation, each.id) for each in found])
        assert store.read("#lobby", ALL)[0].id == other.id
        store.commit([each.erasure for each in found])
        assert store.said_by(["eve"], NOWHERE, 9) == []
        store.close()
    assert keys[0] == keys[1]


def test_the_total_is_counted_only_if_it_may_exceed_the_limit(
    path: Path, talk: EventMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("greenchat.storage.retention._FEW", 0)
    minute, hour, keep = 60_000, 3_600_000, Retention(total=1000)
    store = store_with(path, Retention())
    readings: list[str] = []
    store._connection.set_trace_callback(lambda text: readings.append(text) if "GROUP BY slice" in text else None)
    totals = Totals(lambda: store._writer.added)

    def add(count: int) -> None:
        store.commit(talk.lines(count))
        talk.now += minute

    def cuts() -> list[Cut]:
        return plan(store._connection, keep, talk.now, totals)

    add(900)
    compact_events(store)
    assert cuts() == []
    for _ in range(10):
        add(10)
        assert cuts() == []
    assert len(readings) == 1, "there was space for a hundred more"
    add(10)
    assert cuts() == []
    assert len(readings) == 1, "a hundredth over the limit is tolerated"
    add(1)
    compact_events(store)
    (cut,) = cuts()
    assert len(readings) == 2
    store.commit([cut])
    tidy_up(store, talk.now)
    assert len(stored(store)) == 111
    add(890)
    assert cuts() == []
    assert len(readings) == 2
    talk.now += hour
    assert len(cuts()) == 1
    assert len(readings) == 3, "an hour has passed"
    store.close()
