"""The outbox of a socket.

The messages of a turn go out in one `send`; what the kernel does not take waits, up to a limit.
"""

import socket
from collections import deque
from contextlib import suppress
from typing import Any

from gevent.event import Event
from gevent.hub import get_hub

from greenchat.chat.outbox import Dirty, Outbox
from greenchat.server.net.sendq import SendQueues
from greenchat.server.net.stream import Stream

_WRITE = 2  # the event mask of libev
_NOTHING: deque[bytes] = deque()  # shared by all outboxes without a backlog: an empty deque takes 0.75 KiB
_CHUNK = 64 * 1024  # bytes joined for one send once there is a backlog


class SocketOutbox(Outbox):
    """An outbox with a non-blocking stream. Only `wait_until_taken` waits or switches greenlets.

    limit: bytes that may wait for a slow reader. The waiting bytes objects are shared by all outboxes, so that a
    thousand stuck members of one channel hold its messages once.

    A backlog is sent from a watcher's callback when the socket becomes writable; it needs no greenlet, and an idle
    client has no watcher at all.
    """

    __slots__ = (
        "_backlog",
        "_backlog_size",
        "_taken",
        "_watcher",
        "closing",
        "cut_reason",
        "limit",
        "send_queues",
        "sock",
    )

    def __init__(self, dirty: Dirty, sock: Stream, limit: int, send_queues: SendQueues) -> None:
        super().__init__(dirty)
        self.send_queues = send_queues
        self.sock = sock
        self.limit = limit
        self.closing = False
        self.cut_reason = ""
        self._backlog = _NOTHING
        self._backlog_size = 0
        self._taken: Event | None = None
        self._watcher: Any = None  # gevent has no types for its watchers

    @property
    def backlog(self) -> int:
        """Return the number of bytes that the kernel has not taken yet."""
        return self._backlog_size

    @property
    def waits(self) -> bytes:
        """Return the bytes that the kernel has not taken yet."""
        return b"".join(self._backlog)

    def enqueue(self, data: bytes) -> None:
        """Queue bytes until the kernel takes them: another process has tried to send them."""
        self._wait([data])

    def flush(self) -> None:
        """Send the messages of this turn in one non-blocking send.

        `_send` is inlined here: with few listeners a send is most of a message's cost.
        """
        pending = self.pending
        if self._backlog or self.has_ended or not pending:
            self._flush_behind(pending)
            return
        self.sent_messages += len(pending)
        data = pending[0] if len(pending) == 1 else self.dirty.join(pending)
        pending.clear()
        try:
            sent = self.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self.cut(error.strerror or str(error))
            return
        self.sent_bytes += sent
        if sent < len(data):
            self._wait([data[sent:]])
        elif self.closing:
            self._end()

    def _flush_behind(self, pending: list[bytes]) -> None:
        """Add the messages to the backlog, if the connection is still open."""
        if not self.has_ended and pending:
            self.sent_messages += len(pending)
            self._wait(pending)
        pending.clear()

    def check(self) -> int:
        """Cut the outbox if its backlog and the messages of this turn exceed the limit; return the bytes of these."""
        if self.has_ended:
            self.pending.clear()
        size = sum(map(len, self.pending))
        if self._backlog_size + size > self.limit:
            self.cut("SendQ exceeded")
            return 0
        return size

    def close(self, farewell: bytes = b"") -> None:
        """Send the backlog and then the farewell, and shut down our half of the connection.

        The reader notices when the other half ends.
        """
        if not self.closing:
            self.put(farewell)
            self.begin_to_end()

    def begin_to_end(self) -> None:
        """Note that the connection is ending, so that it is cut if the client takes too long."""
        self.closing = True
        self.send_queues.closing(self)

    def wait_until_taken(self) -> None:
        """Wait until the kernel has taken all flushed bytes, or the outbox was cut."""
        if self._backlog and not self.cut_reason:
            self._taken = Event()
            self._taken.wait()
            self._taken = None

    def cut(self, reason: str) -> None:
        """Give up at once: drop the backlog and wake the reader, whose greenlet cleans up."""
        if self.cut_reason:
            return
        self.forget()
        self.cut_reason = reason
        self.release()
        self._tell_taken()
        self._wake()

    def release(self) -> None:
        """Release the event loop's watchers and the backlog; the socket is about to be closed."""
        self._backlog = _NOTHING
        self._resize(0)
        self.send_queues.closed(self)
        self._stop_watching()

    def _send(self, data: bytes) -> None:
        """Send the data; what the kernel does not take goes into the backlog."""
        sent = self._try(data)
        if sent < len(data):
            self._wait([data[sent:]])

    def _try(self, data: bytes) -> int:
        """Write to the socket; return how many bytes the kernel took. A broken connection takes none, and is cut."""
        try:
            sent = self.sock.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            self.cut(error.strerror or str(error))
            return 0
        self.sent_bytes += sent
        return sent

    def _stop_watching(self) -> None:
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher.close()
            self._watcher = None

    def _wait(self, pieces: list[bytes]) -> None:
        if self.cut_reason:
            return
        if self._backlog is _NOTHING:
            self._backlog = deque()
        self._backlog.extend(pieces)
        self._resize(self._backlog_size + sum(map(len, pieces)))
        if self._backlog_size > self.limit:
            self.cut("SendQ exceeded")
        elif self._watcher is None and not self.cut_reason:
            self._watcher = get_hub().loop.io(self.sock.fileno(), _WRITE)
            self._watcher.start(self._send_backlog)

    def _send_backlog(self) -> None:
        backlog = self._backlog
        while backlog:
            data = backlog.popleft()
            if len(data) < _CHUNK and backlog:
                pieces, size = [data], len(data)
                while backlog and size < _CHUNK:
                    pieces.append(backlog.popleft())
                    size += len(pieces[-1])
                data = b"".join(pieces)
            sent = self._try(data)
            self._resize(self._backlog_size - sent)
            if self.cut_reason:
                return
            if sent < len(data):
                backlog.appendleft(data[sent:])
                return
        self._backlog = _NOTHING
        self._stop_watching()
        self._drained()

    def _resize(self, size: int) -> None:
        self._backlog_size = size
        self.send_queues.changed(self, size)

    def _drained(self) -> None:
        """Note that the kernel has taken the whole backlog."""
        self._tell_taken()
        if self.closing:
            self._end()

    def _tell_taken(self) -> None:
        if self._taken is not None:
            self._taken.set()

    def _wake(self) -> None:
        """Let the reader notice the end of the connection."""
        with suppress(OSError):  # the socket is already closed, and the reader knows
            self.sock.shutdown(socket.SHUT_RDWR)

    def _end(self) -> None:
        self.forget()
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            self.cut(error.strerror or str(error))
