"""MODE of a channel. https://modern.ircdocs.horse/#channel-mode"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from greenchat.chat.channel import Channel
from greenchat.chat.rate_limits import LETTERS
from greenchat.commands.channels.invite import end_invitations
from greenchat.commands.channels.list_modes import change_list, send_list
from greenchat.commands.channels.member_modes import MemberModes
from greenchat.commands.channels.rate_limit_modes import apply_rate_limit
from greenchat.commands.core.audit_log import note
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.lookup import require_rank
from greenchat.commands.core.persistence import store_changes
from greenchat.protocol.message import presentable
from greenchat.protocol.modes import ModeChange, format_changes, lines_of_changes, parse_changes
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.wrap import room
from greenchat.storage.interface import StoreError
from greenchat.values import names

_Apply = Callable[[Context, Channel, ModeChange], ModeChange | None]


def channel_mode(ctx: Context, channel: Channel, rank: str | None = None) -> None:
    """Handle MODE <channel> [<modestring> [<arguments>...]]. rank: to act with; by default the sender's own."""
    if len(ctx.message.params) == 1:
        _send_modes(ctx, channel)
        return
    wanted = list(_answer_questions(ctx, channel))
    if not wanted:
        return
    # "If a user does not have appropriate privileges ..., the server MUST not process the message"
    if rank is None:
        require_rank(ctx, channel)
    members = MemberModes(ctx, channel, rank)
    try:
        with store_changes(ctx, channel):
            done = _apply_all(ctx, channel, wanted, members)
    except StoreError:
        members.undo()
        raise
    ctx.network.closures.note_modes(ctx.network.fold(channel.name), channel, ctx.new_id())
    end_invitations(ctx, channel, done)
    members.show()
    send_changes(ctx, channel, done)
    members.hide()
    if done and rank is None:
        note(ctx, "MODE", f"{ctx.nick} set {channel.name} {' '.join(_for_all(done))}")


def _apply_all(ctx: Context, channel: Channel, wanted: list[ModeChange], members: MemberModes) -> list[ModeChange]:
    """Apply the changes and return those that took effect; the others are refused."""
    done = []
    for change in _within_limit(ctx, wanted):
        try:
            applied = members.change(change) if change.letter in _prefixes(ctx) else _apply(ctx, channel, change)
        except IrcError as error:
            ctx.refuse(error)
        else:
            if applied is not None:
                done.append(applied)
    return done


def send_changes(ctx: Context, channel: Channel, changes: list[ModeChange]) -> None:
    """Tell everybody in a channel what the sender changed, in as few lines as possible."""
    for params in lines_of_changes(changes, room(ctx.user.source, "MODE", channel.name)):
        ctx.broadcast(channel, ctx.envelope("MODE", channel.name, *params, source=ctx.user))


def _for_all(changes: list[ModeChange]) -> tuple[str, ...]:
    """Return the changes for the audit log, without the channel's key."""
    return format_changes(replace(change, parameter="*") if change.letter == "k" else change for change in changes)


def _prefixes(ctx: Context) -> str:
    return ctx.network.settings.mode_table.prefixes


def _answer_questions(ctx: Context, channel: Channel) -> Iterator[ModeChange]:
    """Answer requests for a list, refuse what is invalid, and yield what remains: the changes."""
    table = ctx.network.settings.mode_table
    known = table.lists + table.always + table.setting + table.flags + table.prefixes
    asked = set()
    lacking = ""
    for change in parse_changes(ctx.message.params[1:], table):
        letter = change.letter
        if letter not in known:
            ctx.reply(Numeric.ERR_UNKNOWNMODE, letter)
        elif change.parameter or not table.takes_parameter(letter, adding=change.adding):
            yield change
        elif letter in table.lists:
            if letter not in asked:
                asked.add(letter)
                send_list(ctx, channel, letter)
        elif letter in table.always and not change.adding:
            yield change  # a key can be removed without knowing it
        elif change.parameter is not None and letter not in table.prefixes:
            yield change  # an empty parameter, which is invalid for this mode
        else:
            # "If a type B or C mode does not have a parameter when being set, the server MUST ignore that mode."
            lacking += letter if letter not in lacking else ""
    if lacking:
        need = "needs one" if len(lacking) == 1 else "need one each"
        ctx.reply(Numeric.ERR_NEEDMOREPARAMS, "MODE", text=f"Not enough parameters: {lacking} {need}")


