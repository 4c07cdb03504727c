"""Whether the witness would notice: a server that is too slow is told from a busy machine."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from greenchat.config.settings import Settings
from greenchat.server.app import App
from tests.conftest import StartServer, quick_options
from tests.hostile.figures import kept_waiting
from tests.hostile.witness import Witness
from tests.patience import PATIENCE

_BOUND = 0.2  # seconds
_SLOW = 4 * _BOUND


def _work(_: App) -> None:
    began = time.thread_time()
    while time.thread_time() < began + _SLOW:
        pass


def _block(_: App) -> None:
    time.sleep(_SLOW)


@pytest.mark.parametrize("be_slow", [_work, _block])
def test_a_slow_server_is_noticed(start_server: StartServer, tmp_path: Path, be_slow: Callable[[App], None]) -> None:
    """Whether it works too long or waits for something: at the latest after a few messages, where most of the delay is
    the machine's.
    """
    server = start_server(Settings(), quick_options(tmp_path))
    witness = Witness(server.address, pause=0.0, bound=_BOUND)
    witness.say_again()
    deadline = time.monotonic() + PATIENCE
    while witness.longest < _BOUND:
        assert time.monotonic() < deadline
        server.call(be_slow)
        witness.say_again()
    with pytest.raises(AssertionError, match="the witness waited"):
        witness.end()


def test_a_busy_machine_is_recognized() -> None:
    """More work than there are processors."""
    spin = "print(flush=True)\nimport time\nend = time.thread_time() + 60\nwhile time.thread_time() < end: pass"
    with ExitStack() as stack:
        spinners = []
        for _ in range(2 * (os.cpu_count() or 1)):
            spinner = stack.enter_context(subprocess.Popen([sys.executable, "-c", spin], stdout=subprocess.PIPE))
            stack.callback(spinner.kill)
            assert spinner.stdout
            assert spinner.stdout.readline()
            spinners.append(spinner.pid)
        before = kept_waiting(*spinners)
        deadline = time.monotonic() + PATIENCE
        while (kept_waiting(*spinners) - before).total() < 100_000_000:
            assert time.monotonic() < deadline
            time.sleep(0.01)
