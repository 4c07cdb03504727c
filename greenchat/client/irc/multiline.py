"""Texts of several lines, and long ones: sent as one message if the server supports that, otherwise as several.

https://ircv3.net/specs/extensions/multiline
"""

from collections.abc import Iterator

from greenchat.client.state.model import ClientNetwork
from greenchat.client.text.cells import split_bytes
from greenchat.protocol import caps
from greenchat.protocol.message import Message
from greenchat.protocol.multiline import BATCH_TYPE, CONCAT, Part

_NEEDED = caps.MULTILINE | caps.BATCH | caps.MESSAGE_TAGS


def limits(network: ClientNetwork) -> tuple[int, int] | None:
    """Return the maximum bytes and lines of a message; None if it may have only one line."""
    if network.caps.held & _NEEDED != _NEEDED:
        return None
    value = network.caps.offered.get(BATCH_TYPE, "")
    values = dict(token.partition("=")[::2] for token in value.split(","))
    return _number(values.get("max-bytes", "")) or 4096, _number(values.get("max-lines", "")) or 24


def pieces(text: str, room: int, network: ClientNetwork, *, together: bool) -> list[str]:
    """Return the messages that a text becomes. room: bytes of text in a line. together: allow one of several lines."""
    most = limits(network) if together else None
    if most is None:
        return [piece for line in text.split("\n") if line.strip() for piece in split_bytes(line, room)]
    return list(_within(text.strip("\n"), room, *most))


def parts(text: str, room: int) -> list[Part]:
    """Return the lines of a batch for this text."""
    result: list[Part] = []
    for line in text.split("\n"):
        cut = split_bytes(line, room, keep_spaces=True)
        result += [Part(piece, joined=number > 0) for number, piece in enumerate(cut)]
    return result


def batch(
    command: str, target: str, message_parts: list[Part], reference: str, tags: dict[str, str]
) -> Iterator[Message]:
    """Yield the lines to be sent.

    "All client-only tags associated with the message must be sent attached to the initial BATCH command."
    """
    yield Message("BATCH", (f"+{reference}", BATCH_TYPE, target), tags=tags)
    for part in message_parts:
        yield Message(command, (target, part.text), tags={"batch": reference} | ({CONCAT: ""} if part.joined else {}))
    yield Message("BATCH", (f"-{reference}",))


def _within(text: str, room: int, most_bytes: int, most_lines: int) -> Iterator[str]:
    """Split a text into messages within the server's limits, between lines if possible."""
    pieces: list[str] = []
    size = count = 0
    for line in text.split("\n"):
        for place, piece in enumerate(_fitting(line, room, most_bytes, most_lines)):
            length, lines = len(piece.encode()) + 1, len(split_bytes(piece, room, keep_spaces=True))
            if pieces and (place or size + length > most_bytes or count + lines > most_lines):
                yield from _unless_blank(pieces)
                pieces, size, count = [], 0, 0
            pieces.append(piece)
            size, count = size + length, count + lines
    yield from _unless_blank(pieces)


def _fitting(line: str, room: int, most_bytes: int, most_lines: int) -> list[str]:
    """Return a line that fits into a message, or else its pieces, split between words."""
    if len(line.encode()) <= most_bytes and len(split_bytes(line, room, keep_spaces=True)) <= most_lines:
        return [line]
    return split_bytes(line, min(most_bytes, room * most_lines // 2))


def _unless_blank(lines: list[str]) -> Iterator[str]:
    """Yield the text of these lines, nothing if they are blank.

    "Clients MUST NOT send messages consisting entirely of blank lines."
    """
    text = "\n".join(lines).strip("\n")
    if text.strip():
        yield text


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
