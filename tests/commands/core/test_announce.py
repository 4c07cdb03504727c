"""Texts of a user that are not messages do not reach members of channels in which the user may not speak."""

import pytest

from tests.conftest import Target
from tests.irc import Client, people

CAPS = "away-notify setname draft/message-redaction message-tags echo-message"
SILENCED = ["+b bob!*@*", "+b m:bob!*@*", "+m", "+M", "+U", "+d 60", "+c"]
"""Modes of #a; with +c the text is refused for its colour."""
TEXT = "\x0304a word"


def received(client: Client, command: str) -> list[tuple[str, ...]]:
    return [message.params for message in client.sync() if message.command == command]


@pytest.mark.parametrize("mode", SILENCED)
def test_the_text_of_an_away_message_is_hidden(server: Target, mode: str) -> None:
    """Another member of #a is in #b, too, where bob may speak."""
    with people(server, "alice", "bob", "carol", caps=CAPS) as (alice, bob, carol):
        alice.run("JOIN #a", f"MODE #a {mode}")
        carol.run("JOIN #a,#b")
        bob.run("JOIN #b", "MODE #a")
        alice.run("INVITE bob #a")
        bob.run("JOIN #a")
        for client in alice, carol:
            client.sync()
        for line, seen, all_of_it in (
            (f"AWAY :{TEXT}", [("Away",)], [(TEXT,)]),
            (f"AWAY :{TEXT}!", [], [(TEXT + "!",)]),
            ("AWAY", [()], [()]),
            ("AWAY *", [("*",)], [("*",)]),
        ):
            bob.run(line)
            assert received(alice, "AWAY") == seen
            assert received(carol, "AWAY") == all_of_it
        bob.run("PART #a", f"AWAY :{TEXT}")
        alice.run("INVITE bob #a")
        bob.run("JOIN #a")
        assert received(alice, "AWAY") == [("Away",)], "on joining"
        alice.run("MODE #a -mMUcdb+v bob!*@* bob", "MODE #a -b m:bob!*@*")
        bob.run("AWAY :free to speak")
        assert received(alice, "AWAY") == [("free to speak",)]


@pytest.mark.parametrize("mode", SILENCED)
def test_a_real_name_is_hidden(server: Target, mode: str) -> None:
    with people(server, "alice", "bob", "carol", caps=CAPS) as (alice, bob, carol):
        alice.run("JOIN #a")
        carol.run("JOIN #a,#b")
        bob.run("JOIN #a,#b")
        alice.run(f"MODE #a {mode}")
        carol.sync()
        assert [message.params for message in bob.run(f"SETNAME :{TEXT}") if message.command == "SETNAME"] == [(TEXT,)]
        assert received(alice, "SETNAME") == []
        assert received(carol, "SETNAME") == [(TEXT,)]
        (found,) = [message for message in alice.run("WHOIS bob") if message.command == "311"]
        assert found.params[-1] == TEXT, "who asks is told"


@pytest.mark.parametrize("mode", SILENCED)
def test_a_topic_is_refused(server: Target, mode: str) -> None:
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        alice.run("MODE #a -t", f"MODE #a {mode}")
        bob.sync()
        assert bob.commands(f"TOPIC #a :{TEXT}") == ["404"]
        assert alice.sync() == []
        assert alice.commands("MODE #a +v bob") == ["MODE"]
        bob.sync()
        assert bob.commands(f"TOPIC #a :{TEXT}") == ["TOPIC"]
        assert alice.commands(f"TOPIC #a :{TEXT}!") == ["TOPIC", "TOPIC"]


@pytest.mark.parametrize("mode", SILENCED)
def test_the_reason_for_deleting_a_message_is_not_told(server: Target, mode: str) -> None:
    with people(server, "alice", "bob", caps=CAPS, channel="#a") as (alice, bob):
        bob.send("PRIVMSG #a :hello")
        msgid = bob.expect("PRIVMSG").tags["msgid"]
        alice.run(f"MODE #a {mode}")
        bob.run(f"REDACT #a {msgid} :{TEXT}")
        assert received(alice, "REDACT") == [("#a", msgid)]
