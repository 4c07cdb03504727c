"""The promises about history: a message that anybody has seen is stored, in the same order; when the store fails nobody
is disconnected, and nobody sees what was not stored.
"""

import dataclasses
import logging
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from greenchat.config.options import Options, Storage
from greenchat.config.settings import History, Settings
from greenchat.server.app import App
from greenchat.server.data import store_keeper
from greenchat.server.data.store_keeper import lock
from greenchat.storage.interface import HistorySpan, StoredEvent, StoreError
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client, people
from tests.patience import PATIENCE

ALL = HistorySpan(100_000, events=True)
CAPS = "echo-message message-tags labeled-response batch server-time"


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    """Start a server whose store the test can read."""
    return start_server(Settings(), quick_options(tmp_path))


def durable_options(data: Path) -> Options:
    """Return options with a persistent store."""
    return dataclasses.replace(quick_options(data), storage=Storage())


def history(server: ServerThread, conversation: str = "#lobby") -> list[StoredEvent]:
    """Return the events in the store."""
    return server.call(lambda app: app.store.read(conversation, ALL))


def fill_disk(app: App) -> None:
    """Stop the database from growing: SQLite then reports a full disk."""
    connection = app.store._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")


def free_disk(app: App) -> None:
    """Let the database grow again."""
    app.store._connection.execute("PRAGMA max_page_count = 1000000000")


@contextmanager
def locked(server: ServerThread) -> Iterator[None]:
    """Hold the database's lock, as another program, so that every commit fails."""
    server.call(lambda app: app.store._connection.execute("PRAGMA busy_timeout = 0"))
    path = server.call(lambda app: app.store.path)
    other = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


def test_all_messages_are_stored_in_the_order_seen(server: ServerThread) -> None:
    with people(server.address, "alice", "bob", "carol", caps="message-tags", channel="#lobby") as (alice, bob, carol):
        for number in range(50):
            alice.send(f"PRIVMSG #lobby :a{number}")
            bob.send(f"NOTICE #lobby :b{number}")
        seen = [carol.expect("PRIVMSG", "NOTICE") for _ in range(100)]
        events = [event for event in history(server) if event.command in ("PRIVMSG", "NOTICE")]
        assert [(m.tags["msgid"], m.command, m.source, m.params) for m in seen] == [
            (event.msgid, event.command, event.source, event.params) for event in events
        ]


def test_events_of_a_channel_are_stored(server: ServerThread) -> None:
    with people(server.address, "alice", "bob", channel="#lobby") as (alice, bob):
        alice.send("TOPIC #lobby :new", "MODE #lobby +m", "NICK alicia", "KICK #lobby bob :out", "PART #lobby :bye")
        alice.sync()
        bob.sync()
    commands = [event.command for event in history(server)]
    assert commands == ["JOIN", "JOIN", "TOPIC", "MODE", "NICK", "KICK", "PART"]
    assert history(server)[-2].params == ("#lobby", "bob", "out")


def test_a_quit_is_stored_in_each_channel(server: ServerThread) -> None:
    with people(server.address, "alice", "bob", channel="#lobby") as (alice, bob):
        bob.join("#other")
        alice.join("#other")
        bob.send("QUIT :so long")
        alice.expect("QUIT")
        in_lobby, in_other = (history(server, name)[-1] for name in ("#lobby", "#other"))
        assert in_lobby.params == ("Quit: so long",)
        assert in_lobby.id == in_other.id


def test_private_messages_belong_to_both_sides(server: ServerThread) -> None:
    with people(server.address, "alice", "bob", caps="message-tags") as (alice, bob):
        alice.send("PRIVMSG bob :hi")
        bob.expect("PRIVMSG")
        bob.send("PRIVMSG alice :hello")
        alice.expect("PRIVMSG")

        def events(app: App) -> list[StoredEvent]:
            one, other = (app.network.users[nick].guest_id for nick in ("alice", "bob"))
            return app.store.read(f"{min(one, other)} {max(one, other)}", ALL)

        assert [event.params for event in server.call(events)] == [("bob", "hi"), ("alice", "hello")]


