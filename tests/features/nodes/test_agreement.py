"""Nodes reach the same state: random clients on several nodes, with digests all the time."""

import random
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.hostile.grammar import Grammar
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server.nodes.cluster import NodeProcess, cluster
from tests.server.nodes.nats import NEEDED
from tests.server.nodes.talkers import wait_until

pytestmark = NEEDED

CAPS = "batch labeled-response message-tags draft/multiline draft/metadata-2 echo-message draft/message-redaction"
STAFF = """\
[opers.root]
class = "admin"
password = "$scrypt$ln=4,r=8,p=1$c2FsdCBvZiB0aGUgZWFydA$bVYV3rizrd5fad2LnosIPdjLF24RcScjHG9lIpNfft4"
[classes.admin]
rights = ["kill", "ban", "samode", "accounts", "history", "cloak", "defcon", "vhost", "nodes", "rehash", "die"]
[accounts]
iterations = 4096
"""
STEPS = 600
_DEADLY = (b"DIE", b"DRAIN", b"RESTART", b"DEFCON", b"UBAN", b"KLINE", b"DLINE")


class RandomClient:
    """A client on one node that does random things, and reconnects when it is thrown out."""

    def __init__(self, node: NodeProcess, number: int) -> None:
        self.node = node
        self._number = number
        self.client = self._come()

    def _come(self) -> Client:
        client = Client(self.node.address)
        client.send("CAP LS 302", f"CAP REQ :{CAPS}", f"NICK user{self._number}", "USER u 0 * :u", "CAP END")
        client.send("JOIN #a,#b", "OPER root secret")
        return client

    def say(self, lines: list[bytes]) -> None:
        try:
            self.client.sock.sendall(b"".join(lines))
            self.client.sync()
        except (EOFError, OSError):
            self.client.close()
            self.client = self._come()


class PlainClient:
    """A plain-text client on one node, which only sends text."""

    def __init__(self, node: NodeProcess, name: str) -> None:
        self._sock = socket.create_connection(node.address, PATIENCE)
        self._sock.sendall(f"{name}\n".encode())

    def say(self, text: str) -> None:
        self._sock.sendall(text.encode() + b"\n")
        self._sock.setblocking(False)
        with suppress(BlockingIOError):
            while self._sock.recv(65536):
                pass
        self._sock.setblocking(True)

    def close(self) -> None:
        self._sock.close()


