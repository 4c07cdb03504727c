"""The client at a server of several nodes, one of which dies: it continues at another, and nobody hears of it."""

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
from tests.server.nodes.nats import NEEDED

pytestmark = NEEDED

_COMES_BACK = 30.0  # seconds; 2 on a quiet machine, and half of what its place is kept for


@pytest.fixture
def nodes(tmp_path: Path, environment: dict[str, str]) -> Iterator[Server]:
    """A server of two nodes."""
    started = ServerProcess(tmp_path / "server", environment, "--nodes", "2")
    yield started
    started.close()


def sessions(folder: Path) -> dict[str, int]:
    """How many each node has; none until both are there."""
    try:
        rows = {row["name"]: row["sessions"] for row in ask(folder, "nodes")["nodes"]}
    except NoServerError:
        return {}
    return rows if len(rows) == 2 else {}


def where(folder: Path, count: int) -> dict[str, int]:
    """The same, once the node that is asked has heard of so many."""
    while sum((found := sessions(folder)).values()) != count:
        time.sleep(0.05)
    return found


def test_a_client_whose_node_dies_goes_on(nodes: Server, greenchat: OpenTerminal, tmp_path: Path) -> None:
    data = tmp_path / "server"
    while not sessions(data):
        time.sleep(0.05)
    alice = greenchat(f"alice@{nodes.address}")
    alice.wait_for("You joined", "[#lobby]")
    (hers,) = [name for name, count in where(data, 1).items() if count]
    others: list[Client] = []
    while where(data, 1 + len(others))[hers] == 1 + len(others):  # until one has come to the other node
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