def test_a_message_that_cannot_be_stored_is_seen_by_nobody(server: ServerThread) -> None:
    with people(server.address, "alice", "bob", caps=CAPS, channel="#lobby") as (alice, bob):
        with locked(server):
            alice.send("PRIVMSG #lobby :lost")
            fail = alice.expect("FAIL")
            assert fail.params[:3] == ("PRIVMSG", "TEMPORARILY_UNAVAILABLE", "#lobby")
            alice.send("@label=7 PRIVMSG #lobby :lost", "PRIVMSG bob :lost", "NOTICE #lobby :lost")
            alice.send("@+draft/react=x TAGMSG #lobby")
            answers = [alice.expect("FAIL", "PRIVMSG", "NOTICE", "TAGMSG") for _ in range(4)]
            assert [answer.command for answer in answers] == ["FAIL"] * 4
            assert bob.sync() == []
        alice.send("PRIVMSG #lobby :kept")
        assert alice.expect("PRIVMSG", "FAIL").params == ("#lobby", "kept")
        assert bob.expect("PRIVMSG").params == ("#lobby", "kept")
        assert [event.params[-1] for event in history(server) if event.command == "PRIVMSG"] == ["kept"]


@pytest.mark.parametrize(
    ("caps", "command", "answers"),
    [
        (CAPS, "PRIVMSG #lobby :lost", ["FAIL"]),
        (CAPS.replace("echo-message", ""), "PRIVMSG #lobby :lost", ["FAIL"]),
        (CAPS, "NOTICE bob :lost", ["FAIL"]),
        (CAPS, "PRIVMSG bob,#lobby :lost", ["BATCH", "FAIL", "FAIL", "BATCH"]),
        (CAPS, "PRIVMSG #lobby,nobody,bob :lost", ["BATCH", "401", "FAIL", "FAIL", "BATCH"]),
        (CAPS, "PRIVMSG alice :lost", ["FAIL"]),
        (f"{CAPS} draft/message-redaction", "REDACT #lobby {msgid}", ["FAIL"]),
    ],
)
def test_the_refusal_is_the_answer_to_a_labeled_command(
    server: ServerThread, caps: str, command: str, answers: list[str]
) -> None:
    """labeled-response: "Servers MUST include the tag in exactly one logical message."""
    with people(server.address, "alice", "bob", caps=caps, channel="#lobby") as (alice, bob):
        alice.send("PRIVMSG #lobby :hi", "AWAY :gone")
        alice.sync()
        msgid = bob.expect("PRIVMSG").tags["msgid"]
        with locked(server):
            alice.send(f"@label=7 {command.format(msgid=msgid)}")
            answer = [alice.read() for _ in answers]
            assert [message.command for message in answer] == answers
            assert [message.tags.get("label") for message in answer] == ["7", *[None] * (len(answers) - 1)]
            batch = answer[0].params[0][1:] if len(answer) > 1 else None
            assert {message.tags.get("batch") for message in answer[1:-1]} <= {batch}
            assert alice.sync() == []
            assert bob.sync() == []


def test_other_answers_of_the_turn_are_sent(server: ServerThread) -> None:
    with people(server.address, "alice", "bob", caps=CAPS, channel="#lobby") as (alice, bob), locked(server):
        alice.send("PRIVMSG #lobby :lost", "PING one", "PRIVMSG #lobby :lost", "PING two")
        answers = [alice.expect("FAIL", "PONG", "PRIVMSG") for _ in range(4)]
        assert sorted(answer.command for answer in answers) == ["FAIL", "FAIL", "PONG", "PONG"]
        assert bob.sync() == []


def test_events_are_stored_once_the_store_works_again(server: ServerThread) -> None:
    with people(server.address, "alice", channel="#lobby") as (alice,), Client(server.address, "bob") as bob:
        with locked(server):
            bob.join("#lobby")
            assert alice.expect("JOIN").nick == "bob"
        alice.send("TOPIC #lobby :works")
        bob.expect("TOPIC")
        assert [event.command for event in history(server)] == ["JOIN", "JOIN", "TOPIC"]


