"""Channel modes +j (joins), +W (slow mode) and +d (first words)."""

import pytest

from greenchat.commands.core import channel_rate_limits
from tests.conftest import Serve
from tests.irc import Client, people


def replies(client: Client, line: str) -> list[tuple[str, ...]]:
    return [(message.command, *message.params) for message in client.run(line)]


def test_slow_mode(serve: Serve) -> None:
    with people(serve(), "alice", "bob", channel="#tea") as (alice, bob):
        alice.run("MODE #tea +W 2:3600")
        bob.expect("MODE")
        assert bob.run("PRIVMSG #tea :one") == bob.run("PRIVMSG #tea :two") == []
        (refused,) = bob.run("PRIVMSG #tea :three")
        assert refused.command == "404"
        assert refused.params[-1].startswith("Cannot send to channel (+W): you can in ")
        assert alice.run("PRIVMSG #tea :1", "PRIVMSG #tea :2", "PRIVMSG #tea :3")[-1].params[-1] == "two"
        alice.run("MODE #tea +v bob")
        bob.expect("MODE")
        assert "404" not in [message.command for message in bob.run("PRIVMSG #tea :with a voice")]
        alice.run("MODE #tea -W", "MODE #tea -v bob")


def test_slow_mode_remembers_who_comes_back(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many users have spoken: only users who have quit are forgotten."""
    monkeypatch.setattr(channel_rate_limits, "_FORGET_FROM", 2)
    with people(serve(), "alice", "bob", "carol", "dave", channel="#tea") as (alice, bob, carol, dave):
        alice.run("MODE #tea +W 1:3600")
        for client in dave, bob:
            assert "404" not in client.commands("PRIVMSG #tea :one")
        bob.run("PART #tea")
        dave.send("QUIT")
        alice.expect("QUIT")
        carol.run("PRIVMSG #tea :one")
        bob.join("#tea")
        assert bob.commands("PRIVMSG #tea :two") == ["404"]


def test_first_words(serve: Serve) -> None:
    with people(serve(), "alice", "bob", channel="#tea") as (alice, bob):
        alice.run("MODE #tea +d 3600")
        bob.expect("MODE")
        (refused,) = bob.run("PRIVMSG #tea :hello")
        assert (refused.command, "(+d)" in refused.params[-1]) == ("404", True)
        assert bob.run("TAGMSG #tea") != []  # without the capability the command does not exist
        alice.run("MODE #tea -d")
        bob.expect("MODE")
        assert bob.run("PRIVMSG #tea :hello") == []


def test_joins(serve: Serve) -> None:
    address = serve()
    with Client(address, "alice") as alice, people(address, "bob", "carol", "dave") as (bob, carol, dave):
        alice.join("#tea")
        alice.run("MODE #tea +j 2:3600")
        bob.join("#tea")
        carol.join("#tea")
        (refused,) = dave.run("JOIN #tea")
        # "Returned by a server to a user trying to join a channel currently blocked by the channel delay mechanism"
        # (RFC 2812, section 5.2, ERR_UNAVAILRESOURCE)
        assert (refused.command, refused.params[1]) == ("437", "#tea")
        alice.run("INVITE dave #tea")
        dave.join("#tea")


@pytest.mark.parametrize(("mode", "value"), [("W", "5"), ("j", "0:1"), ("d", "soon"), ("d", "0"), ("W", "1:99999")])
def test_invalid_paces_are_refused(serve: Serve, mode: str, value: str) -> None:
    with Client(serve(), "alice") as alice:
        alice.join("#tea")
        (refused,) = alice.run(f"MODE #tea +{mode} {value}")
        assert refused.command == "696"
        assert refused.params[:4] == ("alice", "#tea", mode, value)


def test_a_mode_is_shown_and_announced_only_when_it_changes(serve: Serve) -> None:
    with Client(serve(), "alice") as alice:
        alice.join("#tea")
        alice.run("MODE #tea +jWd 5:10 3:30 20")
        assert ("324", "alice", "#tea", "+ntWdj", "3:30", "20", "5:10") in replies(alice, "MODE #tea")
        assert alice.run("MODE #tea +j 5:10") == []
        assert [message.params[1] for message in alice.run("MODE #tea -jWd")] == ["-jWd"]
        assert alice.run("MODE #tea -j") == []
