"""ChanServ BAN and AKICK: temporary bans, and a permanent list behind the channel's bans.

AKICK is not a mode: members do not see it, channel operators without access can't remove entries, and invitations do
not override it. Neither applies to half-operators and above by the access list.
"""

from greenchat.chat import ranks
from greenchat.chat.channel import Channel
from greenchat.chat.mask_lists import AKICK, ListEntry, Mask, MaskError, parse
from greenchat.chat.registered_channels import rank_of
from greenchat.chat.user import User
from greenchat.commands.channels.invite import end_invitations
from greenchat.commands.channels.kick import kick_member
from greenchat.commands.channels.list_modes import is_full, new_mask
from greenchat.commands.channels.server_modes import show_changes
from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import store_changes
from greenchat.commands.core.service import ServiceError, tell
from greenchat.commands.services.chanserv import CHANSERV, is_own, record_founder_act
from greenchat.commands.services.chanserv_recovery import with_rank
from greenchat.protocol.modes import ModeChange
from greenchat.protocol.times import in_words
from greenchat.values.durations import format_duration, parse_duration

_SECOND = 1000  # ms


@CHANSERV.command("BAN", "<#channel> <nick|mask> [<duration>] [<reason>]")
def ban(ctx: Context, words: list[str]) -> None:
    """Ban a user or a mask from a channel, optionally for a duration, and kick the matching members.

    A duration is like 90, 30m, 12h or 1w2d. UNBAN removes the ban. Requires half-operator on the access list.
    """
    channel = with_rank(ctx, words[0], "h")
    user = ctx.network.user(words[1])
    if user is not None and _is_spared(channel, user):
        raise ServiceError(f"{user.nick} has a rank on the access list of {channel.name}")
    text = f"*!*@{user.host}" if user is not None else words[1]
    seconds, reason = _duration_and_reason(ctx, words[2:])
    entry = _add(ctx, channel, "b", _mask(ctx, text), seconds, reason)
    change = ModeChange(True, "b", entry.mask.text)
    end_invitations(ctx, channel, [change])
    show_changes(ctx, channel, [change])
    _kick(ctx, channel, entry)
    how_long = f"for {format_duration(seconds)}" if seconds else "for ever"
    record_founder_act(ctx, f"banned {entry.mask.text} from {channel.name} {how_long}", is_own=is_own(ctx, channel))
    tell(ctx, CHANSERV, f"{entry.mask.text} is banned from {channel.name} {how_long}")


@CHANSERV.command("AKICK", "<#channel> <ADD|DEL|LIST> [<account|mask>] [<duration>] [<reason>]")
def akick(ctx: Context, words: list[str]) -> None:
    """Keep accounts and masks out of a channel, even if they are invited.

    An account matches from any address. Durations are like 90, 30m, 12h or 1w2d. Requires operator on the access list;
    half-operators may LIST.
    """
    action = words[1].upper()
    if action == "LIST":
        _list(ctx, with_rank(ctx, words[0], "h"))
        return
    channel = with_rank(ctx, words[0], "o")
    if action not in ("ADD", "DEL") or len(words) < 3:
        raise ServiceError("Usage: AKICK <#channel> ADD|DEL <account|mask>, or AKICK <#channel> LIST")
    name = words[2]
    mask = _mask(ctx, f"a:{name}" if ctx.network.accounts.get(name) else name, is_new=action == "ADD")
    if action == "DEL":
        with store_changes(ctx, channel):
            removed = channel.remove_mask(AKICK, mask)
        if removed is None:
            raise ServiceError(f"{mask.text} is not on the AKICK list of {channel.name}")
        record_founder_act(ctx, f"took {mask.text} off the AKICK list of {channel.name}", is_own=is_own(ctx, channel))
        tell(ctx, CHANSERV, f"{removed.mask.text} was removed from the AKICK list of {channel.name}")
        return
    seconds, reason = _duration_and_reason(ctx, words[3:])
    entry = _add(ctx, channel, AKICK, mask, seconds, reason)
    _kick(ctx, channel, entry)
    how_long = f"for {format_duration(seconds)}" if seconds else "for ever"
    what = f"put {mask.text} on the AKICK list of {channel.name} {how_long}"
    record_founder_act(ctx, what, is_own=is_own(ctx, channel))
    tell(ctx, CHANSERV, f"{mask.text} is on the AKICK list of {channel.name} {how_long}")


def _list(ctx: Context, channel: Channel) -> None:
    entries = list(channel.lists.get(AKICK, ()))
    for entry in entries:
        until = f", until {in_words(entry.until)}" if entry.until else ""
        setter = ctx.network.protection.cloaks.source(entry.setter)
        reason = f": {entry.reason}" if entry.reason else ""
        tell(ctx, CHANSERV, f"{entry.mask.text}  by {setter}, {in_words(entry.time)}{until}{reason}")
    count = len(entries)
    tell(ctx, CHANSERV, f"{count} mask{'s' * (count != 1)} on the AKICK list of {channel.name}")


def _add(ctx: Context, channel: Channel, letter: str, mask: Mask, seconds: int, reason: str) -> ListEntry:
    """Add a mask to a list, or replace its entry. Raises ServiceError."""
    if mask.means(ctx.user, channel.mask_fold):
        raise ServiceError("That mask would match you")
    if mask not in channel.mask_list(letter) and is_full(ctx, channel):
        raise ServiceError(f"{channel.name} has too many masks in its lists")
    until = ctx.now + seconds * _SECOND if seconds else 0
    entry = ListEntry(mask, ctx.user.source, ctx.now, until, reason)
    with store_changes(ctx, channel):
        channel.add_mask(letter, entry)
    return entry


def _kick(ctx: Context, channel: Channel, entry: ListEntry) -> None:
    """Kick the members whom an entry matches."""
    exceptions = channel.lists.get("e", ())
    for member in list(channel.members):
        if not entry.mask.means(member, channel.mask_fold) or _is_spared(channel, member):
            continue
        if not any(exception.mask.means(member, channel.mask_fold) for exception in exceptions):
            kick_member(ctx, channel, member, entry.reason or "Banned")


def _is_spared(channel: Channel, user: User) -> bool:
    return ranks.is_at_least(rank_of(channel, user.account_id), "h")


def _mask(ctx: Context, text: str, *, is_new: bool = True) -> Mask:
    try:
        return new_mask(ctx, text) if is_new else parse(text)
    except MaskError as error:
        raise ServiceError(str(error)) from error


def _duration_and_reason(ctx: Context, words: list[str]) -> tuple[int, str]:
    """Return seconds, 0 for ever, and the reason."""
    seconds = parse_duration(words[0]) if words else 0
    reason = words if seconds is None else words[1:]
    return seconds or 0, " ".join(reason)[: ctx.network.settings.limits.kick]