def test_a_full_disk_refuses_messages_and_disconnects_nobody(server: ServerThread) -> None:
    text = "x" * 400
    with people(server.address, "alice", "bob", caps=CAPS, channel="#lobby") as (alice, bob):
        server.call(fill_disk)
        stored = 0
        while True:
            alice.send(f"PRIVMSG #lobby :{stored} {text}")
            if alice.expect("PRIVMSG", "FAIL").command == "FAIL":
                break
            stored += 1
            assert stored < 1000
        seen = [message.params[-1].split()[0] for message in bob.sync()]
        assert seen == [str(number) for number in range(stored)]
        assert [e.params[-1].split()[0] for e in history(server) if e.command == "PRIVMSG"] == seen
        server.call(free_disk)
        alice.send("PRIVMSG #lobby :there is room")
        assert bob.expect("PRIVMSG").params[-1] == "there is room"


def test_a_restart_loses_nothing_and_ids_continue(start_server: StartServer, tmp_path: Path) -> None:
    options = durable_options(tmp_path)
    first = start_server(Settings(), options)
    with people(first.address, "alice", channel="#lobby") as (alice,):
        alice.send("PRIVMSG #lobby :before")
        alice.sync()
    first.stop()
    second = start_server(Settings(), options)
    with people(second.address, "alice", channel="#lobby") as (alice,):
        alice.send("PRIVMSG #lobby :after")
        alice.sync()
        events = history(second)
        assert [e.params[-1] for e in events if e.command == "PRIVMSG"] == ["before", "after"]
        assert [e.id for e in events] == sorted({e.id for e in events})


def test_a_client_that_was_cut_can_query_all_it_missed(server: ServerThread) -> None:
    """Without gaps or duplicates, wherever it is cut, while others continue talking."""
    caps = CAPS + " draft/chathistory"
    with people(server.address, "alice", "witness", caps="message-tags", channel="#lobby") as (alice, witness):

        def talk() -> None:
            for number in range(40):
                alice.send(f"PRIVMSG #lobby :{number}")

        alice.send("PRIVMSG #lobby :begin")
        seen = [witness.expect("PRIVMSG").tags["msgid"]]
        with ThreadPoolExecutor(1) as thread:
            for life in range(31):
                talking = thread.submit(talk) if life < 30 else None
                with Client(server.address, f"reader{life}", caps=caps) as reader:
                    reader.join("#lobby")
                    live: list[str] = []  # what arrives during the queries and later
                    page = [""]
                    while page:
                        reader.send(f"CHATHISTORY AFTER #lobby msgid={seen[-1]} 25")
                        answer = reader.until("BATCH") + reader.until("BATCH")
                        messages = [message for message in answer if message.command == "PRIVMSG"]
                        page = [message.tags["msgid"] for message in messages if "batch" in message.tags]
                        seen += page
                        live += [message.tags["msgid"] for message in messages if "batch" not in message.tags]
                    for _ in range(life % 4):
                        live += [message.tags["msgid"] for message in reader.sync() if message.command == "PRIVMSG"]
                    seen += [msgid for msgid in live if msgid not in seen]
                if talking:
                    talking.result()
        assert [witness.expect("PRIVMSG").tags["msgid"] for _ in range(30 * 40)] == seen[1:]


def test_history_can_be_switched_off(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(Settings(history=History(enabled=False)), quick_options(tmp_path))
    with people(server.address, "alice", "bob", channel="#lobby") as (alice, bob):
        alice.send("PRIVMSG #lobby :hi")
        assert bob.expect("PRIVMSG").params[-1] == "hi"
        assert history(server) == []


def test_typing_is_not_stored_but_reactions_are(server: ServerThread) -> None:
    with people(server.address, "alice", "bob", caps="message-tags", channel="#lobby") as (alice, bob):
        alice.send(
            "@+typing=active TAGMSG #lobby",
            "@+draft/react=x;+typing=done TAGMSG #lobby",
            "@+typing=done;+x=y PRIVMSG #lobby :hi",
        )
        bob.expect("PRIVMSG")
        stored = [(event.command, dict(event.tags)) for event in history(server)[-2:]]
        assert stored == [("TAGMSG", {"+draft/react": "x"}), ("PRIVMSG", {"+x": "y"})]


def test_two_servers_cannot_share_a_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_keeper, "_PATIENCE", 0.2)
    with lock(tmp_path), pytest.raises(StoreError, match="another greenchat-server uses the data folder"):
        lock(tmp_path)
    lock(tmp_path).close()


