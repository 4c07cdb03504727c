"""The network between the machines is cut: a node is alone with a server of the engine that has no majority.

Each server of the engine reaches each of the others through a proxy of its own that can be cut.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.features.nodes.test_faults import come_back
from tests.irc import Client
from tests.ports import reserved_port
from tests.server.nodes.machines import Machine
from tests.server.nodes.nats import NEEDED, Nats
from tests.server.nodes.proxy import Proxy
from tests.server.nodes.talkers import Talker, check

pytestmark = NEEDED

_SERVERS = 3


@dataclass
class Network:
    """The servers of the engine. ways: the proxies from one to the other, by their numbers."""

    engine: list[Nats]
    ways: dict[tuple[int, int], Proxy]

    def _of(self, number: int) -> list[Proxy]:
        return [way for pair, way in self.ways.items() if number in pair]

    def cut(self, number: int) -> None:
        """Cut a server off from the others."""
        for way in self._of(number):
            way.cut()

    def reopen(self, number: int) -> None:
        for way in self._of(number):
            way.reopen()


@contextmanager
def network(folder: Path) -> Iterator[Network]:
    numbers = range(_SERVERS)
    with ExitStack() as stack:
        ports = [stack.enter_context(reserved_port()) for _ in numbers]
        nowhere = stack.enter_context(reserved_port())
        ways = {(one, other): Proxy(ports[other]) for one in numbers for other in numbers if one != other}
        for way in ways.values():
            stack.callback(way.close)
        engine = []
        for number in numbers:
            routes = tuple(ways[number, other].port for other in numbers if other != number)
            # the advertised address is not reachable: servers find each other through the proxies only
            server = Nats(folder, number, routes, ports[number], advertise=f"127.0.0.1:{nowhere}")
            stack.callback(server.close)
            engine.append(server)
        for server in engine:
            server.wait()
        yield Network(engine, ways)


@pytest.mark.long
def test_a_minority_of_the_engine_with_a_node(tmp_path: Path) -> None:
    """Clients of that node are told, then sent away, and continue on the other nodes, whose clients have noticed
    nothing; then the node comes back.
    """
    patient = "engine_timeout = 60.0\nlease = 60.0"
    with network(tmp_path) as net, ExitStack() as stack:
        *most, alone = net.engine
        machines = [Machine(tmp_path, name, net.engine) for name in ("oslo", "rome", "york")]
        for machine in machines:
            stack.callback(machine.close)
        oslo, rome, york = machines
        oslo.do("cluster", "init")
        oslo.configure([server.url for server in most], replicas=3, more=patient)
        oslo.start()
        oslo.do("cluster", "publish")
        rome.configure([server.url for server in most], replicas=3, more=patient)
        york.do("cluster", "join")
        rome.do("cluster", "join")
        york.configure([alone.url], more="patience = 1.0\nengine_timeout = 2.0", replicas=3)
        for machine in (rome, york):
            machine.start()
        ann, bob, cat = (Talker(machine, nick) for machine, nick in zip(machines, ("ann", "bob", "cat"), strict=True))
        for talker in (ann, bob, cat):
            talker.start()
        ann.wait_for_more()
        eve = Client(york.address, "eve")
        eve.join("#a")
        net.cut(len(most))
        messages = [message for message in eve.until_end() if message.command in ("NOTICE", "ERROR")]
        assert "is waiting for its other nodes" in messages[0].params[-1]
        assert "Connect again" in messages[-1].params[-1]
        cat.wait_until_lost()
        count = len(cat.received)
        ann.wait_for_more()
        bob.wait_for_more()
        assert not any("QUIT" in event for talker in (ann, bob) for event in talker.events)
        net.reopen(len(most))
        with come_back(york, "dan") as dan:
            dan.quit()
        again = Talker(york, "again")
        again.start()
        again.wait_for_more()
        assert len(cat.received) == count, "a node that was cut off showed no new message"
        check(SimpleNamespace(nodes=machines), ann, bob, cat, again)  # type: ignore[arg-type]  # all it asks for
