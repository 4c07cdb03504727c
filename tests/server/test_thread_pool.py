"""Threads of the server end before the interpreter is finalized."""

import subprocess
import sys

from tests.patience import PATIENCE
from tests.server.process import ROOT

_ENDS = """
import atexit, os
atexit.register(lambda: print(len(os.listdir("/proc/self/task"))))  # called last
import gevent
from greenchat.server.thread_pool import Pool
idle, busy, killed = Pool(3, begun=True), Pool(2), Pool(2, begun=True)
busy.spawn(os.waitpid, os.posix_spawn("/bin/sleep", ["sleep", "0.2"], {}), 0)
gevent.sleep(0.05)
killed.kill()
print(len(os.listdir("/proc/self/task")) >= 5)
"""


def test_no_thread_runs_when_the_interpreter_is_finalized() -> None:
    """Python 3.11.2 crashed with SIGSEGV or SIGABRT in nearly half of the starts that were refused."""
    ended = subprocess.run(
        [sys.executable, "-c", _ENDS], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert ended.stdout.split() == ["True", "1"]
