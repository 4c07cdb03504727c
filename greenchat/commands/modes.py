"""MODE, of channels and of users. https://modern.ircdocs.horse/#mode-message"""

from ..protocol.modes import ModeChange, format_changes
from ..protocol.numerics import Numeric
from .channel_modes import channel_mode
from .context import Context
from .errors import IrcError
from .lookup import find_channel
from .registry import command

_SETTABLE_BY_USERS = "Biw"
_UNSETTABLE_BY_USERS = "Biow"


@command("MODE", params=1)
def mode(ctx: Context) -> None:
    """MODE <target> [<modestring> [<arguments>...]]."""
    if ctx.message.params[0].startswith("#"):
        channel_mode(ctx, find_channel(ctx, ctx.message.params[0]))
    else:
        _user_mode(ctx, ctx.message.params[0])


def _user_mode(ctx: Context, nick: str) -> None:
    target = ctx.network.user(nick)
    if target is None:
        raise IrcError(Numeric.ERR_NOSUCHNICK, nick)
    if target is not ctx.user:
        raise IrcError(Numeric.ERR_USERSDONTMATCH)
    if len(ctx.message.params) == 1:
        ctx.reply(Numeric.RPL_UMODEIS, "+" + "".join(sorted(target.modes)))
        return
    done = []
    unknown = False
    adding = True
    for letter in ctx.message.params[1]:
        if letter in "+-":
            adding = letter == "+"
        elif letter not in _UNSETTABLE_BY_USERS:
            unknown = True
        elif adding != (letter in target.modes) and (not adding or letter in _SETTABLE_BY_USERS):
            ctx.network.set_mode(target, letter, adding)
            done.append(ModeChange(adding, letter))
    if done:
        ctx.deliver(target, ctx.envelope("MODE", target.nick, *format_changes(done), source=target))
    if unknown:
        ctx.reply(Numeric.ERR_UMODEUNKNOWNFLAG)