@pytest.mark.parametrize("seed", range(2))
def test_random_clients(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with cluster(tmp_path, 3, more=STAFF, snapshots=0.5) as nodes:
        clients = [RandomClient(nodes.nodes[number % 3], number) for number in range(6)]
        grammar = Grammar(chance, lambda: f"user{chance.randrange(6)}", [])
        plain = [PlainClient(node, f"plain{number}") for number, node in enumerate(nodes.nodes)]
        for step in range(STEPS):
            if step % 20 == 0:
                chance.choice(clients).say([b"REHASH\r\n"])
            plain[step % 3].say(chance.choice(("hello", "/me waves", "a line of some length " * 9, "é ☺")))
            lines = [grammar.line().rstrip(b"\r\n") + b"\r\n" for _ in range(chance.randint(1, 4))]
            chance.choice(clients).say([line for line in lines if not any(word in line.upper() for word in _DEADLY)])
        compared = digests(nodes.nodes[0])
        wait_until(lambda: digests(nodes.nodes[0]) != compared)
        for talker in plain:
            talker.close()
        for client in clients:
            with suppress(OSError):
                client.client.close()
        until_same(*nodes.nodes)
        for node in nodes.nodes:
            assert node.end() == 0, node.errors.read_text(encoding="utf-8")[-3000:]
            log = node.errors.read_text(encoding="utf-8")
            assert "Traceback" not in log, log[-3000:]
            assert "the state of this node is" not in log, log
        assert any("reloaded the configuration" in node.errors.read_text(encoding="utf-8") for node in nodes.nodes)
        assert nodes.nodes[0].texts("#lobby"), "plain text is accepted"


def until_same(*nodes: NodeProcess) -> None:
    """Wait until all databases have the same events and documents: a node may be a moment behind."""
    until = time.monotonic() + PATIENCE
    while True:
        first, *others = [node.stored() for node in nodes]
        differing = {
            f"{name} of node {number} and 1": sorted(set(rows) ^ set(first[name]), key=repr)[:6]
            for number, other in enumerate(others, 2)
            for name, rows in other.items()
            if rows != first[name]
        }
        if not differing:
            return
        assert time.monotonic() < until, differing
        time.sleep(0.1)


def digests(node: NodeProcess) -> float:
    """Return the times at which the state was last written, and its digest compared."""
    return (node.folder / "greenchat.state").stat().st_mtime


KEEPS_LITTLE = "[storage]\nkeep_unregistered = 100\n"
LINES = 9000  # more than stay in the table in the order of arrival
READER = "batch message-tags draft/chathistory soju.im/search"


def answers(node: NodeProcess, nick: str) -> list[tuple[str, ...]]:
    """Return what a client on a node reads of the history, whole except for the ids of batches."""
    with node.client(nick, READER) as reader:
        reader.join("#a")
        found = []
        for question in (
            "CHATHISTORY LATEST #a * 500",
            "CHATHISTORY AFTER #a timestamp=2020-01-01T00:00:00.000Z 50",
            "CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 50",
            "SEARCH in=#a;text=line;limit=500",
            "SEARCH in=#a;text=line;after=2020-01-01T00:00:00.000Z;limit=5",
        ):
            for message in reader.run(question):
                if message.command in ("PRIVMSG", "CHATHISTORY"):
                    found.append((question, message.tags.get("msgid", ""), *message.params))
        reader.quit()
    return found


def test_retention_deletes_the_same_on_all_nodes(tmp_path: Path) -> None:
    """One node finds what is due, and all nodes delete it at the same entry of the log, whenever they start."""
    with cluster(tmp_path, 3, more=KEEPS_LITTLE) as nodes:
        one, two, three = nodes.nodes
        with one.client("ann", "echo-message") as ann:
            ann.join("#a")
            for begin in range(0, LINES, 500):
                ann.run(*[f"PRIVMSG #a :line {number}" for number in range(begin, begin + 500)])
            until_settled(two, three)
            for node in (two, three):
                assert node.end() == 0
                node.start()  # it looks for what is due when it starts, and is not the one that decides
            until_looked(two, three)
            agreed(one, two, three)
            ann.quit()
        assert [node.end() for node in (one, three)] == [0, 0]
        assert two.end() == 0
        two.start()  # alone, so that it is the one that decides
        with two.client("cat", "echo-message") as cat:
            cat.join("#a")
            wait_until(lambda: len(two.texts("#a")) < LINES)
            one.start()
            three.start()
            assert agreed(*nodes.nodes)[-1][-1] > "line 4"
            cat.quit()
        stored = [node.texts("#a") for node in nodes.nodes]
        assert stored == [stored[0]] * 3
        assert [node.end() for node in nodes.nodes] == [0, 0, 0]


def agreed(*nodes: NodeProcess) -> list[tuple[str, ...]]:
    """Return the answers of all nodes: the same in one of three tries, since a deletion may come in between."""
    for _ in range(3):
        first, *others = [answers(node, "bob") for node in nodes]
        if others == [first] * len(others):
            return first
    raise AssertionError([set(first) ^ set(other) for other in others])


def until_settled(*nodes: NodeProcess) -> None:
    """Wait until most messages are in the table that retention searches, or have been there: a slow machine may take
    longer than the minute after which the first node looks for what is due again.
    """
    searched = "SELECT (SELECT count(*) FROM settled) > 8000 OR (SELECT max(cut) FROM conversation) > 0"
    wait_until(lambda: all(node.ask(searched) for node in nodes))


def until_looked(*nodes: NodeProcess) -> None:
    """Wait until nodes have looked for what is due: they build their indexes in the same step, just before."""
    for node in nodes:
        wait_until((node.folder / "greenchat.db-search").exists)
        with node.client("look") as client:
            client.quit()
