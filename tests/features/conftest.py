"""Real clients, bin/greenchat in a pseudo-terminal, and real servers, in threads or as processes of
bin/greenchat-server.

A thread is enough where the client is tested; processes are forked.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from greenchat.config.options import Address, ListenerOptions, Options
from greenchat.config.settings import Settings
from tests.conftest import ServerThread
from tests.features.forked_client import ForkedClient
from tests.features.terminal import Terminal
from tests.patience import PATIENCE
from tests.ports import ReservedPort
from tests.server.forked import Forked

ROOT = Path(__file__).parents[2]
_ERRORS = 2  # the descriptor of standard error


class Server(ABC):
    """A server on 127.0.0.1 that keeps its port and its data over a restart."""

    def __init__(self) -> None:
        self._reserved = ReservedPort()
        self.port = self._reserved.number
        self.start()

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self.port}"

    @property
    def target(self) -> tuple[str, int]:
        """For tests.irc.Client."""
        return "127.0.0.1", self.port

    @abstractmethod
    def start(self) -> None:
        """Start the server and wait until it listens."""

    @abstractmethod
    def stop(self) -> None:
        """Stop the server and wait until it has ended."""

    def close(self) -> None:
        """Stop the server for good."""
        self.stop()
        self._reserved.close()


class ThreadedServer(Server):
    """A server with the settings of bin/greenchat-server without a configuration, except that passwords are cheap."""

    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        folder.mkdir()
        self._folder = folder
        self._settings = settings or Settings()
        self._thread: ServerThread | None = None
        super().__init__()

    def start(self) -> None:
        listen = ListenerOptions(Address("127.0.0.1", self.port))
        self._thread = ServerThread(self._settings, Options(listen=(listen,), data=self._folder))

    def stop(self) -> None:
        if self._thread:
            self._thread.stop()
            self._thread = None


class ServerProcess(Server):
    """bin/greenchat-server."""

    def __init__(self, folder: Path, environment: dict[str, str], *options: str) -> None:
        self._options = options
        self._folder = folder
        self._environment = environment
        self._process: Forked | None = None
        super().__init__()

    def start(self) -> None:
        words = ["--listen", f"127.0.0.1:{self.port}", "--data", str(self._folder), *self._options]
        homes = {name: value for name, value in self._environment.items() if name == "HOME" or name.startswith("XDG_")}
        environment = {**os.environ, **homes, "PYTHONPATH": str(ROOT)}
        reading, writing = os.pipe()
        with open(os.devnull) as nothing, open(writing, "wb") as out:
            standard = [nothing.fileno(), out.fileno(), _ERRORS]
            self._process = Forked(words, environment, standard, spare="--nodes" in words)
        self._process.stdout = os.fdopen(reading, encoding="utf-8")
        line = self._process.stdout.readline()
        assert f"listening on 127.0.0.1:{self.port}" in line, line

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(PATIENCE)
            assert self._process.stdout
            self._process.stdout.close()
            self._process = None


class OpenTerminal(Protocol):
    """Starts bin/greenchat with these arguments in a terminal of its own."""

    def __call__(self, *arguments: str, rows: int = 24, columns: int = 80, **environment: str) -> Terminal: ...


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the environment: an empty home, and this checkout to import from."""
    compiled = {name: value for name, value in os.environ.items() if name == "PYTHONPYCACHEPREFIX"}  # see `scratch`
    return compiled | {
        "PATH": f"{ROOT / 'bin'}:{os.environ['PATH']}",  # else messages would name the checkout's path
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
def server(tmp_path: Path) -> Iterator[Server]:
    """Run a server."""
    started = ThreadedServer(tmp_path / "server")
    yield started
    started.close()


@pytest.fixture
def greenchat(environment: dict[str, str]) -> Iterator[OpenTerminal]:
    """Start clients; they end with the test."""
    opened: list[Terminal] = []

    def start(*arguments: str, rows: int = 24, columns: int = 80, **more: str) -> Terminal:
        opened.append(Terminal(ForkedClient(arguments, environment | more, rows, columns), rows, columns))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()
