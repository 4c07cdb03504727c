"""The crash test: clients send and receive while the server is killed again and again, and nothing is lost.

    python -m tests.features.crash --kills 100

For what must hold at the end see `crowd`.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.features.crowd import Crowd
from tests.patience import PATIENCE
from tests.ports import ReservedPort
from tests.server.forked import Forked
from tests.server.process import ROOT

# greenchat-server with a compaction in small portions, so that it is often killed in the middle of one
_PROGRAM = """
from greenchat.server.main import main
from greenchat.storage import compaction
compaction._MUCH, compaction._STEP, compaction._REMOVED = 50, 20, 20
raise SystemExit(main())
"""
_ERRORS = 2  # the descriptor of standard error
_CONFIG = "[throttle]\ncommands = 0.0\n\n[connections]\nper_minute = 0\n"


class Server:
    """A server process to be killed. It keeps its port and its data."""

    def __init__(self, folder: Path) -> None:
        self._reserved = ReservedPort()
        self.port = self._reserved.number
        self._folder = folder
        self._config = folder / "server.toml"
        self._config.write_text(_CONFIG)
        self._program = folder / "server.py"
        self._program.write_text(_PROGRAM)
        self.process = self._start()

    @property
    def address(self) -> tuple[str, int]:
        """The address of its listener."""
        return "127.0.0.1", self.port

    def kill(self) -> None:
        """Kill the server with kill -9, and start it again."""
        self.process.kill()
        self._wait()
        self.process = self._start()

    def stop(self) -> None:
        """Stop the server in order."""
        self.process.send_signal(signal.SIGTERM)
        self._wait()
        self._reserved.close()

    def _wait(self) -> None:
        self.process.wait(PATIENCE)
        if self.process.stdout:
            self.process.stdout.close()

    def _start(self) -> Forked:
        words = ("--config", str(self._config), "--listen", f"127.0.0.1:{self.port}", "--data", str(self._folder))
        reading, writing = os.pipe()
        with open(os.devnull) as nothing, open(writing, "wb") as out:
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            standard = [nothing.fileno(), out.fileno(), _ERRORS]
            process = Forked(words, environment, standard, script=(str(self._program),))
        process.stdout = os.fdopen(reading, encoding="utf-8")
        line = process.stdout.readline()
        if "listening on" not in line:
            raise RuntimeError(f"the server did not start: {line!r}")
        return process


@dataclass(frozen=True)
class Result:
    """The outcome of a run."""

    kills: int
    messages: int
    seconds: float
    wrong: list[str]


def run(folder: Path, kills: int, chance: random.Random, *, writers: int = 4, readers: int = 3) -> Result:
    """Kill the server so often, at random moments, while clients talk."""
    server = Server(folder)
    started = time.monotonic()
    crowd = Crowd(lambda: server.address, writers, readers)
    try:
        crowd.start()
        _wait_for(partial(_is_back, crowd, [0] * (writers + readers)))
        for _ in range(kills):
            visits = [len(person.sessions) for person in crowd.people]
            time.sleep(chance.uniform(0.0, 0.4))
            server.kill()
            _wait_for(partial(_is_back, crowd, visits))
        history = crowd.finish()
        return Result(kills, len(history), time.monotonic() - started, crowd.wrong(history))
    finally:
        server.stop()


def _is_back(crowd: Crowd, visits: list[int]) -> bool:
    return all(len(person.sessions) > before for person, before in zip(crowd.people, visits, strict=True))


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the crowd did not come back")
        time.sleep(0.005)


def main() -> int:
    """Run it by hand: many kills, and figures."""
    parser = argparse.ArgumentParser(description="Kill a server that people talk on, and see what is lost.")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    seed = random.randrange(1 << 32) if given.seed is None else given.seed
    sys.stdout.write(f"seed {seed}\n")
    with tempfile.TemporaryDirectory() as folder:
        result = run(Path(folder), given.kills, random.Random(seed))
    verdict = "\n".join(result.wrong) or "nothing lost, nothing doubled, order equal"
    sys.stdout.write(f"{result.kills} kills, {result.messages} messages, {result.seconds:.0f} s: {verdict}\n")
    return 1 if result.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
