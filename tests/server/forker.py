"""A process that has loaded all of greenchat-server, or of greenchat, and forks one for each request: see `forked`.

python -P .../forker.py DESCRIPTOR PROGRAM

The descriptor is a listening socket: all processes of a test run share this one. Each request comes through a
connection: the arguments of the program, and descriptors, beginning with its standard input, output and error. The
process forks, and the child runs the program. The child's id, and later its exit status, are written to a pipe that
comes with the request. The process ends when the last connection is closed, also if the other end was killed.

A server that starts others (nodes, or the process that takes over from it) has a process like this one as a child, and
`Popen` forks that instead of starting Python: see `have_spare`.
"""

import atexit
import ctypes
import fcntl
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

LONGEST = 128 * 1024  # the largest request, in bytes
READY = b"ready"
_MOST = 8  # descriptors sent with it
_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


class Forker:
    """Fork a process for each request. listener: the socket to which the tests connect."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._connections: set[socket.socket] = set()
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._children: dict[int, tuple[int, int]] = {}
        """By a descriptor that can be read when it has ended: the id of a child, and the pipe for what is told."""

    def serve(self) -> None:
        """Fork for each request until there is no connection any more, nor a new one."""
        self._accept()
        while self._connections:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    self._accept()
                elif isinstance(key.fileobj, socket.socket):
                    self._read(key.fileobj)
                else:
                    self._tell_end(key.fd)

    def _accept(self) -> None:
        """Accept a connection, and say so: what connects to a process that is just ending gets no such answer."""
        connection, _ = self._listener.accept()
        _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if uid != os.getuid():  # any user may connect to an abstract address
            connection.close()
            return
        self._connections.add(connection)
        self._selector.register(connection, selectors.EVENT_READ)
        with suppress(BrokenPipeError):  # the tests have just ended
            connection.send(READY)

    def _read(self, connection: socket.socket) -> None:
        try:
            request, descriptors, _, _ = socket.recv_fds(connection, LONGEST, _MOST)
        except ConnectionResetError:  # a worker was killed
            request = b""
        if request:
            self._fork(request, descriptors)
            return
        self._selector.unregister(connection)
        self._connections.remove(connection)
        connection.close()

    def _fork(self, request: bytes, descriptors: list[int]) -> None:
        *given, pipe = descriptors
        pid = os.fork()
        if not pid:
            self._forget(pipe)
            become(request, given)
        for descriptor in given:
            os.close(descriptor)
        with suppress(BrokenPipeError):  # who asked was killed
            os.write(pipe, b"%d\n" % pid)
        ended = os.pidfd_open(pid)
        self._children[ended] = pid, pipe
        self._selector.register(ended, selectors.EVENT_READ)

    def _tell_end(self, ended: int) -> None:
        self._selector.unregister(ended)
        pid, pipe = self._children.pop(ended)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with suppress(BrokenPipeError):  # nobody waits for its end
            os.write(pipe, b"%d\n" % code)
        os.close(ended)
        os.close(pipe)

    def _forget(self, pipe: int) -> None:
        """Close what a child must not inherit."""
        self._selector.close()
        for sock in (self._listener, *self._connections):
            sock.close()
        os.close(pipe)
        for ended, (_, other) in self._children.items():
            os.close(ended)
            os.close(other)


def become(request: bytes, given: list[int]) -> NoReturn:
    """Become the requested process. given: descriptors, which get the numbers of the request."""
    asked = json.loads(request)
    numbers = asked["numbers"]
    apart = max(*numbers, *given) + 1
    for descriptor in given:
        fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, apart)
        os.close(descriptor)
    for place, number in enumerate(numbers):
        os.dup2(apart + place, number)
        os.close(apart + place)
    os.chdir(asked["folder"])
    os.umask(asked["umask"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    words = asked["words"]
    sys.argv[:] = words
    sys.orig_argv[:] = [sys.executable, *words]
    time.tzset()
    if asked["session"]:
        os.setsid()
    if asked["terminal"]:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # as Python does at the start
    if asked["spare"]:
        start_spare_process(words[0])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _run(words[0])


def _run(script: str) -> NoReturn:
    """Run a program to its end, but do not free memory there, as Python does.

    For that Python changes all objects, and the system copies the memory that is shared with the parent: it took longer
    than the rest of a short run.
    """
    code: str | int | None = 0
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as ended:
        code = ended.code
    if isinstance(code, int):
        threading._shutdown()  # type: ignore[attr-defined]  # what Python calls at its end
        atexit._run_exitfuncs()
        with suppress(OSError, ValueError):  # Python reports it below
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    sys.exit(code)


def start_spare_process(script: str) -> None:
    """Let this process fork what it starts of its own program, from a process that is as new as this one now.

    A forked program is a child of this process, like a started one: its parent ends, and this process adopts orphans.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if not os.fork():
        ours.close()
        _wait_as_spare_process(theirs)
    theirs.close()
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    start = subprocess.Popen

    def fork_or_start(command: Sequence[str], **options: object) -> object:
        if [str(word) for word in command[:2]] != [sys.executable, script]:
            return start(command, **options)  # type: ignore[call-overload]  # whatever it was called with
        return Started(ours, command, **options)  # type: ignore[arg-type]  # those of whoever starts a server

    subprocess.Popen = fork_or_start  # type: ignore[assignment,misc]  # it is called only


