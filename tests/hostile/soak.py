"""Churn, talk, floods and faults for a long time, while the server's resources and the delays of messages are sampled.

    python -m tests.hostile.soak --seconds 3600 --plot soak.svg

The faults: reset connections, reloads of the configuration, and times without a free descriptor. What must hold: the
witness never waits longer than its bound, and at the end no resource of the former clients is left.
"""

import argparse
import os
import random
import resource
import shutil
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

from tests.hostile.churn import churn
from tests.hostile.figures import open_sockets, resident
from tests.hostile.witness import Witness
from tests.patience import PATIENCE
from tests.server.process import ROOT, Running, started

_WORKERS = 6
_CONFIG = "[accounts]\nreserve_nicks = false\n[connections]\nping_after = 3600\nregister_timeout = 5\n"
_COUNTED = str(ROOT / "tests/hostile/counted_server.py")
_TROUBLE_EVERY = 15.0  # seconds
_SHORTAGE = 0.5  # seconds without a free descriptor
_OF_THREADS = 8  # greenlets of the threads for slow work, which are started on demand
_CACHED = 60 * 1024  # KiB that the server keeps once it has worked: pages of the database, free memory
_DYING = 1.0  # seconds until the end of a failing server is noticed


@dataclass(frozen=True)
class Sample:
    """One sample: seconds since the start, resident KiB, open sockets, greenlets, the witness's longest wait in ms.

    sqlite: KiB of the resident memory that SQLite uses, mostly its page cache.
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
    """Takes samples of a server. counted: the file to which the server appends its counts on request."""

    def __init__(self, pid: int, counted: Path) -> None:
        self._pid = pid
        self._counted = counted
        self._since = time.monotonic()

    @property
    def age(self) -> float:
        """The seconds since the start."""
        return time.monotonic() - self._since

    def look(self, lag: float) -> Sample:
        """Take a sample. lag: the longest wait since the last one, in seconds."""
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
    """Return the samples, each printed at once; the first is taken before any client comes and the last when all are
    gone.

    Raises AssertionError where the witness was disturbed, the server logged a bug, or a resource is left.
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
        with _start_churn(server) as threads:
            seen = 0
            while observer.age < seconds:
                time.sleep(every)  # the soak lasts that long: there is no event to wait for
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
    """Check that nothing is left of the clients."""
    assert last.sockets <= first.sockets, last
    assert last.greenlets <= first.greenlets + _OF_THREADS, last
    assert last.resident < first.resident + _CACHED, last


@contextmanager
def _staying(server: Running) -> Iterator[None]:
    """Raise AssertionError with the server's exit status and last log lines if it ends within the block."""
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
def _start_churn(server: Running) -> Iterator[list[threading.Thread]]:
    """Run all visitors and faults during the block."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=churn, args=(server.target, random.Random(number), stop)) for number in range(_WORKERS)
    ]
    threads.append(threading.Thread(target=_cause_faults, args=(server, stop)))
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _cause_faults(server: Running, stop: threading.Event) -> None:
    """Reload the configuration, and leave no descriptor free for a while."""
    pid = server.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    while not stop.wait(_TROUBLE_EVERY):
        server.process.send_signal(signal.SIGHUP)
        with suppress(ProcessLookupError):  # the observer will report that the server has ended
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (10, hard))
            stop.wait(_SHORTAGE)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))


def draw(file: Path, samples: Sequence[Sample]) -> None:
    """Draw a panel for each figure over time. Needs matplotlib, of the extra `bench`."""
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
    """Run it by hand."""
    parser = argparse.ArgumentParser(description="Churn, talk, floods and faults for a long time.")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--every", type=float, default=10, help="seconds between two samples")
    parser.add_argument("--plot", metavar="FILE.svg", type=Path, help="draw the samples")
    parser.add_argument(
        "--folder",
        type=Path,
        help="where the server keeps its data and its log (default: a new one, removed unless the run fails)",
    )
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
    if not given.folder:
        shutil.rmtree(folder)  # only after a failure is there anything to look for
    sys.stdout.write("the server has ended with 0\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
