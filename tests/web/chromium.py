"""Chromium, controlled by its DevTools protocol: https://chromedevtools.github.io/devtools-protocol/

Commands and events are JSON, each with a NUL at its end, in a pair of pipes. A driver between tests and browser would
double the work of both.
"""

import fcntl
import json
import os
import select
import signal
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tests.patience import PATIENCE

_READS, _WRITES = 3, 4  # the browser's descriptors, by --remote-debugging-pipe
_ABOVE = 10  # ... and no other of its descriptors may have these numbers while it starts
_MOST = 1 << 20  # bytes read at once
_KEPT = {"Log.entryAdded", "Page.javascriptDialogOpening", "Page.lifecycleEvent"}  # events that somebody looks at
_KEPT |= {"Runtime.consoleAPICalled", "Runtime.exceptionThrown"}


class PageLeftError(Exception):
    """The browser refused a command: mostly since the page, or the element, was no longer there."""


class Chromium:
    """A process of the browser. events: what its pages told since somebody looked, by session, oldest first."""

    def __init__(self, program: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        theirs, self._commands = os.pipe()
        self._answers, writing = os.pipe()
        given = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, _ABOVE) for each in (theirs, writing)]
        actions = [
            *((os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)),
            (os.POSIX_SPAWN_DUP2, given[0], _READS),
            (os.POSIX_SPAWN_DUP2, given[1], _WRITES),
        ]
        words = [program, "--remote-debugging-pipe", *arguments]
        try:
            self.pid = os.posix_spawn(program, words, environment, file_actions=actions)
        finally:
            for each in (theirs, writing, *given):
                os.close(each)
        self.events: dict[str, list[dict[str, Any]]] = {}
        self._number = 0
        self._begun = b""
        self._received: dict[int, dict[str, Any]] = {}

    def send(self, method: str, session: str = "", **parameters: Any) -> int:
        """Send a command; return the number of its answer. session: of the page."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        data = json.dumps(command | ({"sessionId": session} if session else {})).encode() + b"\0"
        while data:
            data = data[os.write(self._commands, data) :]
        return self._number

    def answer(self, number: int) -> dict[str, Any]:
        """Wait for the answer to a command. Raises PageLeftError if it is an error, TimeoutError if there is none."""
        until = time.monotonic() + PATIENCE
        while number not in self._received:
            self.read(until - time.monotonic())
        answer = self._received.pop(number)
        if "error" in answer:
            raise PageLeftError(answer["error"]["message"])
        found: dict[str, Any] = answer["result"]
        return found

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send a command, and wait for its answer: see `answer`."""
        return self.answer(self.send(method, session, **parameters))

    def read(self, seconds: float) -> None:
        """Wait for the next answers or events. Raises TimeoutError."""
        if seconds < 0 or not select.select([self._answers], [], [], seconds)[0]:
            raise TimeoutError("the browser does not answer")
        data = os.read(self._answers, _MOST)
        if not data:
            raise ConnectionError("the browser has ended")
        *messages, self._begun = (self._begun + data).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self._received[message["id"]] = message
                continue
            method, session = message["method"], message.get("sessionId", "")
            leaves = message["params"].get("type") == "beforeunload"
            if method == "Page.javascriptDialogOpening":  # the page waits for an answer
                self.send("Page.handleJavaScriptDialog", session, accept=leaves)
            if method in _KEPT and not leaves:
                self.events.setdefault(session, []).append(message)

    def end(self) -> None:
        """End the browser, and wait until it has ended."""
        self.send("Browser.close")
        ended = os.pidfd_open(self.pid)
        if not select.select([ended], [], [], PATIENCE)[0]:
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        for each in (ended, self._commands, self._answers):
            os.close(each)
