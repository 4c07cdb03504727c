"""Messages from one day to the next, in a real terminal: the archive, missed messages, and export."""

import sqlite3
from pathlib import Path

import pytest

from tests.features.conftest import OpenTerminal, Server
from tests.features.terminal import Terminal
from tests.irc import Client

PAGE_UP = "\x1b[5~"


def say(server: Server, first: int, last: int) -> None:
    """Send messages with these numbers, from several clients, since a single one would be slowed down."""
    for start in range(first, last, 50):
        with Client(server.target, f"bob{start}") as bob:
            bob.send("JOIN #lobby")
            for number in range(start, min(start + 50, last)):
                bob.send(f"PRIVMSG #lobby :line {number:03}")
            bob.sync()


def read_on(alice: Terminal) -> None:
    """Scroll a page up, or wait for missing lines in sight."""
    if "messages are missing here" in alice.text:
        alice.wait_gone("messages are missing here")
    else:
        status = alice.rows[-2]
        alice.send(PAGE_UP)
        alice.wait(lambda: alice.rows[-2] != status, "another count of lines below")


@pytest.mark.long
def test_missed_messages_are_filled_in(server: Server, greenchat: OpenTerminal, tmp_path: Path) -> None:
    say(server, 0, 20)
    alice = greenchat(f"alice@{server.address}")
    alice.wait_for("line 019")
    alice.enter("/quit")
    assert alice.wait_end() == 0
    say(server, 20, 320)
    alice = greenchat(f"alice@{server.address}", rows=40)
    alice.wait_for("line 319")
    while "line 020" not in alice.text:
        read_on(alice)
    alice.enter(f"/export {tmp_path}/lobby.txt")
    alice.send("\x1b>")
    alice.wait_for("lobby.txt now.")
    texts = [line.partition("> ")[2] for line in (tmp_path / "lobby.txt").read_text().splitlines() if "> line" in line]
    assert texts == [f"line {number:03}" for number in range(320)]


def test_messages_can_be_read_without_the_server(server: Server, greenchat: OpenTerminal) -> None:
    alice = greenchat(f"alice@{server.address}")
    alice.wait_for("You joined")
    alice.enter("remember the cake")
    alice.wait_for("@alice │ remember the cake")
    alice.enter("/quit")
    assert alice.wait_end() == 0
    server.stop()
    alice = greenchat(f"alice@{server.address}")
    alice.wait_for("@alice │ remember the cake", "nothing answers on", "yes/no?")
    alice.enter("no")
    alice.wait_for("disconnected, next try in", "[#lobby]")
    alice.enter("eat it")
    alice.wait_for("1 line waiting")
    server.start()
    alice.wait_for("@alice │ eat it")


def test_the_join_screen_opens_the_archive_without_the_server(server: Server, greenchat: OpenTerminal) -> None:
    alice = greenchat(f"alice@{server.address}/#tea")
    alice.wait_for("You joined", "[#tea]")
    alice.enter("remember the cake")
    alice.wait_for("@alice │ remember the cake")
    alice.enter("/quit")
    assert alice.wait_end() == 0
    server.stop()
    alice = greenchat(f"{server.address}/#tea", USER="ann")
    alice.wait_for("Nickname   alice")
    alice.send("\r")
    alice.wait_for("nothing answers on", "Ctrl-O opens the history")
    alice.send("\x0f")
    alice.wait_for("@alice │ remember the cake", "next try in", "[#tea]")
    server.start()
    alice.wait_for("You joined")


def test_a_damaged_archive_is_one_line(server: Server, greenchat: OpenTerminal, tmp_path: Path) -> None:
    path = tmp_path / "data/greenchat-client/talk.sqlite3"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"SQLite format 3\0" + b"x" * 9000)
    alice = greenchat(f"alice@{server.address}")
    alice.wait_for("You joined")
    alice.enter("hello")
    alice.wait_for("alice │ hello", "The history can't be saved")


def test_an_archive_locked_by_another_program_does_not_prevent_the_start(
    server: Server, greenchat: OpenTerminal, tmp_path: Path
) -> None:
    path = tmp_path / "data/greenchat-client/talk.sqlite3"
    path.parent.mkdir(parents=True)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    alice = greenchat(f"alice@{server.address}")
    alice.wait_for("You joined")
    with Client(server.target, "bob") as bob:
        bob.join("#lobby")
        alice.enter("hello")
        bob.expect("PRIVMSG")
        bob.send("PRIVMSG #lobby :I heard you")
        alice.wait_for("alice │ hello", "I heard you", "database is locked (another")
    other.execute("ROLLBACK")
    other.close()
    alice.enter("/quit")  # messages of that time are saved at the end at the latest
    assert alice.wait_end() == 0
    with sqlite3.connect(path) as archive:
        assert ("hello",) in archive.execute("SELECT text FROM line").fetchall()
