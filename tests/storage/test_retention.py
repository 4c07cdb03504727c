"""What is too old or too much goes, in small steps, from the index too; nothing else does."""

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
from tests.storage.talk import START, Talk, compact_events, cut_due, texts, tidy_up

ALL = HistorySpan(10_000, events=True)


def store_with(path: Path, keep: Retention) -> SqliteStore:
    """A store that keeps so much."""
    return SqliteStore(path, keep=keep)


def stored(store: SqliteStore) -> list[int]:
    """The ids of all that is in the file, cut or not."""
    return [number for (number,) in store._connection.execute("SELECT id FROM event ORDER BY id")]


def test_what_is_too_old_goes(path: Path, talk: Talk) -> None:
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


def test_age_is_to_the_millisecond(path: Path, talk: Talk) -> None:
    store = store_with(path, Retention(age=1000))
    said = talk.lines(10)
    store.commit(said)
    tidy_up(store, said[4].time + 1000)
    assert store.read("#lobby", ALL) == said[4:]
    store.close()


def test_what_is_too_much_in_one_conversation_goes(path: Path, talk: Talk) -> None:
    store = store_with(path, Retention(per_conversation=300))
    loud, quiet = talk.lines(1000), talk.lines(5, "#quiet")
    store.commit(loud + quiet)
    compact_events(store)
    store.maintain(START)
    cut_due(store)
    assert store.read("#lobby", ALL) == loud[-300:], "what was cut is gone at once"
    store._housekeeping._index_rests = 0.0
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


def test_what_is_too_much_in_all_goes(path: Path, talk: Talk) -> None:
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
def test_what_is_said_after_a_cut_stays(path: Path, talk: Talk, keep: Retention) -> None:
    """Be the clock wrong, and set right again, or the minute full before it is over."""
    store = store_with(path, keep)
    store.commit(talk.lines(60))
    compact_events(store)
    store.maintain(talk.now + 60_000)
    cut_due(store)
    assert store.read("#lobby", ALL) == []
    said = talk.say("here")
    store.commit([said])
    assert store.read("#lobby", ALL) == [said]
    store.close()


def test_nothing_goes_by_default(store: SqliteStore, talk: Talk) -> None:
    said = talk.lines(100)
    store.commit(said)
    tidy_up(store, START + 10**12)
    assert store.read("#lobby", ALL) == said


def test_what_is_kept_whole_is_not_gone_through(path: Path, talk: Talk) -> None:
    """Every minute, however large it has become."""
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


def test_a_conversation_that_went_can_begin_anew(path: Path, talk: Talk) -> None:
    store = store_with(path, Retention(age=1000))
    store.commit([talk.say("old")])
    tidy_up(store, talk.now + 5000)
    again = talk.say("new")
    store.commit([again])
    assert texts(store.search(Query(["#lobby"], 9, "new"))) == ["new"]
    assert store.read("#lobby", ALL) == [again]
    store.close()


def test_what_guests_said_to_each_other_goes_with_them(path: Path, talk: Talk) -> None:
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


def test_when_there_is_nothing_to_do_it_is_tidy(path: Path, talk: Talk) -> None:
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
def test_keeping_nothing(path: Path, talk: Talk, keep: Retention) -> None:
    store = store_with(path, keep)
    store.commit(talk.lines(500))
    tidy_up(store, talk.now + 120_000)
    assert store.read("#lobby", ALL) == []
    store.close()


