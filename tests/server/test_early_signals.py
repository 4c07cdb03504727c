"""A signal during start or shutdown kills nothing and is not lost."""

import fcntl
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from greenchat.server.main import main
from tests.irc import Client
from tests.opers import become_oper
from tests.patience import PATIENCE
from tests.server import forked
from tests.server.forked import Forked
from tests.server.nodes.nats import NEEDED
from tests.server.process import SCRIPT, Process, environment, started
from tests.server.test_terminal import OPERATORS

# greenchat-server with a longer wait for its folder: on a busy machine the rest of a test takes more than 5 s
_PATIENT = f"""
import runpy
from greenchat.server.data import store_keeper
store_keeper._PATIENCE = {PATIENCE}
runpy.run_path({SCRIPT[0]!r}, run_name="__main__")
"""


class Starting:
    """A server in the middle of its start: it waits for the data folder until the test releases it.

    forked: it has no start of its own, and so ignores nothing that its parent ignores.
    """

    def __init__(self, tmp_path: Path, *, forked: bool = True) -> None:
        self.folder = tmp_path
        self.data = tmp_path / "data"
        self.data.mkdir(mode=0o700)
        self.errors = tmp_path / "errors"
        self.lock = (self.data / "greenchat.lock").open("a")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        script = tmp_path / "server.py"
        script.write_text(_PATIENT, encoding="utf-8")
        words = ("--listen", "127.0.0.1:0", "--data", str(self.data))
        reading, writing = os.pipe()
        self.output = os.fdopen(reading, encoding="utf-8")
        with self.errors.open("w") as file, open(writing, "wb") as out, open(os.devnull) as nothing:
            self.process: Process
            if forked:
                standard = [nothing.fileno(), out.fileno(), file.fileno()]
                self.process = Forked(words, environment(tmp_path), standard, script=(str(script),))
            else:
                command = [sys.executable, str(script), *words]
                self.process = subprocess.Popen(
                    command, env=environment(tmp_path), stdin=nothing, stdout=out, stderr=file, text=True
                )
        deadline = time.monotonic() + PATIENCE
        while "to end" not in self.errors.read_text():
            assert time.monotonic() < deadline
            assert self.process.poll() is None
            time.sleep(0.01)

    def go_on(self) -> None:
        self.lock.close()

    def close(self) -> None:
        self.lock.close()
        self.process.kill()
        self.process.wait()
        self.output.close()
        assert "Traceback" not in self.errors.read_text()


@pytest.fixture
def starting(tmp_path: Path) -> Iterator[Starting]:
    server = Starting(tmp_path)
    try:
        yield server
    finally:
        server.close()


