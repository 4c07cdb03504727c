"""A tour of the client with two servers, from the first start on. Each stop is a picture in tests/features/screens."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.features.conftest import OpenTerminal, Server, ServerProcess
from tests.features.stored_screens import check
from tests.irc import Client

PAGE_UP = "\x1b[5~"
CTRL_F, ESCAPE = "\x06", "\x1b"


@pytest.fixture
def server(tmp_path: Path, environment: dict[str, str]) -> Iterator[Server]:
    """Start the server as users do."""
    started = ServerProcess(tmp_path / "server", environment)
    yield started
    started.close()


@pytest.fixture
def other(tmp_path: Path, environment: dict[str, str]) -> Iterator[Server]:
    """Start a second server."""
    started = ServerProcess(tmp_path / "other", environment)
    yield started
    started.close()


def test_a_tour(server: Server, other: Server, greenchat: OpenTerminal) -> None:
    with Client(server.target, "bob") as bob, Client(other.target, "carol") as carol:
        bob.send("JOIN #lobby", "JOIN #tea", "TOPIC #tea :Green or black?", "JOIN #coffee")
        bob.sync()
        carol.send("JOIN #books")
        carol.sync()

        alice = greenchat(USER="alice", rows=20, columns=80)
        alice.wait_for("Server     localhost:9090")
        check(alice, "01 first run")
        alice.send(server.address, "\r")
        alice.wait(lambda: alice.cursor[0] == 3)
        alice.send("\r")
        alice.wait_for("> #lobby", "#tea", "#coffee")
        alice.send("tea")
        check(alice, "02 choosing a channel")
        alice.send("\x1b[B", "\r")
        alice.wait_for("You joined", "[#tea]")
        bob.expect("JOIN")

        alice.enter(
            "/ison bob carol"
        )  # answered after the history, which then no longer moves the mark of unread lines
        alice.wait_for("Online now: bob")
        bob.send("PRIVMSG #tea :hello alice, do you like Earl Grey?", "PRIVMSG #tea :\x01ACTION pours\x01")
        alice.wait_for("bob pours")
        alice.enter("I do! And cake: https://example.org/cake")
        bob.expect("PRIVMSG")  # bob's next messages come after it everywhere
        bob.send("PRIVMSG #tea :日本のお茶 🍵 ❤\ufe0f é")
        alice.wait_for("日本のお茶")
        bob.send("JOIN #lobby", "PRIVMSG #coffee :nobody hears that")
        bob.sync()
        check(alice, "03 talk with emoji")

        for number in range(40):
            bob.send(f"PRIVMSG #tea :cup number {number}")
        alice.wait_for("cup number 39")
        alice.send(PAGE_UP)
        alice.wait_for("more below")
        check(alice, "04 scrolled back")
        alice.send("\x1b>")
        alice.wait_gone("more below")
        alice.send(CTRL_F, "grey")
        alice.wait_for("Earl Grey")
        check(alice, "05 search")
        alice.send(ESCAPE)
        alice.wait_for("[#tea]", "cup number 39")

        alice.paste("one\ntwo\nthree\nfour")
        alice.wait_for("Paste 4 lines?")
        check(alice, "06 paste")
        alice.send("c")
        alice.wait_gone("Paste 4 lines?")

        alice.enter(f"/connect alice@{other.address}/#books")
        alice.wait_for("You joined", "[#books]")
        alice.enter("/ison carol")  # as above: lines of the history are shown without a rank
        alice.wait_for("Online now: carol")
        carol.expect("JOIN")
        carol.send("PRIVMSG #books :have you read it, alice?")
        alice.wait_for("have you read it")
        alice.resize(20, 130)
        alice.wait_for("@carol")
        check(alice, "07 two networks, wide")
        alice.resize(5, 20)
        check(alice, "08 as small as it gets")
        alice.resize(20, 80)
        alice.wait_for("[#books]")

    alice.wait_for("carol quit")
    other.stop()
    alice.wait_for("Connection lost", "next try in")
    alice.enter("typed while it was gone")
    alice.wait_for("1 line waiting")
    check(alice, "09 connection lost")
    other.start()
    alice.wait_for("alice │ typed while it was gone")
    alice.wait_gone("waiting")
    assert alice.text.count("typed while it was gone") == 1
    alice.enter("/quit")
    assert alice.wait_end() == 0