def _wait_as_spare_process(requests: socket.socket) -> NoReturn:
    for number in (0, 1, 2):  # otherwise the parent of the server would wait for ever for their end
        os.dup2(nothing := os.open(os.devnull, os.O_RDWR), number)
        os.close(nothing)
    while True:
        request, given, _, _ = socket.recv_fds(requests, LONGEST, _MOST)
        if not request:
            os._exit(0)
        between = os.fork()
        if not between:
            between = os.getpid()
            pid = os.fork()
            if pid:
                requests.send(b"%d" % pid)
                os._exit(0)
            requests.close()
            while os.getppid() == between:  # a node takes a change of its parent for the end of the one that starts it
                time.sleep(0.001)
            become(request, given)
        for descriptor in given:
            os.close(descriptor)
        os.waitpid(between, 0)
        requests.send(b"adopted")


class Started:
    """A process that was forked for a server, with the part of `subprocess.Popen` that it uses."""

    def __init__(
        self,
        spare: socket.socket,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        pass_fds: Sequence[int],
        start_new_session: bool = False,
    ) -> None:
        self.args = command
        self.returncode: int | None = None
        os.umask(umask := os.umask(0o022))
        numbers = [0, 1, 2, *pass_fds]
        socket.send_fds(spare, [request(command[1:], env, umask, numbers, session=start_new_session)], numbers)
        self.pid = int(spare.recv(100))
        spare.recv(100)

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code, waiting for the end. Raises TimeoutExpired."""
        until = time.monotonic() + timeout if timeout is not None else float("inf")
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            time.sleep(0.005)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


def request(
    words: Sequence[str],
    environment: Mapping[str, str],
    umask: int,
    numbers: Sequence[int],
    *,
    spare: bool = False,
    session: bool = False,
    terminal: bool = False,
) -> bytes:
    """Return the message that requests a process.

    spare: see `have_spare`; session: of its own; terminal: its standard input is to be the terminal of the session.
    """
    asked = {
        "words": [*words],
        "environment": dict(environment),
        "folder": os.getcwd(),
        "umask": umask,
        "numbers": [*numbers],
        "spare": spare,
        "session": session,
        "terminal": terminal,
    }
    return json.dumps(asked).encode()


def _load_server() -> None:
    for name in ("main", "launch"):
        import_module(f"greenchat.server.{name}")
    import_module("greenchat.values.precis")  # with the first network
    import_module("greenchat.server.tools.registry").tools()


def _load_client() -> None:
    import_module("greenchat.client.main")
    for name in ("slash", "input.switcher", "input.message_cursor", "input.completion", "terminal.screen", "line_mode"):
        import_module(f"greenchat.client.{name}")  # with the first picture, or with the first key that needs it
    for name in ("json", "sqlite3", "subprocess"):
        import_module(name)


_LOADS = {"greenchat-server": _load_server, "greenchat": _load_client}


def main() -> None:
    """Serve the requests of those who connect to the socket."""
    _LOADS[sys.argv[2]]()
    gc.collect()
    gc.freeze()  # a garbage collection in a child must not look at all of it, and copy it
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)  # a test may have set SIG_IGN just now, and the spare would keep it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the tests, and with them this process
    Forker(socket.socket(fileno=int(sys.argv[1]))).serve()


if __name__ == "__main__":
    main()
