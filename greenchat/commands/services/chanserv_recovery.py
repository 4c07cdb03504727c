"""ChanServ for users outside a locked channel: INVITE, UNBAN, GETKEY, CLEAR, RECOVER.

A rank of the access list is sufficient to join (`policy.may_join`); these commands invite others, lift bans, show the
key, or recover a channel after a takeover.
"""

from collections.abc import Iterator

from greenchat.chat import mask_lists, ranks
from greenchat.chat.channel import Channel
from greenchat.chat.mask_lists import MaskError
from greenchat.chat.registered_channels import rank_of
from greenchat.commands.channels.invite import send_invitation
from greenchat.commands.channels.server_modes import show_changes
from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import store_changes
from greenchat.commands.core.service import ServiceError, may, tell
from greenchat.commands.services.chanserv import (
    CHANSERV,
    account_of,
    is_own,
    own_channel,
    record_founder_act,
    registered,
    registration_of,
)
from greenchat.commands.users.message_acceptance import accepts_text
from greenchat.protocol.modes import ModeChange

_LISTS = {"BANS": "b", "EXCEPTIONS": "e", "INVITES": "I"}


@CHANSERV.command("INVITE", "<#channel> [<nick>]")
def invite(ctx: Context, words: list[str]) -> None:
    """Invite yourself or a user to a channel, despite its modes. Requires half-operator on the access list."""
    channel = with_rank(ctx, words[0], "h")
    target = ctx.network.user(words[1]) if len(words) > 1 else ctx.user
    if target is None:
        raise ServiceError("There is no user with that nickname")
    if target in channel.members:
        raise ServiceError(f"{target.nick} is already in {channel.name}")
    if target is ctx.user or accepts_text(ctx, target):
        send_invitation(ctx, target, channel)
        tell(ctx, CHANSERV, f"{target.nick} can now join {channel.name}")


@CHANSERV.command("UNBAN", "<#channel> [<nick|mask>]")
def unban(ctx: Context, words: list[str]) -> None:
    """Remove the bans that match you, another user, or a mask. Requires half-operator on the access list."""
    channel = with_rank(ctx, words[0], "h")
    user = ctx.network.user(words[1]) if len(words) > 1 else ctx.user
    entries = list(channel.lists.get("b", ()))
    if user is not None:
        entries = [entry for entry in entries if entry.mask.means(user, channel.mask_fold)]
    else:
        try:
            text = mask_lists.parse(words[1]).text
        except MaskError as error:
            raise ServiceError(str(error)) from error
        entries = [entry for entry in entries if channel.mask_fold(entry.mask.text) == channel.mask_fold(text)]
    if not entries:
        raise ServiceError(f"No ban in {channel.name} matches {user.nick if user else words[1][:50]}")
    with store_changes(ctx, channel):
        for entry in entries:
            channel.remove_mask("b", entry.mask)
    show_changes(ctx, channel, [ModeChange(False, "b", entry.mask.text) for entry in entries])
    record_founder_act(ctx, f"removed {len(entries)} bans in {channel.name}", is_own=is_own(ctx, channel))
    tell(ctx, CHANSERV, f"{len(entries)} ban{'s' * (len(entries) != 1)} removed in {channel.name}")


@CHANSERV.command("GETKEY", "<#channel>")
def getkey(ctx: Context, words: list[str]) -> None:
    """Show the key of a channel. Requires half-operator on the access list."""
    channel = with_rank(ctx, words[0], "h")
    tell(ctx, CHANSERV, f"The key of {channel.name} is {channel.key}" if channel.key else f"{channel.name} has no key")


@CHANSERV.command("CLEAR", "<#channel> <bans|exceptions|invites|modes>")
def clear(ctx: Context, words: list[str]) -> None:
    """Clear a list of a channel, or reset its modes, key, limit and forward."""
    channel = with_rank(ctx, words[0], "o")
    what = words[1].upper()
    if what != "MODES" and what not in _LISTS:
        raise ServiceError("Usage: CLEAR <#channel> <bans|exceptions|invites|modes>")
    with store_changes(ctx, channel):
        done = list(_without_modes(ctx, channel) if what == "MODES" else _without_list(channel, _LISTS[what]))
    show_changes(ctx, channel, done)
    record_founder_act(ctx, f"cleared the {what.lower()} of {channel.name}", is_own=is_own(ctx, channel))
    tell(ctx, CHANSERV, f"The {what.lower()} of {channel.name} were cleared ({len(done)} changes)")


@CHANSERV.command("RECOVER", "<#channel>")
def recover(ctx: Context, words: list[str]) -> None:
    """Recover a channel from a takeover.

    This removes the modes and bans that keep you out and the ranks that are not on the access list, and invites you."""
    channel = own_channel(ctx, words[0])
    with store_changes(ctx, channel):
        done = list(_without_modes(ctx, channel))
        for entry in list(channel.lists.get("b", ())):
            if entry.mask.means(ctx.user, channel.mask_fold):
                channel.remove_mask("b", entry.mask)
                done.append(ModeChange(False, "b", entry.mask.text))
    registration = registration_of(channel)
    for member, modes in list(channel.members.items()):
        has = "q" if member.account_id == registration.founder else registration.access.get(member.account_id, "")
        for letter in modes:
            if not (has and ranks.is_at_least(has, letter)) and ctx.network.set_member_mode(
                member, channel, letter, False
            ):
                done.append(ModeChange(False, letter, member.nick))
    show_changes(ctx, channel, done)
    if ctx.user not in channel.members:
        send_invitation(ctx, ctx.user, channel)
    record_founder_act(ctx, f"recovered {channel.name}", is_own=is_own(ctx, channel))
    tell(
        ctx,
        CHANSERV,
        f"You can join {channel.name} now. After that, get your rank with /msg ChanServ OP {channel.name}",
    )


def with_rank(ctx: Context, name: str, letter: str) -> Channel:
    """Return a registered channel in which the sender's account has this rank or more. Raises ServiceError."""
    channel = registered(ctx, name)
    if not (may(ctx, "accounts") or ranks.is_at_least(rank_of(channel, account_of(ctx)), letter)):
        raise ServiceError(f"The access list of {channel.name} does not give you that right")
    return channel


def _without_list(channel: Channel, letter: str) -> Iterator[ModeChange]:
    for entry in list(channel.lists.get(letter, ())):
        channel.remove_mask(letter, entry.mask)
        yield ModeChange(False, letter, entry.mask.text)


def _without_modes(ctx: Context, channel: Channel) -> Iterator[ModeChange]:
    """Reset the modes to those of a new channel, and yield the changes."""
    if channel.key:
        channel.key = ""
        yield ModeChange(False, "k", "*")
    if channel.limit:
        channel.limit = 0
        yield ModeChange(False, "l")
    if channel.forward:
        channel.forward, channel.forward_life = "", 0
        yield ModeChange(False, "f")
    usual = set(ctx.network.settings.new_modes.channel_flags)
    for letter in sorted(channel.flags ^ usual):
        channel.set_flag(letter, letter in usual)
        yield ModeChange(letter in usual, letter)
