"""Answers of megabytes are made and sent in portions, as fast as the client reads them, and delay nobody."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.chat.channel import Topic
from greenchat.config.options import Connections
from greenchat.config.settings import Settings
from greenchat.server.app import App
from tests.conftest import ServerThread, StartServer, quick_options
from tests.hostile.conftest import Attack
from tests.irc import Client

SMALL = Connections(sendq=64 * 1024, ping_after=60.0)
_CHANNELS = 5000
_CAPS = "batch server-time message-tags labeled-response draft/chathistory soju.im/search znc.in/playback"
_FILLER = "x" * 3800


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    """Start a server that cuts a client when 64 KiB wait for it."""
    return start_server(Settings(), replace(quick_options(tmp_path), connections=SMALL))


def _fill(app: App) -> None:
    """Add thousands of channels with long topics, all of one user."""
    user = app.network.user("collector")
    assert user
    for number in range(_CHANNELS):
        channel = app.network.join(user, f"#channel-{number}", now=app.now())
        channel.topic = Topic("t" * 390, "collector", app.now())


def _narrow(server: ServerThread, *nicks: str) -> None:
    """Make the kernel buffer little, as a network does: on this machine it buffers megabytes."""

    def narrow(app: App) -> None:
        for connection in app.clients.connections:
            if connection.session.registration.nick in nicks:
                connection.accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)

    server.call(narrow)


def test_list_of_thousands_of_channels(server: ServerThread, witnessed: Attack) -> None:
    """2 MB through a sendq of 64 KiB, to a client that begins to read late."""
    with Client(server.address, "collector"), Client(server.address, "asker", caps=_CAPS) as asker:
        server.call(_fill)
        _narrow(server, "asker")
        with witnessed(server.address) as witness:
            asker.send("@label=all LIST", "PING after")
            for _ in range(50):  # it reads nothing meanwhile
                witness.say_again()
            assert server.call(lambda app: max(c.outbox.backlog for c in app.clients.connections)) <= SMALL.sendq
            answer = asker.until("PONG")
    assert sum(message.command == "322" for message in answer) == _CHANNELS
    commands = [message.command for message in answer]
    assert commands[:2] == ["BATCH", "321"]
    assert commands[-3:] == ["323", "BATCH", "PONG"]
    assert answer[0].tags["label"] == "all"
    assert {message.tags["batch"] for message in answer[1:-2]} == {answer[0].params[0][1:]}


@pytest.mark.parametrize(
    "question",
    ["CHATHISTORY LATEST #lobby * 500", "SEARCH in=#lobby;limit=500", "PRIVMSG *playback :PLAY #lobby,#lobby 0"],
)
def test_history_with_the_longest_tags(server: ServerThread, witnessed: Attack, question: str) -> None:
    """A user fills a channel with 4 KB of tags a message: clients that fetch its history must not be cut."""
    with Client(server.address, "filler", caps=_CAPS) as filler, Client(server.address, "asker", caps=_CAPS) as asker:
        filler.join("#lobby")
        for _ in range(10):
            filler.run(*[f"@+filler={_FILLER} PRIVMSG #lobby :word {number}" for number in range(50)])
        asker.join("#lobby")
        _narrow(server, "asker")
        with witnessed(server.address) as witness:
            asker.send(f"@label=old {question}", "PING after")
            for _ in range(50):
                witness.say_again()
            answer = asker.until("PONG")
    messages = [message for message in answer if message.command == "PRIVMSG"]
    assert len(messages) == 500 * question.count("#lobby")
    assert not any(
        "+filler" in message.tags for message in messages
    )  # so many bytes of tags are delivered, and not stored
    assert answer[0].tags["label"] == "old"
    opened = [message.params[0][1:] for message in answer if message.command == "BATCH" and message.params[0][0] == "+"]
    closed = [message.params[0][1:] for message in answer if message.command == "BATCH" and message.params[0][0] == "-"]
    assert sorted(opened) == sorted(closed)


def test_a_client_that_disconnects_during_an_answer(server: ServerThread, witnessed: Attack) -> None:
    """Nothing is left: no greenlet, no memory of the client."""
    with Client(server.address, "collector"), witnessed(server.address) as witness:
        server.call(_fill)
        for number in range(5):
            with Client(server.address, f"asker{number}") as asker:
                asker.send("LIST")
                asker.expect("321")
        for _ in range(500):
            witness.say_again()
            if server.call(lambda app: len(app.clients.connections)) == 3:
                break
        assert server.call(lambda app: sorted(app.network.users)) == ["collector", "friend", "witness"]
