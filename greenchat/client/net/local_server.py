"""A greenchat-server on this machine, started by the client: it ends with the client."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from greenchat.client.state.address import ServerAddress

LISTENING = "listening on "
STOP_SECONDS = 5
PR_SET_PDEATHSIG = 1


class ServerError(Exception):
    """The server did not start; the text says why."""


def answers(address: ServerAddress) -> bool:
    """Whether a program listens at an address. For addresses of this machine, where the answer is immediate."""
    try:
        with socket.create_connection((address.host, address.port), 1):
            return True
    except OSError:
        return False


class LocalServer:
    """The child process. address: of its listener, known once it has started."""

    def __init__(self, wanted: ServerAddress, log: Path) -> None:
        """Start the server and wait until it listens. Raises ServerError with the server's own error if it does not."""
        host = f"[{wanted.host}]" if ":" in wanted.host else wanted.host
        listen = f"{'127.0.0.1' if host == 'localhost' else host}:{wanted.port}"
        log.parent.mkdir(parents=True, exist_ok=True)
        # A separate session, so that Ctrl-C in our terminal does not end it.
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [*_command(), "--listen", listen],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                preexec_fn=_end_with_parent(),
            )
        assert self._process.stdout
        for line in self._process.stdout:
            _, has_started, place = line.decode(errors="replace").partition(LISTENING)
            if has_started:
                port = place.strip().rpartition(":")[2]
                self.address = ServerAddress(wanted.host, int(port))
                return
        self._process.wait()
        output = log.read_text(errors="replace").strip().splitlines()
        raise ServerError(output[-1] if output else "greenchat-server ended without a message")

    def stop(self) -> None:
        """Stop the server, and wait until it has ended."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


def _end_with_parent() -> Callable[[], None] | None:
    """Make the child end with its parent, also if that is killed.

    Linux only: prctl(2), PR_SET_PDEATHSIG.
    """
    if sys.platform != "linux":
        return None
    import ctypes  # late: few users start a server

    try:
        prctl = ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return None
    parent = os.getpid()

    def prepare() -> None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != parent:  # the parent ended before
            os._exit(0)

    return prepare


def _command() -> list[str]:
    """Return the command: greenchat-server beside this program, beside this Python, on the PATH, or of this package."""
    for folder in (Path(sys.argv[0]).resolve().parent, Path(sys.executable).parent):
        beside = folder / "greenchat-server"
        if beside.is_file() and os.access(beside, os.X_OK):
            return [sys.executable, str(beside)]
    path = shutil.which("greenchat-server")
    if path:
        return [path]
    return [sys.executable, "-c", "from greenchat.server.main import main; raise SystemExit(main())"]
