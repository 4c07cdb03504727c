"""The lists of masks of a channel: bans (b), exceptions from them (e), exceptions from invite-only (I).

https://modern.ircdocs.horse/#ban-channel-mode and the two after it.
"""

from greenchat.chat import mask_lists
from greenchat.chat.channel import Channel
from greenchat.chat.mask_lists import ListEntry, Mask
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.protocol.modes import ModeChange
from greenchat.protocol.numerics import Numeric
from greenchat.values.masks import MOST_STARS, has_too_many_stars

_REPLIES = {
    "b": (Numeric.RPL_BANLIST, Numeric.RPL_ENDOFBANLIST),
    "e": (Numeric.RPL_EXCEPTLIST, Numeric.RPL_ENDOFEXCEPTLIST),
    "I": (Numeric.RPL_INVEXLIST, Numeric.RPL_ENDOFINVEXLIST),
}


def send_list(ctx: Context, channel: Channel, letter: str) -> None:
    """Send the masks with their setters and times.

    Anyone who can see the channel may see its bans; exceptions are shown to half-operators and above.
    """
    entry_numeric, end_numeric = _REPLIES[letter]
    if letter != "b" and not channel.is_at_least(ctx.user, "h"):
        ctx.reply(Numeric.ERR_CHANOPRIVSNEEDED, channel.name)
        return
    if channel.is_visible_to(ctx.user):
        for entry in channel.lists.get(letter, ()):
            setter = ctx.network.protection.cloaks.source(entry.setter)
            ctx.reply(entry_numeric, channel.name, entry.mask.text, setter, str(entry.time // 1000))
    ctx.reply(end_numeric, channel.name)


def change_list(ctx: Context, channel: Channel, change: ModeChange) -> ModeChange | None:
    """Add a mask to a list or remove one; return the effective change, or None. Raises 478 or 696."""
    text = change.parameter or ""
    if not change.adding:
        try:
            removed = channel.remove_mask(change.letter, mask_lists.parse(text))
        except mask_lists.MaskError as error:
            raise _invalid(channel, change.letter, text, error) from error
        return ModeChange(False, change.letter, removed.mask.text) if removed else None
    entry = add_mask(ctx, channel, change.letter, text)
    return ModeChange(True, change.letter, entry.mask.text) if entry else None


def add_mask(ctx: Context, channel: Channel, letter: str, text: str, *, until: int = 0) -> ListEntry | None:
    """Add a mask, set by the sender, to a list; return None if the list has it already. until: see ListEntry.

    Raises 478 or 696.
    """
    try:
        mask = new_mask(ctx, text)
    except mask_lists.MaskError as error:
        raise _invalid(channel, letter, text, error) from error
    if mask in channel.mask_list(letter):
        return None
    if is_full(ctx, channel):
        raise IrcError(Numeric.ERR_BANLISTFULL, channel.name, letter)
    entry = ListEntry(mask, ctx.user.source, ctx.now, until)
    channel.add_mask(letter, entry)
    return entry


def new_mask(ctx: Context, text: str) -> Mask:
    """Return the mask to add to a list. Raises MaskError."""
    mask = mask_lists.parse(text).bound(ctx.network.accounts.id_of)
    if has_too_many_stars(mask.text):
        raise mask_lists.MaskError(f"A mask has at most {MOST_STARS} stars")
    nick = mask.pattern.partition("!")[0]
    if ":" in nick and not mask.by_account:  # an extended ban of another server, or an address, would match nobody
        raise mask_lists.MaskError(
            f"{nick} is not a valid mask: write nick!user@host, *!*@address, a:account or m:mask"
        )
    return mask


def is_full(ctx: Context, channel: Channel) -> bool:
    """Whether a channel has the maximum number of masks."""
    return sum(map(len, channel.lists.values())) >= ctx.network.settings.limits.list_entries


def _invalid(channel: Channel, letter: str, text: str, error: mask_lists.MaskError) -> IrcError:
    return IrcError(Numeric.ERR_INVALIDMODEPARAM, channel.name, letter, text or "*", text=str(error))
