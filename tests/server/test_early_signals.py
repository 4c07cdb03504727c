"""A signal that comes while the server starts, or while it ends, kills nothing and is not forgotten."""

import fcntl
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.irc import Client
from tests.server.process import SCRIPT, environment, run, started

_PATIENCE = 20.0


@contextmanager
def starting(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A server in the middle of its start: it waits for the data folder, which is let go at the end."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    errors = tmp_path / "errors"
    with (data / "greenchat.lock").open("a") as lock, errors.open("w") as file:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [sys.executable, *SCRIPT, "--listen", "127.0.0.1:0", "--data", str(data)],
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        )
        deadline = time.monotonic() + _PATIENCE
        while "to end" not in errors.read_text():
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        yield process


def test_sighup_while_starting(tmp_path: Path) -> None:
    """As `adduser` sends it: what was added meanwhile is there."""
    with starting(tmp_path) as server:
        for _ in range(3):
            server.send_signal(signal.SIGHUP)
        added = run(tmp_path, "adduser", "zed", "--data", str(tmp_path / "data"), stdin="open-door-7\n")
        assert added.returncode in (0, 2)  # nobody says that they hold the folder
    assert server.stdout
    line = server.stdout.readline()
    assert "is listening on" in line
    port = int(line.rpartition(":")[2])
    with Client(("127.0.0.1", port), "alice") as alice:
        assert alice.run("NICKSERV INFO zed")
    server.terminate()
    assert server.wait(_PATIENCE) == 0
    server.stdout.close()
    assert "Traceback" not in (tmp_path / "errors").read_text()


def test_sigterm_while_starting(tmp_path: Path) -> None:
    with starting(tmp_path) as server:
        server.send_signal(signal.SIGTERM)
    assert server.wait(_PATIENCE) == 0
    assert server.stdout
    server.stdout.close()
    assert "Traceback" not in (tmp_path / "errors").read_text()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGCONT])
def test_signals_while_ending(tmp_path: Path, number: signal.Signals) -> None:
    arguments = ("--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"))
    with started(tmp_path, *arguments) as server, Client(server.target, "alice"):
        server.process.send_signal(signal.SIGTERM)
        while server.process.poll() is None:
            server.process.send_signal(number)
            time.sleep(0.001)
        assert server.process.returncode == 0
        assert "Traceback" not in server.errors.read_text()
