"""Events are read back as they were written."""

from hypothesis import given
from hypothesis import strategies as st

from greenchat.storage.interface import HistorySpan, StoredEvent
from greenchat.storage.rows import KINDS, decode, encode
from greenchat.storage.sqlite import SqliteStore

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
events = st.builds(
    StoredEvent,
    id=st.just(7),
    conversation=st.sampled_from(["#lobby", "alice bob"]),
    command=st.sampled_from([*KINDS, "WALLOPS"]),
    source=text,
    params=st.lists(st.one_of(st.just("#lobby"), text), max_size=4).map(tuple),
    account=text,
    tags=st.dictionaries(text, text, max_size=2),
)


@given(events, st.sampled_from(["#lobby", "#LOBBY", None]))
def test_an_event_is_read_back_from_its_row(event: StoredEvent, name: str | None) -> None:
    kind, target, last, more = encode(event, name)
    row = (event.id, kind, event.source, event.account, name if target is None else target, last, more)
    assert decode(event.conversation, row) == event


def test_the_numbers_of_commands_are_the_file_format() -> None:
    assert KINDS == {
        "PRIVMSG": 1, "NOTICE": 2, "TAGMSG": 3, "JOIN": 4, "PART": 5, "QUIT": 6,
        "KICK": 7, "NICK": 8, "MODE": 9, "TOPIC": 10, "REDACT": 11,
    }  # fmt: skip


def test_all_kinds_of_events_are_read_back(store: SqliteStore) -> None:
    events = [
        StoredEvent(1, "#lobby", "JOIN", "alice!u@h", ("#Lobby",)),
        StoredEvent(2, "#lobby", "PRIVMSG", "alice!u@h", ("#Lobby", "hi"), "alice"),
        StoredEvent(3, "#lobby", "PRIVMSG", "alice!u@h", ("@#Lobby", "hi, ops"), "alice", {"+draft/reply": "2"}),
        StoredEvent(4, "#lobby", "TAGMSG", "alice!u@h", ("#Lobby",), "", {"+draft/react": "👍"}),
        StoredEvent(5, "#lobby", "KICK", "alice!u@h", ("#Lobby", "bob", "")),
        StoredEvent(6, "#lobby", "NICK", "alice!u@h", ("carol",)),
        StoredEvent(7, "#lobby", "QUIT", "alice!u@h", ()),
        StoredEvent(7, "#other", "QUIT", "alice!u@h", ()),
        StoredEvent(8, "#lobby", "MODE", "srv", ("#Lobby", "+ov", "bob", "carol")),
        StoredEvent(9, "#lobby", "WHATEVER", "srv", ("#Lobby", "a\nb")),
    ]
    store.commit(events)
    span = HistorySpan(100, events=True)
    assert store.read("#lobby", span) + store.read("#other", span) == sorted(
        events, key=lambda event: event.conversation
    )
