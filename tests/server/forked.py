"""bin/greenchat-server in a process of its own, forked from one that has loaded it all: see `forker`.

Nearly all that a start costs is Python's reading of six hundred modules; once a server runs nothing tells it from
another. Where the start itself, the command line or the environment is tested take those of `process`.
"""

import atexit
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import IO

from tests.patience import PATIENCE
from tests.server import forker
from tests.server.process import ROOT, SCRIPT, Running, environment, listening

_READ_AT_THE_START = ("PYTHON", "LD_", "LC_", "LANG", "GEVENT")  # variables
_lock = threading.Lock()


@cache
def _requests(family: int, source: Path) -> socket.socket:
    """Where to ask for a process. The one that forks ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", forker.__file__, str(theirs.fileno())],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(source), "PYTHONHASHSEED": str(family)},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


class Forked:
    """A process: with what tests use of `subprocess.Popen`."""

    def __init__(
        self,
        arguments: Sequence[str],
        env: Mapping[str, str],
        standard: Sequence[int],
        *,
        passed: Sequence[int] = (),
        family: int = 0,
        script: Sequence[str] = SCRIPT,
        spare: bool = False,
    ) -> None:
        """standard: descriptors of its input, output and errors; passed: others, which have the same number there.

        env: its variables; PYTHONPATH names a folder with greenchat. family: the seed of the hashes of texts
        (object.__hash__ in Python's reference). script: what it runs. spare: servers that it starts are forked, too.
        """
        before = {**os.environ, "PYTHONPATH": env["PYTHONPATH"]}
        changed = {name for name in env.keys() | before.keys() if env.get(name) != before.get(name)}
        assert not any(name.startswith(_READ_AT_THE_START) for name in changed), "only a start of its own reads these"
        requests = _requests(family, Path(env["PYTHONPATH"]).resolve())
        self.args = [*script, *arguments]
        self.stdout: IO[str] | None = None
        self.returncode: int | None = None
        os.umask(umask := os.umask(0o022))
        request = forker.request(self.args, env, umask, [*range(3), *passed], spare=spare)
        reading, writing = os.pipe()
        self._told = os.fdopen(reading, "rb", buffering=0)
        try:
            with _lock:
                socket.send_fds(requests, [request], [*standard, *passed, writing])
        finally:
            os.close(writing)
        self.pid = int(self._told.readline())

    def poll(self) -> int | None:
        """Return how it has ended, None if it has not."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return how it has ended, once it has. Raises TimeoutExpired."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            poll = select.poll()
            poll.register(self._told, select.POLLIN)
            if poll.poll(None if timeout is None else timeout * 1000):
                self.returncode = int(self._told.readline())
                self._told.close()
        return self.returncode

    def send_signal(self, sig: int) -> None:
        """Send a signal, if it has not ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has ended since, and that is not told yet
                os.kill(self.pid, sig)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def run(
    home: Path,
    *arguments: str,
    stdin: str = "",
    env: Mapping[str, str] = MappingProxyType({}),
    patience: float = PATIENCE,
    family: int = 0,
) -> subprocess.CompletedProcess[str]:
    """As `process.run`. family: as in `Forked`."""
    with (
        tempfile.TemporaryFile("w+") as given,
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
    ):
        given.write(stdin)
        given.seek(0)
        standard = [given.fileno(), out.fileno(), err.fileno()]
        process = Forked(arguments, {**environment(home), **env}, standard, family=family)
        try:
            code = process.wait(patience)
        finally:
            process.kill()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(process.args, code, out.read(), err.read())


@contextmanager
def started(
    home: Path,
    *arguments: str,
    env: Mapping[str, str] = MappingProxyType({}),
    script: tuple[str, ...] = SCRIPT,
    spare: bool = False,
) -> Iterator[Running]:
    """As `process.started`. spare: as in `Forked`."""
    errors = home / "errors.txt"
    reading, writing = os.pipe()
    with open(os.devnull) as nothing, errors.open("w") as file, open(writing, "wb") as out:
        standard = [nothing.fileno(), out.fileno(), file.fileno()]
        process = Forked(arguments, {**environment(home), **env}, standard, script=script, spare=spare)
    process.stdout = os.fdopen(reading, encoding="utf-8")
    with listening(process, errors) as running:
        yield running
