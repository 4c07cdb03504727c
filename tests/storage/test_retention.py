"""What is too old or too much goes, in small steps, from the index too; nothing else does."""

from pathlib import Path

import pytest

from greenchat.storage.inspection import check
from greenchat.storage.interface import Query, Retention, Span, direct_key
from greenchat.storage.sqlite import SqliteStore
from tests.storage.talk import START, Talk, compact_events, texts, tidy_up

ALL = Span(10_000, events=True)


def store_with(path: Path, keep: Retention) -> SqliteStore:
    """A store that keeps so much."""
    return SqliteStore(path, keep=keep)


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
    steps = 1
    while store.tidy():
        steps += 1
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


def test_nothing_goes_by_default(store: SqliteStore, talk: Talk) -> None:
    said = talk.lines(100)
    store.commit(said)
    tidy_up(store, START + 10**12)
    assert store.read("#lobby", ALL) == said


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
    monkeypatch.setattr("greenchat.storage.sqlite._CUTTING", 0.0)
    store = store_with(path, Retention(per_conversation=300))
    loud = talk.lines(1000)
    store.commit(loud)
    compact_events(store)
    store.learn()
    left = []
    while not store.is_tidy(START):
        store._index_rests = 0.0
        store.maintain(START)
        while store.tidy():
            pass
        left.append(len(store.search(Query(["#lobby"], 5000, "line"))))
    assert left[:8] == [900, 800, 700, 600, 500, 400, 300, 300]
    assert store.read("#lobby", ALL) == loud[-300:]
    store.close()


def test_who_is_known_from_nothing_any_more_is_forgotten(
    path: Path, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("greenchat.storage.sqlite._TRIM_ROWS", 3)
    store = store_with(path, Retention(age=1000))
    store.commit([talk.say("old", nick=f"gone{number}") for number in range(10)])
    store.commit([talk.say("old", nick="back"), talk.say("taken back", nick="stays")])
    talk.now += 5000
    new = [talk.say("new", nick="stays"), talk.say("new", nick="other")]
    store.commit(new)
    compact_events(store)
    store.maintain(talk.now)
    while store._cuts:
        store.tidy()
    store._index_rests = 0.0
    store.maintain(talk.now)
    assert len(store._unused_sources) == 11
    new.append(talk.say("here again", nick="back"))  # after it was found that nobody needs that one
    store.commit([new[-1]])
    tidy_up(store, talk.now)
    masks = [mask for (mask,) in store._connection.execute("SELECT mask FROM source ORDER BY mask")]
    assert masks == ["back!u@h", "other!u@h", "stays!u@h"]
    new.append(talk.say("and so am I", nick="gone1"))
    store.commit([new[-1]])
    assert store.read("#lobby", ALL) == new
    assert not store._is_pruning_due(talk.now)
    store.close()
    assert check(path) == []
