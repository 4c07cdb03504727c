"""An IRC client on a connection: its lines, read and run.

Most lines are plain messages, and take the short way (`routes`): they are read and said in the loop's own callback,
when the socket becomes readable. The client's greenlet is woken for everything else, which may wait, or must be
refused. Waking it costs as much processor time as all that is done for a plain line.
"""

from time import monotonic
from typing import Any

from gevent import getcurrent
from gevent.hub import get_hub

from greenchat.protocol.framing import LineBuffer, LineTooLong
from greenchat.server.net.connection import Connection
from greenchat.server.net.routes import Burst, Routes

_END = b"\r\n"


class IrcClient:
    """The lines of one connection."""

    __slots__ = ("_ahead", "_connection", "_greenlet", "_lines", "_routes")

    def __init__(self, connection: Connection) -> None:
        server = connection.server
        self._connection = connection
        self._lines = LineBuffer()
        self._ahead: list[bytes | LineTooLong] = []  # lines that have come and are not run yet, the next one last
        connection.lines = self
        self._routes = Routes(server.network, connection.session, server.log, server.turn, connection.context)
        self._greenlet: Any = None  # while it waits in `_hear`

    @property
    def unread(self) -> bytes:
        """The input that was not obeyed yet: lines, and the beginning of the next one."""
        ahead = [line.line if isinstance(line, LineTooLong) else line for line in reversed(self._ahead)]
        return b"".join([line + b"\n" for line in ahead]) + self._lines.rest

    def speak(self, data: bytes | None) -> None:
        """Serve it to its end. data: what was read so far; None: nothing."""
        connection, lines = self._connection, self._lines
        session = connection.session
        data = self._hear() if data is None else data
        while data:
            ahead = self._ahead = lines.feed(data)
            ahead.reverse()
            while ahead:
                connection.slow_down()
                line = ahead.pop()
                if isinstance(line, LineTooLong) and line.is_endless:
                    connection.close("Input line was too long: a line of IRC can't have 16 KiB")
                if not session.closing:  # it may have been killed meanwhile
                    self._run(line)
                if session.closing:
                    connection.discard()
                    return
            if lines.overrun:
                connection.close("Line without an end: this server speaks IRC")
                connection.discard()
                return
            data = self._hear()

    def _run(self, line: bytes | LineTooLong) -> None:
        burst = None if isinstance(line, LineTooLong) else self._routes.find(line)
        if burst is None:
            self._connection.run_line(line)
        else:
            self._say(burst)

    def _hear(self) -> bytes:
        """Return the next input that is more than plain messages; b"" at the end. Raises OSError."""
        connection = self._connection
        while True:
            self._greenlet = getcurrent()
            connection.readable.start(self._overhear)
            try:
                data: bytes | None = get_hub().switch()
            finally:
                connection.readable.stop()
                self._greenlet = None
            if data is None:  # it had to wait for its turn
                data = connection.read_now()
                if data is None or self._take(data):
                    continue
            return data

    def _overhear(self) -> None:
        """Handle input. The loop calls this: it must not wait, and no exception may leave it."""
        connection = self._connection
        data = None
        try:
            if connection.pace.has_time():
                data = connection.receive()
                if data is None or self._take(data):
                    return
        except Exception as error:
            self._greenlet.throw(error)
            return
        self._greenlet.switch(data)

    def _take(self, data: bytes) -> bool:
        """Say input that is nothing but plain messages that need not wait; return whether it was."""
        connection = self._connection
        if self._lines.rest or connection.session.closing or not data.endswith(_END):
            return False
        burst = self._routes.find(data[:-2])
        if burst is None or not connection.pace.takes(len(burst.texts)):
            return False
        self._say(burst)
        return True

    def _say(self, burst: Burst) -> None:
        server, count = self._connection.server, len(burst.texts)
        server.turn.begin(count)
        self._connection.session.received_messages += count
        meter = server.turn.meter
        if meter is None:
            self._routes.say(burst, server.now())
            return
        began = monotonic()
        self._routes.say(burst, server.now())
        meter.command_seconds[burst.voice.head.command] += monotonic() - began
