"""The ways out of connections that came by HTTP: while it speaks HTTP, and once it is a WebSocket."""

from greenchat.chat.outbox import Dirty
from greenchat.protocol.websocket import GOING_AWAY, NORMAL, close_frame
from greenchat.server.net.outbox import SocketOutbox
from greenchat.server.net.sendq import SendQueues
from greenchat.server.net.stream import Stream


class Ending:
    """Whether the server itself ends; all outboxes share it."""

    __slots__ = ("is_near",)

    def __init__(self) -> None:
        self.is_near = False


class HttpOutbox(SocketOutbox):
    """Nothing that IRC says is for a client that waits for answers; when it is closed the connection ends."""

    __slots__ = ()

    def flush(self) -> None:
        """Forget what was put."""
        self.pending.clear()
        if self.closing:
            self._wake()

    def close(self, farewell: bytes = b"") -> None:
        """End the connection at the end of the turn."""
        if not self.closing:
            self.closing = True
            self.dirty.append(self)


class WebSocketOutbox(SocketOutbox):
    """An outbox of WebSocket frames. The last of them tells the client that it is the last."""

    __slots__ = ("_ending", "_last")

    def __init__(self, dirty: Dirty, sock: Stream, limit: int, send_queues: SendQueues, ending: Ending) -> None:
        super().__init__(dirty, sock, limit, send_queues)
        self._ending = ending
        self._last = -1  # how much of what waits when it is closed is still to be sent; 0 once it has been

    def flush(self) -> None:
        """At the end of a turn; nothing follows the frame that closes."""
        if self.closing:
            del self.pending[max(self._last, 0) :]
            self._last = 0
            if not self.pending:
                return
        super().flush()

    def close(self, farewell: bytes = b"") -> None:
        """Send what waits, then this, and then that it is over."""
        if not self.closing:
            self.put(farewell)
            self.put(close_frame(GOING_AWAY if self._ending.is_near else NORMAL))
            self._seal()

    def answer_close(self, frames: list[bytes]) -> None:
        """The client has closed, or broken the protocol: these are the last frames."""
        if not self.closing:
            for frame in frames:
                self.put(frame)
            self._seal()

    def _seal(self) -> None:
        self.closing = True
        self._last = len(self.pending)
