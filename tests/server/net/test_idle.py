"""A client that says nothing takes little memory, and no time but for its PINGs."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from greenchat.config.settings import Settings
from greenchat.server.app import App
from tests.conftest import ServerThread, StartServer, Target, quick_options
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server.greenlets import working_greenlets
from tests.server.process import started

MOST = 11 * 1024  # bytes; a greenlet for each would take 12 KiB more
WARM, MEASURED = 60, 300  # clients


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    return start_server(Settings(), quick_options(tmp_path))


@contextmanager
def idle(address: Target, count: int, prefix: str = "idle") -> Iterator[None]:
    """So many clients in channels of ten, who have said something and rest."""
    with ExitStack() as clients:
        for number in range(count):
            client = clients.enter_context(Client(address, f"{prefix}{number}"))
            client.join(f"#{prefix}{number // 10}")
            client.send(f"PRIVMSG #{prefix}{number // 10} :I say this and nothing else")
            client.sync()
        yield


def resident(process: int) -> int:
    """The bytes of memory that a process has."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_an_idle_client_takes_little_memory(tmp_path: Path) -> None:
    config = tmp_path / "greenchat.toml"
    config.write_text("[throttle]\ncommands = 0\n")
    words = ("--config", str(config), "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"))
    with started(tmp_path, *words) as running, idle(running.target, WARM, "warm"):
        before = resident(running.process.pid)
        with idle(running.target, MEASURED):
            assert (resident(running.process.pid) - before) / MEASURED < MOST


def test_nobody_who_rests_has_a_greenlet(server: ServerThread) -> None:
    with idle(server.address, 1, "first"):
        before = server.call(working_greenlets)
        with idle(server.address, 20):
            deadline = time.monotonic() + PATIENCE
            while server.call(working_greenlets) > before:  # who was answered rests a moment later
                assert time.monotonic() < deadline
                time.sleep(0.01)


def calls_of_a_second(app: App) -> int:
    """How many functions are called in a second in which nobody says anything, and no PING is due."""
    count = 0

    def note(frame: object, event: str, argument: Any) -> None:
        nonlocal count
        count += 1

    app.upkeep.sweeper.sweep()  # it looks at who has come, and at their places until nothing new is there
    app.upkeep.sweeper.sweep()
    sys.setprofile(note)
    try:
        app.upkeep.sweeper.sweep()
    finally:
        sys.setprofile(None)
    return count


def test_a_second_costs_the_same_however_many_are_idle(server: ServerThread) -> None:
    with idle(server.address, 10, "first"):
        few = server.call(calls_of_a_second)
        with idle(server.address, 9, "second"), idle(server.address, 9, "third"):
            assert server.call(calls_of_a_second) == few
