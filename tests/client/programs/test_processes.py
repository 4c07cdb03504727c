"""/exec: real programs, whose output arrives as it does in the client."""

import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from greenchat.client.programs.processes import MOST_LINES, Processes, harmless
from greenchat.client.state.effects import Execute, ShowProcesses, Signal
from tests.client.world import World
from tests.patience import PATIENCE


class Shell:
    """A world that runs programs."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.processes = Processes(world.model)
        self.now = 1000.0  # by the app's clock

    def type(self, text: str) -> None:
        """Type letters and run what they request."""
        self.world.type(text)
        requests = self.world.model.effects
        while requests:
            match requests.popleft():
                case Execute() as asked:
                    self.processes.start(asked, self.now, self.world.now)
                case Signal(which, number):
                    self.processes.signal(which, number, self.world.now)
                case ShowProcesses():
                    self.processes.show(self.now, self.world.now)

    def until(self, condition: Callable[[], bool]) -> None:
        """Turn, as the app does, until the condition holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.world.shown()
            select.select(self.processes.outputs, [], [], 0.01)
            self.processes.turn(self.now, self.world.now)
            self.world.console.ask(self.world.now)

    def until_ended(self) -> None:
        """Turn until all programs have ended."""
        self.until(lambda: not self.processes.running)


@pytest.fixture
def shell(tea: World) -> Shell:
    return Shell(tea)


def test_output_is_shown_and_not_sent(shell: Shell) -> None:
    shell.type("/exec printf 'one\\n  two\\n\\nthree'\n")
    shell.until_ended()
    assert shell.world.shown()[-4:] == ["- one", "-   two", "- ", "- three"]
    assert shell.world.sent() == []


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("/exec -o echo hello", ["PRIVMSG #tea :hello"]),
        ("/exec -out printf 'a\\n\\nb'", ["PRIVMSG #tea :a", "PRIVMSG #tea :b"]),
        ("/exec -msg bob echo /quit is only a text", ["PRIVMSG bob :/quit is only a text"]),
        ("/exec -notice bob echo hello", ["NOTICE bob :hello"]),
        ("/exec -nosh -o echo $HOME ; x", ["PRIVMSG #tea :$HOME ; x"]),
        ("/exec -o printf '\\033[31mred\\033[0m\\007\\001ACTION x\\001'", ["PRIVMSG #tea :redACTION x"]),
    ],
)
def test_output_is_sent_on_request(shell: Shell, typed: str, sent: list[str]) -> None:
    shell.type(typed + "\n")
    shell.until_ended()
    assert shell.world.sent() == sent


@pytest.mark.parametrize(("key", "sent"), [("s", ["one", "two", "three"]), ("c", []), ("Escape", [])])
def test_many_lines_are_asked_about_first(shell: Shell, key: str, sent: list[str]) -> None:
    shell.type("/exec -msg bob printf 'one\\ntwo\\nthree\\n'\n")
    shell.until_ended()
    assert shell.world.screen()[-1].startswith("Send 3 lines to bob?")
    assert shell.world.sent() == []
    shell.world.press(key)
    assert shell.world.sent() == [f"PRIVMSG bob :{text}" for text in sent]


def test_many_lines_can_be_edited_first(shell: Shell) -> None:
    shell.type("/exec -msg bob printf '1\\n2\\n3'\n")
    shell.until_ended()
    shell.world.press("e")
    assert shell.world.model.current.name == "bob"
    assert shell.world.console.editor.text == "1\n2\n3"


def test_a_script_does_not_send_many_lines(shell: Shell) -> None:
    shell.world.model.is_interactive = False
    shell.type("/exec -o printf '1\\n2\\n3'\n")
    shell.until_ended()
    assert shell.world.sent() == []
    assert shell.world.shown()[-1] == "! Not sent to #tea: it needs a confirmation."


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("true", "- true has ended without output."),
        ("exit 3", "- exit 3 has ended with status 3."),
        ("kill -USR1 $$", f"- kill -USR1 $$ has ended by signal {signal.SIGUSR1.value}."),
        ("-nosh /no/such/program", "! /no/such/program does not start: No such file or directory"),
        ("-nosh echo 'a", "! echo 'a does not start: No closing quotation"),
    ],
)
def test_the_exit_status_is_shown(shell: Shell, command: str, expected: str) -> None:
    shell.type(f"/exec {command}\n")
    shell.until_ended()
    assert shell.world.shown()[-1] == expected


def test_the_end_can_be_silent(shell: Shell) -> None:
    before = shell.world.shown()
    shell.type("/exec - false\n")
    shell.until_ended()
    assert shell.world.shown() == before


