"""ZNC's `*playback`: history for clients that know that and not CHATHISTORY.

https://wiki.znc.in/Playback: `/msg *playback PLAY <buffer>{,<buffer>} [<from> [<to>]]`, times in seconds since the
epoch, optionally with fractions; buffer `*` is all.
"""

import math
from collections.abc import Iterator

from greenchat.commands.core.cap_offers import OFFERS
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Deferred, Streamed
from greenchat.commands.core.history_events import identity
from greenchat.commands.core.registry import Way
from greenchat.commands.core.service import ServiceError, service
from greenchat.commands.history.conversations import (
    channel_conversations,
    may_read,
    name_of,
    nicks_by_identity,
    readable_conversation,
    updated_conversations,
)
from greenchat.commands.history.reading import reading
from greenchat.commands.history.replay import replay
from greenchat.protocol import caps
from greenchat.protocol.msgid import LAST_ID, first_id
from greenchat.storage.interface import HistoryReader, HistorySpan, StoredEvent, StoreError

PLAYBACK = service("*playback", "Replays earlier messages, like ZNC's module of the same name.")
OFFERS[caps.ZNC_PLAYBACK] = lambda settings, _: "" if settings.history.enabled else None

EventsByConversation = list[tuple[str, list[StoredEvent]]]


@PLAYBACK.command("PLAY", "<buffers> [<from>] [<to>]", way=Way.HERE)
def play(ctx: Context, words: list[str]) -> Deferred:
    """Play the history of channels and nicknames (separated by commas, or * for all).

    With times, in seconds since 1970: only messages after the first and up to the second.
    """
    after, before = _time(words[1:2], 0), _time(words[2:3], LAST_ID)
    page = ctx.network.settings.history.page
    who, channels = identity(ctx.network, ctx.user), channel_conversations(ctx, ctx.user)
    wanted = None if words[0] == "*" else [readable_conversation(ctx, name) for name in words[0].split(",")]

    def read(store: HistoryReader) -> EventsByConversation:
        if wanted is None:
            conversations = [
                conversation for conversation, _ in updated_conversations(store, who, channels, after, LAST_ID)
            ]
        else:
            conversations = [conversation for conversation in wanted if conversation]
        return [
            (conversation.key, conversation.read(store, HistorySpan(page, after, before, newest=True)))
            for conversation in conversations
        ]

    return reading(ctx, read, _replay)


def _replay(ctx: Context, result: EventsByConversation | StoreError) -> Streamed:
    if isinstance(result, StoreError):
        raise ServiceError("The history can't be read now")
    return Streamed(_replay_each(ctx, result))


def _replay_each(ctx: Context, conversations: EventsByConversation) -> Iterator[None]:
    nicks = nicks_by_identity(ctx)
    for key, stored in conversations:
        events = [event for event in stored if may_read(ctx, event)]
        name = name_of(ctx, key, events[-1] if events else None, nicks)
        if name and events:
            yield from replay(ctx, events, "znc.in/playback", name)


def _time(words: list[str], default: int) -> int:
    """Return the first id of a time, in seconds."""
    if not words:
        return default
    try:
        seconds = float(words[0])
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise ServiceError(f"{words[0][:50]} is not a time in seconds")
    return first_id(math.floor(seconds * 1000))
