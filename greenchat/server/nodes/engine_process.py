"""The engine for nodes on one machine: a nats-server on a loopback port, with a random token."""

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from greenchat import extras

_NAME = "nats-server"
_PATIENCE = 15.0  # seconds for an engine that was left behind
_LOOK = 0.1
_CONFIG = """\
# Written by greenchat-server --nodes at each start.
server_name: "greenchat"
listen: "127.0.0.1:{port}"
authorization {{ token: "{token}" }}
max_payload: 1MB
jetstream {{ store_dir: "{store}", sync_interval: always }}
"""


class EngineProcessError(Exception):
    """The engine can't be started; the text says why."""


class EngineProcess:
    """The engine's process. url: valid as long as this object exists. lock: a file with the process id."""

    def __init__(self, folder: Path) -> None:
        """Find the program, and write its configuration into a folder. Raises EngineProcessError."""
        beside = str(Path(sys.executable).parent)
        program = shutil.which(_NAME) or shutil.which(_NAME, path=beside)
        if program is None:
            raise EngineProcessError(f"several nodes need the program {_NAME}: {extras.install(extras.CLUSTER)}")
        self._command = [program, "-c", str(folder / "nats.conf")]
        self._log = folder / "nats.log"
        self.lock = folder / "lock"
        self._reserved, port = _reserve_port()
        token = secrets.token_hex(16)
        self.url = f"nats://{token}@127.0.0.1:{port}"
        text = _CONFIG.format(port=port, token=token, store=folder / "log")
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _lock(self.lock)
            (folder / "nats.conf").write_text(text, encoding="utf-8")
        except OSError as error:
            raise EngineProcessError(f"can't write {folder}: {error.strerror}") from error
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return the process id, 0 without a process."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start it. Raises EngineProcessError."""
        try:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    pass_fds=(self._lock.fileno(),),  # it holds the lock, too, if this process is killed
                )
            self._lock.truncate(0)
            self._lock.write(f"{self._process.pid}\n")
            self._lock.flush()
        except OSError as error:
            raise EngineProcessError(f"can't start {self._command[0]}: {error.strerror}") from error

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended."""
        return self._process is None or self._process.poll() is not None

    def stop(self, seconds: float) -> None:
        """Stop the engine properly, or after so many seconds by force."""
        self._lock.close()
        if self._process and not self.has_ended:
            self._process.terminate()
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reserved.close()


def _lock(path: Path) -> IO[str]:
    """Lock the engine's folder; end an engine whose parent was killed. Raises OSError and EngineProcessError."""
    file = path.open("a+")
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            file.seek(0)
            left = file.read().strip()
            if not left.isdecimal() or time.monotonic() > deadline:
                file.close()
                raise EngineProcessError(f"another engine uses {path.parent}, and does not end") from None
            end_engine(path)
            time.sleep(_LOOK)


def end_engine(lock: Path) -> None:
    """End the engine that a lock names, if it runs."""
    with suppress(OSError, ValueError):
        os.kill(int(lock.read_text()), signal.SIGTERM)


def _reserve_port() -> tuple[socket.socket, int]:
    """Return a socket that reserves a port for the engine, also during a restart of it, and the port.

    The system gives the port to no other program, and the engine may listen there, since it sets SO_REUSEADDR, too:
    Linux, socket(7). Other systems refuse the engine: there the port was only free at this moment.
    """
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    port: int = sock.getsockname()[1]
    if not sys.platform.startswith("linux"):
        sock.close()
    return sock, port
