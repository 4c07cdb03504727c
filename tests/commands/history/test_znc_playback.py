"""History for clients that don't ask with CHATHISTORY."""

from pathlib import Path

import pytest

from greenchat.config.settings import History, Settings
from greenchat.protocol.message import Message
from tests.commands.history.test_chathistory import say, texts
from tests.conftest import Serve, Target, quick_options
from tests.irc import Client, people

CAPS = "server-time message-tags echo-message batch znc.in/playback"


def play(client: Client, words: str) -> list[Message]:
    """Return the messages of an answer by *playback."""
    echo, *answers = client.run(f"PRIVMSG *playback :PLAY {words}")
    assert echo.params[0] == "*playback"
    return [message for message in answers if message.command == "PRIVMSG"]


def test_missed_messages_are_played(server: Target) -> None:
    with people(server, "alice", "bob", caps=CAPS, channel="#lobby") as (alice, bob):
        sent = say(alice, "one", "two")
        alice.join("#other")
        say(alice, "elsewhere", to="#other")
        say(bob, "psst", to="alice")
        bob.sync()
        alice.sync()
        assert texts(play(alice, "* 0")) == ["one", "two", "elsewhere", "psst"]
        assert texts(play(alice, "#lobby,bob 0")) == ["one", "two", "psst"]
        assert texts(play(bob, "*")) == ["one", "two", "psst"]
        assert play(bob, "#other") == []
        again = play(alice, "#lobby 0 4000000000.5")
        assert [m.tags["msgid"] for m in again] == [m.tags["msgid"] for m in sent]
        assert play(alice, "* 4000000000") == []
        assert play(alice, "#lobby 0 1000000000.123") == []


def test_the_answer_is_a_batch(server: Target) -> None:
    with people(server, "alice", caps=CAPS, channel="#lobby") as (alice,):
        say(alice, "one")
        _, start, message, end = alice.run("PRIVMSG *playback :PLAY #LOBBY")
        assert start.params[1:] == ("znc.in/playback", "#lobby")
        assert (message.params[-1], end.command) == ("one", "BATCH")


@pytest.mark.parametrize("words", ["#lobby x", "#lobby nan", "#lobby inf", "", "* 1 2 3"])
def test_malformed_commands(server: Target, words: str) -> None:
    with people(server, "alice", caps=CAPS, channel="#lobby") as (alice,):
        commands = alice.commands(f"PRIVMSG *playback :PLAY {words}")
        assert words == "* 1 2 3" or commands == ["PRIVMSG", "NOTICE"]


def test_configured_playback_on_join(serve: Serve, tmp_path: Path) -> None:
    address = serve(Settings(history=History(replay=2)), quick_options(tmp_path))
    with Client(address, "alice", caps=CAPS) as alice:
        alice.join("#lobby")
        sent = say(alice, "one", "two", "\x01ACTION waves\x01")
        clock = "[" + sent[1].tags["time"][11:16] + "] "
        with Client(address, "bob") as bob:
            # without the server-time capability the time stands before the text
            bob.join("#lobby")
            got = [message.params[-1] for message in bob.sync() if message.command == "PRIVMSG"]
            assert got == [clock + "two", f"\x01ACTION {clock}waves\x01"]
        with Client(address, "carol", caps="server-time") as carol:
            carol.join("#lobby")
            assert texts([m for m in carol.sync() if m.command == "PRIVMSG"]) == ["two", "\x01ACTION waves\x01"]
        for caps in "draft/chathistory", "znc.in/playback":
            with Client(address, "dave", caps=caps) as dave:
                # "if a client requests this capability, the server SHOULD NOT play back any history"
                dave.join("#lobby")
                assert "PRIVMSG" not in [message.command for message in dave.sync()]
                dave.send("QUIT")
                dave.until_end()


def test_no_playback_on_join_by_default(server: Target) -> None:
    with people(server, "alice", channel="#lobby") as (alice,), Client(server, "bob") as bob:
        alice.run("PRIVMSG #lobby :hi")
        bob.join("#lobby")
        assert "PRIVMSG" not in [message.command for message in bob.sync()]
