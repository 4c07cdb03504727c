"""A node that was off catches up quickly.

`python -m tests.features.nodes.test_catching_up` measures it.
"""

import sys
import tempfile
from pathlib import Path

from greenchat.bench.process import cpu_seconds
from tests.server.nodes.cluster import NodeProcess, cluster
from tests.server.nodes.nats import NEEDED

pytestmark = NEEDED

LEAST = 25_000
"""Acts in a second of the processor: half of what is aimed at, since this machine may have much else to do."""
_SPEAKERS, _ROOMS = 20, 10
_TEXT = "this is a message of some length, as people say them, and the number of it is"


def catch_up(folder: Path, count: int) -> float:
    """Return how many acts, each of one message, a node applies in a second of processor time."""
    with cluster(folder, 2) as nodes:
        one, two = nodes.nodes
        clients = [one.client(f"user{number}") for number in range(_SPEAKERS)]
        for client in clients:
            client.run(*[f"JOIN #{room}" for room in range(_ROOMS)])
        assert two.end() == 0
        start = started(two)
        assert two.end() == 0
        before = one.ask("SELECT count(*) FROM event")
        for number in range(count // _SPEAKERS):
            for client in clients:
                client.send(f"PRIVMSG #{number % _ROOMS} :{_TEXT} {number}")
            if number % 20 == 0:
                for client in clients:
                    client.sync()
        for client in clients:
            client.sync()
        assert one.ask("SELECT count(*) FROM event") - before == count
        spent = started(two) - start
        assert two.ask("SELECT count(*) FROM event") >= count
        for client in clients:
            client.close()
        return count / spent


def started(node: NodeProcess) -> float:
    """Start a node; return the processor time that it has used until it serves."""
    node.start()
    assert node.process
    return cpu_seconds(node.process.pid)


def test_a_node_catches_up_quickly(tmp_path: Path) -> None:
    assert catch_up(tmp_path, 20_000) > LEAST


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        sys.stdout.write(f"{catch_up(Path(name), 100_000):,.0f} acts in a second of the processor\n")
