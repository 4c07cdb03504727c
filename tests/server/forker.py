"""A process that has loaded all of greenchat-server, and becomes it as often as it is asked to: see `forked`.

python -m tests.server.forker DESCRIPTOR

Each request comes through the socket with that number: how the program is called, and descriptors, those of its
standard input, output and error first. It forks, and the child runs the program. What it tells of the child, its id and
later how it has ended, goes into a pipe whose end comes with the request, too. When nobody can ask any more it ends.
"""

import fcntl
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from typing import NoReturn

from greenchat.server import launch
from greenchat.server.tools.registry import tools

LONGEST = 128 * 1024  # bytes of a request
_MOST = 8  # descriptors that come with it


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
    words, environment, folder, umask, numbers = json.loads(request)
    apart = max(*numbers, *given) + 1
    for descriptor in given:
        fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, apart)
        os.close(descriptor)
    for place, number in enumerate(numbers):
        os.dup2(apart + place, number)
        os.close(apart + place)
    os.chdir(folder)
    os.umask(umask)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[:] = words
    sys.orig_argv[:] = [sys.executable, *words]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    runpy.run_path(words[0], run_name="__main__")
    raise SystemExit


def main() -> None:
    """Serve whoever has the other end of the socket."""
    assert launch, "it is loaded, and so are the commands"
    tools()
    gc.freeze()  # no collection of a child's has to look at all of it, and to copy it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the tests, and so this
    Forker(socket.socket(fileno=int(sys.argv[1]))).serve()


if __name__ == "__main__":
    main()
