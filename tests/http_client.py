"""A browser's part of HTTP, byte by byte: requests, and frames of a WebSocket, over a blocking socket."""

import os
import socket
import ssl
import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Self

from greenchat.protocol.message import Message, parse
from tests.patience import PATIENCE

KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # of RFC 6455, section 1.3, as is the answer
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

TEXT, BINARY, CLOSE, PING, PONG, CONT = 1, 2, 8, 9, 10, 0


class Answer(NamedTuple):
    """fields: with names in lower case."""

    status: int
    fields: dict[str, str]
    body: bytes


class Frame(NamedTuple):
    """A frame received; all frames of the server are final."""

    opcode: int
    payload: bytes

    @property
    def code(self) -> int:
        """The code of a close frame; 1005 without one."""
        return int.from_bytes(self.payload[:2], "big") if self.payload else 1005


class Http:
    """One connection for requests."""

    def __init__(self, address: tuple[str, int], *, tls: ssl.SSLContext | None = None) -> None:
        self.sock = socket.create_connection(address, timeout=PATIENCE)
        if tls:
            self.sock = tls.wrap_socket(self.sock, server_hostname="localhost")
        self.rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def get(self, target: str, method: str = "GET", body: bytes = b"", **fields: str) -> Answer:
        """Make a request. fields: with _ for -."""
        lines = [f"{method} {target} HTTP/1.1"]
        given = {"Host": "localhost", **{name.replace("_", "-"): value for name, value in fields.items()}}
        if body:
            given.setdefault("Content-Length", str(len(body)))
        lines += [f"{name}: {value}" for name, value in given.items()]
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        return self.answer(method)

    def send(self, data: bytes) -> None:
        """Send bytes unchanged."""
        self.sock.sendall(data)

    def answer(self, method: str = "GET") -> Answer:
        """Return the next answer. Raises EOFError."""
        head = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(head[0].split()[1])
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = b""
        if method != "HEAD" and status not in (101, 204, 304):
            if fields.get("transfer-encoding") == "chunked":
                while size := int(self._until(b"\r\n"), 16):
                    body += self.exactly(size)
                    self.exactly(2)
                self.exactly(2)
            elif "content-length" in fields:
                body = self.exactly(int(fields["content-length"]))
            else:
                body = self.to_end()
        return Answer(status, fields, body)

    def exactly(self, count: int) -> bytes:
        """Return so many bytes. Raises EOFError."""
        while len(self.rest) < count:
            self._more()
        data, self.rest = self.rest[:count], self.rest[count:]
        return data

    def to_end(self) -> bytes:
        """Return everything until the server closes the connection."""
        try:
            while True:
                self._more()
        except (EOFError, ConnectionResetError):
            data, self.rest = self.rest, b""
            return data

    def _until(self, mark: bytes) -> bytes:
        while mark not in self.rest:
            self._more()
        data, _, self.rest = self.rest.partition(mark)
        return data

    def _more(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        self.rest += data


class WebSocket(Http):
    """A connection that has become a WebSocket."""

    def __init__(
        self,
        address: tuple[str, int],
        *,
        protocols: str = "text.ircv3.net",
        tls: ssl.SSLContext | None = None,
        more: Mapping[str, str] = MappingProxyType({}),
        **fields: str,
    ) -> None:
        """more: fields, as `fields`."""
        super().__init__(address, tls=tls)
        fields |= more
        if protocols:
            fields["Sec_WebSocket_Protocol"] = protocols
        usual = {"Upgrade": "websocket", "Connection": "Upgrade"}
        usual |= {"Sec_WebSocket_Version": "13", "Sec_WebSocket_Key": KEY}
        self.handshake = self.get("/ws", "GET", b"", **usual | fields)

    @staticmethod
    def frame(opcode: int, payload: bytes = b"", *, final: bool = True, bits: int = 0) -> bytes:
        """Return a masked frame."""
        size = len(payload)
        first = bytes([(0x80 if final else 0) | bits << 4 | opcode])
        if size < 126:
            head = bytes([0x80 | size])
        elif size < 1 << 16:
            head = b"\xfe" + struct.pack("!H", size)
        else:
            head = b"\xff" + struct.pack("!Q", size)
        mask = os.urandom(4)
        return first + head + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))

    def say(self, *lines: str) -> None:
        """Send each text as a message of its own."""
        self.send(b"".join(self.frame(TEXT, line.encode()) for line in lines))

    def read_frame(self) -> Frame:
        """Return the next frame. Raises EOFError."""
        first, second = self.exactly(2)
        assert first & 0x80
        assert not second & 0x80, "frames of a server are not masked"
        size = second
        if size == 126:
            (size,) = struct.unpack("!H", self.exactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self.exactly(8))
        return Frame(first & 0x0F, self.exactly(size))

    def read(self) -> Message:
        """Return the next message; answer and skip PINGs. Raises EOFError."""
        while True:
            frame = self.read_frame()
            assert frame.opcode in (TEXT, BINARY), frame
            assert b"\n" not in frame.payload
            message = parse(frame.payload.decode())
            if message.command != "PING":
                return message
            self.say("PONG :" + message.params[-1])

    def until(self, *commands: str) -> list[Message]:
        """Return all messages up to and including the first with one of these commands."""
        messages = [self.read()]
        while messages[-1].command not in commands:
            messages.append(self.read())
        return messages

    def register(self, nick: str, *, caps: str = "") -> "WebSocket":
        """Register, up to the end of the message of the day."""
        if caps:
            self.say("CAP LS 302", f"CAP REQ :{caps}")
        self.say(f"NICK {nick}", f"USER {nick} 0 * :{nick.title()}")
        if caps:
            self.say("CAP END")
        self.until("376", "422")
        return self

    def closing(self) -> tuple[list[Frame], int]:
        """Return all frames until the connection is closed, and the close code; 1006 where there was none."""
        frames: list[Frame] = []
        try:
            while True:
                frame = self.read_frame()
                if frame.opcode == CLOSE:
                    assert self.to_end() == b"", "data after the close frame"
                    return frames, frame.code
                frames.append(frame)
        except (EOFError, ConnectionResetError):
            return frames, 1006
