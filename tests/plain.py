"""Minimal programs of the five families of PLAIN.md's table: no framing, one recv() is one message.

On a busy machine one recv() may return two of the server's writes although the server made its pause. Therefore
`Writes` notes every write where it is made, the programs take the boundaries from there, and the pauses between writes
are checked by their times.
"""

import socket
import threading
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from time import monotonic

import pytest

from greenchat.protocol.plain import OutputStyle
from greenchat.server.net.outbox import SocketOutbox
from greenchat.server.net.plain_outbox import PlainOutbox
from greenchat.server.net.stream import Stream
from tests.patience import PATIENCE

_WINDOW_OPENS = 0.08  # seconds until a window appears

Target = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Write:
    """One write of the server: seconds of the monotonic clock, and the bytes."""

    time: float
    data: bytes


class Writes:
    """The writes of the servers of this process to plain clients, by the ports of client and server.

    The client's port alone is not enough: clients of two servers may have the same.
    """

    def __init__(self) -> None:
        self._to: dict[tuple[int, int], list[Write]] = defaultdict(list)

    def of(self, client: int, server: int) -> list[Write]:
        """Return all writes to this connection."""
        return self._to[client, server]

    @classmethod
    @contextmanager
    def noted(cls) -> Iterator["Writes"]:
        """Note every write from now on."""
        writes = cls()

        def outbox_of(before: SocketOutbox, accepted: socket.socket, style: OutputStyle) -> PlainOutbox:
            outbox = PlainOutbox(before, accepted, style)
            outbox.sock = _Noting(outbox.sock, accepted, writes)
            return outbox

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("greenchat.server.net.plain.PlainOutbox", outbox_of)
            yield writes


class _Noting:
    """The server's end of a connection, which notes what is sent. accepted: the socket below it."""

    def __init__(self, stream: Stream, accepted: socket.socket, writes: Writes) -> None:
        self._stream = stream
        self._accepted = accepted
        self._writes = writes

    def send(self, data: bytes, /) -> int:
        with suppress(OSError):  # the client has gone
            client, server = self._accepted.getpeername()[1], self._accepted.getsockname()[1]
            self._writes.of(client, server).append(Write(monotonic(), data))  # before it can be read
        return self._stream.send(data)

    def fileno(self) -> int:
        return self._stream.fileno()

    def recv(self, size: int, /) -> bytes:
        return self._stream.recv(size)

    def shutdown(self, how: int, /) -> None:
        self._stream.shutdown(how)

    def close(self) -> None:
        self._stream.close()


