"""Real servers and real clients: bin/greenchat-server in a process, bin/greenchat in a pseudo-terminal."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.features.terminal import PATIENCE, Terminal

ROOT = Path(__file__).parents[2]


class Server:
    """bin/greenchat-server on 127.0.0.1. It keeps its port and its data when it is started again."""

    def __init__(self, folder: Path, environment: dict[str, str], *options: str) -> None:
        self.port = 0
        self._options = options
        self._folder = folder
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self.port}"

    @property
    def target(self) -> tuple[str, int]:
        """For tests.irc.Client."""
        return "127.0.0.1", self.port

    def start(self) -> None:
        """Start it; returns when it listens."""
        self._process = subprocess.Popen(
            [
                sys.executable,
                str(ROOT / "bin/greenchat-server"),
                "--listen",
                f"127.0.0.1:{self.port}",
                "--data",
                str(self._folder),
                *self._options,
            ],
            env=self._environment,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout
        line = self._process.stdout.readline().decode()
        assert "listening on 127.0.0.1:" in line, line
        self.port = int(line.rpartition(":")[2])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it; returns when it has ended."""
        if self._process:
            self._process.send_signal(number)
            self._process.wait(PATIENCE)
            assert self._process.stdout
            self._process.stdout.close()
            self._process = None


class OpenTerminal(Protocol):
    """Starts bin/greenchat with these arguments in a terminal of its own."""

    def __call__(self, *arguments: str, rows: int = 24, columns: int = 80, **environment: str) -> Terminal: ...


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A home of their own for the programs, and this checkout as what they import."""
    return {
        "PATH": f"{ROOT / 'bin'}:{os.environ['PATH']}",  # else they name themselves by where this checkout is
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }


@pytest.fixture
def server(tmp_path: Path, environment: dict[str, str]) -> Iterator[Server]:
    """A server that runs."""
    started = Server(tmp_path / "server", environment)
    yield started
    started.stop()


@pytest.fixture
def greenchat(environment: dict[str, str]) -> Iterator[OpenTerminal]:
    """Start clients; they end with the test."""
    opened: list[Terminal] = []

    def start(*arguments: str, rows: int = 24, columns: int = 80, **more: str) -> Terminal:
        command = [sys.executable, str(ROOT / "bin/greenchat"), *arguments]
        opened.append(Terminal(command, environment | more, rows, columns))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()
