"""A message that a bot has relayed for somebody on another network, with a tag that names the bot.

https://github.com/ircv3/ircv3-specifications/pull/417 (draft/relaymsg)
"""

from greenchat.protocol.caps import RELAYMSG
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.message import Message, escape_value
from greenchat.protocol.tags import RELAYED_BY


class RelayedEnvelope(Envelope):
    """A message that a bot relays from elsewhere. relayed_by: the bot's nick."""

    __slots__ = ("relayed_by",)

    def __init__(
        self,
        message: Message,
        relayed_by: str,
        *,
        time: int,
        msgid: int,
        batch: str = "",
        label: str = "",
    ) -> None:
        """Make an envelope without an account: the bot's is not the speaker's."""
        super().__init__(message, time=time, msgid=msgid, batch=batch, label=label)
        self.relayed_by = relayed_by

    def _with(self, *, batch: str, label: str) -> Envelope:
        copy = RelayedEnvelope(
            self.message, self.relayed_by, time=self.time, msgid=self.msgid, batch=batch, label=label
        )
        self._copies += (copy,)
        return copy

    def _what_matters(self) -> int:
        self._matters = super()._what_matters() | RELAYMSG
        return self._matters

    def _tags(self, kind: int) -> str:
        tags = super()._tags(kind)
        if not kind & RELAYMSG:
            return tags
        own = f"{RELAYED_BY}={escape_value(self.relayed_by)}"
        return f"{own};{tags}" if tags else own
