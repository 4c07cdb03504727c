"""Replaying stored events to a client, as messages in a batch."""

import logging
from collections.abc import Iterator, Mapping, Sequence

from greenchat.chat.channel import Channel
from greenchat.chat.user import Session
from greenchat.commands.core.context import Context
from greenchat.commands.core.history_events import to_envelope
from greenchat.commands.history.conversations import channel_conversation
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.message import NO_TAGS
from greenchat.storage.interface import HistorySpan, StoredEvent, StoreError

log = logging.getLogger(__name__)

_LIGHT = 100  # events that count as one command: see Context.weight
_ACTION = "\x01ACTION "

# The capability without which a client is not sent such an event again.
_NEEDS = {"TAGMSG": caps.MESSAGE_TAGS, "REDACT": caps.MESSAGE_REDACTION}


def replay(
    ctx: Context, events: Sequence[StoredEvent], kind: str, *params: str, tags: Mapping[str, str] = NO_TAGS
) -> Iterator[None]:
    """Send events to the sender, as a batch of this kind, a step for each; without events redacted meanwhile.

    tags: of the BATCH that opens it.
    """
    ctx.network.catch_up(ctx.session)
    ctx.weight += len(events) // _LIGHT
    with ctx.batch(kind, *params, tags=tags):
        for event in events:
            if not ctx.journal.has_erased(event.conversation, event.id):
                ctx.respond(envelope_of(ctx, event))
            yield


def envelope_of(ctx: Context, event: StoredEvent) -> Envelope:
    """Return an event as the message that it was: "The `msgid` tag ... MUST be the `msgid` tag as originally sent"."""
    source = ctx.network.protection.cloaks.source(event.source)
    if source != event.source:
        event = event._replace(source=source)
    return to_envelope(event, _NEEDS.get(event.command, 0))


def replay_on_join(ctx: Context, channel: Channel, session: Session) -> list[Envelope]:
    """Send the last lines of a channel to a session that can't ask for them itself, if the operator wants that."""
    lines = ctx.network.settings.history.replay
    if not lines or session.caps & (caps.CHATHISTORY | caps.ZNC_PLAYBACK):
        return []
    if session.user is None:
        return []
    conversation = channel_conversation(ctx, channel, session.user)
    try:
        events = conversation.read(ctx.journal.store, HistorySpan(lines, newest=True))
    except StoreError as error:
        log.error("no replay on joining: %s", error)
        return []
    return [_with_time(ctx, event, session) for event in events]


def _with_time(ctx: Context, event: StoredEvent, session: Session) -> Envelope:
    """Return the message; for a client that sees no time in a tag, with the time before the text."""
    if not session.caps & caps.SERVER_TIME:
        clock = f"[{event.time // 3_600_000 % 24:02}:{event.time // 60_000 % 60:02}] "
        text = event.params[-1]
        start = _ACTION if text.startswith(_ACTION) else ""
        event = event._replace(params=(*event.params[:-1], start + clock + text[len(start) :]))
    return envelope_of(ctx, event)
