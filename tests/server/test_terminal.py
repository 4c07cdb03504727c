"""SIGHUP on a server that was started from a terminal: the terminal has gone, or the configuration is to be
reloaded.
"""

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ptyprocess import PtyProcess

from tests.irc import Client
from tests.opers import HASH, become_oper
from tests.server.process import SCRIPT, environment

OPERATORS = f"""
[classes.admin]
rights = ["rehash", "restart"]
[opers.root]
class = "admin"
password = "{HASH}"
"""
RELOADED = "*** SIGHUP reloaded the configuration"


@contextmanager
def on_a_terminal(home: Path, script: str = 'exec "$@"') -> Iterator[tuple[PtyProcess, tuple[str, int]]]:
    """Start a server on a terminal; return both and the address. script: for the shell that starts it."""
    file = home / "server.toml"
    file.write_text(OPERATORS)
    command = [sys.executable, *SCRIPT, "--config", str(file), "--listen", "127.0.0.1:0"]
    terminal = PtyProcess.spawn(["sh", "-c", script, "sh", *command], env=environment(home), preexec_fn=_heed_hangups)
    try:
        yield terminal, address(terminal)
    finally:
        terminal.close(force=True)


def _heed_hangups() -> None:
    """Let the server notice the end of its terminal also where the tests run under nohup, which it would inherit."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def address(terminal: PtyProcess) -> tuple[str, int]:
    """Return the address of a server that is starting."""
    output = b""
    while b"Data is kept" not in output:
        output += terminal.read()
    port = output.partition(b"listening on 127.0.0.1:")[2].split()[0]
    return "127.0.0.1", int(port)


def test_a_server_in_the_foreground_ends_with_its_terminal(tmp_path: Path) -> None:
    with on_a_terminal(tmp_path) as (terminal, target), Client(target, "alice") as alice:
        become_oper(alice)
        os.kill(terminal.pid, signal.SIGHUP)
        assert alice.expect("NOTICE").params[1] == RELOADED
        terminal.fileobj.close()
        assert alice.until_end()[-1].params == ("The server is shutting down",)
        assert terminal.wait() == 0


def test_it_ends_with_its_terminal_after_a_restart_too(tmp_path: Path) -> None:
    with on_a_terminal(tmp_path) as (terminal, target):
        (tmp_path / "server.toml").write_text('casemapping = "ascii"\n' + OPERATORS)  # a successor can't take over
        with Client(target, "alice") as alice:
            become_oper(alice)
            alice.send("RESTART")
            assert alice.until_end()[-1].params == ("The server is being restarted by alice",)
        with Client(address(terminal), "alice") as alice:
            terminal.fileobj.close()
            assert alice.until_end()[-1].params == ("The server is shutting down",)
        assert terminal.wait() == 0


def test_under_nohup_it_continues(tmp_path: Path) -> None:
    with on_a_terminal(tmp_path, "trap '' HUP; exec \"$@\"") as (terminal, target), Client(target, "alice") as alice:
        become_oper(alice)
        terminal.fileobj.close()
        assert alice.expect("NOTICE").params[1] == RELOADED
        assert alice.run("PRIVMSG alice :still here")[-1].params == ("alice", "still here")
        os.kill(terminal.pid, signal.SIGTERM)
        assert alice.until_end()[-1].params == ("The server is shutting down",)
        assert terminal.wait() == 0


def test_logging_to_a_lost_terminal_is_no_error(tmp_path: Path) -> None:
    """Python's reference, sys.exit: the status is 120 if what was written could not be flushed."""
    with on_a_terminal(tmp_path, "trap '' HUP; exec \"$@\"") as (terminal, target), Client(target, "alice") as alice:
        terminal.fileobj.close()
        with Client(target, "bob") as bob:
            bob.send("QUIT")
            bob.until_end()
        while alice.run("WHOIS bob")[0].command != "401":
            pass
        os.kill(terminal.pid, signal.SIGTERM)
        assert alice.until_end()[-1].params == ("The server is shutting down",)
        assert terminal.wait() == 0


def test_in_the_background_it_continues(tmp_path: Path) -> None:
    """After Ctrl-Z and `bg`; SIGHUP reloads long after the terminal has gone."""
    script = 'set -m; "$@"; bg; jobs -p >"$HOME/pid"; echo It runs on; read ever'
    with on_a_terminal(tmp_path, script) as (terminal, target):
        terminal.write(b"\x1a")
        output = b""
        while b"It runs on" not in output:
            if select.select([terminal.fd], [], [], 5.0)[0]:
                output += terminal.read()
            else:
                terminal.write(b"\x1a")  # a shell that was not yet in the foreground again has not seen it
        pid = int((tmp_path / "pid").read_text())
        try:
            with Client(target, "alice") as alice:
                become_oper(alice)
                terminal.fileobj.close()
                os.kill(pid, signal.SIGHUP)
                assert alice.expect("NOTICE").params[1] == RELOADED
                assert alice.run("PRIVMSG alice :still here")[-1].params == ("alice", "still here")
        finally:
            os.kill(pid, signal.SIGTERM)
