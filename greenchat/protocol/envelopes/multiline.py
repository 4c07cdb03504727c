"""A message of several lines on its way out: one batch for clients with multiline, several messages for all others.

https://ircv3.net/specs/extensions/multiline
"""

from collections.abc import Sequence

from greenchat.protocol.caps import BATCH, MULTILINE, PLAIN, TILDE
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.message import Message
from greenchat.protocol.msgid import format_msgid
from greenchat.protocol.multiline import BATCH_TYPE, CONCAT, Part, join_parts

_DIALECTS = PLAIN | TILDE


class MultilineEnvelope(Envelope):
    """An envelope whose message's last parameter is the whole text of several parts."""

    __slots__ = ("parts",)

    def __init__(
        self,
        message: Message,
        parts: Sequence[Part],
        *,
        time: int,
        msgid: int,
        account: str = "",
        bot: bool = False,
        batch: str = "",
        label: str = "",
    ) -> None:
        """Make an envelope. message: its text is ignored; the parts contain it."""
        message = message._replace(params=(message.params[0], join_parts(parts)))
        super().__init__(message, time=time, msgid=msgid, account=account, bot=bot, batch=batch, label=label)
        self.parts = tuple(parts)

    @property
    def fits(self) -> bool:
        """Whether each of the lines fits."""
        return all(self._line(part.text).fits for part in self.parts)

    def _with(self, *, batch: str, label: str) -> Envelope:
        copy = MultilineEnvelope(
            self.message,
            self.parts,
            time=self.time,
            msgid=self.msgid,
            account=self.account,
            bot=self.bot,
            batch=batch,
            label=label,
        )
        self._copies += (copy,)
        return copy

    def _what_matters(self) -> int:
        self._matters = super()._what_matters() | MULTILINE | BATCH
        return self._matters

    def _encode(self, kind: int) -> bytes:
        if kind & MULTILINE and kind & BATCH and not kind & _DIALECTS:
            return self._as_batch(kind)
        # "Servers MUST NOT send blank lines to clients that have not negotiated the multiline capability." "Any tags
        # that would have been added to the batch ... MUST be included on the first message line to be sent."
        first, *others = (part.text for part in self.parts if part.text)
        lines = [self._line(first, is_first=True), *map(self._line, others)]
        return b"".join(line.encode(kind) for line in lines)

    def _as_batch(self, kind: int) -> bytes:
        command, (target, *_), source, tags = self.message
        reference = format_msgid(self.msgid)
        start = Message("BATCH", ("+" + reference, BATCH_TYPE, target), source, tags)
        opening = Envelope(
            start,
            time=self.time,
            msgid=self.msgid,
            account=self.account,
            bot=self.bot,
            batch=self.batch,
            label=self.label,
        )
        lines = [opening.encode(kind)]
        for part in self.parts:
            line = Message(command, (target, part.text), source).format_body()
            lines.append(f"@batch={reference}{';' + CONCAT if part.joined else ''} {line}\r\n".encode())
        # "Start and end messages of one batch MAY refer to another batch. If they do, they both MUST have batch tag"
        outer = f"@batch={self.batch} " if self.batch else ""
        lines.append(f"{outer}BATCH -{reference}\r\n".encode())
        return b"".join(lines)

    def _line(self, text: str, is_first: bool = False) -> Envelope:
        """Return one of the messages for readers without batches of lines."""
        # "Any tags that would have been added to the batch ... MUST be included on the first message line to be sent.
        # Tags MAY also be included on subsequent lines where it makes sense": the reply tag is on each line,
        # the msgid on the first only
        message = self.message._replace(params=(self.message.params[0], text))
        return Envelope(
            message,
            time=self.time,
            msgid=self.msgid if is_first else 0,
            account=self.account,
            bot=self.bot,
            batch=self.batch,
            label=self.label if is_first else "",
        )
