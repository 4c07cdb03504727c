"""Random faults of nodes and their engine while clients talk: `python -m tests.hostile.kills --seconds 3600`.

Three nodes and three servers of the engine are killed and started again, or stopped for a while: a node, the leader of
the engine, a follower, and a node together with the leader. Then every echoed number must be there once, in the same
order and with the same id, on all nodes and in all databases. Nodes compare digests of their state all the time.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.patience import PATIENCE
from tests.server.nodes.cluster import Cluster, cluster
from tests.server.nodes.nats import Nats, leader_of
from tests.server.nodes.talkers import Talker, check

NODES = 3
_KEEP = "[storage]\nkeep_unregistered = {}\n"
_NODE_HANGS, _SERVER_HANGS = 3.0, 8.0
"""The longest that each is stopped, in seconds: the others elect another leader after some four."""


class RandomFaults:
    """One client on each node, and the faults.

    done: how often each fault has happened. kept: messages in the history at the end. silence: the longest wait of any
    client for a message, in seconds.
    """

    def __init__(self, nodes: Cluster, chance: random.Random) -> None:
        self._nodes = nodes
        self._chance = chance
        self.talkers: list[Talker] = []
        self._now: dict[int, Talker] = {}
        self.done: Counter[str] = Counter()
        self.kept = 0
        self._given_up: Counter[int] = Counter()
        self._faults: dict[str, Callable[[], None]] = {
            "a node was killed": self._kill_a_node,
            "a node hung": self._let_a_node_hang,
            "the engine's leader was killed": lambda: self._kill_a_server(self._leader),
            "the engine's leader hung": lambda: self._let_a_server_hang(self._leader),
            "a node and the leader were killed": self._kill_both,
            "nothing": lambda: None,
        }
        if len(nodes.engine) > 1:
            self._faults |= {
                "a follower of the engine was killed": lambda: self._kill_a_server(self._follower),
                "a follower of the engine hung": lambda: self._let_a_server_hang(self._follower),
            }
        for number in range(len(nodes.nodes)):
            self._come(number)

    @property
    def silence(self) -> float:
        return max(talker.longest for talker in self.talkers)

    def _come(self, number: int) -> None:
        talker = self._now[number] = Talker(self._nodes.nodes[number], f"user{len(self.talkers)}")
        talker.start()
        self.talkers.append(talker)

    def go_on(self) -> None:
        """Cause one fault while clients talk."""
        fault = self._chance.choice(list(self._faults))
        self.done[fault] += 1
        self._faults[fault]()
        number = self._some_node
        if not self._now[number].hears_more(20):
            self._return(number)

    def _return(self, number: int) -> None:
        """Return to a node that the others have given up: its connection to the engine was interrupted longer than
        theirs.
        """
        node = self._nodes.nodes[number]
        given_up = node.errors.read_text(encoding="utf-8").count("the other nodes gave this one up")
        assert given_up > self._given_up[number], "the connection ended for another reason"
        self._given_up[number] = given_up
        self.done["a node was given up by the others"] += 1
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self._come(number)
                return
            except (EOFError, OSError):
                assert time.monotonic() < until
                time.sleep(0.1)

    @property
    def _some_node(self) -> int:
        return self._chance.randrange(len(self._nodes.nodes))

    @property
    def _leader(self) -> Nats:
        engine = self._nodes.engine
        return engine[leader_of(engine)] if len(engine) > 1 else engine[0]

    @property
    def _follower(self) -> Nats:
        leading = leader_of(self._nodes.engine)
        return self._chance.choice([server for number, server in enumerate(self._nodes.engine) if number != leading])

    def _kill_a_node(self) -> None:
        number = self._some_node
        self._nodes.nodes[number].kill()
        self._bring_back(number)

    def _bring_back(self, number: int) -> None:
        self._now[number].wait_until_lost()
        self._nodes.nodes[number].start()
        self._come(number)

    def _let_a_node_hang(self) -> None:
        node = self._nodes.nodes[self._some_node]
        node.signal(signal.SIGSTOP)
        time.sleep(self._chance.random() * _NODE_HANGS)
        node.signal(signal.SIGCONT)

    def _kill_a_server(self, server: Nats) -> None:
        server.kill()
        time.sleep(self._chance.random() * 2)
        server.start()

    def _let_a_server_hang(self, server: Nats) -> None:
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(self._chance.random() * _SERVER_HANGS)
        server.process.send_signal(signal.SIGCONT)

    def _kill_both(self) -> None:
        """Lose a machine with a node and the engine's leader."""
        number, server = self._some_node, self._leader
        server.kill()
        self._nodes.nodes[number].kill()
        time.sleep(self._chance.random() * 2)
        server.start()
        self._bring_back(number)


def run(folder: Path, seconds: float, seed: int, servers: int = 3, keep: int = 0) -> RandomFaults:
    """Run for so long, and check what the clients have received. servers: of the engine. keep: messages, 0 for all."""
    with cluster(folder, NODES, servers, more=_KEEP.format(keep), snapshots=1.0, engine_timeout=60.0) as nodes:
        life = RandomFaults(nodes, random.Random(seed))
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                life.go_on()
            check(nodes, *life.talkers)
        except BaseException:
            sys.stdout.write(f"{life.done}\n")
            raise
        life.kept = len(nodes.nodes[0].texts("#a"))
        return life


def main() -> None:
    """Run it and print a summary; AssertionError if anything was lost, doubled or out of order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None, help="repeats the faults of another run")
    parser.add_argument("--servers", type=int, default=3, help="of the engine: 1 or 3")
    parser.add_argument("--keep", type=int, default=0, help="messages that are kept: the nodes cut the others (all)")
    given = parser.parse_args()
    seed = random.randrange(1 << 32) if given.seed is None else given.seed
    sys.stdout.write(f"seed {seed}\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory() as folder:
        life = run(Path(folder), given.seconds, seed, given.servers, given.keep)
    happened = ", ".join(f"{times} times {fault}" for fault, times in life.done.items())
    echoed = sum(len(talker.echoed) for talker in life.talkers)
    sys.stdout.write(
        f"{happened}: {echoed} messages echoed, 0 lost, 0 doubled, 0 out of order, 0 nodes diverged, {life.kept} kept;"
        f" the longest silence was {life.silence:.1f} s\n"
    )


if __name__ == "__main__":
    main()
