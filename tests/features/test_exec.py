"""/exec in a real client: programs run beside the chat, and none is left when it ends."""

import re
import signal
from pathlib import Path

from tests.features.conftest import OpenTerminal, Server
from tests.features.terminal import Terminal


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _pid(terminal: Terminal) -> int:
    """Return the id of a program that prints it."""
    pattern = re.compile(r"│ runs as ([0-9]+)\.")
    terminal.wait(lambda: pattern.search(terminal.text) is not None, "its number")
    match = pattern.search(terminal.text)
    assert match
    return int(match[1])


def test_output_is_sent_while_another_program_floods(server: Server, greenchat: OpenTerminal) -> None:
    ada = greenchat(f"ada@{server.address}")
    bob = greenchat(f"bob@{server.address}")
    ada.wait_for("bob joined")
    ada.beside = [bob]  # its terminal must be read all the time, or it would block
    bob.enter("/exec while :; do for each in 0 1 2 3 4 5 6 7 8 9; do echo flood; done; sleep 0.01; done")
    bob.wait_for("flood")
    bob.enter("/exec -o printf 'six times \\033[1mseven\\n'")
    bob.wait_for("was ended after")
    ada.wait_for("bob │ six times seven")
    bob.enter("/exec -o seq 3")
    bob.wait_for("Send 3 lines to #lobby?")
    bob.send("s")
    ada.wait_for("bob │ 1", "bob │ 2", "bob │ 3")


def test_programs_end_with_the_client(server: Server, greenchat: OpenTerminal) -> None:
    for ending in (signal.SIGHUP, signal.SIGTERM, None):
        ada = greenchat(f"ada@{server.address}")
        ada.wait_for("[#lobby]")
        ada.enter("/exec echo runs as $$.; exec sleep 1000")
        pid = _pid(ada)
        assert _runs(pid)
        if ending:
            ada.signal(ending)
        else:
            ada.enter("/quit")
        ada.wait_end()
        assert not _runs(pid)


def test_the_terminal_is_not_changed(server: Server, greenchat: OpenTerminal) -> None:
    ada = greenchat(f"ada@{server.address}")
    ada.wait_for("[#lobby]")
    ada.enter("/exec printf '\\033[2J\\033[31mtext\\033]0;x\\007\\n'; (: >/dev/tty) 2>/dev/null || echo none here")
    ada.wait_for("│ text", "│ none here", "[#lobby]")
    assert b"\x1b]0;x" not in ada.output
