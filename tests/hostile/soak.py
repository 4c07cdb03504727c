"""Churn, talk and floods for a long time, while the memory, the sockets and the lag of the server are sampled.

    python -m tests.hostile.soak --seconds 3600

What must hold: the witness never waits longer than its bound, and in the end nothing has stayed of those who came.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import Target
from tests.hostile.conftest import Witness
from tests.hostile.grammar import Grammar
from tests.irc import Client
from tests.server.process import started

_WORKERS = 6
_CONFIG = "[accounts]\nreserve_nicks = false\n[connections]\nping_after = 3600\n"


@dataclass(frozen=True)
class Sample:
    """One look: seconds since the start, resident KiB, open sockets, the longest wait of the witness in ms."""

    at: float
    resident: int
    sockets: int
    lag: float

    def __str__(self) -> str:
        return f"{self.at:6.0f} s  {self.resident / 1024:7.1f} MiB  {self.sockets:4} sockets  {self.lag:6.1f} ms"


def _look(pid: int, since: float, lag: float) -> Sample:
    status = Path(f"/proc/{pid}/status").read_text()
    resident = int(status.partition("VmRSS:")[2].split()[0])
    return Sample(time.monotonic() - since, resident, _sockets(pid), lag * 1000)


def _sockets(pid: int) -> int:
    found = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed while we look
            found += descriptor.readlink().name.startswith("socket:")
    return found


def _visit(address: Target, chance: random.Random, stop: threading.Event) -> None:
    """Come under some name, say valid and broken things as fast as it goes, and go, politely or not."""
    grammar = Grammar(chance, lambda: "said " + "x" * chance.randrange(300), [])
    while not stop.is_set():
        with suppress(OSError, EOFError, AssertionError), Client(address) as client:
            client.sock.settimeout(2.0)
            client.send_raw(grammar.greeting() + b"JOIN #crowd\r\n")
            for _ in range(chance.randrange(30)):
                client.send_raw(b"".join(grammar.line() for _ in range(5)))
            if chance.randrange(2):
                client.send("QUIT")
                client.until_end()
            elif chance.randrange(2):
                client.sock.recv(100_000)


def run(folder: Path, seconds: float, every: float) -> list[Sample]:
    """The samples; the last one is taken when all are gone. Raises AssertionError where the witness was disturbed."""
    config = folder / "server.toml"
    config.write_text(_CONFIG)
    arguments = ("--config", str(config), "--listen", "127.0.0.1:0", "--data", str(folder / "data"))
    with started(folder, *arguments) as server:
        pid, since = server.process.pid, time.monotonic()
        witness = Witness(server.target, pause=0.1)
        samples = [_look(pid, since, 0.0)]
        stop = threading.Event()
        threads = [
            threading.Thread(target=_visit, args=(server.target, random.Random(number), stop))
            for number in range(_WORKERS)
        ]
        for thread in threads:
            thread.start()
        seen = 0
        while time.monotonic() - since < seconds:
            time.sleep(every)  # the soak lasts so long: there is nothing to wait for
            lately, seen = witness.delays[seen:], len(witness.delays)
            samples.append(_look(pid, since, max(lately, default=every)))
        stop.set()
        for thread in threads:
            thread.join()
        witness.end()
        deadline = time.monotonic() + 20
        while _look(pid, since, 0.0).sockets > samples[0].sockets and time.monotonic() < deadline:
            time.sleep(0.1)
        samples.append(_look(pid, since, 0.0))
        assert "Traceback" not in server.errors.read_text()
        assert server.end() == 0
    return samples


def main() -> int:
    """By hand."""
    parser = argparse.ArgumentParser(description="Churn, talk and floods for a long time.")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--every", type=float, default=10, help="seconds between two samples")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        samples = run(Path(folder), given.seconds, given.every)
    sys.stdout.writelines(f"{sample}\n" for sample in samples)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
