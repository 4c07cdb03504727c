"""The client with a server of several nodes, one of which dies: it continues on another, without a QUIT."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from greenchat.server.control.client import NoServerError, ask
from tests.features.conftest import OpenTerminal, Server, ServerProcess
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server.nodes.nats import NEEDED
from tests.server.nodes.talkers import wait_until

pytestmark = NEEDED

_COMES_BACK = 30.0  # seconds; 2 on a quiet machine, and half of the time for which the place is kept


@pytest.fixture
def nodes(tmp_path: Path, environment: dict[str, str]) -> Iterator[Server]:
    """Start a server of two nodes."""
    started = ServerProcess(tmp_path / "server", environment, "--nodes", "2")
    yield started
    started.close()


def sessions(folder: Path) -> dict[str, int]:
    """Return the number of sessions of each node; none until both are present."""
    try:
        rows = {row["name"]: row["sessions"] for row in ask(folder, "nodes")["nodes"]}
    except NoServerError:
        return {}
    return rows if len(rows) == 2 else {}


def sessions_once_known(folder: Path, count: int) -> dict[str, int]:
    """Return the same, once the queried node knows of so many."""
    until = time.monotonic() + PATIENCE
    while sum((found := sessions(folder)).values()) != count:
        assert time.monotonic() < until, found
        time.sleep(0.05)
    return found


def test_a_client_continues_when_its_node_dies(nodes: Server, greenchat: OpenTerminal, tmp_path: Path) -> None:
    data = tmp_path / "server"
    wait_until(lambda: bool(sessions(data)))
    alice = greenchat(f"alice@{nodes.address}")
    alice.wait_for("You joined", "[#lobby]")
    (hers,) = [name for name, count in sessions_once_known(data, 1).items() if count]
    others: list[Client] = []
    while sessions_once_known(data, 1 + len(others))[hers] == 1 + len(
        others
    ):  # until one has connected to the other node
        others.append(Client(nodes.target, f"bob{len(others)}"))
    with closing(others[-1]) as bob:
        bob.join("#lobby")
        alice.wait_for(f"bob{len(others) - 1} joined")
        folder = data if hers == "node-1" else data / "nodes" / "2"
        killed = time.monotonic()
        os.kill(ask(folder, "status")["pid"], signal.SIGKILL)
        alice.enter("still here")
        seen = bob.until("PRIVMSG")
        assert time.monotonic() - killed < _COMES_BACK
        assert [(message.command, message.nick) for message in seen] == [("PRIVMSG", "alice")]
        bob.send("PRIVMSG #lobby :so am I")
        alice.wait_for("so am I", "alice │ still here")
        alice.wait(lambda: alice.text.count("still here") == 1 and "alice joined" not in alice.text)
