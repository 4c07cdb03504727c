"""Temporary files of tests in memory, where there is room, and bytecode compiled once for all of their processes.

Import it before anything that takes long to compile: it takes effect on import, if pytest runs.
"""

import atexit
import os
import sys
import tempfile

_IN_MEMORY = "/dev/shm"  # of Linux: https://www.kernel.org/doc/html/latest/filesystems/tmpfs.html
_ENOUGH = 2 * 1024**3  # bytes


def _keep_in_memory() -> None:
    """Choose the folder of temporary files: each start of a server waits for the disk several times.

    A TMPDIR that is set is respected.
    """
    if "TMPDIR" not in os.environ and _is_fit(_IN_MEMORY):
        os.environ["TMPDIR"] = _IN_MEMORY
        tempfile.tempdir = None  # it is looked up again


def _is_fit(folder: str) -> bool:
    """Whether a folder has room, and allows programs to run: in a container neither is certain."""
    try:
        stats = os.statvfs(folder)
    except OSError:
        return False
    runs = not stats.f_flag & os.ST_NOEXEC
    return runs and stats.f_bavail * stats.f_frsize >= _ENOUGH and os.access(folder, os.W_OK)


def _share_bytecode() -> None:
    """Let Python write its bytecode to another folder until the end, if it must write none beside the source.

    Otherwise each process of the tests, and each program that they start, compiles all that it imports. With xdist this
    process comes first, and the others only read what it compiles: Hypothesis, with rewritten asserts, and the server.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        folder = tempfile.TemporaryDirectory(prefix="greenchat-bytecode-")
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = folder.name
        sys.dont_write_bytecode = False
        atexit.register(folder.cleanup)


if "PYTEST_VERSION" in os.environ:  # programs of the tests that run by themselves import the fixtures, too
    _keep_in_memory()
    _share_bytecode()
    os.environ.pop("PYTHONUNBUFFERED", "")  # it hides what is left in a buffer at the end: see server/test_terminal
    os.environ["HYPOTHESIS_NO_PLUGINS"] = "1"  # it would import trio, which Selenium brings, in each process
