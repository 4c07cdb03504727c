"""The history: the time to store and to query messages, and the size of the database.

A program of greenchat's storage fills a database, in bulk and then turn by turn, and measures that. Then a server uses
the database, and a client requests the latest hundred messages of channels, pages at random positions, and searches.
"""

import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from greenchat.bench.figures import quantile
from greenchat.bench.peers import Setup
from greenchat.bench.scenario import Measurement
from greenchat.bench.swarm import Endpoint
from greenchat.bench.targets import BenchTarget, NotStartedError, greenchat_target, run
from greenchat.protocol.times import format_time

_PAGE = 100
_PATIENCE = 60.0
_CAPS = b"batch server-time message-tags draft/chathistory soju.im/search"


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="N", help="messages to begin with (1,000,000)")
    parser.add_argument("--channels", type=int, default=100, metavar="N", help="channels of the messages (100)")
    parser.add_argument("--turn", type=int, default=16, metavar="N", help="messages in one transaction (16)")
    parser.add_argument("--requests", type=int, default=1000, metavar="N", help="requests of each kind (1,000)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="use this data folder instead of filling one")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _run(options: Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="greenchat-bench-") as name:
        data = options.data or Path(name)
        figures = {} if options.data else _fill(data, options)
        with run(_target(data)) as server, _client(server.address) as client:
            chance = random.Random(1)
            channels = [b"#c%d" % number for number in range(options.channels)]
            for channel in channels:
                client.join(channel)
            for what, question in _questions(channels, chance, options.rows).items():
                figures |= _delays(what, client, question, options.requests)
    print(json.dumps(figures, indent=2) if options.json else _table(figures))
    return 0


def _fill(data: Path, options: Namespace) -> dict[str, float]:
    """Return figures of filling the database. Raises NotStartedError."""
    command = [sys.executable, "-m", "greenchat.storage.benchmark", str(data / "greenchat.db")]
    sizes = ["--rows", str(options.rows), "--channels", str(options.channels), "--turn", str(options.turn)]
    ended = subprocess.run([*command, *sizes], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise NotStartedError(f"the database can't be filled: {ended.stderr.strip().splitlines()[-1]}")
    figures: dict[str, float] = json.loads(ended.stdout)
    return figures


def _target(data: Path) -> BenchTarget:
    """Return greenchat-server on this data folder."""
    target = greenchat_target()
    assert target.command
    command = target.command

    def with_data(setup: Setup) -> list[str]:
        return [*command(setup), "--data", str(data)]  # the last --data wins

    return replace(target, command=with_data)


class _Client:
    """A blocking IRC client."""

    def __init__(self, address: Endpoint) -> None:
        self._socket = socket.create_connection((address.host, address.port), timeout=_PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._data = b""

    def ask(self, question: bytes, until: bytes) -> bytes:
        """Send lines; return everything up to the first line that contains `until`."""
        self._socket.sendall(question)
        start = 0
        while (end := self._data.find(until, start)) < 0 or (line_end := self._data.find(b"\n", end)) < 0:
            start = max(0, len(self._data) - len(until))
            more = self._socket.recv(1 << 16)
            if not more:
                raise NotStartedError("the server closed the connection")
            self._data += more
        answer, self._data = self._data[: line_end + 1], self._data[line_end + 1 :]
        return answer

    def join(self, channel: bytes) -> None:
        """Join a channel."""
        self.ask(b"JOIN %s\r\n" % channel, b" 366 ")

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


@contextmanager
def _client(address: Endpoint) -> Iterator[_Client]:
    client = _Client(address)
    try:
        client.ask(b"CAP REQ :%s\r\nNICK asker\r\nUSER a 0 * :a\r\nCAP END\r\nPING in\r\n" % _CAPS, b" PONG ")
        yield client
    finally:
        client.close()


def _questions(channels: list[bytes], chance: random.Random, span: int) -> Mapping[str, Callable[[], bytes]]:
    """Return functions that make queries with random values. span: ms covered by the messages."""
    now = time.time_ns() // 1_000_000

    def page() -> bytes:
        before = format_time(chance.randrange(now - span, now)).encode()
        return b"CHATHISTORY BEFORE %s timestamp=%s %d\r\n" % (chance.choice(channels), before, _PAGE)

    def latest() -> bytes:
        return b"CHATHISTORY LATEST %s * %d\r\n" % (chance.choice(channels), _PAGE)

    def rare() -> bytes:
        return b"SEARCH text=rare%d;limit=%d\r\n" % (chance.randrange(10_000, 50_000), _PAGE)

    def common() -> bytes:
        return b"SEARCH text=other;in=%s;limit=%d\r\n" % (chance.choice(channels), _PAGE)

    return {"latest": latest, "page": page, "rare_word": rare, "common_word_in_channel": common}


def _delays(what: str, client: _Client, question: Callable[[], bytes], requests: int) -> dict[str, float]:
    """Return the seconds until each answer is complete."""
    delays = []
    lines = 0
    for _ in range(requests):
        started = time.perf_counter()
        answer = client.ask(question(), b" BATCH -")
        delays.append(time.perf_counter() - started)
        lines += answer.count(b" PRIVMSG ")
    delays.sort()
    named = {"p50": quantile(delays, 0.5), "p99": quantile(delays, 0.99), "max": delays[-1]}
    return {f"{what}_{name}": value for name, value in named.items()} | {f"{what}_lines": lines / requests}


def _table(figures: Mapping[str, float]) -> str:
    return "\n".join(f"{name:>32}  {_written(name, value)}" for name, value in figures.items())


def _written(name: str, value: float) -> str:
    if name.endswith(("p50", "p99", "max")):
        return f"{value * 1e3:.2f} ms"
    return f"{value:,.0f}/s" if name.endswith("per_second") else f"{value:,.1f}"


COMMAND = Measurement("history", "the history: storing, requests, size", _run, _add_arguments)
