"""The lists of masks of a channel: bans (b), exceptions from them (e), exceptions from invite-only (I).

https://modern.ircdocs.horse/#ban-channel-mode and the two after it.
"""

from greenchat.chat import mask_lists
from greenchat.chat.channel import Channel
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
    """The masks with who set them and when. Everybody may see the bans of a channel that they see, and only
    half-operators and above the exceptions."""
    entry_numeric, end_numeric = _REPLIES[letter]
    if letter != "b" and not channel.is_at_least(ctx.user, "h"):
        ctx.reply(Numeric.ERR_CHANOPRIVSNEEDED, channel.name)
        return
    if channel.is_visible_to(ctx.user):
        for entry in channel.lists.get(letter, ()):
            setter = ctx.network.cloaks.source(entry.setter)
            ctx.reply(entry_numeric, channel.name, entry.mask.text, setter, str(entry.time // 1000))
    ctx.reply(end_numeric, channel.name)


def change_list(ctx: Context, channel: Channel, change: ModeChange) -> ModeChange | None:
    """Put a mask into a list or take it out; what was really changed, or None. Raises 478 or 696."""
    try:
        mask = mask_lists.parse(change.parameter or "").bound(ctx.network.accounts.id_of)
        if change.adding and has_too_many_stars(mask.text):
            raise mask_lists.MaskError(f"A mask has at most {MOST_STARS} stars")
    except mask_lists.MaskError as error:
        raise IrcError(
            Numeric.ERR_INVALIDMODEPARAM, channel.name, change.letter, change.parameter or "*", text=f"{error}"
        ) from error
    entries = channel.mask_list(change.letter)
    if not change.adding:
        removed = channel.remove_mask(change.letter, mask)
        return ModeChange(False, change.letter, removed.mask.text) if removed else None
    if mask in entries:
        return None
    if sum(map(len, channel.lists.values())) >= ctx.network.settings.limits.list_entries:
        raise IrcError(Numeric.ERR_BANLISTFULL, channel.name, change.letter)
    channel.add_mask(change.letter, mask_lists.ListEntry(mask, ctx.user.source, ctx.now))
    return ModeChange(True, change.letter, mask.text)
