"""Several plain messages of one speaker to one target: encoded together, with their common parts made once.

The bytes are those of one `Envelope` each.
"""

from collections.abc import Sequence

from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.framing import BODY_LIMIT
from greenchat.protocol.message import Message, escape_value
from greenchat.protocol.msgid import format_msgid, time_of
from greenchat.protocol.times import format_time
from greenchat.protocol.websocket import FRAMED, frames

_DIALECTS = caps.PLAIN | caps.TILDE


class TalkHead:
    """The part of a message before its text. source: nick!user@host. room: bytes left for a text."""

    __slots__ = ("account", "bot", "command", "matters", "prefix", "room", "source", "target")

    def __init__(self, source: str, command: str, target: str, account: str, bot: bool) -> None:
        self.source = source
        self.command = command
        self.target = target
        self.account = account
        self.bot = bot
        self.prefix = f":{source} {command} {target} :".encode()
        self.room = BODY_LIMIT - 2 - len(self.prefix)
        self.matters = caps.SERVER_TIME | caps.MESSAGE_TAGS | _DIALECTS | FRAMED | (caps.ACCOUNT_TAG if account else 0)

    def lines(self, words: Sequence[bytes]) -> list[bytes]:
        """Return the messages with these texts, in UTF-8, for the plainest clients."""
        prefix = self.prefix
        if len(words) == 1:
            return [prefix + words[0] + b"\r\n"]
        return [prefix + each + b"\r\n" for each in words]


class Talk:
    """Texts that fit into lines. ids: of the messages, one for each text. lines: of `TalkHead.lines`."""

    __slots__ = ("_encoded", "_lines", "head", "ids", "texts")

    def __init__(self, head: TalkHead, ids: Sequence[int], texts: Sequence[str], lines: list[bytes]) -> None:
        self.head = head
        self.ids = ids
        self.texts = texts
        self._lines = lines
        self._encoded: dict[int, list[bytes]] = {0: lines}

    @property
    def encodings(self) -> list[bytes]:
        """Return all encodings made so far, for retracting the messages."""
        return [data for lines in self._encoded.values() for data in lines]

    def encode(self, kind: int) -> list[bytes]:
        """Return the bytes for this kind of client, one for each text."""
        kind &= self.head.matters
        encoded = self._encoded.get(kind)
        if encoded is None:
            if kind & FRAMED:
                encoded = [frames(line, kind) for line in self.encode(kind & ~FRAMED)]
            else:
                encoded = self._encode(kind)
            self._encoded[kind] = encoded
        return encoded

    def _encode(self, kind: int) -> list[bytes]:
        ids = self.ids
        time = time_of(ids[0])
        if kind & _DIALECTS or time_of(ids[-1]) != time:
            return [envelope.encode(kind) for envelope in self._envelopes()]
        first = f"time={format_time(time)}" if kind & caps.SERVER_TIME else ""
        last = "account=" + escape_value(self.head.account) if kind & caps.ACCOUNT_TAG else ""
        if not kind & caps.MESSAGE_TAGS:
            tags = f"@{';'.join(filter(None, (first, last)))} ".encode()
            return [tags + line for line in self._lines]
        before = f"@{first};msgid=" if first else "@msgid="
        after = (";bot" * self.head.bot + (";" + last if last else "") + " ").encode()
        return [
            (before + format_msgid(number)).encode() + after + line
            for number, line in zip(ids, self._lines, strict=True)
        ]

    def _envelopes(self) -> list[Envelope]:
        head = self.head
        return [
            Envelope(
                Message(head.command, (head.target, text), head.source),
                time=time_of(number),
                msgid=number,
                account=head.account,
                bot=head.bot,
            )
            for number, text in zip(self.ids, self.texts, strict=True)
        ]
