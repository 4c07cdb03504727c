"""Reading parts of conversations, compared with slices of a list."""

import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from greenchat.protocol.msgid import LAST_ID
from greenchat.storage.interface import NOWHERE, HistorySpan, HistoryTarget, StoredEvent, direct_key, members_of
from greenchat.storage.sqlite import SqliteStore
from tests.storage.events import EventMaker, texts, tidy_up


def test_pages_from_both_ends(store: SqliteStore, talk: EventMaker) -> None:
    events = talk.lines(10)
    store.commit([*events, talk.say("elsewhere", "#other")])
    assert store.read("#lobby", HistorySpan(3)) == events[:3]
    assert store.read("#lobby", HistorySpan(3, newest=True)) == events[-3:]
    assert store.read("#lobby", HistorySpan(3, after=events[4].id)) == events[5:8]
    assert store.read("#lobby", HistorySpan(3, before=events[4].id, newest=True)) == events[1:4]
    assert store.read("#lobby", HistorySpan(9, after=events[4].id, before=events[7].id)) == events[5:7]
    assert store.read("#nowhere", HistorySpan(3)) == []
    assert store.read("#lobby", HistorySpan(0)) == []


def test_paging_by_id_finds_every_event_once(store: SqliteStore, talk: EventMaker) -> None:
    talk.now = 5
    events = [talk.say(str(number))._replace(id=talk.ids.next(5)) for number in range(50)]  # all in one millisecond
    store.commit(events)
    seen: list[StoredEvent] = []
    while page := store.read("#lobby", HistorySpan(7, after=seen[-1].id if seen else 0)):
        seen += page
    assert seen == events


@settings(max_examples=60, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(["PRIVMSG", "NOTICE", "TAGMSG", "JOIN"]), max_size=30),
    after=st.integers(0, 32),
    before=st.integers(0, 32),
    limit=st.integers(0, 10),
    newest=st.booleans(),
    events=st.booleans(),
)
def test_a_span_is_a_slice(kinds: list[str], after: int, before: int, limit: int, newest: bool, events: bool) -> None:
    with TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "greenchat.db")
        stored = [StoredEvent(number, "#c", kind, "a!b@c", ("#c", "x")) for number, kind in enumerate(kinds, start=1)]
        store.commit(stored)
        wanted = [e for e in stored if after < e.id < before and (events or e.command in ("PRIVMSG", "NOTICE"))]
        wanted = wanted[len(wanted) - min(limit, len(wanted)) :] if newest else wanted[:limit]
        assert store.read("#c", HistorySpan(limit, after, before, newest, events)) == wanted
        store.close()


def test_targets_are_conversations_with_new_messages_in_order(store: SqliteStore, talk: EventMaker) -> None:
    pair = direct_key("bob", "alice")
    first = talk.say("1", "#b")
    private = talk.say("2", pair)
    last = talk.say("3", "#a")
    joined = talk.say("", "#b", command="JOIN")
    store.commit([first, private, last, joined, talk.say("4", direct_key("bob", "carol")), talk.say("5", "#secret")])
    news = [HistoryTarget("#b", first.id), HistoryTarget(pair, private.id), HistoryTarget("#a", last.id)]
    assert store.targets("alice", ["#a", "#b", "#c"], 0, LAST_ID) == news
    assert store.targets("alice", ["#a", "#b"], first.id, last.id) == news[1:2]
    assert store.targets("nobody", [], 0, LAST_ID) == []


def test_the_key_of_a_private_conversation_is_the_same_from_both_sides() -> None:
    assert direct_key("alice", "bob") == direct_key("bob", "alice") == "alice bob"
    assert members_of("alice bob") == ("alice", "bob")
    assert members_of("#lobby") == ()


def test_reading_from_many_threads_while_writing(store: SqliteStore, talk: EventMaker) -> None:
    talk_lines = [talk.lines(20) for _ in range(50)]
    stop = threading.Event()
    wrong: list[object] = []

    def check() -> None:
        while not stop.is_set():
            try:
                found = texts(store.read("#lobby", HistorySpan(100_000)))
                if len(found) % 20 or found != [f"line {number % 20}" for number in range(len(found))]:
                    wrong.append(found)
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=check) for _ in range(3)]
    for thread in threads:
        thread.start()
    for lines in talk_lines:
        store.commit(lines)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(store.read("#lobby", HistorySpan(100_000))) == 1000


def test_the_newest_events_with_a_tag(store: SqliteStore, talk: EventMaker) -> None:
    events = [
        talk.say(str(number), f"#{number % 3}", tags={"+a": str(number)} if number % 2 else {}) for number in range(9)
    ]
    events.append(talk.say('"+a"', tags={"+b": "+a"}))
    store.commit(events)
    assert texts(store.tagged("+a", 0, 9)) == ["1", "3", "5", "7"]
    assert texts(store.tagged("+a", events[3].id, 9)) == ["5", "7"]
    assert store.tagged("+c", 0, 9) == []


def test_conversations_of_an_account(store: SqliteStore, talk: EventMaker) -> None:
    events = [
        talk.say(str(number), f"#{number % 3}", account=("Alice", "bob", "alice", "")[number % 4])
        for number in range(24)
    ]
    joined = talk.say("", "#1", account="Alice")._replace(command="JOIN", params=("#1",))
    store.commit([*events[:15], joined])
    tidy_up(store)
    store.commit(events[15:])
    found = []
    after = NOWHERE
    while page := store.said_by(["alice", "Alice"], after, 5):
        assert len(page) <= 5
        found += [(location.conversation, location.id) for location in page]
        after = page[-1]
    # conversation by conversation, each in its order
    expected = [(event.conversation, event.id) for event in events if event.account.lower() == "alice"]
    assert found == sorted(expected)
    assert store.said_by(["nobody"], NOWHERE, 5) == []
    assert sorted(store.accounts()) == ["Alice", "alice", "bob"]
