"""Looks on different terminals: colours, backgrounds, widths."""

import re

import pytest

from tests.features.conftest import OpenTerminal, Server
from tests.irc import Client

ANSWERS_OF_EAST_ASIA = "\x1b[2;3R" * 4  # all texts that are measured are two columns wide
COLOURS = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|38;[25]|48;[25])[;m]")


def test_a_terminal_with_wide_line_characters_gets_ascii_and_complete_rows(
    server: Server, greenchat: OpenTerminal
) -> None:
    alice = greenchat(f"alice@{server.address}")
    alice.send(ANSWERS_OF_EAST_ASIA)
    alice.wait_for("You joined")
    alice.wait_gone("│")
    with Client(server.target, "bob") as bob:
        bob.send("JOIN #lobby", "PRIVMSG #lobby :caf\u00e9 end")
        alice.wait_for("bob | caf", "end")
    alice.wait_gone("\x1b[2;3R")
    alice.wait(lambda: alice.rows[-1] == "[#lobby]", "nothing of the answers is typed")


def test_a_light_background_is_detected(server: Server, greenchat: OpenTerminal) -> None:
    alice = greenchat(f"alice@{server.address}")
    alice.wait_for("You joined")
    assert b"\x1b]11;?\x1b\\" in alice.output
    before = alice.screen.buffer[0][0]
    alice.send("\x1b]11;rgb:ffff/ffff/ffff\x1b\\")
    alice.wait(lambda: alice.screen.buffer[0][0].bg != before.bg, "another bar")
    alice.enter("/set theme dark")
    alice.wait(lambda: alice.screen.buffer[0][0].bg == before.bg, "the bar of before")


@pytest.mark.parametrize(
    ("variables", "direct"),
    [({"COLORTERM": "truecolor"}, b"38;2;255;135;0"), ({}, b"38;5;208"), ({"TERM": "xterm"}, b"33")],
)
def test_colours_of_text_are_as_near_as_possible(
    server: Server, greenchat: OpenTerminal, variables: dict[str, str], direct: bytes
) -> None:
    alice = greenchat(f"alice@{server.address}", rows=24, columns=80, **variables)
    alice.wait_for("You joined")
    with Client(server.target, "bob") as bob:
        bob.send("JOIN #lobby", "PRIVMSG #lobby :\x04ff8700orange\x0f end")
        alice.wait_for("orange end")
    assert direct in alice.output


def test_a_frame_is_shown_at_once(server: Server, greenchat: OpenTerminal) -> None:
    """ "rendering during this time will keep rendering the last rendered state" (Synchronized Output): no half rows."""
    alice = greenchat(f"alice@{server.address}")
    alice.wait_for("You joined")
    with Client(server.target, "bob") as bob:
        bob.send("JOIN #lobby", "PRIVMSG #lobby :\x04ff8700orange\x0f 👍 end")
        alice.wait_for("orange", "end")
    pictures = alice.output.split(b"\x1b[?2026h")[1:]
    assert all(picture.count(b"\x1b[?2026l") == 1 for picture in pictures)
    last = next(picture for picture in pictures if b"orange" in picture)
    assert "👍".encode() in last.partition(b"\x1b[?2026l")[0]


def test_no_color(server: Server, greenchat: OpenTerminal) -> None:
    alice = greenchat(f"alice@{server.address}", NO_COLOR="1")
    alice.wait_for("You joined")
    with Client(server.target, "bob") as bob:
        bob.send("JOIN #lobby", "PRIVMSG #lobby :\x0304alice\x0f 👍 http://example.org end")
        alice.wait_for("end")
    assert not COLOURS.search(alice.output)
