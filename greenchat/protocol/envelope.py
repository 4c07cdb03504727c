"""A message on its way to many: encoded once per kind of client, whose members then share one bytes object.

A kind is an int: the capability bits that change the bytes, and the bits of the plain-text dialects (`caps`).
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from .caps import (
    ACCOUNT_TAG,
    BATCH,
    EXTENDED_JOIN,
    LABELED_RESPONSE,
    MESSAGE_TAGS,
    PLAIN,
    SERVER_TIME,
    TILDE,
)
from .message import Message, format_tags

_DIALECTS = PLAIN | TILDE


def format_time(milliseconds: int) -> str:
    """`YYYY-MM-DDThh:mm:ss.sssZ`, https://ircv3.net/specs/extensions/server-time, from ms since the epoch."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}Z"


class Envelope:
    """A message with what the server knows of it.

    message: its `tags` are client-only tags, for those who asked for message-tags.
    time: ms since the epoch. msgid: "" where nobody can refer to it. account: of the sender, "" if logged out.
    needs: capabilities without all of which a client does not get it.
    extended: the parameters of a JOIN for extended-join.
    batch: reference of the batch that it belongs to. label: of the command that it answers.
    """

    __slots__ = ("_encoded", "account", "batch", "bot", "extended", "label", "message", "msgid", "needs", "time")

    def __init__(
        self,
        message: Message,
        *,
        time: int,
        msgid: str = "",
        account: str = "",
        bot: bool = False,
        needs: int = 0,
        extended: tuple[str, ...] = (),
        batch: str = "",
        label: str = "",
    ) -> None:
        self.message = message
        self.time = time
        self.msgid = msgid
        self.account = account
        self.bot = bot
        self.needs = needs
        self.extended = extended
        self.batch = batch
        self.label = label
        self._encoded: dict[int, bytes] = {}

    def encode(self, kind: int) -> bytes:
        """The bytes for this kind of client, always the same object; b"" where it gets nothing."""
        encoded = self._encoded.get(kind)
        if encoded is None:
            encoded = self._encoded[kind] = self._encode(kind)
        return encoded

    def in_batch(self, reference: str) -> "Envelope":
        """The same message as a part of a batch."""
        return self._with(batch=reference, label="")

    def labeled(self, label: str) -> "Envelope":
        """The same message as the answer to the command with this label."""
        return self._with(batch=self.batch, label=label)

    @property
    def encodings(self) -> list[bytes]:
        """Every bytes object that was made of it: those to take back if it must not be seen."""
        return list(self._encoded.values())

    def _with(self, *, batch: str, label: str) -> "Envelope":
        return Envelope(
            self.message,
            time=self.time,
            msgid=self.msgid,
            account=self.account,
            bot=self.bot,
            needs=self.needs,
            extended=self.extended,
            batch=batch,
            label=label,
        )

    def _encode(self, kind: int) -> bytes:
        message = self.message
        if kind & self.needs != self.needs:
            return b""
        if kind & _DIALECTS:
            return b""
        if self.extended and kind & EXTENDED_JOIN:
            message = Message(message.command, self.extended, message.source)
        line = Message(message.command, message.params, message.source, self._tags(kind, message.tags)).format()
        return line.encode() + b"\r\n"

    def _tags(self, kind: int, client_tags: Mapping[str, str]) -> dict[str, str]:
        tags: dict[str, str] = {}
        if kind & SERVER_TIME:
            tags["time"] = format_time(self.time)
        if self.msgid and kind & MESSAGE_TAGS:
            tags["msgid"] = self.msgid
        if self.account and kind & ACCOUNT_TAG:
            tags["account"] = self.account
        if self.bot and kind & MESSAGE_TAGS:
            tags["bot"] = ""
        if self.batch and kind & BATCH:
            tags["batch"] = self.batch
        if self.label and kind & LABELED_RESPONSE:
            tags["label"] = self.label
        if client_tags and kind & MESSAGE_TAGS:
            tags.update(client_tags)
        return tags


def tags_size(tags: Mapping[str, str]) -> int:
    """Bytes that the tags take on the wire, without `@` and the space."""
    return len(format_tags(tags).encode())
