"""Churn, talk, floods and faults for a long time, while what the server uses is sampled, and how long people wait.

    python -m tests.hostile.soak --seconds 3600 --plot soak.svg

The faults: connections that are reset, the configuration that is read again, and times without a free descriptor.
What must hold: the witness never waits longer than its bound, and in the end nothing has stayed of those who came.
"""

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.hostile.figures import open_sockets, resident
from tests.hostile.visitors import come_and_go
from tests.hostile.witness import Witness
from tests.patience import PATIENCE
from tests.server.process import ROOT, Running, started

_WORKERS = 6
_CONFIG = "[accounts]\nreserve_nicks = false\n[connections]\nping_after = 3600\nregister_timeout = 5\n"
_COUNTED = str(ROOT / "tests/hostile/counted_server.py")
_TROUBLE_EVERY = 15.0  # seconds
_SHORTAGE = 0.5  # seconds without a free descriptor
_OF_THREADS = 8  # greenlets of threads for slow work, which are started when there is some
_CACHED = 60 * 1024  # KiB that the server keeps at hand once it has worked: pages of the database, free memory
_DYING = 1.0  # seconds for a server that has gone wrong to be seen to end


@dataclass(frozen=True)
class Sample:
    """One look: seconds since the start, resident KiB, open sockets, greenlets, the witness's longest wait in ms.

    sqlite: KiB of the resident ones that SQLite has, most of it pages of the database that it keeps at hand.
    """

    at: float
    resident: int
    sqlite: int
    sockets: int
    greenlets: int
    lag: float

    def __str__(self) -> str:
        return (
            f"{self.at:6.0f} s  {self.resident / 1024:7.1f} MiB, {self.sqlite / 1024:5.1f} of them SQLite's"
            f"  {self.sockets:4} sockets  {self.greenlets:4} greenlets  {self.lag:6.1f} ms"
        )


class Observer:
    """Looks at a server. counted: the file to which it adds its counts when it is asked."""

    def __init__(self, pid: int, counted: Path) -> None:
        self._pid = pid
        self._counted = counted
        self._since = time.monotonic()

    @property
    def age(self) -> float:
        """Seconds since it began to look."""
        return time.monotonic() - self._since

    def look(self, lag: float) -> Sample:
        """lag: the longest wait since the last look, in seconds."""
        sockets = open_sockets(self._pid)
        before = len(self._counted.read_text())
        os.kill(self._pid, signal.SIGUSR1)
        deadline = time.monotonic() + PATIENCE
        while not (counts := self._counted.read_text()[before:]).endswith("\n"):
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.005)
        greenlets, sqlite = map(int, counts.split())
        return Sample(self.age, resident(self._pid), sqlite, sockets, greenlets, lag * 1000)


def run(folder: Path, seconds: float, every: float, tell: Callable[[Sample], None]) -> list[Sample]:
    """The samples, each told at once too; the first is taken before anybody comes and the last when all are gone.

    Raises AssertionError where the witness was disturbed, the server has met a bug, or something of them has stayed.
    """
    config = folder / "server.toml"
    config.write_text(_CONFIG)
    arguments = ("--config", str(config), "--listen", "127.0.0.1:0", "--data", str(folder / "data"), "--tls")
    counted = folder / "counts.txt"
    samples: list[Sample] = []

    def note(sample: Sample) -> None:
        samples.append(sample)
        tell(sample)

    with started(folder, *arguments, script=(_COUNTED, str(counted))) as server, _staying(server):
        witness = Witness(server.target, server.process.pid, pause=0.1)
        witness.say_again()
        observer = Observer(server.process.pid, counted)
        note(observer.look(0.0))
        with _nuisances(server) as threads:
            seen = 0
            while observer.age < seconds:
                time.sleep(every)  # the soak lasts so long: there is nothing to wait for
                lately, seen = witness.delays[seen:], len(witness.delays)
                note(observer.look(max(lately, default=every)))
            assert all(thread.is_alive() for thread in threads)
        deadline = time.monotonic() + PATIENCE
        while open_sockets(server.process.pid) > samples[0].sockets and time.monotonic() < deadline:
            time.sleep(0.1)
        note(observer.look(0.0))
        witness.end()
        assert "Traceback" not in server.errors.read_text(), server.errors.read_text()[-10_000:]
        assert server.end() == 0
    _compare(samples[0], samples[-1])
    return samples


