"""A message that a connection has sent or seen is in each later answer; deleted messages are in none."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenchat.commands.core.deferred import iterate_with_additions
from greenchat.commands.history.replay import replay
from greenchat.config.settings import History, Settings
from greenchat.server.app import App
from greenchat.storage.interface import Erasure, HistorySpan
from tests.conftest import ServerThread, StartServer, Target, quick_options
from tests.irc import Client, people
from tests.patience import PATIENCE

_CAPS = (
    "batch message-tags server-time echo-message labeled-response draft/chathistory draft/event-playback"
    " draft/message-redaction soju.im/search draft/read-marker"
)
_AGAIN = 10

_ACTS = {
    "what was said": ("PRIVMSG #lobby :word{n}", "word{n}"),
    "a mode": ("MODE #lobby +l 1{n}", "1{n}"),
    "a topic": ("TOPIC #lobby :word{n}", "word{n}"),
    "a way out and in": ("PART #lobby :word{n}\r\nJOIN #lobby", "word{n}"),
}
_QUESTIONS = ("LATEST #lobby * 3", "AFTER #lobby timestamp=2020-01-01T00:00:00.000Z 500")


@pytest.mark.parametrize("question", _QUESTIONS)
@pytest.mark.parametrize("act", _ACTS)
def test_a_change_is_in_the_next_answer(server: Target, act: str, question: str) -> None:
    line, mark = _ACTS[act]
    with Client(server, "alice", caps=_CAPS) as alice:
        alice.join("#lobby")
        for number in range(_AGAIN):
            answer = alice.run(f"{line.format(n=number)}\r\nCHATHISTORY {question}")
            texts = [message.params[-1] for message in answer if "batch" in message.tags]
            assert mark.format(n=number) in texts


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("SEARCH in=#lobby;text=word{n}", "word{n}"),
        ("SEARCH text=word{n};after=2020-01-01T00:00:00.000Z", "word{n}"),
        ("HISTSERV PLAY #lobby 1", "word{n}"),
        ("PRIVMSG *playback :PLAY #lobby", "word{n}"),
    ],
)
def test_a_message_is_in_the_next_answer(server: Target, question: str, found: str) -> None:
    with Client(server, "alice", caps=_CAPS + " znc.in/playback") as alice:
        alice.join("#lobby")
        for number in range(_AGAIN):
            answer = alice.run(f"PRIVMSG #lobby :word{number}\r\n{question.format(n=number)}")
            texts = [m.params[-1] for m in answer if "batch" in m.tags or (m.source or "").startswith("HistServ")]
            assert any(text.endswith(found.format(n=number)) for text in texts), texts


def test_targets(server: Target) -> None:
    with people(server, "alice", "bob", caps=_CAPS) as (alice, _):
        answer = alice.run(
            "PRIVMSG bob :hello\r\n"
            "CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 5"
        )
        assert "bob" in [message.params[1] for message in answer if message.command == "CHATHISTORY"]


def test_a_message_can_be_redacted_at_once(server: Target) -> None:
    """REDACT of a message that its sender has just seen, or that was sent a moment before."""
    with people(server, "alice", "bob", caps=_CAPS, channel="#lobby") as (alice, bob):
        alice.send("PRIVMSG #lobby :oops")
        msgid = alice.expect("PRIVMSG").tags["msgid"]
        answer = alice.run(f"PRIVMSG #lobby :other\r\nREDACT #lobby {msgid}\r\nCHATHISTORY LATEST #lobby * 9")
        assert "REDACT" in [message.command for message in answer]
        assert "oops" not in [message.params[-1] for message in answer]
        bob.expect("REDACT")


def test_joining_replays_messages_of_the_same_turn(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(Settings(history=History(replay=5)), quick_options(tmp_path))
    with people(server.address, "alice", "bob") as (alice, bob):
        bob.join("#lobby")
        alice.join("#lobby")
        for number in range(_AGAIN):
            answer = alice.run(f"PRIVMSG #lobby :word{number}\r\nPART #lobby\r\nJOIN #lobby")
            assert any(m.command == "PRIVMSG" and m.params[-1].endswith(f"word{number}") for m in answer)


class Held:
    """A query of the store whose result is ready, and is delivered only when released."""

    def __init__(self, server: ServerThread, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.asked = threading.Event()
        self._free = threading.Event()
        ask: Callable[..., Any] = getattr(server.app.store, name)

        def slow(*parameters: Any) -> Any:
            answer = ask(*parameters)
            if not self.asked.is_set():
                self.asked.set()
                assert self._free.wait(PATIENCE)
            return answer

        monkeypatch.setattr(server.app.store, name, slow)

    def let_go(self) -> None:
        """Deliver the result."""
        self._free.set()


_HELD = [
    ("read", "CHATHISTORY LATEST #lobby * 500"),
    ("read", "CHATHISTORY AFTER #lobby timestamp=2020-01-01T00:00:00.000Z 500"),
    ("read", "CHATHISTORY AROUND #lobby timestamp=2020-01-01T00:00:00.000Z 500"),
    ("read", "PRIVMSG *playback :PLAY *"),
    ("targets", "PRIVMSG *playback :PLAY *"),
    ("search", "SEARCH in=#lobby;text=new"),
    ("search", "SEARCH text=new"),
    ("targets", "SEARCH text=new"),
    ("read", "HISTSERV PLAY #lobby"),
]


@pytest.mark.parametrize(("name", "question"), _HELD)
@pytest.mark.parametrize("count", [1, 450])
def test_messages_seen_during_a_query_are_in_its_answer(
    start_server: StartServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    question: str,
    count: int,
) -> None:
    """Bob has received alice's message, and then the answer: the message must be in it, and the redacted one must
    not.
    """
    server = start_server(Settings(), quick_options(tmp_path))
    with people(server.address, "alice", "bob", caps=_CAPS + " znc.in/playback", channel="#lobby") as (alice, bob):
        alice.send("PRIVMSG #lobby :new oops")
        msgid = alice.expect("PRIVMSG").tags["msgid"]
        bob.sync()
        held = Held(server, monkeypatch, name)
        bob.send(question)
        assert held.asked.wait(PATIENCE)
        alice.send(f"REDACT #lobby {msgid}", *[f"PRIVMSG #lobby :new {number}" for number in range(count)])
        seen = bob.expect("PRIVMSG")
        while seen.params[-1] != f"new {count - 1}":
            seen = bob.expect("PRIVMSG")
        held.let_go()
        texts = [message.params[-1] for message in bob.sync()]
        assert any(text.endswith(f"new {count - 1}") for text in texts), texts
        assert not any(text.endswith("oops") for text in texts), texts


def test_a_conversation_that_begins_during_a_search_is_found(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_server(Settings(), quick_options(tmp_path))
    ask = "CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 5"
    for number, (name, question, found) in enumerate(
        [("targets", ask, "alice"), ("search", "SEARCH text=begin", "we begin")]
    ):
        with people(server.address, "alice", f"bob{number}", caps=_CAPS) as (alice, bob):
            held = Held(server, monkeypatch, name)
            bob.send(question)
            assert held.asked.wait(PATIENCE)
            alice.send(f"PRIVMSG bob{number} :we begin")
            bob.expect("PRIVMSG")
            held.let_go()
            assert found in [parameter for message in bob.sync() for parameter in message.params]
            monkeypatch.undo()


def test_a_message_redacted_during_a_long_answer_is_left_out(start_server: StartServer, tmp_path: Path) -> None:
    """A long page takes several turns; after the REDACT was sent no more of the text is."""
    server = start_server(Settings(), quick_options(tmp_path))

    def tell(app: App) -> list[bytes]:
        events = app.turn.store.read("#lobby", HistorySpan(9))
        ctx = app._context()
        steps = replay(ctx, events, "chathistory")
        next(steps)
        app.turn.secure(Erasure("#lobby", events[1].id))
        assert len(list(steps)) == 2
        return ctx.session.outbox.pending.copy()

    with people(server.address, "alice", channel="#lobby") as (alice,):
        alice.run("PRIVMSG #lobby :one", "PRIVMSG #lobby :two", "PRIVMSG #lobby :three")
        assert [line.split()[-1] for line in server.call(tell)] == [b":one", b":three"]


def test_a_user_who_joins_during_a_long_list_is_in_it() -> None:
    """LIST and WHO walk channels and users in several turns."""
    here = {"a": 1, "b": 2}
    walk = iterate_with_additions(lambda: here)
    assert next(walk) == "a"
    here["c"] = 3
    del here["a"]
    assert list(walk) == ["b", "c"]
