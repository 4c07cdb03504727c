"""WebSocket: the handshake, and then another kind of `Stream` of lines for the same session.

The sans-I/O part of the package `websockets` parses frames. The server's messages are framed in `protocol.websocket`,
once for all clients of a kind; this module converts a client's frames to lines.
"""

import logging
from collections.abc import Sequence

from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request as HandshakeRequest
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from greenchat.commands.connection.lost_connections import can_resume
from greenchat.protocol.caps import WEBSOCKET_BINARY, WEBSOCKET_TEXT
from greenchat.protocol.http_head import RequestHead
from greenchat.protocol.websocket import (
    AGAINST_THE_RULES,
    BINARY,
    LEAVES,
    MESSAGE_LIMIT,
    TEXT,
    WRONG_DATA,
    UnfinishedFrames,
    whole_messages,
)
from greenchat.server.http.outboxes import WebSocketOutbox
from greenchat.server.http.request import Response
from greenchat.server.net.connection import Connection
from greenchat.server.net.stream import Stream

_KINDS = {TEXT: WEBSOCKET_TEXT, BINARY: WEBSOCKET_BINARY}
_log = logging.getLogger(__name__)
_log.setLevel(logging.WARNING)  # the package would log the end of every connection
_FROM_HANDSHAKE = {"upgrade", "connection", "sec-websocket-accept", "sec-websocket-protocol", "sec-websocket-version"}


