"""A message on its way to many: encoded once per kind of client, whose members then share one bytes object.

A kind is an int: the capability bits that change the bytes, and the bits of the plain-text dialects (`caps`).
"""

from greenchat.protocol.caps import (
    ACCOUNT_TAG,
    BATCH,
    EXTENDED_JOIN,
    LABELED_RESPONSE,
    MESSAGE_TAGS,
    PLAIN,
    SERVER_TIME,
    TILDE,
)
from greenchat.protocol.framing import BODY_LIMIT
from greenchat.protocol.message import Message, escape_value, format_tags
from greenchat.protocol.msgid import format_msgid
from greenchat.protocol.plain.render import render
from greenchat.protocol.times import format_time
from greenchat.protocol.websocket import FRAMED, frames

_DIALECTS = PLAIN | TILDE


class Envelope:
    """A message with the server's information about it.

    message: its `tags` are client-only tags, for clients with message-tags.
    time: ms since the epoch. msgid: a number, since most are never written out; 0 without one. account: of the sender,
    "" if logged out.
    needs: capabilities without all of which a client does not get it.
    extended: the parameters of a JOIN for extended-join.
    batch: reference of the batch that it belongs to. label: of the command that it answers.
    """

    __slots__ = (
        "_body",
        "_copies",
        "_encoded",
        "_matters",
        "account",
        "batch",
        "bot",
        "extended",
        "label",
        "message",
        "msgid",
        "needs",
        "time",
    )

    def __init__(
        self,
        message: Message,
        *,
        time: int,
        msgid: int = 0,
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
        self._body = b""
        self._encoded: dict[int, bytes] = {}
        self._copies: tuple[Envelope, ...] = ()
        self._matters = 0

    def encode(self, kind: int) -> bytes:
        """Return the bytes for this kind of client, always the same object; b"" if it gets nothing."""
        kind &= self._matters or self._what_matters()
        encoded = self._encoded.get(kind)
        if encoded is None:
            if kind & FRAMED:
                encoded = frames(self.encode(kind & ~FRAMED), kind)
            else:
                encoded = self._encode(kind)
            self._encoded[kind] = encoded
        return encoded

    @property
    def fits(self) -> bool:
        """Whether the line without its tags fits into 512 bytes. If not, `encode` cuts its longest parameter."""
        if not self._body:
            self._body = _body(self.message)
        return len(self._body) <= BODY_LIMIT

    def in_batch(self, reference: str) -> "Envelope":
        """Return the same message as a part of a batch."""
        return self._with(batch=reference, label="")

    def labeled(self, label: str) -> "Envelope":
        """Return the same message as the answer to the command with this label."""
        return self._with(batch=self.batch, label=label)

    @property
    def encodings(self) -> list[bytes]:
        """Return all encodings made so far, for retracting the message."""
        return [*self._encoded.values(), *(data for copy in self._copies for data in copy.encodings)]

    def _with(self, *, batch: str, label: str) -> "Envelope":
        copy = Envelope(
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
        self._copies += (copy,)
        return copy

    def _what_matters(self) -> int:
        """Return the bits of a kind that change the bytes of this message: kinds that differ only in others share
        bytes.
        """
        matters = SERVER_TIME | _DIALECTS | FRAMED | self.needs
        if self.msgid or self.bot or self.message.tags:
            matters |= MESSAGE_TAGS
        if self.account:
            matters |= ACCOUNT_TAG
        if self.extended:
            matters |= EXTENDED_JOIN
        if self.batch:
            matters |= BATCH
        if self.label:
            matters |= LABELED_RESPONSE
        self._matters = matters
        return matters

    def _encode(self, kind: int) -> bytes:
        if kind & self.needs != self.needs:
            return b""
        if kind & _DIALECTS:
            return render(self.message, tilde=bool(kind & TILDE))
        if self.extended and kind & EXTENDED_JOIN:
            body = _cut_to_fit(self.message._replace(params=self.extended))
        elif self.fits:
            body = self._body
        else:
            body = _cut_to_fit(self.message)
        tags = self._tags(kind)
        return f"@{tags} ".encode() + body if tags else body

    def _tags(self, kind: int) -> str:
        """Return the tags, the server's first, "to prevent them from being pushed outside of the byte limit"."""
        tags = []
        if kind & SERVER_TIME:
            tags.append("time=" + format_time(self.time))
        if kind & MESSAGE_TAGS:
            if self.msgid:
                tags.append("msgid=" + format_msgid(self.msgid))
            if self.bot:
                tags.append("bot")
        if self.account and kind & ACCOUNT_TAG:
            tags.append("account=" + escape_value(self.account))
        if self.batch and kind & BATCH:
            tags.append("batch=" + self.batch)
        if self.label and kind & LABELED_RESPONSE:
            tags.append("label=" + escape_value(self.label))
        if kind & MESSAGE_TAGS and self.message.tags:
            tags.append(format_tags(self.message.tags))
        return ";".join(tags)


def _body(message: Message) -> bytes:
    return message.format_body().encode() + b"\r\n"


def _cut_to_fit(message: Message) -> bytes:
    """Return the line in at most 512 bytes. If it is longer, its longest parameter is cut at the end of a character."""
    body = _body(message)
    while len(body) > BODY_LIMIT:
        params = list(message.params)
        sizes = [len(param.encode()) for param in params]
        longest = sizes.index(max(sizes))
        length = max(1, sizes[longest] - (len(body) - BODY_LIMIT))
        if length == sizes[longest]:
            break  # hundreds of single characters, which our handlers never send
        params[longest] = params[longest].encode()[:length].decode(errors="ignore") or "*"
        message = message._replace(params=tuple(params))
        body = _body(message)
    return body
