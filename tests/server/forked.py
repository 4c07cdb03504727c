"""bin/greenchat-server, or bin/greenchat, in a process that is forked from one that has loaded all of it: see `forker`.

Nearly all of the cost of a start is that Python reads hundreds of modules; a running server or client does not differ
from one that was started normally. Tests of the start itself or of the command line use `process`.
"""

import atexit
import errno
import hashlib
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import IO

from tests.patience import PATIENCE
from tests.server import forker
from tests.server.process import ROOT, SCRIPT, Running, environment, listening

CLIENT = (str(ROOT / "bin/greenchat"),)
_READ_AT_THE_START = ("PYTHON", "LD_", "LC_", "LANG", "GEVENT")  # environment variables
_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex
_lock = threading.Lock()
_connections: list[socket.socket] = []
_forkers: list[subprocess.Popen[bytes]] = []


@cache
def _requests(program: str, variables: frozenset[tuple[str, str]]) -> socket.socket:
    """Return the connection for requesting processes. variables: those that Python and the libraries in C read at the
    start only.

    All processes of a test run share one forking process for each kind: the first that needs it starts it, and it ends
    with the last. Its address is abstract (unix(7)): only one process can have it, and it leaves no file.
    """
    kind = repr((_RUN, forker.__file__, program, sorted(variables)))
    address = "\0greenchat-forker-" + hashlib.sha256(kind.encode()).hexdigest()
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if _connect(connection, address) or _start(connection, address, program, dict(variables)):
            with suppress(ConnectionResetError):  # it was just ending
                if connection.recv(len(forker.READY)):
                    _connections.append(connection)
                    return connection
        connection.close()
        assert not any(process.poll() for process in _forkers), "a forking process has failed"


def _connect(connection: socket.socket, address: str) -> bool:
    """Connect; return whether a forking process listens there."""
    try:
        connection.connect(address)
    except ConnectionRefusedError:
        return False
    return True


def _start(connection: socket.socket, address: str, program: str, variables: Mapping[str, str]) -> bool:
    """Start a forking process, and connect to it; return False if another process has just started it."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(_READ_AT_THE_START)}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        try:
            listener.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
        listener.listen()
        connection.connect(address)  # first, since the forking process ends without any
        process = subprocess.Popen(
            [sys.executable, "-P", forker.__file__, str(listener.fileno()), program],
            cwd=ROOT,
            env={**others, **variables},
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
        )
    _forkers.append(process)
    return True


@atexit.register
def _end() -> None:
    """Disconnect, and wait for the end of the forking processes that this one has started."""
    for connection in _connections:
        connection.close()
    for process in _forkers:
        process.wait()


class Forked:
    """A process, with the part of `subprocess.Popen` that tests use."""

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
        terminal: bool = False,
    ) -> None:
        """standard: descriptors of its input, output and errors; passed: others, which have the same number there.

        env: its variables; PYTHONPATH names a folder with greenchat. family: the seed of the hashes of texts
        (object.__hash__ in Python's reference). script: what it runs. spare: servers that it starts are forked, too.
        terminal: it is the leader of a session, and its standard input is the terminal of that.
        """
        read = {name: value for name, value in env.items() if name.startswith(_READ_AT_THE_START)}
        read |= {"PYTHONPATH": str(Path(env["PYTHONPATH"]).resolve()), "PYTHONHASHSEED": str(family)}
        program = "greenchat" if script == CLIENT else "greenchat-server"
        requests = _requests(program, frozenset(read.items()))
        self.args = [*script, *arguments]
        self.stdout: IO[str] | None = None
        self.returncode: int | None = None
        os.umask(umask := os.umask(0o022))
        numbers = [*range(3), *passed]
        request = forker.request(self.args, env, umask, numbers, spare=spare, session=terminal, terminal=terminal)
        reading, writing = os.pipe()
        self._status_pipe = os.fdopen(reading, "rb", buffering=0)
        try:
            with _lock:
                socket.send_fds(requests, [request], [*standard, *passed, writing])
        finally:
            os.close(writing)
        self.pid = int(self._status_pipe.readline())

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code, waiting for the end. Raises TimeoutExpired."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            poll = select.poll()
            poll.register(self._status_pipe, select.POLLIN)
            if poll.poll(None if timeout is None else timeout * 1000):
                self.returncode = int(self._status_pipe.readline())
                self._status_pipe.close()
        return self.returncode

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has ended since, which was not reported yet
                os.kill(self.pid, sig)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
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