def shake_hands(head: RequestHead) -> Response:
    """Return the response to a handshake: 101 with the framing if it is valid.

    Compression is not offered: see README.md of this folder.
    """
    protocol = ServerProtocol(
        subprotocols=[Subprotocol(TEXT), Subprotocol(BINARY)], select_subprotocol=_choose, logger=_log
    )
    headers = Headers()
    for name, value in head.fields:
        headers[name] = value
    answer = protocol.accept(HandshakeRequest(head.target, headers))
    protocol.parser.close()  # which references the protocol
    fields = [(name, value) for name, value in answer.headers.raw_items() if name.lower() in _FROM_HANDSHAKE]
    if answer.status_code != 101 or head.version < (1, 1):
        # "abort the WebSocket handshake ... and send an appropriate HTTP error code (such as 426 Upgrade Required) and
        # a |Sec-WebSocket-Version| header field indicating the version(s) the server is capable of understanding."
        fields = [(name, value) for name, value in fields if name.lower() != "connection"]
        fields += [("Sec-WebSocket-Version", "13")]
        is_other_version = head.get("sec-websocket-version") not in ("", "13")
        status = 426 if is_other_version or answer.status_code == 101 else answer.status_code
        if status == 426:
            fields = [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
        return Response(status, b"This is for WebSocket clients\n", fields=fields)
    framing = _KINDS.get(protocol.subprotocol or TEXT, WEBSOCKET_TEXT)
    return Response(101, iter(()), fields=fields, framing=framing)


def _choose(_: ServerProtocol, wanted: Sequence[Subprotocol]) -> Subprotocol | None:
    """Choose a subprotocol: "The server MUST accept any subprotocol it supports, respecting the client's order of
    preference."
    """
    return next((each for each in wanted if each in _KINDS), None)


class WebSocketStream:
    """A stream that turns frames into lines. Data to send passes unchanged: outboxes contain frames."""

    __slots__ = ("_connection", "_is_over", "_is_text", "_outbox", "_parts", "_protocol", "_stream", "_unfinished")

    def __init__(self, stream: Stream, connection: Connection, outbox: WebSocketOutbox) -> None:
        """Make a stream. stream: the connection's until now. outbox: for replies to control frames."""
        self._stream = stream
        self._connection = connection
        self._outbox = outbox
        self._protocol: ServerProtocol | None = None  # made when needed: it takes 2 KiB
        self._parts: list[bytes] | None = None  # of a message in several frames
        self._is_text = False
        self._is_over = False

    def fileno(self) -> int:
        """Return the descriptor to watch."""
        return self._stream.fileno()

    def recv(self, size: int, /) -> bytes:
        """Return the complete lines received, each with a newline; b"" at the end."""
        data = self._stream.recv(size)
        return self.feed(data) if data else b""

    def feed(self, data: bytes) -> bytes:
        """Return the lines of bytes that were read. Raises BlockingIOError if no line is complete."""
        if self._is_over:
            raise BlockingIOError
        lines: list[bytes] = []
        if self._protocol is None:
            if self._take_whole(whole_messages(data), lines):
                return b"".join(lines)
            self._protocol = ServerProtocol(state=State.OPEN, max_size=MESSAGE_LIMIT, logger=_log)
            self._unfinished = UnfinishedFrames()
        self._unfinished.add(data)
        protocol = self._protocol
        protocol.receive_data(data)
        pings = 0
        for frame in protocol.events_received():
            if not isinstance(frame, Frame):
                continue
            if frame.opcode is Opcode.CLOSE:
                if not can_resume(self._connection.session):  # the client may be a page that is being reloaded
                    lines.append(LEAVES)
            elif frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._take(protocol, frame, lines)
            else:
                pings += 1
            if protocol.state is not State.OPEN and frame.opcode is not Opcode.CLOSE:
                break  # input after an invalid message is not read
        self._answer(protocol)
        self._connection.pace.owed += pings
        if not lines:
            raise BlockingIOError
        return b"".join(lines)

    @property
    def under(self) -> Stream:
        """The stream that carries its frames."""
        return self._stream

    @property
    def unfinished(self) -> bytes:
        """Return the frames since the last complete message, for another stream that continues."""
        return b"" if self._protocol is None else self._unfinished.data

    def send(self, data: bytes, /) -> int:
        """Send to the stream below."""
        return self._stream.send(data)

    def shutdown(self, how: int, /) -> None:
        """Shut the stream below down."""
        self._stream.shutdown(how)

    def close(self) -> None:
        """Close the descriptor, and break reference cycles, which would stay in memory for long."""
        self._stream.close()
        if self._protocol is not None:
            self._protocol.parser.close()
        del self._connection, self._outbox

    def _take_whole(self, messages: list[tuple[int, bytes]], lines: list[bytes]) -> bool:
        """Add frames that are all complete lines to `lines`; return False if they are not."""
        for opcode, payload in messages:
            message = payload.rstrip(b"\r\n")
            if b"\n" in message or b"\r" in message or (opcode == Opcode.TEXT and not _is_utf8(message)):
                lines.clear()
                return False
            lines.append(message + b"\r\n")
        return bool(lines)

    def _take(self, protocol: ServerProtocol, frame: Frame, lines: list[bytes]) -> None:
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        message = bytes(frame.data)
        if not frame.fin:
            self._parts = self._parts or []
            self._parts.append(message)
            # the package limits the bytes, but a part may be empty
            if len(self._parts) > MESSAGE_LIMIT:
                protocol.fail(AGAINST_THE_RULES, "The message has too many fragments")
            return
        if self._parts is not None:
            message = b"".join([*self._parts, message])
            self._parts = None
        message = message.rstrip(b"\r\n")
        if b"\n" in message or b"\r" in message:
            protocol.fail(AGAINST_THE_RULES, "A message must be one line")
        elif self._is_text and not _is_utf8(message):
            protocol.fail(WRONG_DATA, "A text message must be UTF-8")
        else:
            lines.append(message + b"\r\n")

    def _answer(self, protocol: ServerProtocol) -> None:
        frames = [bytes(data) for data in protocol.data_to_send() if data]
        if not frames:
            return
        self._connection.server.turn.begin()
        if protocol.state is State.OPEN:
            for frame in frames:
                self._outbox.put(frame)
            return
        self._is_over = True
        sent, session = protocol.close_sent, self._connection.session
        if sent and not protocol.close_rcvd:
            session.closing = session.closing or f"WebSocket: {sent.reason or sent.code}"
        self._outbox.answer_close(frames)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
