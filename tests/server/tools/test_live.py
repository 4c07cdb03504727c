"""`top`: the picture as a function of two answers, and the command on a real server, in a real terminal."""

import sys
from pathlib import Path
from typing import Any

import pytest
from ptyprocess import PtyProcessUnicode

from greenchat.server.tools.live_view import rows
from tests.irc import people
from tests.server.forked import run, started
from tests.server.process import SCRIPT, environment


def answer(**changes: Any) -> dict[str, Any]:
    return {
        "version": "1.0",
        "listening": ["*:9090"],
        "uptime": 90_061,
        "users": 12,
        "present": 10,
        "channels": 3,
        "connections": 11,
        "unregistered": 1,
        "operators": 2,
        "received": 100,
        "sent": 1000,
        "cpu": 1.0,
        "memory": 50 << 20,
        "sendq": 2048,
        "store": 1 << 30,
        "longest_turn": 0.0123,
        "commands": [["PRIVMSG", 100], ["JOIN", 5]],
        "rooms": [["#lobby", 9], ["#tea", 2]],
    } | changes


def test_the_picture() -> None:
    now = answer(received=120, sent=1400, cpu=2.0, commands=[["PRIVMSG", 110], ["JOIN", 25]])
    assert rows(answer(), now, 2.0, 24, 80) == [
        "greenchat 1.0 on *:9090, up 1d1h1m   (q ends)",
        "",
        "users       12   connected     10   channels      3",
        "links       11   coming in      1   operators     2",
        "lines in        10.0/s   out      200.0/s",
        "CPU    [##########          ]  50%   memory   50.0 MiB",
        "sendq     2.0 KiB   database    1.0 GiB   longest turn   12.3 ms",
        "",
        "COMMANDS                      CHANNELS",
        "JOIN                 10.0/s   #lobby                        9",
        "PRIVMSG               5.0/s   #tea                          2",
    ]


@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 20), (24, 80)])
def test_it_fits_every_screen(height: int, width: int) -> None:
    picture = rows(answer(), answer(), 0.0, height, width)
    assert len(picture) <= height
    assert all(len(row) <= width for row in picture)


def test_top_on_a_running_server(tmp_path: Path) -> None:
    with (
        started(tmp_path, "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data")) as server,
        people(server.target, "alice", "bob", channel="#tea"),
    ):
        ended = run(tmp_path, "top", "--once", "--every", "0.1", "--data", str(tmp_path / "data"))
        assert (ended.returncode, ended.stderr) == (0, "")
        assert "#tea                          2" in ended.stdout
        assert "q ends" not in ended.stdout  # it does not wait for a key
        words = [sys.executable, SCRIPT[0], "top", "--every", "0.1", "--data", str(tmp_path / "data")]
        terminal = PtyProcessUnicode.spawn(words, env=environment(tmp_path) | {"TERM": "xterm"}, dimensions=(24, 80))
        seen = ""
        while "#tea" not in seen:
            seen += terminal.read(4096)
        terminal.write("q")
        while terminal.isalive():
            try:
                terminal.read(4096)
            except EOFError:
                break
        assert terminal.wait() == 0


def test_without_a_server(tmp_path: Path) -> None:
    ended = run(tmp_path, "top", "--data", str(tmp_path / "data"))
    assert (ended.returncode, ended.stderr.count("\n")) == (3, 1)