class Program(ABC):
    """A connection, a thread that receives, and what its user sees.

    shown: entries on the screen, in order. ended: how the connection ended, "" while it lasts.
    """

    recv_size = 1024
    asks = False  # whether the user types the name after the program has connected
    echo = True  # whether its own messages are sent back
    ends_with = "reset"  # how the connection must end for the program to stop well

    def __init__(self, address: Target, name: str, writes: Writes, *, person: float = 0.0) -> None:
        """person: seconds that the user takes to type a name."""
        self.name = name
        self.shown: list[str] = []
        self.ended = ""
        self.died = ""
        self.prompts = 0
        self.sock = socket.create_connection(address, timeout=PATIENCE)
        self.writes = writes.of(self.sock.getsockname()[1], address[1])
        self._news = threading.Condition()
        self._person = person
        self._receiver = threading.Thread(target=self._receive, daemon=True)
        self._timers: list[threading.Timer] = []
        self.begin()

    # the program's part; `take` is called with each recv()

    def begin(self) -> None:
        """Start receiving: the connection is established."""
        self._receiver.start()

    @abstractmethod
    def take(self, data: bytes) -> None:
        """Handle the result of a recv()."""

    def say(self, text: str) -> None:
        """Send a text that the user typed."""
        self.sock.sendall(f"{self.name}: {text}".encode())

    # the test's part

    def seen(self, who: str, text: str) -> str:
        """Return how a message of a user looks on this screen."""
        return f"{who}: {text}"

    def notice(self, text: str) -> str:
        """Return how a notice of the server looks on this screen."""
        return text

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds, checking it whenever something was received."""
        with self._news:
            assert self._news.wait_for(lambda: condition() or bool(self.died), PATIENCE), self.report()
            assert not self.died, self.report()

    def wait_for(self, entry: str) -> None:
        """Wait for an entry on the screen."""
        self.wait(lambda: entry in self.shown)

    def wait_for_end(self) -> None:
        """Wait until the connection has ended."""
        self.wait(lambda: bool(self.ended))

    def whole(self, who: str) -> str:
        """Return all messages of a user, put together."""
        before = self.seen(who, "")
        return "".join(entry.removeprefix(before) for entry in self.shown if entry.startswith(before))

    def count(self, entry: str) -> int:
        """Return how often it is on the screen."""
        return self.shown.count(entry)

    def check_pauses(self) -> None:
        """ "At least 30 ms between two writes to one raw or tilde client", and chunks of at most 1000 bytes."""
        for earlier, later in pairwise(self.writes):
            assert later.time - earlier.time >= 0.03, self.report()
        for write in self.writes:
            assert 0 < len(write.data) <= 1000

    def report(self) -> str:
        """Return a description for a failed test."""
        return f"{type(self).__name__} {self.name}: {self.died or self.ended or 'lives'}, shows {self.shown[-30:]}"

    def close(self) -> None:
        """Disconnect silently."""
        for timer in self._timers:
            timer.cancel()
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self._receiver.join(PATIENCE)
        self.sock.close()

    # internals

    def show(self, text: str) -> None:
        """Show a text, at the beginning of a line; an extra newline is an empty line."""
        self.shown += text.removesuffix("\n").split("\n")

    def after_person(self, action: Callable[[], None]) -> None:
        timer = threading.Timer(self._person, action)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def send_name(self) -> None:
        self.sock.sendall(self.name.encode())

    def _receive(self) -> None:
        waiting = b""
        taken = 0
        try:
            while chunk := self.sock.recv(self.recv_size):
                waiting += chunk
                while taken < len(self.writes) and len(waiting) >= len(self.writes[taken].data):
                    data = self.writes[taken].data
                    assert waiting.startswith(data)
                    waiting = waiting[len(data) :]
                    taken += 1
                    with self._news:
                        for start in range(0, len(data), self.recv_size):
                            self.take(data[start : start + self.recv_size])
                        self._news.notify_all()
            self.ended = "eof"
        except ConnectionResetError:
            self.ended = "reset"
        except OSError:
            self.ended = "closed"
        except Exception as error:
            self.died = repr(error)
        with self._news:
            self._news.notify_all()


class Window(Program):
    """Prompted, with a window: it asks for the name in a dialog, and text received before its window exists is lost."""

    asks = True

    def begin(self) -> None:
        self._text = ""
        self._opens = float("inf")
        super().begin()

    def take(self, data: bytes) -> None:
        text = data.decode()
        if text == "NICK":
            self.prompts += 1
            self.after_person(self._answer)
        elif monotonic() >= self._opens:
            self._text += text
            self.shown = self._text.split("\n")[:-1]

    def _answer(self) -> None:
        self.send_name()
        self._opens = monotonic() + _WINDOW_OPENS

    def say(self, text: str) -> None:
        self.sock.sendall(f"{self.name}: {text}\n".encode())


class Terminal(Program):
    """Prompted, in a terminal: it prints each recv() on a line of its own, in ASCII only."""

    def take(self, data: bytes) -> None:
        text = data.decode("ascii")
        if text == "NICK":
            self.prompts += 1
            self.send_name()
        else:
            self.show(text)


class Unasked(Program):
    """Asks its user for the name and sends it regardless of the prompt; appends a newline to each recv().

    A user takes seconds. To be quick, also on a busy machine, the test's user begins to type when the server has sent
    the prompt.
    """

    recv_size = 2048
    asks = True

    def take(self, data: bytes) -> None:
        if data == b"NICK":
            self.prompts += 1
            if self.prompts == 1:
                self.after_person(self.send_name)
        self.show(data.decode())


class Tilde(Program):
    """Sends the name at once; every recv() must be `who~text`, and what follows a second `~` is dropped."""

    recv_size = 2048

    def begin(self) -> None:
        self.send_name()
        super().begin()

    def take(self, data: bytes) -> None:
        if data == b"NICK":
            self.prompts += 1
        who, text = data.decode().split("~")[:2]
        self.show(f"{who}: {text}")

    def say(self, text: str) -> None:
        self.sock.sendall(text.encode())

    def seen(self, who: str, text: str) -> str:
        return f"{who}: {text}".replace("~", "\u223c")

    def notice(self, text: str) -> str:
        return f"SERVER: {text}".replace("~", "\u223c")


class Line(Program):
    """`nc`: lines in both directions, and it shows what its user types."""

    echo = False
    ends_with = "eof"

    def begin(self) -> None:
        self._bytes = b""
        super().begin()

    def take(self, data: bytes) -> None:
        if data == b"NICK":
            self.prompts += 1
            self.sock.sendall(self.name.encode() + b"\n")
            return
        self._bytes += data
        self.shown = self._bytes.decode(errors="ignore").split("\n")[:-1]

    def say(self, text: str) -> None:
        self.sock.sendall(text.encode() + b"\n")

    def check_pauses(self) -> None:
        """Do nothing: it needs no pauses."""


FAMILIES: tuple[type[Program], ...] = (Window, Terminal, Unasked, Tilde, Line)