def _compare(first: Sample, last: Sample) -> None:
    """Nothing stays of those who came."""
    assert last.sockets <= first.sockets, last
    assert last.greenlets <= first.greenlets + _OF_THREADS, last
    assert last.resident < first.resident + _CACHED, last


@contextmanager
def _staying(server: Running) -> Iterator[None]:
    """Raises AssertionError with its exit status and its last words if the server ends within the block."""
    try:
        yield
    except (OSError, AssertionError) as error:
        with suppress(subprocess.TimeoutExpired):
            status = server.process.wait(_DYING)
            raise AssertionError(
                f"the server has ended with {status}: {server.errors.read_text()[-10_000:]}"
            ) from error
        raise


@contextmanager
def _nuisances(server: Running) -> Iterator[list[threading.Thread]]:
    """All who come and go, and the faults, for as long as the block lasts."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=come_and_go, args=(server.target, random.Random(number), stop))
        for number in range(_WORKERS)
    ]
    threads.append(threading.Thread(target=_make_trouble, args=(server, stop)))
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _make_trouble(server: Running, stop: threading.Event) -> None:
    """Read the configuration again, and leave no descriptor free for a while."""
    pid = server.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    while not stop.wait(_TROUBLE_EVERY):
        server.process.send_signal(signal.SIGHUP)
        with suppress(ProcessLookupError):  # who looks at the server will say that it has ended
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (10, hard))
            stop.wait(_SHORTAGE)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))


def draw(file: Path, samples: Sequence[Sample]) -> None:
    """A panel for each figure, over the time. Needs matplotlib, of the extra `bench`."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    panels = {
        "memory (MiB)": [sample.resident / 1024 for sample in samples],
        "memory without SQLite's (MiB)": [(sample.resident - sample.sqlite) / 1024 for sample in samples],
        "open sockets": [sample.sockets for sample in samples],
        "greenlets": [sample.greenlets for sample in samples],
        "longest wait of the witness (ms)": [sample.lag for sample in samples],
    }
    picture = Figure(figsize=(8.0, 2.0 * len(panels)), layout="constrained")
    FigureCanvasSVG(picture)
    minutes = [sample.at / 60 for sample in samples]
    for panel, (title, values) in zip(picture.subplots(len(panels), sharex=True), panels.items(), strict=True):
        panel.plot(minutes, values, linewidth=1)
        panel.set_title(title, fontsize=9, loc="left")
        panel.set_ylim(bottom=0)
        panel.spines[["top", "right"]].set_visible(False)
    picture.axes[-1].set_xlabel("minutes", fontsize=9)
    picture.savefig(file, format="svg")


def main() -> int:
    """By hand."""
    parser = argparse.ArgumentParser(description="Churn, talk, floods and faults for a long time.")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--every", type=float, default=10, help="seconds between two samples")
    parser.add_argument("--plot", metavar="FILE.svg", type=Path, help="draw the samples")
    parser.add_argument("--folder", type=Path, help="where the server keeps its data and its log (default: a new one)")
    given = parser.parse_args()
    samples: list[Sample] = []

    def tell(sample: Sample) -> None:
        samples.append(sample)
        sys.stdout.write(f"{sample}\n")
        sys.stdout.flush()

    folder = given.folder or Path(tempfile.mkdtemp(prefix="greenchat-soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    sys.stdout.write(f"the server's log is {folder / 'errors.txt'}\n")
    try:
        run(folder, given.seconds, given.every, tell)
    finally:
        if given.plot and samples:
            draw(given.plot, samples)
    sys.stdout.write("the server has ended with 0\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
