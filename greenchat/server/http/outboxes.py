"""The outboxes of HTTP connections: during HTTP, and as WebSockets."""

from collections.abc import Set

from greenchat.chat.outbox import Dirty
from greenchat.protocol.websocket import GOING_AWAY, NORMAL, close_frame
from greenchat.server.net.outbox import SocketOutbox
from greenchat.server.net.sendq import SendQueues
from greenchat.server.net.stream import Stream


class Ending:
    """Whether the server is stopping; shared by all outboxes."""

    __slots__ = ("is_near",)

    def __init__(self) -> None:
        self.is_near = False


class HttpOutbox(SocketOutbox):
    """An outbox of HTTP: it drops IRC messages; closing it ends the connection."""

    __slots__ = ()

    def flush(self) -> None:
        """Drop all messages."""
        self.pending.clear()
        if self.closing:
            self._wake()

    def close(self, farewell: bytes = b"") -> None:
        """End the connection at the end of the turn."""
        if not self.closing:
            self.begin_to_end()
            self.dirty.outboxes.append(self)


class WebSocketOutbox(SocketOutbox):
    """An outbox of WebSocket frames, the last of which is a close frame."""

    __slots__ = ("_ending", "_last_frames")

    def __init__(self, dirty: Dirty, sock: Stream, limit: int, send_queues: SendQueues, ending: Ending) -> None:
        super().__init__(dirty, sock, limit, send_queues)
        self._ending = ending
        self._last_frames: list[bytes] = []  # the queue at the time of `close`; later messages are dropped

    def close(self, farewell: bytes = b"") -> None:
        """Send the queue, the farewell, and a close frame."""
        if not self.closing:
            self.put(farewell)
            self.put(close_frame(GOING_AWAY if self._ending.is_near else NORMAL))
            self._seal()

    def answer_close(self, frames: list[bytes]) -> None:
        """Send the last frames: the client has closed, or broken the protocol."""
        if not self.closing:
            for frame in frames:
                self.put(frame)
            self._seal()

    def flush(self) -> None:
        """Send the messages of this turn, up to `close`."""
        if self.closing:
            self.pending[:] = self._last_frames
            self._last_frames.clear()
        super().flush()

    def retract(self, unseen: Set[int]) -> None:
        """Remove messages of this turn, also those from before `close`."""
        super().retract(unseen)
        self._last_frames = [data for data in self._last_frames if id(data) not in unseen]

    def _seal(self) -> None:
        """Let nothing follow the frame that closes."""
        self.begin_to_end()
        self._last_frames = self.pending.copy()
