"""RENAME: renames a channel, which keeps everything else. https://ircv3.net/specs/extensions/channel-rename"""

from dataclasses import replace

from greenchat.chat import documents
from greenchat.chat.channel import Channel, forwarding_to
from greenchat.chat.registered_channels import document
from greenchat.chat.user import Session
from greenchat.commands.channels.join_part import greeting
from greenchat.commands.channels.reserved import why_not_new
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.line_length import require_fit, require_readable_topic
from greenchat.commands.core.lookup import find_channel, require_member, require_rank
from greenchat.commands.core.persistence import hooks_of
from greenchat.commands.core.registry import Way, command
from greenchat.commands.core.steps import step
from greenchat.commands.history.markread import read_markers_after_renaming, read_markers_of
from greenchat.commands.users.metadata_sync import sync_joined
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.msgid import LAST_ID
from greenchat.storage.interface import Document, HistorySpan, Renaming, StoreError, StoreWrite
from greenchat.values import names


@command("RENAME", params=2, notes=2, way=Way.STEPS)
def rename(ctx: Context) -> None:
    """RENAME <channel> <new name> [<reason>]

    Rename a channel. Requires channel operator. The new name must not have a history of its own, and a channel with
    history from before it was last empty must be registered.
    """
    old, new, *rest = ctx.message.params
    channel = _own(ctx, old)
    _check(ctx, channel, new)
    before, folded = ctx.network.fold(channel.name), ctx.network.fold(new)
    if folded != before:
        if _has_past(ctx, folded):
            raise _in_use(channel, new)
        if not channel.registration and _has_past(ctx, before, channel.life):
            text = "You can't rename a channel with earlier history: register it first"
            raise FailError("RENAME", "CANNOT_RENAME", channel.name, new, text=text)
    ctx.propose(_rename, old, new, rest[0] if rest else "")


def _own(ctx: Context, name: str) -> Channel:
    """Return the channel of this name. Raises IrcError if the sender can't rename it."""
    channel = find_channel(ctx, name)
    require_member(ctx, channel)
    require_rank(ctx, channel, "o")
    return channel


def _has_past(ctx: Context, folded: str, before: int = LAST_ID) -> bool:
    """Whether a channel of this name has messages, to all or to some ranks, for anyone who creates it again.

    Otherwise a stranger could take over that history: by renaming a channel to this name, or by creating the channel
    again and renaming it. before: a msgid. Raises FailError.
    """
    try:
        return any(ctx.journal.store.read(key, HistorySpan(1, before=before)) for key in _conversations(ctx, folded))
    except StoreError as error:
        text = "The history can't be read now: try again"
        raise FailError("RENAME", "CANNOT_RENAME", ctx.message.params[0], folded, text=text) from error


def _conversations(ctx: Context, name: str) -> list[str]:
    """Return the conversations of a channel: that of all members, and those of ranks."""
    return [rank + name for rank in ("", *ctx.network.settings.mode_table.symbols)]


@step("channel.renamed")
def _rename(ctx: Context, old: str, new: str, reason: str) -> None:
    channel = _own(ctx, old)
    _check(ctx, channel, new)
    old = channel.name
    is_other = ctx.network.fold(new) != ctx.network.fold(old)
    # "The server to client command MUST always include the third parameter"
    renamed = ctx.envelope("RENAME", old, new, reason, source=ctx.user, needs=caps.CHANNEL_RENAME)
    require_fit(renamed)
    _store(ctx, channel, new)
    ctx.network.rename_channel(channel, new)
    ctx.broadcast(channel, renamed)
    # "This fallback SHOULD NOT be used if the rename only changes the case of the channel name"
    if is_other:
        for member in list(channel.members):
            left = ctx.envelope("PART", old, *([reason] if reason else []), source=member)
            for session in member.sessions:
                if not session.caps & caps.CHANNEL_RENAME:
                    _tell_without(ctx, channel, session, left)


def _store(ctx: Context, channel: Channel, new: str) -> None:
    """Store the new name of a channel, also for its hooks, webhooks and read markers. Raises StoreError."""
    old, folded = ctx.network.fold(channel.name), ctx.network.fold(new)
    tokens, webhooks = hooks_of(ctx.network, channel.name)
    tokens = [replace(each, channel=new) for each in tokens]
    webhooks = [replace(each, channel=new) for each in webhooks]
    conversations = zip(_conversations(ctx, old), _conversations(ctx, folded), _conversations(ctx, new), strict=True)
    writes: list[StoreWrite] = [Renaming(*keys) for keys in conversations]
    if channel.registration or channel.is_kept:
        renamed = {**document(channel, channel.registration), "name": new}
        kind = documents.CHANNEL.name
        writes += [Document(kind, old, None), Document(kind, folded, renamed)]
    writes += [Document(documents.TOKEN.name, each.hash, each.document()) for each in tokens]
    writes += [Document(documents.WEBHOOK.name, each.id, each.document()) for each in webhooks]
    for other in forwarding_to(channel, ctx.network.channels.values(), ctx.network.fold):
        if other.registration or other.is_kept:
            follows = {**document(other, other.registration), "forward": new}
            writes.append(Document(documents.CHANNEL.name, ctx.network.fold(other.name), follows))
    markers = list(read_markers_after_renaming(ctx.network, channel, folded))
    writes += [Document(documents.READ_MARKERS.name, user.identity, times) for user, times in markers if user.account]
    ctx.commit(*writes)
    for user, times in markers:
        read_markers_of(ctx, user).times = times
    for token in tokens:
        ctx.network.tokens.put(token)
    for webhook in webhooks:
        ctx.network.account_data.webhooks.put(webhook)


def _check(ctx: Context, channel: Channel, new: str) -> None:
    """Check that the channel can have this name. Raises FailError.

    Raises TooLongError if its topic would not fit beside the name.
    """
    network = ctx.network
    if not names.is_channel(new, network.settings.limits.channel):
        raise FailError("RENAME", "CANNOT_RENAME", channel.name, new, text="That is not a valid channel name")
    if network.fold(channel.name) == network.fold(network.settings.lobby):
        raise FailError("RENAME", "CANNOT_RENAME", channel.name, new, text="The lobby can't be renamed")
    if network.channel(new) not in (None, channel):
        raise _in_use(channel, new)
    closed = why_not_new(ctx, new)
    if closed:
        raise FailError("RENAME", "CANNOT_RENAME", channel.name, new, text=closed)
    if channel.topic:
        require_readable_topic(network.settings, new, channel.topic.text)


def _in_use(channel: Channel, new: str) -> FailError:
    return FailError("RENAME", "CHANNEL_NAME_IN_USE", channel.name, new, text="The channel name is already taken")


def _tell_without(ctx: Context, channel: Channel, session: Session, left: Envelope) -> None:
    """Tell clients without the capability.

    The fallback: "Send the client a PART message for the old channel name" and "a JOIN message followed by the usual
    messages that would be sent if the client had joined the new channel normally".
    """
    user = session.user
    if user is None:
        return
    extended = (channel.name, user.account or "*", user.realname)
    ctx.send(session, left)
    ctx.send(session, ctx.envelope("JOIN", channel.name, source=user, extended=extended))
    for envelope in greeting(ctx, channel, session):
        ctx.send(session, envelope)
    sync_joined(ctx, channel, session)
