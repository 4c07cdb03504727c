"""Telling a client again what it could have seen: stored events as messages, in a batch."""

from collections.abc import Sequence

from ..protocol import caps
from ..protocol.envelope import Envelope
from ..protocol.message import Message
from ..storage.interface import StoredEvent
from .context import Context

# What a client must have asked for to be told of such an event again.
_NEEDS = {"TAGMSG": caps.MESSAGE_TAGS, "REDACT": caps.MESSAGE_REDACTION}


def replay(ctx: Context, events: Sequence[StoredEvent], kind: str, *params: str) -> None:
    """Send events to the asker, as a batch of this kind."""
    with ctx.batch(kind, *params):
        for event in events:
            ctx.respond(envelope_of(event))


def envelope_of(event: StoredEvent) -> Envelope:
    """An event as the message that it was: "The `msgid` tag ... MUST be the `msgid` tag as originally sent"."""
    return Envelope(
        Message(event.command, event.params, event.source, event.tags),
        time=event.time,
        msgid=event.msgid,
        account=event.account,
        needs=_NEEDS.get(event.command, 0),
    )
