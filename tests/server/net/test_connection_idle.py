"""An idle client takes little memory, and processor time only for its PINGs."""

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
    """Connect so many clients in channels of ten, which have each sent something and are idle now."""
    with ExitStack() as clients:
        for number in range(count):
            client = clients.enter_context(Client(address, f"{prefix}{number}"))
            client.join(f"#{prefix}{number // 10}")
            client.send(f"PRIVMSG #{prefix}{number // 10} :I say this and nothing else")
            client.sync()
        yield


def resident(process: int) -> int:
    """Return the memory of a process in bytes."""
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


def test_an_idle_client_has_no_greenlet(server: ServerThread) -> None:
    with idle(server.address, 1, "first"):
        before = server.call(working_greenlets)
        with idle(server.address, 20):
            deadline = time.monotonic() + PATIENCE
            while server.call(working_greenlets) > before:  # a client's greenlet ends a moment after the answer
                assert time.monotonic() < deadline
                time.sleep(0.1)  # each look takes as long as a collection of garbage


def calls_of_a_second(app: App) -> int:
    """Return the number of function calls in a second without input and without PINGs."""
    count = 0

    def note(frame: object, event: str, argument: Any) -> None:
        nonlocal count
        count += 1

    app.upkeep.sweeper.sweep()  # looks at new users until nothing has changed
    app.upkeep.sweeper.sweep()
    sys.setprofile(note)
    try:
        app.upkeep.sweeper.sweep()
    finally:
        sys.setprofile(None)
    return count


def test_idle_seconds_cost_the_same_for_any_number_of_clients(server: ServerThread) -> None:
    with idle(server.address, 10, "first"):
        few = server.call(calls_of_a_second)
        with idle(server.address, 9, "second"), idle(server.address, 9, "third"):
            assert server.call(calls_of_a_second) == few
