"""Asking about people: WHO WHOIS ISON USERHOST AWAY. https://modern.ircdocs.horse/#user-based-queries"""

from ..chat.channel import Channel
from ..chat.user import User
from ..protocol import caps
from ..protocol.numerics import Numeric
from .context import Context
from .errors import IrcError
from .lookup import find_user
from .registry import command


@command("AWAY")
def away(ctx: Context) -> None:
    """AWAY [<text>]."""
    text = ctx.message.params[0] if ctx.message.params else ""
    user = ctx.user
    user.away = text[: ctx.network.settings.limits.away]
    ctx.reply(Numeric.RPL_NOWAWAY if user.away else Numeric.RPL_UNAWAY)
    params = (user.away,) if user.away else ()
    ctx.deliver_each(ctx.network.peers(user), ctx.envelope("AWAY", *params, source=user, needs=caps.AWAY_NOTIFY))


@command("WHO", params=1)
def who(ctx: Context) -> None:
    """WHO <channel or nick>."""
    mask = ctx.message.params[0]
    channel = ctx.network.channel(mask)
    if channel is not None:
        if channel.is_visible_to(ctx.user):
            for member in channel.members:
                if "i" not in member.modes or ctx.user in channel.members:
                    _who_line(ctx, member, channel)
    else:
        target = ctx.network.user(mask)
        if target is not None:
            shared = [channel for channel in ctx.network.channels_of(target) if channel.is_visible_to(ctx.user)]
            _who_line(ctx, target, shared[0] if shared else None)
    ctx.reply(Numeric.RPL_ENDOFWHO, mask)


def _who_line(ctx: Context, user: User, channel: Channel | None) -> None:
    table = ctx.network.settings.mode_table
    flags = "G" if user.away else "H"
    if "o" in user.modes:
        flags += "*"
    if "B" in user.modes:
        flags += "B"
    if channel:
        symbols = table.symbols_of(channel.members[user])
        flags += symbols if ctx.session.caps & caps.MULTI_PREFIX else symbols[:1]
    ctx.reply(
        Numeric.RPL_WHOREPLY,
        channel.name if channel else "*",
        user.username,
        user.host,
        ctx.network.settings.name,
        user.nick,
        flags,
        text="0 " + user.realname,
    )


@command("WHOIS")
def whois(ctx: Context) -> None:
    """WHOIS [<server>] <nick>."""
    if not ctx.message.params:
        raise IrcError(Numeric.ERR_NONICKNAMEGIVEN)
    nick = ctx.message.params[-1 if len(ctx.message.params) > 1 else 0]
    try:
        target = find_user(ctx, nick)
    except IrcError as error:
        ctx.reply(error.numeric, *error.params)
        ctx.reply(Numeric.RPL_ENDOFWHOIS, nick)
        return
    ctx.reply(Numeric.RPL_WHOISUSER, target.nick, target.username, target.host, "*", text=target.realname)
    channels = _whois_channels(ctx, target)
    if channels:
        ctx.reply(Numeric.RPL_WHOISCHANNELS, target.nick, text=" ".join(channels))
    settings = ctx.network.settings
    ctx.reply(Numeric.RPL_WHOISSERVER, target.nick, settings.name, text=settings.description)
    if target.away:
        ctx.reply(Numeric.RPL_AWAY, target.nick, text=target.away)
    if "o" in target.modes:
        ctx.reply(Numeric.RPL_WHOISOPERATOR, target.nick)
    if "B" in target.modes:
        ctx.reply(Numeric.RPL_WHOISBOT, target.nick)
    if any(session.secure for session in target.sessions):
        ctx.reply(Numeric.RPL_WHOISSECURE, target.nick)
    if target is ctx.user:
        ctx.reply(Numeric.RPL_WHOISHOST, target.nick, text=f"is connecting from {target.username}@{target.real_host}")
    idle = (ctx.now - target.active) // 1000
    ctx.reply(Numeric.RPL_WHOISIDLE, target.nick, str(idle), str(target.signon // 1000))
    ctx.reply(Numeric.RPL_ENDOFWHOIS, nick)


def _whois_channels(ctx: Context, target: User) -> list[str]:
    table = ctx.network.settings.mode_table
    return [
        table.symbols_of(channel.members[target])[:1] + channel.name
        for channel in ctx.network.channels_of(target)
        if channel.is_visible_to(ctx.user)
    ]


@command("WHOWAS")
def whowas(ctx: Context) -> None:
    """WHOWAS <nick> [<count>]."""
    if not ctx.message.params:
        raise IrcError(Numeric.ERR_NONICKNAMEGIVEN)
    nick, *rest = ctx.message.params
    most = int(rest[0][:9]) if rest and rest[0].isascii() and rest[0].isdigit() else 0
    fold = ctx.network.fold
    found = [departed for departed in ctx.network.departed if fold(departed.nick) == fold(nick)]
    if not found:
        ctx.reply(Numeric.ERR_WASNOSUCHNICK, nick)
    for departed in found[: most or None]:
        ctx.reply(Numeric.RPL_WHOWASUSER, departed.nick, departed.username, departed.host, "*", text=departed.realname)
        ctx.reply(Numeric.RPL_WHOISSERVER, departed.nick, ctx.network.settings.name, text=ctx.time_text(departed.time))
    ctx.reply(Numeric.RPL_ENDOFWHOWAS, nick)


@command("ISON", params=1)
def ison(ctx: Context) -> None:
    """ISON <nick> {<nick>}."""
    wanted = " ".join(ctx.message.params).split()
    here = [user.nick for user in map(ctx.network.user, wanted) if user]
    ctx.respond(ctx.envelope(Numeric.RPL_ISON.command, ctx.nick, " ".join(here)))


@command("USERHOST", params=1)
def userhost(ctx: Context) -> None:
    """USERHOST <nick> {<nick>}, at most five."""
    found = []
    for user in map(ctx.network.user, ctx.message.params[:5]):
        if user:
            sign = "-" if user.away else "+"
            found.append(f"{user.nick}{'*' if 'o' in user.modes else ''}={sign}{user.username}@{user.host}")
    ctx.respond(ctx.envelope(Numeric.RPL_USERHOST.command, ctx.nick, " ".join(found)))