def test_very_much_goes_from_the_index_in_steps(path: Path, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Meanwhile the index learns what is new, and the log is moved."""
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
        store._housekeeping._index_rests = 0.0
        store.maintain(START)
        while store.tidy():
            pass
        left.append(len(stored(store)))
        assert len(store.search(Query(["#lobby"], 5000, "line"))) == 300
    assert left[:8] == [900, 800, 700, 600, 500, 400, 300, 300]
    assert store.read("#lobby", ALL) == loud[-300:]
    store.close()


@pytest.mark.parametrize("lines", [1, 8])
def test_who_is_known_from_nothing_any_more_is_forgotten(
    path: Path, talk: Talk, monkeypatch: pytest.MonkeyPatch, lines: int
) -> None:
    """But who has spoken again meanwhile is not, be it in one line or in so many that they are settled at once."""
    monkeypatch.setattr("greenchat.storage.trimming._TRIM_ROWS", 3)
    store = store_with(path, Retention(age=1000))
    store.commit([talk.say("old", nick=f"gone{number}") for number in range(10)])
    store.commit([talk.say("old", nick="back"), talk.say("taken back", nick="stays")])
    talk.now += 5000
    new = [talk.say("new", nick="stays"), talk.say("new", nick="other")]
    store.commit(new)
    compact_events(store)
    for _ in range(4):  # found, deleted, nothing left, and the sources of that looked for
        store._housekeeping._index_rests = 0.0
        store.maintain(talk.now)
        cut_due(store)
        while store._housekeeping._trimming.cuts:
            store.tidy()
    assert len(store._housekeeping._trimming.unused_sources) == 11
    again = [talk.say("here again", nick="back") for _ in range(lines)]
    store.commit(again)  # after it was found that nobody needs that one
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
def test_what_is_cut_is_gone_for_all_readers_at_once(path: Path, talk: Talk, is_settled: bool) -> None:
    """Whatever the housekeeping has come to: several nodes would give different answers else."""
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
    assert store.search(Query(everywhere, 1, "line", oldest=True)) == [first[4]], "it does not count"
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


def test_another_node_decides(path: Path, talk: Talk) -> None:
    store = store_with(path, Retention(per_conversation=1))
    said = talk.lines(3)
    store.commit(said)
    compact_events(store)
    store.maintain(START, decides=False)
    assert store.due_cuts() == DueCuts([], [])
    assert store.is_tidy(START)
    store._housekeeping._index_rests = 0.0
    store.maintain(START + 60_000, decides=True)
    assert store.due_cuts() == DueCuts([Cut("#lobby", said[1].id)], [])
    assert store.due_cuts() == DueCuts([], []), "they are told once"
    store.close()


def test_nothing_is_cut_by_a_name_that_means_another_conversation_by_now(path: Path, talk: Talk) -> None:
    store = store_with(path, Retention(per_conversation=1))
    said, other = talk.lines(3), talk.lines(3, "#other")
    store.commit(said + other)
    compact_events(store)
    store.maintain(START)
    store.commit([Renaming("#other", "#lobby", "#lobby")])
    assert store.due_cuts() == DueCuts([], [])
    store._housekeeping._index_rests = 0.0
    store.maintain(START + 60_000)
    assert Cut("#lobby", other[1].id) in store.due_cuts().surplus
    store.close()


def test_what_a_cut_has_left_goes_after_the_next_start(path: Path, talk: Talk) -> None:
    store = store_with(path, Retention())
    said = talk.lines(3)
    store.commit([*said, Cut("#lobby", said[1].id)])
    store.close()
    store = store_with(path, Retention())
    assert store.read("#lobby", ALL) == said[2:]
    tidy_up(store)
    assert stored(store) == [said[2].id]
    store.close()


def test_guests_who_have_gone_are_looked_for_every_hour(path: Path, talk: Talk) -> None:
    both = direct_key("~1", "~2")
    store = store_with(path, Retention())
    tidy_up(store)
    said = talk.say("to be forgotten", both)
    store.commit([said])
    tidy_up(store, START + 3_599_000)
    assert store.read(both, ALL) == [said]
    store.maintain(START + 3_600_000)
    assert store.due_cuts() == DueCuts([], [Cut(both, said.id)])
    store.close()


def test_what_is_put_aside_by_a_renaming_has_the_same_key_everywhere(tmp_path: Path) -> None:
    """The number of a conversation may be another one at another node, and its key is how all erase from it."""
    keys = []
    for node in range(2):
        talk = Talk()
        (tmp_path / str(node)).mkdir()
        store = store_with(tmp_path / str(node) / "greenchat.db", Retention())
        if node:
            store.commit([talk.say("somewhere else first", "#elsewhere")])
            talk = Talk()
        said, other = talk.say("old", "#lobby", account="eve"), talk.say("new", "#other", account="eve")
        store.commit([said, other, Renaming("#other", "#lobby", "#lobby")])
        found = store.said_by(["eve"], NOWHERE, 9)
        keys.append([(each.conversation, each.id) for each in found])
        assert store.read("#lobby", ALL)[0].id == other.id
        store.commit([each.erasure for each in found])
        assert store.said_by(["eve"], NOWHERE, 9) == []
        store.close()
    assert keys[0] == keys[1]


def test_all_that_there_is_is_read_only_if_it_may_be_too_much(
    path: Path, talk: Talk, monkeypatch: pytest.MonkeyPatch
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
    assert len(readings) == 1, "it had room for a hundred more"
    add(10)
    assert cuts() == []
    assert len(readings) == 1, "it is a hundredth too much"
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
