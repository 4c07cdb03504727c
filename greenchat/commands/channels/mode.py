"""MODE: of channels in `channel_modes`, of users in `user_modes`. https://modern.ircdocs.horse/#mode-message"""

from greenchat.commands.channels.channel_modes import channel_mode
from greenchat.commands.core.context import Context
from greenchat.commands.core.lookup import find_channel
from greenchat.commands.core.registry import command
from greenchat.commands.users.user_modes import user_mode


@command("MODE", params=1, notes=2)
def mode(ctx: Context) -> None:
    """MODE <target> [<modestring> [<arguments>...]]

    Show or change the modes of a channel, or your own. +b, +e and +I take a mask: nick!user@host with * and ?,
    a:account, or m:mask (may join but not speak); ~ before the last two inverts the match.
    """
    target = ctx.message.params[0]
    if target.startswith("#"):
        channel_mode(ctx, find_channel(ctx, target))
    else:
        user_mode(ctx)
