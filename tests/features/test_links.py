"""Links and the clipboard in a real terminal: what is sent to it, and that the screen stays right."""

import base64
import os
import re
import sys
from pathlib import Path

import pytest

from tests.features.conftest import OpenTerminal, Server
from tests.features.terminal import Terminal
from tests.irc import Client

LINK = "https://cake.example/" + "layer/" * 12
OSC_8 = re.compile(rb"\x1b\]8;id=[0-9a-f]+;([^\x1b]*)\x1b.\x1b\[[0-9;]*H([^\x1b]*)")
CTRL_UP = "\x1b[1;5A"


@pytest.fixture
def alice(server: Server, greenchat: OpenTerminal, tmp_path: Path) -> Terminal:
    """Start alice's client in #lobby; her browser writes the link that it opens into a pipe."""
    os.mkfifo(tmp_path / "opened")
    browser = tmp_path / "browser"
    browser.write_text(f"#!{sys.executable}\nimport sys\nopen({str(tmp_path / 'opened')!r}, 'w').write(sys.argv[1])\n")
    browser.chmod(0o755)
    terminal = greenchat(f"alice@{server.address}", BROWSER=str(browser))
    terminal.wait_for("You joined")
    return terminal


def test_a_wrapped_link_is_complete_and_can_be_opened_and_copied(
    server: Server, alice: Terminal, tmp_path: Path
) -> None:
    with Client(server.target, "bob") as bob:
        bob.send("JOIN #lobby")
        alice.wait_for("bob joined")
        bob.send(f"PRIVMSG #lobby :look {LINK} 👍 now")
        alice.wait_for("👍 now")
    alice.wait(lambda: len(OSC_8.findall(alice.output)) >= 2, "links")
    pieces = OSC_8.findall(alice.output)
    assert {target.decode() for target, _ in pieces} == {LINK}
    assert b"".join(text for _, text in pieces[-2:]).decode() == LINK
    alice.send(CTRL_UP, "y")
    alice.wait_for("Copied.")
    assert b"\x1b]52;c;" + base64.b64encode(LINK.encode()) + b"\x07" in alice.output
    alice.send(CTRL_UP, "o")
    assert (tmp_path / "opened").read_text() == LINK  # waits for the browser to write it


def test_replies_and_reactions_in_both_directions(server: Server, greenchat: OpenTerminal, alice: Terminal) -> None:
    carol = greenchat(f"carol@{server.address}")
    carol.wait_for("You joined")
    alice.wait_for("carol joined")
    alice.enter("who brings cake?")
    carol.wait_for("alice │ who brings cake?")
    carol.send(CTRL_UP)
    carol.wait_for("r reply")
    carol.send("r")
    carol.wait_for("reply to alice:")
    carol.enter("I do")
    alice.wait_for("carol │ ↳ alice: who brings cake?", "│ I do")
    alice.send(CTRL_UP, "e", "1")
    carol.wait_for("│ 👍 alice")
    alice.wait_for("│ 👍 alice")
    carol.send(CTRL_UP, "d", "y")
    alice.wait_for("(deleted by carol)")
