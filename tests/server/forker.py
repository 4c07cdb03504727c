"""A process that has loaded all of greenchat-server, and becomes it as often as it is asked to: see `forked`.

python -P .../forker.py DESCRIPTOR

Each request comes through the socket with that number: how the program is called, and descriptors, those of its
standard input, output and error first. It forks, and the child runs the program. What it tells of the child, its id and
later how it has ended, goes into a pipe whose end comes with the request, too. When nobody can ask any more it ends.

A server that starts others (nodes, or the process that takes over from it) has a process like this one as a child, and
`Popen` forks that instead of starting Python: see `have_spare`.
"""

import ctypes
import fcntl
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import NoReturn

from greenchat.server import launch
from greenchat.server.tools.registry import tools

LONGEST = 128 * 1024  # bytes of a request
_MOST = 8  # descriptors that come with it
_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


class Forker:
    """requests: where it is asked."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._selector = selectors.DefaultSelector()
        self._selector.register(requests, selectors.EVENT_READ)
        self._children: dict[int, tuple[int, int]] = {}
        """By a descriptor that can be read when it has ended: the id of a child, and the pipe for what is told."""

    def serve(self) -> None:
        """Fork until nobody can ask any more."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is not self._requests:
                    self._tell_end(key.fd)
                    continue
                request, descriptors, _, _ = socket.recv_fds(self._requests, LONGEST, _MOST)
                if not request:
                    return
                self._fork(request, descriptors)

    def _fork(self, request: bytes, descriptors: list[int]) -> None:
        *given, pipe = descriptors
        pid = os.fork()
        if not pid:
            self._forget(pipe)
            become(request, given)
        for descriptor in given:
            os.close(descriptor)
        os.write(pipe, b"%d\n" % pid)
        ended = os.pidfd_open(pid)
        self._children[ended] = pid, pipe
        self._selector.register(ended, selectors.EVENT_READ)

    def _tell_end(self, ended: int) -> None:
        self._selector.unregister(ended)
        pid, pipe = self._children.pop(ended)
        os.write(pipe, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        os.close(ended)
        os.close(pipe)

    def _forget(self, pipe: int) -> None:
        """Close what is none of a child's."""
        self._selector.close()
        self._requests.close()
        os.close(pipe)
        for ended, (_, other) in self._children.items():
            os.close(ended)
            os.close(other)


def become(request: bytes, given: list[int]) -> NoReturn:
    """Be what a process would be that was started so. given: descriptors, which get the numbers that are asked for."""
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
    if asked["session"]:
        os.setsid()
    if asked["spare"]:
        have_spare(words[0])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    runpy.run_path(words[0], run_name="__main__")
    raise SystemExit


def have_spare(script: str) -> None:
    """Let this process fork what it starts of its own program, from a process that is as new as this one now.

    What is forked there is a child of this process, as what is started: its parent ends, and this one adopts orphans.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if not os.fork():
        ours.close()
        _be_spare(theirs)
    theirs.close()
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    start = subprocess.Popen

    def fork_or_start(command: Sequence[str], **options: object) -> object:
        if [str(word) for word in command[:2]] != [sys.executable, script]:
            return start(command, **options)  # type: ignore[call-overload]  # whatever it was called with
        return Started(ours, command, **options)  # type: ignore[arg-type]  # those of whoever starts a server

    subprocess.Popen = fork_or_start  # type: ignore[assignment,misc]  # it is called only


def _be_spare(requests: socket.socket) -> NoReturn:
    for number in (0, 1, 2):  # else what the server's parent waits for the end of stays open
        os.dup2(nothing := os.open(os.devnull, os.O_RDWR), number)
        os.close(nothing)
    while True:
        request, given, _, _ = socket.recv_fds(requests, LONGEST, _MOST)
        if not request:
            os._exit(0)
        between = os.fork()
        if not between:
            pid = os.fork()
            if pid:
                requests.send(b"%d" % pid)
                os._exit(0)
            requests.close()
            become(request, given)
        for descriptor in given:
            os.close(descriptor)
        os.waitpid(between, 0)
        requests.send(b"adopted")


class Started:
    """A process that was forked for a server: with what that uses of `subprocess.Popen`."""

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
        """Return how it has ended, None if it has not."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return how it has ended, once it has. Raises TimeoutExpired."""
        until = time.monotonic() + timeout if timeout is not None else float("inf")
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            time.sleep(0.005)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def request(
    words: Sequence[str],
    environment: Mapping[str, str],
    umask: int,
    numbers: Sequence[int],
    *,
    spare: bool = False,
    session: bool = False,
) -> bytes:
    """Return what asks for a process. spare: see `have_spare`; session: of its own."""
    asked = {
        "words": [*words],
        "environment": dict(environment),
        "folder": os.getcwd(),
        "umask": umask,
        "numbers": [*numbers],
        "spare": spare,
        "session": session,
    }
    return json.dumps(asked).encode()


def main() -> None:
    """Serve whoever has the other end of the socket."""
    assert launch, "it is loaded, and so are the commands"
    tools()
    gc.freeze()  # no collection of a child's has to look at all of it, and to copy it
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)  # a test may have ignored them just now, and the spare would for ever
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the tests, and so this
    Forker(socket.socket(fileno=int(sys.argv[1]))).serve()


if __name__ == "__main__":
    main()
