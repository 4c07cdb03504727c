"""A node with a thousand clients is killed: clients of the other nodes keep talking, and see none of them leave."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from greenchat.bench.connecting import connect_all
from greenchat.bench.node_loss import ROOM, NodeTalk
from greenchat.bench.swarm import Endpoint, Swarm
from tests.server.nodes.cluster import NodeProcess, cluster
from tests.server.nodes.nats import NEEDED
from tests.server.process import environment

pytestmark = NEEDED

_CROWD = 1000
_WINDOW = 1.0  # seconds
_WAIT = 0.1
# Seconds, and a multiple of the longest silence before: `greenchat-bench cluster --kill` measures it; a lease is ten
# seconds
_GENEROUS, _TIMES = 5.0, 10


@contextmanager
def crowd(node: NodeProcess) -> Iterator[None]:
    """Connect a thousand clients to a node, some of them in the channel, in a process that does nothing more."""
    code = (
        "from greenchat.bench.node_loss import stand_by; from greenchat.bench.swarm import Endpoint;"
        f" stand_by(Endpoint('127.0.0.1', {node.port}), {_CROWD}, 1, 0)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(node.folder)
    )
    try:
        assert process.stdout
        assert process.stdout.read(1) == b"!"
        yield
    finally:
        process.communicate()


def listens(node: NodeProcess) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(node.address) == 0


def test_others_continue_when_a_node_with_a_thousand_clients_is_killed(tmp_path: Path) -> None:
    with cluster(tmp_path, 3) as nodes, crowd(nodes.nodes[2]):
        swarm = Swarm(Endpoint(*nodes.nodes[0].address))
        clients, _ = connect_all(swarm, [ROOM] * 2, first=90_000)
        swarm.address = Endpoint(*nodes.nodes[1].address)
        clients += connect_all(swarm, [ROOM] * 2, first=91_000)[0]
        talk = NodeTalk(swarm, clients)
        before = talk.run(_WINDOW)
        talk.forget_presences()
        nodes.nodes[2].kill()
        silence = talk.run(_WINDOW)
        nodes.nodes[2].start(ready=False)  # when it is back its clients are certain to be gone
        while not listens(nodes.nodes[2]):
            silence = max(silence, talk.run(_WAIT))
        silence = max(silence, talk.run(_WINDOW))
        talk.check()
        swarm.close_all()
    assert silence < _GENEROUS + _TIMES * before
