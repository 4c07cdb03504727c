"""MODE of a channel. https://modern.ircdocs.horse/#channel-mode"""

from collections.abc import Callable

from ..chat import policy
from ..chat.channel import Channel, ListEntry
from ..protocol.modes import ModeChange, format_changes, parse_changes
from ..protocol.numerics import Numeric
from .context import Context
from .errors import IrcError
from .lookup import require_member

_LIST_REPLIES = {
    "b": (Numeric.RPL_BANLIST, Numeric.RPL_ENDOFBANLIST),
    "e": (Numeric.RPL_EXCEPTLIST, Numeric.RPL_ENDOFEXCEPTLIST),
    "I": (Numeric.RPL_INVEXLIST, Numeric.RPL_ENDOFINVEXLIST),
}


def channel_mode(ctx: Context, channel: Channel) -> None:
    """MODE <channel> [<modestring> [<arguments>...]]."""
    if len(ctx.message.params) == 1:
        if not channel.is_visible_to(ctx.user):
            raise IrcError(Numeric.ERR_NOSUCHCHANNEL, channel.name)
        _send_modes(ctx, channel)
        return
    table = ctx.network.settings.mode_table
    changes = parse_changes(ctx.message.params[1:], table)[: ctx.network.settings.limits.modes]
    done = []
    for change in changes:
        if change.letter in table.lists and change.parameter is None:
            _send_list(ctx, channel, change.letter)
            continue
        require_member(ctx, channel)
        if not policy.is_halfop(ctx.user, channel):
            raise IrcError(Numeric.ERR_CHANOPRIVSNEEDED, channel.name)
        applied = _apply(ctx, channel, change)
        if applied is not None:
            done.append(applied)
    if done:
        ctx.broadcast(channel, ctx.envelope("MODE", channel.name, *format_changes(done), source=ctx.user))


def _send_modes(ctx: Context, channel: Channel) -> None:
    is_member = ctx.user in channel.members
    letters = "".join(sorted(channel.flags))
    parameters = []
    if channel.key:
        letters += "k"
        parameters.append(channel.key if is_member else "*")
    if channel.limit:
        letters += "l"
        parameters.append(str(channel.limit))
    ctx.reply(Numeric.RPL_CHANNELMODEIS, channel.name, "+" + letters, *parameters)
    ctx.reply(Numeric.RPL_CREATIONTIME, channel.name, str(channel.created // 1000))


def _send_list(ctx: Context, channel: Channel, letter: str) -> None:
    entry_numeric, end_numeric = _LIST_REPLIES[letter]
    if letter != "b" and not policy.is_halfop(ctx.user, channel):
        raise IrcError(Numeric.ERR_CHANOPRIVSNEEDED, channel.name)
    if channel.is_visible_to(ctx.user):
        for entry in channel.lists.get(letter, {}).values():
            ctx.reply(entry_numeric, channel.name, entry.mask, entry.setter, str(entry.time // 1000))
    ctx.reply(end_numeric, channel.name)


def _apply(ctx: Context, channel: Channel, change: ModeChange) -> ModeChange | None:
    """Make one change; what was really changed, or None."""
    table = ctx.network.settings.mode_table
    if change.letter in table.prefixes:
        return _apply_member_mode(ctx, channel, change)
    if change.letter in table.lists:
        return _apply_list(ctx, channel, change)
    special = _SPECIAL.get(change.letter)
    if special:
        return special(ctx, channel, change)
    if change.letter not in table.flags:
        ctx.reply(Numeric.ERR_UNKNOWNMODE, change.letter)
        return None
    if change.adding == (change.letter in channel.flags):
        return None
    (channel.flags.add if change.adding else channel.flags.discard)(change.letter)
    return change


def _apply_member_mode(ctx: Context, channel: Channel, change: ModeChange) -> ModeChange | None:
    if not change.parameter:
        raise IrcError(Numeric.ERR_NEEDMOREPARAMS, "MODE")
    target = ctx.network.user(change.parameter)
    if target is None:
        ctx.reply(Numeric.ERR_NOSUCHNICK, change.parameter)
        return None
    if target not in channel.members:
        ctx.reply(Numeric.ERR_USERNOTINCHANNEL, target.nick, channel.name)
        return None
    modes = channel.members[target]
    if change.adding == (change.letter in modes):
        return None
    channel.members[target] = modes + change.letter if change.adding else modes.replace(change.letter, "")
    return ModeChange(change.adding, change.letter, target.nick)


def _apply_list(ctx: Context, channel: Channel, change: ModeChange) -> ModeChange | None:
    mask = _complete_mask(change.parameter or "")
    entries = channel.lists.setdefault(change.letter, {})
    if change.adding:
        if mask in entries:
            return None
        if len(entries) >= ctx.network.settings.limits.list_entries:
            ctx.reply(Numeric.ERR_BANLISTFULL, channel.name, mask)
            return None
        entries[mask] = ListEntry(mask, ctx.user.source, ctx.now)
    elif entries.pop(mask, None) is None:
        return None
    return ModeChange(change.adding, change.letter, mask)


def _complete_mask(mask: str) -> str:
    """`nick` means `nick!*@*`, `user@host` means `*!user@host`."""
    nick, bang, rest = mask.partition("!")
    if not bang and "@" in mask:
        nick, rest = "", mask
    user, _, host = rest.partition("@")
    return f"{nick or '*'}!{user or '*'}@{host or '*'}"


def _apply_key(ctx: Context, channel: Channel, change: ModeChange) -> ModeChange | None:
    if not change.adding:
        if not channel.key:
            return None
        removed, channel.key = channel.key, ""
        return ModeChange(False, "k", removed)
    key = change.parameter
    if not key:
        raise IrcError(Numeric.ERR_NEEDMOREPARAMS, "MODE")
    if len(key) > ctx.network.settings.limits.key or " " in key or "," in key or key.startswith(":"):
        ctx.reply(Numeric.ERR_INVALIDMODEPARAM, channel.name, "k", "*", text="A key has no space, comma or colon")
        return None
    channel.key = key
    return ModeChange(True, "k", key)


def _apply_limit(ctx: Context, channel: Channel, change: ModeChange) -> ModeChange | None:
    if not change.adding:
        if not channel.limit:
            return None
        channel.limit = 0
        return ModeChange(False, "l")
    wanted = change.parameter or ""
    if not wanted:
        raise IrcError(Numeric.ERR_NEEDMOREPARAMS, "MODE")
    if not (wanted.isascii() and wanted.isdigit() and int(wanted[:9]) > 0):
        ctx.reply(Numeric.ERR_INVALIDMODEPARAM, channel.name, "l", "*", text="A limit is a whole number above 0")
        return None
    channel.limit = int(wanted[:9])
    return ModeChange(True, "l", str(channel.limit))


_SPECIAL: dict[str, Callable[[Context, Channel, ModeChange], ModeChange | None]] = {
    "k": _apply_key,
    "l": _apply_limit,
}