def test_sighup_while_starting(starting: Starting, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `adduser` sends it: what was added meanwhile is loaded."""
    server = starting.process
    for _ in range(3):
        server.send_signal(signal.SIGHUP)
    monkeypatch.setattr("sys.stdin", io.StringIO("open-door-7\n"))
    # in this process: the server's wait for its folder is shorter than a process takes on a busy machine
    assert main(["adduser", "zed", "--data", str(starting.data)]) in (0, 2)  # nothing tells that the folder is held
    starting.go_on()
    line = starting.output.readline()
    assert "is listening on" in line
    port = int(line.rpartition(":")[2])
    with Client(("127.0.0.1", port), "alice") as alice:
        assert alice.run("NICKSERV INFO zed")
    server.terminate()
    assert server.wait(PATIENCE) == 0


def test_sigterm_while_starting(starting: Starting) -> None:
    starting.process.send_signal(signal.SIGTERM)
    starting.go_on()
    assert starting.process.wait(PATIENCE) == 0


def test_sigterm_while_starting_below_a_parent_that_ignores_it(tmp_path: Path) -> None:
    """Children ignore what their parent ignores; the server handles the signal once it serves, and so does its
    start.
    """
    former = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        server = Starting(tmp_path, forked=False)
    finally:
        signal.signal(signal.SIGTERM, former)
    try:
        server.process.send_signal(signal.SIGTERM)
        server.go_on()
        assert server.process.wait(PATIENCE) == 0
    finally:
        server.close()


def _keep_sending(process: Process, number: signal.Signals) -> int | None:
    """Send a signal again and again until the process has ended; return its exit code."""
    while process.poll() is None:
        process.send_signal(number)
        time.sleep(0.0001)  # the moments without a handler are short
    return process.returncode


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR2, signal.SIGCONT])
def test_signals_while_ending(tmp_path: Path, number: signal.Signals) -> None:
    """With a start of its own: the end of the interpreter is tested, too."""
    arguments = ("--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"))
    with started(tmp_path, *arguments) as server, Client(server.target, "alice"):
        server.process.send_signal(signal.SIGTERM)
        assert _keep_sending(server.process, number) == 0
        assert "Traceback" not in server.errors.read_text()


@NEEDED
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR2])
def test_signals_while_nodes_end(tmp_path: Path, number: signal.Signals) -> None:
    arguments = ("--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"), "--nodes", "2")
    with forked.started(tmp_path, *arguments, spare=number == signal.SIGUSR2) as server:
        server.process.send_signal(signal.SIGTERM)
        assert _keep_sending(server.process, number) == 0
        assert "Traceback" not in server.errors.read_text()


def test_sighup_while_a_start_is_refused(starting: Starting) -> None:
    """`adduser` does not know yet that the server is not going to run."""
    (starting.data / "greenchat.db").write_text("no database " * 1000)
    starting.go_on()
    assert _keep_sending(starting.process, signal.SIGHUP) == 2


_LATE = """
import os, runpy, signal, sys, threading, time
from greenchat.server import launch

threading.Thread(target=threading.Event().wait, daemon=True).start()
place, name = {"hold": (launch, "hold"), "execv": (os, "execv")}[MOMENT]
proper = getattr(place, name)

def late(*words, **named):
    os.kill(os.getpid(), signal.SIGTERM)  # the loop does not run any more
    while signal.SIGTERM in signal.sigpending():  # until the other thread has taken it
        time.sleep(0.001)
    proper(*words, **named)

setattr(place, name, late)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("moment", ["hold", "execv"])
def test_sigterm_in_the_last_moment_before_a_restart(tmp_path: Path, moment: str) -> None:
    """After `hold` the kernel gives it to another thread of the process, which exec ends: "All threads other than the
    calling thread are destroyed during an execve()": execve(2).
    """
    (tmp_path / "server.toml").write_text(OPERATORS)
    words = ["--config", str(tmp_path / "server.toml"), "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data")]
    late = f"import sys; sys.argv = {[*SCRIPT, *words]!r}; sys.orig_argv = [sys.executable, *sys.argv]{_LATE}"
    late = late.replace("MOMENT", repr(moment))
    command = [sys.executable, "-c", late]
    with (
        subprocess.Popen(command, env=environment(tmp_path), stdout=subprocess.PIPE, text=True) as server,
        killed(server),
    ):
        assert server.stdout
        port = int(server.stdout.readline().rpartition(":")[2])
        with Client(("127.0.0.1", port), "alice") as alice:
            become_oper(alice)
            (tmp_path / "server.toml").write_text('casemapping = "ascii"\n' + OPERATORS)  # a successor can't take over
            alice.send("RESTART")
            alice.until_end()
            assert server.wait(PATIENCE) == 0


_TAKEN_BY_A_THREAD = """
import os, signal, subprocess, sys, threading
from greenchat.server import stand_in

script = "import signal, sys; signal.signal(15, lambda *_: sys.exit(7)); print(flush=True); signal.pause()"
child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
child.stdout.readline()
threading.Thread(target=threading.Event().wait, daemon=True).start()
stand_in.pass_on(child.pid)
execv = os.execv

def late(*words):
    stand_in.forward = lambda *_: None  # this thread runs no handler once it is about to run the other program
    os.kill(os.getpid(), signal.SIGTERM)
    execv(*words)

os.execv = late
stand_in.replace_process(child.pid)
"""


def test_sigterm_in_the_last_moment_before_a_stand_in() -> None:
    """The kernel may give it to another thread of the process, which exec ends: "All threads other than the calling
    thread are destroyed during an execve()": execve(2).
    """
    command = [sys.executable, "-c", _TAKEN_BY_A_THREAD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process, killed(process):
        assert process.wait(PATIENCE) == 7, "that of the successor"


@contextmanager
def killed(process: "subprocess.Popen[str]") -> Iterator[None]:
    """Kill the process if it still runs."""
    try:
        yield
    finally:
        process.kill()
