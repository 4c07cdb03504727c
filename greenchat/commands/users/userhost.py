"""ISON USERHOST USERIP: queries about several nicks at once.

https://modern.ircdocs.horse/#userhost-message, RFC 2812 section 4.9 (ISON).
"""

from collections.abc import Callable

from greenchat.chat.user import User
from greenchat.chat.visibility import sees_address
from greenchat.commands.core.context import Context
from greenchat.commands.core.registry import Way, command
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.wrap import wrap

_MOST = 5  # nicks of USERHOST and USERIP: "takes up to five nicknames, each a separate parameters"
_NO_IP = "255.255.255.255"  # as WHOX sends for a hidden address


@command("ISON", params=1, way=Way.HERE)
def ison(ctx: Context) -> None:
    """ISON <nick>{ <nick>}

    Show which of these users are online.
    """
    wanted = " ".join(ctx.message.params).split()
    _send(ctx, Numeric.RPL_ISON, [user.nick for user in map(ctx.network.user, wanted) if user])


@command("USERHOST", params=1, way=Way.HERE)
def userhost(ctx: Context) -> None:
    """USERHOST <nick>{ <nick>}

    Show the hosts of up to five users, whether they are away (-), and whether they are operators (*).
    """
    _reply(ctx, Numeric.RPL_USERHOST, lambda user: user.host)


@command("USERIP", params=1, way=Way.HERE)
def userip(ctx: Context) -> None:
    """USERIP <nick>{ <nick>}

    Show the addresses of up to five users: your own and, with the right `addresses`, those of others.
    """
    settings = ctx.network.settings
    _reply(ctx, Numeric.RPL_USERIP, lambda user: user.real_host if sees_address(ctx.user, user, settings) else _NO_IP)


def _reply(ctx: Context, numeric: Numeric, host: Callable[[User], str]) -> None:
    """Return nickname [ "*" ] "=" ( "+" / "-" ) hostname."""
    replies = []
    for nick in " ".join(ctx.message.params).split()[:_MOST]:
        user = ctx.network.user(nick)
        if user is not None:
            operator = "*" if "o" in user.modes else ""
            here = "-" if user.away else "+"
            replies.append(f"{user.nick}{operator}={here}{user.username}@{host(user)}")
    _send(ctx, numeric, replies)


def _send(ctx: Context, numeric: Numeric, replies: list[str]) -> None:
    """Send the words in as many lines as needed, or an empty one if there are none."""
    for words in list(wrap(replies, ctx.room(numeric.command, ctx.nick))) or [[]]:
        ctx.respond(ctx.envelope(numeric.command, ctx.nick, " ".join(words)))