def test_programs_have_no_terminal_and_no_input(shell: Shell) -> None:
    shell.type("/exec cat; (: </dev/tty) 2>/dev/null || echo no terminal; echo $TERM\n")
    shell.until_ended()
    assert shell.world.shown()[-2:] == ["- no terminal", "- dumb"]


def test_the_time_is_limited(shell: Shell) -> None:
    shell.type("/set exec.seconds 30\n/exec echo begun; sleep 1000\n")
    shell.until(lambda: shell.world.shown()[-1] == "- begun")
    assert shell.processes.deadline == 1030.0
    shell.now = 1030.0
    shell.until_ended()
    assert shell.world.shown()[-1] == "! echo begun; sleep 1000 was ended after 30 s (/set exec.seconds)."


def test_a_program_that_ignores_sigterm(shell: Shell) -> None:
    shell.type("/exec -name mule trap '' TERM; echo begun; sleep 1000; sleep 1000\n")
    shell.until(lambda: shell.world.shown()[-1] == "- begun")
    shell.type("/exec -close mule\n")
    shell.processes.turn(shell.now, shell.world.now)
    assert shell.processes.deadline == shell.now + 2.0
    shell.now += 2.0
    shell.until_ended()
    assert shell.world.shown()[-1] == "! mule was ended at your request."


def test_too_much_output(shell: Shell) -> None:
    shell.type("/exec yes\n")
    shell.until_ended()
    assert shell.world.shown()[-1] == f"! yes was ended after {MOST_LINES} lines."
    assert shell.world.shown().count("- y") == MOST_LINES


def test_running_programs_are_listed_and_get_signals(shell: Shell) -> None:
    shell.type("/exec\n")
    assert shell.world.shown()[-1] == "- No program is running. See /help exec."
    shell.type("/exec trap 'echo hurt; exit 0' USR1; echo begun; while :; do sleep 0.01; done\n")
    shell.until(lambda: shell.world.shown()[-1] == "- begun")
    shell.now += 65
    shell.type("/exec\n")
    assert shell.world.shown()[-1].startswith("- %0 trap 'echo hurt; exit 0' USR1; echo begun;")
    assert shell.world.shown()[-1].endswith(", for 1 min")
    shell.now -= 65
    shell.type("/exec -USR1 %0\n")
    shell.until_ended()
    assert shell.world.shown()[-1] == "- hurt"
    shell.type("/exec -close 0\n")
    assert shell.world.shown()[-1] == "! No program 0 is running. /exec lists them."


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("/exec -fly 0", "! Usage: /exec [-o, -msg who, -notice who] command; /exec -close number"),
        ("/exec -close", "! Usage: /exec [-o, -msg who, -notice who] command; /exec -close number"),
        ("/exec -o", "! Usage: /exec [-o, -msg who, -notice who] command; /exec -close number"),
        ("/exec -999 0", "! Usage: /exec [-o, -msg who, -notice who] command; /exec -close number"),
    ],
)
def test_wrong_use(shell: Shell, typed: str, expected: str) -> None:
    shell.type(typed + "\n")
    assert shell.world.shown()[-1] == expected


def test_output_is_not_sent_where_nobody_receives_it(shell: Shell) -> None:
    shell.world.press("M-1")
    shell.type("/exec -o echo hello\n")
    assert shell.world.shown("")[-1].startswith("! This window has no recipient.")
    assert not shell.processes.running


def test_programs_end_with_the_client(shell: Shell, tmp_path: Path) -> None:
    held = tmp_path / "held"
    os.mkfifo(held)
    reader = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    shell.type(f"/exec trap '' TERM; exec 3> {held}; sleep 1000 & echo begun; sleep 1000\n")
    shell.until(lambda: shell.world.shown()[-1] == "- begun")
    with pytest.raises(BlockingIOError):
        os.read(reader, 1)
    shell.processes.close()
    assert select.select([reader], [], [], PATIENCE)[0], "a process still has the pipe open"
    assert os.read(reader, 1) == b""
    os.close(reader)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;title\x07text", "text"),
        ("N\x08NA\x08AM\x08ME\x08E", "NAME"),
        ("10 %\r50 %\r100 %", "100 %"),
        ("dos\r", "dos"),
        ("a\tb", "a       b"),
        ("bell\x07 \x02bold\x02 \x9b31m", "bell bold 31m"),
        ("\x1b", ""),
    ],
)
def test_control_sequences_are_removed(line: str, text: str) -> None:
    assert harmless(line) == text
