"""CHATHISTORY: the history, in pages. https://ircv3.net/specs/extensions/chathistory

Timestamps and msgids are positions in the order of all events, so every subcommand reads a span between two positions,
counted from one of its ends. Reading is done in another thread.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from greenchat.commands.core.cap_offers import OFFERS
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Deferred, Streamed
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.history_events import identity
from greenchat.commands.core.registry import Way, command
from greenchat.commands.history.conversations import (
    Conversation,
    channel_conversations,
    name_of,
    nicks_by_identity,
    readable_conversation,
    updated_conversations,
)
from greenchat.commands.history.reading import reading
from greenchat.commands.history.replay import replay
from greenchat.protocol import caps
from greenchat.protocol.message import NO_TAGS
from greenchat.protocol.msgid import LAST_ID, first_id, parse_msgid
from greenchat.protocol.times import format_time, parse_time
from greenchat.storage.interface import HistoryReader, HistorySpan, HistoryTarget, StoredEvent, StoreError

END = {"draft/chathistory-end": ""}
"""On the batch of a page beyond which there is nothing: clients need not ask again."""
_UNREADABLE = "Messages could not be retrieved"

for _bit in (caps.CHATHISTORY, caps.EVENT_PLAYBACK):
    OFFERS[_bit] = lambda settings, _: "" if settings.history.enabled else None


@dataclass(frozen=True, slots=True)
class Position:
    """A position in the order of all events: later ones have ids above `after`, earlier ones below `before`."""

    after: int
    before: int


_START = Position(0, 0)
_END = Position(LAST_ID, LAST_ID)
EventPage = tuple[list[StoredEvent], bool]
"""Events, and whether they reach the end of the requested range."""
Read = Callable[[HistoryReader, Conversation, bool], EventPage]


@command("CHATHISTORY", way=Way.HERE)
def chathistory(ctx: Context) -> Deferred:
    """CHATHISTORY <subcommand> <target> <reference> [<reference>] <limit> | TARGETS <timestamp> <timestamp> <limit>

    Read the history of a channel or a private conversation: LATEST, BEFORE, AFTER, AROUND or BETWEEN messages, given by
    timestamp=<time> or msgid=<id>. TARGETS lists the conversations with messages.
    """
    subcommand, *params = ctx.message.params or ("*",)
    subcommand = subcommand.upper()
    if subcommand == "TARGETS":
        return _targets(ctx, params)
    references = _REFERENCES.get(subcommand)
    if references is None:
        raise _invalid(subcommand, text="Unknown command")
    _require_count(subcommand, params, references + 2)
    target = params[0]
    positions = [_position(subcommand, target, text, nth) for nth, text in enumerate(params[1:-1])]
    _catch_up(ctx, positions)
    conversation = _readable(ctx, subcommand, target)
    read = _reading(subcommand, positions, _limit(ctx, subcommand, params[-1]))
    events = bool(ctx.session.caps & caps.EVENT_PLAYBACK)

    def then(ctx: Context, page: EventPage | StoreError) -> Streamed:
        now = _readable(ctx, subcommand, target)
        if isinstance(page, StoreError) or now.key != conversation.key:
            raise FailError("CHATHISTORY", "MESSAGE_ERROR", subcommand, target, text=_UNREADABLE)
        result, is_last = page
        readable = [event for event in result if now.shows(event.id) and event.conversation in now.keys]
        return Streamed(replay(ctx, readable, "chathistory", now.name, tags=END if is_last else NO_TAGS), is_batch=True)

    return reading(ctx, lambda store: read(store, conversation, events), then)


# The number of references of each subcommand.
_REFERENCES = {"BEFORE": 1, "AFTER": 1, "LATEST": 1, "AROUND": 1, "BETWEEN": 2}


def _reading(subcommand: str, positions: list[Position], limit: int) -> Read:
    """Return the read of a subcommand."""
    first, last = positions[0], positions[-1]
    if subcommand == "AROUND":
        return lambda store, conversation, events: _read_around(store, conversation, first, limit, events)
    if subcommand == "BEFORE":
        start, end, newest = _START, first, True
    elif subcommand == "AFTER":
        start, end, newest = first, _END, False
    elif subcommand == "LATEST":
        start, end, newest = first, _END, True
    else:
        # "the returned messages MUST be counted starting from and excluding the first message selector ... This may be
        # forwards or backwards in time."
        newest = first.after > last.after
        start, end = (last, first) if newest else (first, last)
    return lambda store, conversation, events: _read_page(
        store, conversation, HistorySpan(limit, start.after, end.before, newest, events)
    )


def _read_page(store: HistoryReader, conversation: Conversation, span: HistorySpan) -> EventPage:
    """Read a page, and one event more to know whether it is the last one."""
    events = conversation.read(store, replace(span, limit=span.limit + 1))
    is_last = len(events) <= span.limit
    if not is_last:
        events = events[1:] if span.newest else events[:-1]
    return events, is_last


def _read_around(
    store: HistoryReader, conversation: Conversation, center: Position, limit: int, events: bool
) -> EventPage:
    """Read about half before and half after the center; if one side has less, more of the other."""
    older = conversation.read(store, HistorySpan(limit, before=center.before, newest=True, events=events))
    newer = conversation.read(store, HistorySpan(limit, after=center.before - 1, events=events))
    ahead = max(limit - limit // 2, limit - len(older))
    newer = newer[:ahead]
    return older[max(0, len(older) - (limit - len(newer))) :] + newer, False


def _targets(ctx: Context, params: list[str]) -> Deferred:
    """Answer TARGETS, the conversations with new messages: "they MUST be timestamps and not msgids"."""
    _require_count("TARGETS", params, 3)
    first, last = (_timestamp("TARGETS", text) for text in params[:2])
    limit = _limit(ctx, "TARGETS", params[2])
    newest = first.after > last.after
    start, end = (last, first) if newest else (first, last)
    who, channels = identity(ctx.network, ctx.user), channel_conversations(ctx, ctx.user)

    def read(store: HistoryReader) -> list[tuple[HistoryTarget, StoredEvent | None]]:
        targets = [target for _, target in updated_conversations(store, who, channels, start.after, end.before)]
        targets = targets[max(0, len(targets) - limit) :] if newest else targets[:limit]
        return [(target, store.find(target.conversation, target.latest)) for target in targets]

    def then(ctx: Context, result: list[tuple[HistoryTarget, StoredEvent | None]] | StoreError) -> None:
        if isinstance(result, StoreError) or ctx.user.identity != who:
            raise FailError("CHATHISTORY", "MESSAGE_ERROR", "TARGETS", text=_UNREADABLE)
        nicks = nicks_by_identity(ctx)
        with ctx.batch("draft/chathistory-targets"):
            for target, event in result:
                name = name_of(ctx, target.conversation, event, nicks)
                if name and event:
                    ctx.respond(ctx.envelope("CHATHISTORY", "TARGETS", name, format_time(event.time)))

    return reading(ctx, read, then)


def _readable(ctx: Context, subcommand: str, target: str) -> Conversation:
    conversation = readable_conversation(ctx, target)
    if conversation is None:
        raise FailError("CHATHISTORY", "INVALID_TARGET", subcommand, target, text=_UNREADABLE)
    return conversation


def _require_count(subcommand: str, params: list[str], count: int) -> None:
    if len(params) != count:
        raise _invalid(subcommand, text="Insufficient parameters" if len(params) < count else "Too many parameters")


def _limit(ctx: Context, subcommand: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9])):
        raise _invalid(subcommand, text, text="Invalid limit")
    return min(int(text[:9]), ctx.network.settings.history.page)


def _position(subcommand: str, target: str, text: str, nth: int) -> Position:
    """Return the position of the command's nth reference."""
    kind, equals, value = text.partition("=")
    if subcommand == "LATEST" and text == "*":
        return _START
    if kind == "timestamp" and equals:
        return _timestamp(subcommand, text)
    if kind != "msgid" or not equals:
        raise FailError("CHATHISTORY", "INVALID_MSGREFTYPE", subcommand, target, text, text="Unknown message reference")
    number = parse_msgid(value)
    if number is None:
        raise _invalid(subcommand, text, text="Unknown msgid")
    return Position(number, number)


def _catch_up(ctx: Context, positions: list[Position]) -> None:
    """Wait for messages that the client has seen on another node, and this one has not applied yet."""
    seen = max((each.after for each in positions if each.after == each.before != LAST_ID), default=0)
    if ctx.network.ids.last < seen:
        ctx.process.log.wait_until_known(lambda: ctx.network.ids.last >= seen)


def _timestamp(subcommand: str, text: str) -> Position:
    try:
        time = parse_time(text.removeprefix("timestamp="))
    except ValueError:
        raise _invalid(subcommand, text, text="Invalid timestamp") from None
    if not text.startswith("timestamp="):
        raise _invalid(subcommand, text, text="Invalid timestamp")
    return Position(first_id(time + 1) - 1, first_id(time))


def _invalid(subcommand: str, *context: str, text: str) -> FailError:
    return FailError("CHATHISTORY", "INVALID_PARAMS", subcommand, *context, text=text)