def test_an_ending_server_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A restart right after SIGTERM: the old server still waits for its clients to disconnect."""
    is_logged = threading.Event()
    handler = logging.Handler()
    handler.emit = lambda record: is_logged.set()  # type: ignore[method-assign]  # this one only tells
    caplog.set_level(logging.INFO, store_keeper.__name__)
    logging.getLogger(store_keeper.__name__).addHandler(handler)
    old = lock(tmp_path)
    with ThreadPoolExecutor(1) as executor:
        new = executor.submit(lock, tmp_path)
        assert is_logged.wait(PATIENCE)
        old.close()
        new.result(PATIENCE).close()
    logging.getLogger(store_keeper.__name__).removeHandler(handler)
    assert "to end" in caplog.text


ID = "@+greenchat/id=8d1f"


def test_a_message_sent_again_is_stored_once(server: ServerThread) -> None:
    with people(server.address, "alice", "bob", caps=CAPS, channel="#lobby") as (alice, bob):
        alice.send(f"{ID} PRIVMSG #lobby :hi", f"{ID} PRIVMSG #lobby :hi", "PRIVMSG #lobby :bye")
        first, again, _ = (alice.expect("PRIVMSG") for _ in range(3))
        assert again == first
        assert [message.params[-1] for message in (bob.expect("PRIVMSG"), bob.expect("PRIVMSG"))] == ["hi", "bye"]
        assert [event.params[-1] for event in history(server)[-2:]] == ["hi", "bye"]
        # the same id to another target is another message
        alice.send(f"{ID} PRIVMSG bob :hi", f"{ID} PRIVMSG bob :hi")
        assert bob.expect("PRIVMSG").params == ("bob", "hi")
        assert alice.expect("PRIVMSG") == alice.expect("PRIVMSG")
        assert "PRIVMSG" not in [message.command for message in bob.sync()]
        labeled = alice.run(f"@label=x;{ID[1:]} PRIVMSG #lobby :hi")
        assert [(message.tags["label"], message.tags["msgid"]) for message in labeled] == [("x", first.tags["msgid"])]


def test_a_message_that_could_not_be_stored_can_be_sent_again(server: ServerThread) -> None:
    with people(server.address, "alice", "bob", caps=CAPS, channel="#lobby") as (alice, bob):
        with locked(server):
            alice.send(f"{ID} PRIVMSG #lobby :hi")
            assert alice.expect("FAIL", "PRIVMSG").command == "FAIL"
        alice.send(f"{ID} PRIVMSG #lobby :hi")
        assert bob.expect("PRIVMSG").params[-1] == "hi"


def test_a_message_sent_again_after_a_restart_is_stored_once(start_server: StartServer, tmp_path: Path) -> None:
    first = start_server(Settings(), durable_options(tmp_path))
    with people(first.address, "alice", caps=CAPS, channel="#lobby") as (alice,):
        alice.send(f"{ID} PRIVMSG #lobby :hi")
        message = alice.expect("PRIVMSG")
    first.stop()
    second = start_server(Settings(), durable_options(tmp_path))
    with people(second.address, "alicia", "bob", caps=CAPS, channel="#lobby") as (alice, bob):
        alice.send(f"{ID} PRIVMSG #lobby :hi")
        assert alice.expect("PRIVMSG").tags["msgid"] == message.tags["msgid"]
        assert "PRIVMSG" not in [message.command for message in bob.sync()]
        assert [event.params[-1] for event in history(second) if event.command == "PRIVMSG"] == ["hi"]
