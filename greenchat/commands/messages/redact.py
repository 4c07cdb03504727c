"""REDACT: deletes a message, also from the history. https://ircv3.net/specs/extensions/message-redaction"""

from collections.abc import Callable, Sequence
from functools import partial

from greenchat.chat.channel import Channel
from greenchat.commands.core.audit_log import note
from greenchat.commands.core.cap_offers import OFFERS
from greenchat.commands.core.channel_rate_limits import may_show_text
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.history_events import to_event
from greenchat.commands.core.line_length import require_fit
from greenchat.commands.core.registry import Way, command
from greenchat.commands.core.steps import step
from greenchat.commands.history.conversations import Conversation, is_by, readable_conversation
from greenchat.commands.history.files import drop_files, files_linked
from greenchat.commands.users.message_acceptance import would_accept_text
from greenchat.protocol import caps
from greenchat.protocol.msgid import parse_msgid
from greenchat.storage.interface import Erasure, StoredEvent, StoreError

_REDACTABLE = ("PRIVMSG", "NOTICE", "TAGMSG")

OFFERS[caps.MESSAGE_REDACTION] = lambda settings, _: "" if settings.history.enabled else None


@command("REDACT", params=2, needs=caps.MESSAGE_REDACTION, way=Way.STEPS)
def redact(ctx: Context) -> None:
    """REDACT <target> <msgid> [<reason>]

    Delete a message in a channel or private conversation. Allowed for its sender, for a limited time, and for channel
    operators.
    """
    target, msgid, *rest = ctx.message.params
    conversation = readable_conversation(ctx, target)
    if conversation is None:
        # the same for a missing channel and an unreadable one, which reveals nothing
        raise FailError("REDACT", "INVALID_TARGET", target, text="You cannot delete messages there")
    event = find_message(ctx, conversation, msgid)
    if event is None:
        raise FailError("REDACT", "UNKNOWN_MSGID", target, msgid, text="This message does not exist or is too old")
    require_right(ctx, conversation, event)
    ctx.propose(_redact, target, *fields_of(event), rest[0] if rest else "", files_linked(ctx, event))


@step("redact.done")
def _redact(
    ctx: Context,
    target: str,
    key: str,
    number: int,
    source: str,
    account: str,
    reason: str,
    files: Sequence[str] = (),
) -> None:
    conversation = readable_conversation(ctx, target)
    if conversation is None or key not in conversation.keys or not conversation.shows(number):
        raise FailError("REDACT", "INVALID_TARGET", target, text="You cannot delete messages there")
    event = StoredEvent(number, key, "", source, (), account)
    require_right(ctx, conversation, event)
    redact_message(ctx, conversation, event, files, reason, partial(_not_kept, ctx, conversation, event.msgid))


def fields_of(event: StoredEvent) -> tuple[str, int, str, str]:
    """Return the fields of a message for a step, without its text."""
    return event.conversation, event.id, event.source, event.account


def redact_message(
    ctx: Context,
    conversation: Conversation,
    event: StoredEvent,
    files: Sequence[str],
    reason: str,
    refuse: Callable[[], None],
) -> None:
    """Erase a message and the files that it links, and tell its readers.

    refuse: called if the store fails. Raises 417, or StoreError if the files can't be erased.
    """
    other = None if conversation.is_channel else ctx.network.user(conversation.name)
    channel = _channel(ctx, conversation)
    if other and not would_accept_text(ctx, other):
        reason = ""  # only the fact is reported
    if channel and not may_show_text(ctx, ctx.user, channel, "REDACT", reason):
        reason = ""
    params = (conversation.name, event.msgid, reason) if reason else (conversation.name, event.msgid)
    envelope = ctx.envelope("REDACT", *params, source=ctx.user, needs=caps.MESSAGE_REDACTION)
    require_fit(envelope)
    drop_files(ctx, files)
    writes = (Erasure(event.conversation, event.id), to_event(envelope, event.conversation))
    ctx.journal.store_message(writes, envelope, refuse)
    if channel:
        if event.conversation in conversation.ranked:
            table = ctx.network.settings.mode_table
            rank = table.prefixes[table.symbols.index(event.conversation[0])]
            ctx.deliver_in(channel.ranked(rank), envelope)
        else:
            ctx.broadcast(channel, envelope)
        if not is_by(ctx, ctx.user, event):
            speaker = ctx.network.protection.cloaks.source(event.source)
            note(ctx, "REDACT", f"{ctx.nick} deleted a message of {speaker} in {channel.name}: {reason}")
    elif not conversation.is_channel:
        for user in dict.fromkeys((ctx.user, other or ctx.user)):  # once each, and in the same order on all nodes
            ctx.deliver(user, envelope)


def find_message(ctx: Context, conversation: Conversation, msgid: str) -> StoredEvent | None:
    """Return the message with this id if it can be redacted. Raises FailError if the history can't be read."""
    number = parse_msgid(msgid)
    if number is None or not conversation.shows(number):
        return None
    try:
        events = [ctx.journal.find(key, number) for key in conversation.keys]
    except StoreError as error:
        raise FailError(
            "REDACT", "UNKNOWN_MSGID", conversation.name, msgid, text="The history can't be read now"
        ) from error
    return next((event for event in events if event and event.command in _REDACTABLE), None)


def require_right(ctx: Context, conversation: Conversation, event: StoredEvent) -> None:
    """Check that the sender operates the channel, or sent the message not too long ago. Raises FailError."""
    channel = _channel(ctx, conversation)
    if channel and channel.is_at_least(ctx.user, "h") and event.id > channel.life:
        return  # the operators of this channel have no rights over messages of its earlier life
    if not is_by(ctx, ctx.user, event):
        text = "You are not authorised to delete this message"
        raise FailError("REDACT", "REDACT_FORBIDDEN", conversation.name, event.msgid, text=text)
    window = ctx.network.settings.history.redact_window
    if window and ctx.now - event.time > window * 1000:
        text = "You can no longer delete this message"
        raise FailError("REDACT", "REDACT_WINDOW_EXPIRED", conversation.name, event.msgid, str(window), text=text)


def _channel(ctx: Context, conversation: Conversation) -> Channel | None:
    return ctx.network.channel(conversation.name) if conversation.is_channel else None


def _not_kept(ctx: Context, conversation: Conversation, msgid: str) -> None:
    ctx.fail_after_all("REDACT", conversation.name, msgid, text="It could not be deleted; try again")
