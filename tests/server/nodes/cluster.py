"""Several nodes, in processes and on ports of their own, beside a real engine."""

import dataclasses
import os
import signal
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypedDict, Unpack

from greenchat.config.options import Address
from greenchat.server.net.listener import reserve
from greenchat.server.nodes import state_file
from greenchat.server.nodes.access import Access
from greenchat.server.nodes.node_config import VARIABLE, NodeConfig
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server.forked import Forked
from tests.server.nodes.nats import Nats, nats
from tests.server.process import SCRIPT, Process, environment

CONFIG = """\
[connections]
grace = {grace}
[throttle]
commands = 0.0
unread = 0
"""


_LAST = 30  # lines of each log

_started = count()


def forked_node(
    words: Sequence[str], env: Mapping[str, str], output: int, *passed: int, script: Sequence[str] = SCRIPT
) -> Process:
    """Start a node. Three in a row have different hash seeds, as several processes have."""
    with open(os.devnull) as nothing:
        standard = [nothing.fileno(), output, output]
        return Forked(words, env, standard, passed=passed, family=next(_started) % 3, script=script)


class NodeFields(TypedDict, total=False):
    """Fields of `NodeConfig` that tests choose."""

    engine_timeout: float
    lease: float
    patience: float
    snapshots: float


class NodeProcess:
    """One node, which may be killed and started again."""

    def __init__(
        self, folder: Path, number: int, engine: Sequence[Nats], replicas: int, **node_config: Unpack[NodeFields]
    ) -> None:
        self.folder = folder / str(number)
        self.folder.mkdir()
        self._reserved, reserved = reserve(Address("127.0.0.1", 0))
        self.port = reserved.port
        self.address = ("127.0.0.1", self.port)
        self._home = folder
        self.errors = folder / f"errors-{number}.txt"
        self.node_config = NodeConfig(
            name=f"node-{number}",
            log="greenchat",
            folder=str(self.folder),
            state=str(self.folder),
            ports=(self.port,),
            engine=Access(tuple(server.url for server in engine)),
            replicas=replicas,
            **node_config,
        )
        self.process: Process | None = None

    def start(self, *, ready: bool = True) -> None:
        reading, writing = os.pipe()
        node_config = dataclasses.replace(self.node_config, ready=writing)
        variables = {**environment(self._home), VARIABLE: node_config.environment()[VARIABLE]}
        with self.errors.open("ab") as errors:
            words = ["--config", str(self._home / "server.toml"), "--data", str(self.folder)]
            words += ["--listen", f"127.0.0.1:{self.port}"]
            self.process = forked_node(words, variables, errors.fileno(), writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            assert not ready or pipe.readline() == b"ready\n", self.errors.read_text(encoding="utf-8")

    def make_from(self, other: "NodeProcess") -> None:
        state_file.clone((other.folder, other.folder), (self.folder, self.folder), "greenchat.db")

    def signal(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def close(self) -> None:
        self.kill()
        self._reserved.close()

    def end(self) -> int:
        assert self.process
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def client(self, nick: str, caps: str = "") -> Client:
        return Client(self.address, nick, caps=caps)

    def ask(self, question: str) -> Any:
        """Return the first column of the first row that a query to the node's database finds."""
        with closing(sqlite3.connect(f"file:{self.folder}/greenchat.db?mode=ro", uri=True)) as connection:
            return connection.execute(question).fetchone()[0]

    def stored(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return all that is in the node's database and that other nodes have, too: documents, messages and events."""
        questions = {
            "documents": "SELECT kind, key, value FROM document WHERE key <> 'position' OR kind <> 'server'",
            "events": "SELECT e.id, c.key, e.kind, s.mask, s.account, coalesce(e.target, c.name), e.text, e.more"
            " FROM event e JOIN conversation c ON c.id = e.conversation JOIN source s ON s.id = e.source"
            " WHERE e.id > c.cut",
        }
        with closing(sqlite3.connect(f"file:{self.folder}/greenchat.db?mode=ro", uri=True)) as connection:
            return {name: sorted(connection.execute(each), key=repr) for name, each in questions.items()}

    def texts(self, channel: str) -> list[tuple[int, str]]:
        """Return the ids and texts of a channel in the node's database that were not cut."""
        with closing(sqlite3.connect(f"file:{self.folder}/greenchat.db?mode=ro", uri=True)) as connection:
            return connection.execute(
                "SELECT e.id, e.text FROM event e JOIN conversation c ON c.id = e.conversation"
                " WHERE c.key = ? AND e.id > c.cut AND e.text IS NOT NULL ORDER BY e.id",
                (channel,),
            ).fetchall()


@dataclasses.dataclass
class Cluster:
    engine: list[Nats]
    nodes: list[NodeProcess]


@contextmanager
def showing_logs(nodes: Sequence[NodeProcess]) -> Iterator[None]:
    """Add the last lines that each node has logged to an error: the clients only show that something was lost."""
    try:
        yield
    except Exception as error:
        if not hasattr(error, "__notes__"):
            error.add_note("\n".join(map(_log_tail, nodes)))
        raise


def _log_tail(node: NodeProcess) -> str:
    lines = node.errors.read_text(encoding="utf-8").splitlines() if node.errors.exists() else ["has no log"]
    return "\n".join(f"{node.errors.stem}: {line}" for line in lines[-_LAST:])


@contextmanager
def cluster(
    folder: Path,
    count: int = 3,
    servers: int = 1,
    *,
    grace: int = 60,
    more: str = "",
    **node_config: Unpack[NodeFields],
) -> Iterator[Cluster]:
    """Start so many nodes and servers of the engine. more: lines of the configuration."""
    (folder / "server.toml").write_text(CONFIG.format(grace=grace) + more, encoding="utf-8")
    with nats(folder, servers) as engine:
        nodes = [NodeProcess(folder, number, engine, servers, **node_config) for number in range(1, count + 1)]
        try:
            nodes[0].start()
            for node in nodes[1:]:
                node.make_from(nodes[0])
                node.start()
            with showing_logs(nodes):
                yield Cluster(engine, nodes)
        finally:
            for node in nodes:
                node.close()
