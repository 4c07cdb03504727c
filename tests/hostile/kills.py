"""Nodes and their engine die at random while people talk: `python -m tests.hostile.kills --seconds 3600`.

They are killed and started again, and nodes stopped for a while; then every number that was echoed must be there once,
in one order, with one id, on all nodes and in all databases. Nodes compare digests of their state all the time.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.server.nodes.cluster import Cluster, cluster
from tests.server.nodes.talk import Talker, check

NODES = 3
_KEEP = "[storage]\nkeep_unregistered = {}\n"
_FAULTS = ("a node was killed", "a server of the engine was killed", "a node hung", "nothing")


class Life:
    """The people of some nodes, one at each, and what happens to them.

    done: how often what has happened. kept: messages that the history has in the end.
    """

    def __init__(self, nodes: Cluster, chance: random.Random) -> None:
        self._nodes = nodes
        self._chance = chance
        self.talkers: list[Talker] = []
        self._now: dict[int, Talker] = {}
        self.done: Counter[str] = Counter()
        self.kept = 0
        for number in range(len(nodes.nodes)):
            self._come(number)

    def _come(self, number: int) -> None:
        talker = self._now[number] = Talker(self._nodes.nodes[number], f"user{len(self.talkers)}")
        talker.start()
        self.talkers.append(talker)

    def go_on(self) -> None:
        """Let something happen, and people talk on."""
        chance = self._chance
        fault, number = chance.choice(_FAULTS), chance.randrange(len(self._nodes.nodes))
        self.done[fault] += 1
        node = self._nodes.nodes[number]
        if fault == _FAULTS[0]:
            node.kill()
            self._now[number].wait_until_lost()
            node.start()
            self._come(number)
        elif fault == _FAULTS[1]:
            server = chance.choice(self._nodes.engine)
            server.kill()
            time.sleep(chance.random() * 2)
            server.start()
        elif fault == _FAULTS[2]:
            node.signal(signal.SIGSTOP)
            time.sleep(chance.random() * 3)
            node.signal(signal.SIGCONT)
        self._now[chance.randrange(len(self._nodes.nodes))].wait_for_more(20)


def run(folder: Path, seconds: float, seed: int, servers: int = 1, keep: int = 0) -> Life:
    """Let them live so long, and check what they have heard. servers: of the engine. keep: messages, 0 for all."""
    with cluster(folder, NODES, servers, more=_KEEP.format(keep), snapshots=1.0, longer=60.0) as nodes:
        life = Life(nodes, random.Random(seed))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            life.go_on()
        check(nodes, *life.talkers)
        life.kept = len(nodes.nodes[0].texts("#a"))
        return life


def main() -> None:
    """Run it, and say how it went; AssertionError where something was lost, doubled or out of order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None, help="repeats the faults of another run")
    parser.add_argument("--servers", type=int, default=1, help="of the engine: 1 or 3")
    parser.add_argument("--keep", type=int, default=0, help="messages that are kept: the nodes cut the others (all)")
    given = parser.parse_args()
    seed = random.randrange(1 << 32) if given.seed is None else given.seed
    sys.stdout.write(f"seed {seed}\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory() as folder:
        life = run(Path(folder), given.seconds, seed, given.servers, given.keep)
    happened = ", ".join(f"{times} times {fault}" for fault, times in life.done.items())
    echoed = sum(len(talker.echoed) for talker in life.talkers)
    sys.stdout.write(f"{happened}: {echoed} messages echoed, none lost, doubled or out of order, {life.kept} kept\n")


if __name__ == "__main__":
    main()
