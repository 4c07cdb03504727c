"""RENAME: a channel gets another name and keeps everything else. https://ircv3.net/specs/extensions/channel-rename"""

from greenchat.chat import documents
from greenchat.chat.channel import Channel
from greenchat.chat.registered_channels import document
from greenchat.chat.user import Session
from greenchat.commands.channels.join_part import greeting
from greenchat.commands.channels.reserved import why_not_new
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.line_length import require_fit, require_readable_topic
from greenchat.commands.core.lookup import find_channel, require_member, require_rank
from greenchat.commands.core.registry import command
from greenchat.commands.users.metadata_sync import sync_joined
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.storage.interface import Document, Renaming, Write
from greenchat.values import names


@command("RENAME", params=2)
def rename(ctx: Context) -> None:
    """RENAME <channel> <new name> [<reason>]

    Rename a channel; everything else about it stays. Needs channel operator.
    """
    old, new, *rest = ctx.message.params
    reason = rest[0] if rest else ""
    channel = find_channel(ctx, old)
    require_member(ctx, channel)
    require_rank(ctx, channel, "o")
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
    """Store that a channel is about to have this name. Raises StoreError."""
    old, folded = ctx.network.fold(channel.name), ctx.network.fold(new)
    ranks = ("", *ctx.network.settings.mode_table.symbols)  # also the conversations of some ranks only
    writes: list[Write] = [Renaming(rank + old, rank + folded, rank + new) for rank in ranks]
    if channel.registration or channel.is_kept:
        renamed = {**document(channel, channel.registration), "name": new}
        kind = documents.CHANNEL.name
        writes += [Document(kind, old, None), Document(kind, folded, renamed)]
    ctx.journal.secure(*writes)


def _check(ctx: Context, channel: Channel, new: str) -> None:
    """Check that the channel can have this name. Raises FailError.

    Raises TooLongError if its topic would not fit beside the name.
    """
    network = ctx.network
    if not names.is_channel(new, network.settings.limits.channel):
        raise FailError("RENAME", "CANNOT_RENAME", channel.name, new, text="This can't be the name of a channel")
    if network.fold(channel.name) == network.fold(network.settings.lobby):
        raise FailError("RENAME", "CANNOT_RENAME", channel.name, new, text="The lobby keeps its name")
    if network.channel(new) not in (None, channel):
        raise FailError("RENAME", "CHANNEL_NAME_IN_USE", channel.name, new, text="The channel name is already taken")
    closed = why_not_new(ctx, new)
    if closed:
        raise FailError("RENAME", "CANNOT_RENAME", channel.name, new, text=closed)
    if channel.topic:
        require_readable_topic(network.settings, new, channel.topic.text)


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