def _within_limit(ctx: Context, changes: list[ModeChange]) -> Iterator[ModeChange]:
    """Yield the changes within MODES, which counts parameters: https://modern.ircdocs.horse/#modes-parameter."""
    left = ctx.network.settings.limits.modes
    for change in changes:
        left -= change.parameter is not None
        if left >= 0 or change.parameter is None:
            yield change


def _send_modes(ctx: Context, channel: Channel) -> None:
    """Send the modes; "The channel key MUST only be made visible to the channel members" (RFC 2811, 4.2.10)."""
    letters = "".join(sorted(channel.flags))
    parameters = []
    values = {"f": channel.forward, "k": channel.key, "l": str(channel.limit or "")}
    values |= {letter: limit.text(letter) for letter, limit in channel.rate_limits.items()}
    for letter, value in sorted(values.items()):
        if value:
            letters += letter
            parameters.append("*" if letter == "k" and ctx.user not in channel.members else value)
    ctx.reply(Numeric.RPL_CHANNELMODEIS, channel.name, "+" + letters, *parameters)
    ctx.reply(Numeric.RPL_CREATIONTIME, channel.name, str(channel.created // 1000))


def _apply(ctx: Context, channel: Channel, change: ModeChange) -> ModeChange | None:
    """Make one change; return the effective change, or None. Raises IrcError."""
    if change.letter in ctx.network.settings.mode_table.lists:
        return change_list(ctx, channel, change)
    special = _SPECIAL.get(change.letter)
    if special:
        return special(ctx, channel, change)
    if change.letter == "O" and "o" not in ctx.user.modes:
        raise IrcError(Numeric.ERR_NOPRIVILEGES)
    return change if channel.set_flag(change.letter, change.adding) else None


def _apply_key(ctx: Context, channel: Channel, change: ModeChange) -> ModeChange | None:
    if not change.adding:
        removed, channel.key = channel.key, ""
        # not the key, which may be used again: later members read this in the history
        return ModeChange(False, "k", "*") if removed else None
    key = change.parameter or ""
    if not key:
        raise _invalid(channel, change, "A key needs at least one character")
    if len(key) > ctx.network.settings.limits.key or presentable(key) != key or "," in key:
        raise IrcError(Numeric.ERR_INVALIDKEY, channel.name)  # without the key, perhaps another channel's
    if channel.key and key != channel.key:
        raise IrcError(Numeric.ERR_KEYSET, channel.name)
    if channel.key:
        return None
    channel.key = key
    return change


def _apply_limit(_: Context, channel: Channel, change: ModeChange) -> ModeChange | None:
    before = channel.limit
    if not change.adding:
        channel.limit = 0
        return change if before else None
    wanted = change.parameter or ""
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 10 and int(wanted) > 0):
        raise _invalid(channel, change, "A limit is a whole number above 0")
    channel.limit = int(wanted)
    return ModeChange(True, "l", str(channel.limit)) if channel.limit != before else None


def _apply_forward(ctx: Context, channel: Channel, change: ModeChange) -> ModeChange | None:
    before = channel.forward, channel.forward_life
    if not change.adding:
        channel.forward, channel.forward_life = "", 0
        return change if before[0] else None
    wanted = change.parameter or ""
    target = ctx.network.channel(wanted)
    if target is channel or not names.is_channel(wanted, ctx.network.settings.limits.channel):
        raise _invalid(channel, change, "A channel can't be forwarded to itself")
    if target is None or not target.is_visible_to(ctx.user):
        raise _invalid(channel, change, "There is no such channel to forward to")
    if not target.is_at_least(ctx.user, "o"):
        text = "You must be an operator of the target channel"
        raise IrcError(Numeric.ERR_CHANOPRIVSNEEDED, wanted, text=text)
    channel.forward, channel.forward_life = target.name, target.life
    return ModeChange(True, "f", target.name) if (target.name, target.life) != before else None


def _invalid(channel: Channel, change: ModeChange, text: str) -> IrcError:
    return IrcError(Numeric.ERR_INVALIDMODEPARAM, channel.name, change.letter, change.parameter or "*", text=text)


_SPECIAL: dict[str, _Apply] = {
    "f": _apply_forward,
    "k": _apply_key,
    "l": _apply_limit,
    **dict.fromkeys(LETTERS, apply_rate_limit),
}
