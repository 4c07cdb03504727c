"""The protocol of NATS, which stores the log of several nodes: frames to bytes and back. Pure.

https://docs.nats.io/reference/protocols/client: lines end with CR LF; MSG and HMSG are followed by a payload of the
length that their line gives, HPUB and HMSG have headers in it. JetStream is an API of JSON on top of that:
https://docs.nats.io/reference/jetstream/api.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

_LONGEST_LINE = 1024 * 1024  # bytes: INFO lists all servers
_STATUS = b"NATS/1.0"


class NatsError(ValueError):
    """The bytes are not NATS; the text quotes them."""


class NatsFrame(NamedTuple):
    """A frame from the server.

    verb: INFO, MSG (with headers or without), PING, PONG, +OK or -ERR. subject, sid and reply are those of a message.
    status: of a message without content ("100" a heartbeat or flow control, "503" nobody answers), "" otherwise.
    data: of a message its payload, otherwise the rest of the line.
    """

    verb: str
    subject: str = ""
    sid: str = ""
    reply: str = ""
    status: str = ""
    data: bytes = b""


class NatsParser:
    """Makes frames from bytes in any pieces."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[NatsFrame]:
        """Return the frames that are complete now. Raises NatsError."""
        buffer = self._buffer
        buffer += data
        frames: list[NatsFrame] = []
        begin = 0
        while True:
            end = buffer.find(b"\r\n", begin)
            if end < 0:
                if len(buffer) - begin > _LONGEST_LINE:
                    raise NatsError("a line without an end: this is not a NATS server")
                break
            line = bytes(buffer[begin:end])
            verb, _, rest = line.partition(b" ")
            name = verb.upper()
            if name not in (b"MSG", b"HMSG"):
                frames.append(NatsFrame(_word(name), data=rest.strip()))
                begin = end + 2
                continue
            frame, headers, size = _head(line, with_headers=name == b"HMSG")
            last = end + 2 + size
            if len(buffer) < last + 2:
                break
            payload = bytes(buffer[end + 2 : last])
            status = _status(payload[:headers]) if headers else ""
            frames.append(frame._replace(status=status, data=payload[headers:]))
            begin = last + 2
        del buffer[:begin]
        return frames


def _head(line: bytes, *, with_headers: bool) -> tuple[NatsFrame, int, int]:
    """Return a message without its payload, and the bytes of its headers and of all. Raises NatsError."""
    words = _word(line).split()[1:]
    sizes = 2 if with_headers else 1
    if len(words) not in (2 + sizes, 3 + sizes) or not all(word.isdecimal() for word in words[-sizes:]):
        raise NatsError(f"this is not NATS: {line[:100]!r}")
    subject, sid, *reply = words[:-sizes]
    size = int(words[-1])
    headers = int(words[-2]) if with_headers else 0
    if headers > size:
        raise NatsError(f"this is not NATS: {line[:100]!r}")
    return NatsFrame("MSG", subject, sid, reply[0] if reply else ""), headers, size


def _status(headers: bytes) -> str:
    first = headers.partition(b"\r\n")[0]
    return _word(first[len(_STATUS) :].strip().partition(b" ")[0]) if first.startswith(_STATUS) else ""


def _word(data: bytes) -> str:
    try:
        return data.decode("ascii")
    except UnicodeDecodeError as error:
        raise NatsError(f"this is not NATS: {data[:100]!r}") from error


PING, PONG = b"PING\r\n", b"PONG\r\n"


def connect(name: str, *, token: str = "", user: str = "", password: str = "") -> bytes:
    """Return a CONNECT. name: of this client, for the engine's operator."""
    options: dict[str, Any] = {
        "verbose": False,
        "pedantic": False,
        "headers": True,
        "no_responders": True,
        "lang": "python",
        "version": "1",
        "protocol": 1,
        "name": name,
    }
    if token:
        options["auth_token"] = token
    if user:
        options |= {"user": user, "pass": password}
    return b"CONNECT " + json.dumps(options).encode() + b"\r\n"


def subscribe(subject: str, sid: str) -> bytes:
    """Return a SUB. sid: identifies the subscription in its messages."""
    return f"SUB {subject} {sid}\r\n".encode("ascii")


def unsubscribe(sid: str) -> bytes:
    """Return an UNSUB."""
    return f"UNSUB {sid}\r\n".encode("ascii")


def publish(subject: str, payload: bytes, *, reply: str = "", headers: Mapping[str, str] | None = None) -> bytes:
    """Return a PUB, or an HPUB if there are headers."""
    to = f"{subject} {reply}" if reply else subject
    if not headers:
        return f"PUB {to} {len(payload)}\r\n".encode("ascii") + payload + b"\r\n"
    lines = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
    head = f"NATS/1.0\r\n{lines}\r\n".encode("ascii")
    return f"HPUB {to} {len(head)} {len(head) + len(payload)}\r\n".encode("ascii") + head + payload + b"\r\n"


class StreamPosition(NamedTuple):
    """The position of a message in its stream. number: from 1, without gaps. delivery: the consumer's counter. time: of
    storing by the engine, ms since the epoch.
    """

    number: int
    delivery: int
    time: int


def parse_position(reply: str) -> StreamPosition:
    """Read the position from the reply subject of a message that a consumer delivers. Raises NatsError.

    `$JS.ACK.<stream>.<consumer>.<delivered>.<stream sequence>.<consumer sequence>.<timestamp>.<pending>`, in another
    account with `<domain>.<account hash>` before the stream:
    https://docs.nats.io/reference/jetstream/api
    """
    words = reply.split(".")
    if words[:2] == ["$JS", "ACK"] and len(words) >= 9:
        first = 5 if len(words) == 9 else 7
        number, delivery, stamp = words[first : first + 3]
        if number.isdecimal() and delivery.isdecimal() and stamp.isdecimal():
            return StreamPosition(int(number), int(delivery), int(stamp) // 1_000_000)
    raise NatsError(f"a message of the log without its position: {reply[:100]!r}")
