"""The outbox of a plain-text client: messages wait in a `Pacer`, and are sent when the client can read them."""

import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

from gevent.hub import get_hub

from greenchat.protocol.plain import LINGER, Family, OutputStyle, Pacer
from greenchat.server.net.outbox import SocketOutbox

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing discards unsent data and sends a reset


def now_ms() -> int:
    """Return ms of the monotonic clock."""
    return int(monotonic() * 1000)


class PlainOutbox(SocketOutbox):
    """An outbox that paces its messages. It never blocks; a timer runs only while messages wait.

    muted: whether the server's messages are discarded, since the client has no name yet.
    """

    __slots__ = ("_accepted", "_last", "_over", "_pacer", "_style", "_timer", "muted")

    def __init__(self, before: SocketOutbox, accepted: socket.socket, style: OutputStyle) -> None:
        """Make an outbox. before: the connection's previous outbox. accepted: the socket below its stream."""
        super().__init__(before.dirty, before.sock, before.limit, before.send_queues)
        self.muted = True
        self._accepted = accepted
        self._last = 0  # messages of the backlog to send after `close`
        self._over = False  # everything has been written
        self._style = style
        self._pacer = Pacer(style, before.limit)
        self._timer: Any = None

    def dump(self) -> list[Any]:
        """Return the waiting messages, see `Pacer.dump`."""
        return self._pacer.dump()

    def load(self, form: Sequence[Any]) -> None:
        """Restore what `dump` returned; `resume` begins to write it."""
        self._pacer.load(form)

    def resume(self) -> None:
        """Write due messages, and start a timer for the rest."""
        if not self.backlog:
            self._pump()

    def write(self, data: bytes) -> None:
        """Send a few bytes at once."""
        self._send(data)

    def flush(self) -> None:
        """Pass the messages of this turn to the pacer."""
        if self._over:
            self.pending.clear()
            return
        if self.closing:
            del self.pending[self._last :]
            self._last = 0
        self.collect()
        if self.closing:
            self._pacer.finish()
        self._pump()

    def collect(self) -> None:
        """Pass the messages to the pacer, in the form of the client's current family."""
        pending = self.pending
        self._pacer.limit = self.limit
        if not self.muted and not self.cut_reason:
            for data in pending:
                if not self._pacer.put(data):
                    self.cut("SendQ exceeded")
                    break
        pending.clear()

    def close(self, farewell: bytes = b"") -> None:
        """Send the backlog and the farewell, then end the connection in the way that suits the client."""
        if not self.closing:
            self.begin_to_end()
            self.put(farewell)
            if not self.pending:
                self.dirty.outboxes.append(self)
            self._last = len(self.pending)

    def release(self) -> None:
        """Release the event loop's timers."""
        super().release()
        self._stop_timer()

    def _pump(self) -> None:
        """Write due messages, as long as the kernel takes them."""
        self._stop_timer()
        while not self.backlog and not self.cut_reason:
            now = now_ms()
            chunk, when = self._pacer.due(now)
            if chunk:
                self._send(chunk)
                self._pacer.written(now_ms() + 1)
            elif when is not None:
                self._start_timer(when - now, self._pump)
                return
            else:
                if self.closing:
                    self._end()
                return

    def _drained(self) -> None:
        self._tell_taken()
        self._pacer.written(now_ms() + 1)
        self._pump()

    def _end(self) -> None:
        """End the connection: properly if the client notices that, or else with a reset, so that it does not loop."""
        self._over = True
        if self.muted:
            self._wake()
        elif self._style.family is Family.LINE:
            super()._end()
        else:
            self._start_timer(LINGER, self._wake)

    def _wake(self) -> None:
        """Wake the reader, which then closes the socket, usually with a reset."""
        if self._style.family is Family.LINE and not self.muted:
            super()._wake()
            return
        with suppress(OSError):  # the socket is already closed, and the reader knows
            self._accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._accepted.shutdown(socket.SHUT_RD)

    def _start_timer(self, milliseconds: int, callback: Any) -> None:
        self._stop_timer()
        self._timer = get_hub().loop.timer(milliseconds / 1000)
        self._timer.start(callback)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
            self._timer = None
