"""WHOIS: details about a connected user. https://modern.ircdocs.horse/#whois-message"""

from collections.abc import Iterator

from greenchat.chat.user import User
from greenchat.chat.visibility import sees_address, sees_in
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.lookup import require_this_server, targets
from greenchat.commands.core.registry import Way, command
from greenchat.commands.users.metadata_sync import whois_lines
from greenchat.protocol import caps
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.times import elapsed
from greenchat.protocol.wrap import wrap


@command("WHOIS", way=Way.HERE)
def whois(ctx: Context) -> None:
    """WHOIS [<server or nick>] <nick>{,<nick>}

    Show a user's real name, host, channels, sign-on time and idle time.
    """
    params = ctx.message.params
    nicks = params[1 if len(params) > 1 else 0] if params else ""
    if len(params) > 1 and nicks and ctx.network.fold(params[0]) != ctx.network.fold(nicks):
        require_this_server(ctx)  # "it SHOULD be a server name or the nick of a user"
    wanted = list({ctx.network.fold(nick): nick for nick in targets(nicks)}.values())
    if not wanted:
        raise IrcError(Numeric.ERR_NONICKNAMEGIVEN)
    most = ctx.network.settings.limits.targets
    for nick in wanted[:most]:
        user = ctx.network.user(nick)
        if user is None:
            ctx.reply(Numeric.ERR_NOSUCHNICK, nick)
        else:
            _send(ctx, user)
    if len(wanted) > most:
        ctx.reply(
            Numeric.ERR_TOOMANYTARGETS, wanted[most], text=f"Too many targets: only the first {most} were answered"
        )
    # "<nick> MUST be exactly the <nick> parameter sent by the client"
    ctx.reply(Numeric.RPL_ENDOFWHOIS, nicks)


def _send(ctx: Context, user: User) -> None:
    settings = ctx.network.settings
    nick = user.nick
    ctx.reply(Numeric.RPL_WHOISUSER, nick, user.username, user.host, "*", text=user.realname)
    is_close = user is ctx.user or "o" in ctx.user.modes
    if sees_address(ctx.user, user, settings):
        for host in dict.fromkeys([session.host for session in user.sessions] or [user.real_host]):
            ctx.reply(Numeric.RPL_WHOISHOST, nick, text=f"is connecting from {user.username}@{host} {host}")
            ctx.reply(Numeric.RPL_WHOISACTUALLY, nick, f"{user.username}@{host}", host)
    if is_close:
        ctx.reply(Numeric.RPL_WHOISMODES, nick, text="is using modes +" + "".join(sorted(user.modes)))
    for names in wrap(_channels(ctx, user), ctx.room(Numeric.RPL_WHOISCHANNELS.command, ctx.nick, nick)):
        ctx.reply(Numeric.RPL_WHOISCHANNELS, nick, text=" ".join(names))
    ctx.reply(Numeric.RPL_WHOISSERVER, nick, settings.name, text=settings.about.description)
    if user.away:
        ctx.reply(Numeric.RPL_AWAY, nick, text=user.away)
    if "o" in user.modes:
        oper = settings.staff.opers.get(user.oper)
        ctx.reply(Numeric.RPL_WHOISOPERATOR, nick, text=oper.title if oper else "")
    if user.account:
        if ctx.network.fold(user.account) == ctx.network.fold(nick):
            ctx.reply(Numeric.RPL_WHOISREGNICK, nick)
        ctx.reply(Numeric.RPL_WHOISACCOUNT, nick, user.account)
    if "B" in user.modes:
        ctx.reply(Numeric.RPL_WHOISBOT, nick)
    for gateway in sorted({session.gateway for session in user.sessions if session.gateway}):
        ctx.reply(Numeric.RPL_WHOISSPECIAL, nick, text=f"is using {gateway}")
    if user.sessions and all(session.secure for session in user.sessions):
        ctx.reply(Numeric.RPL_WHOISSECURE, nick)
    if is_close:
        for certfp in dict.fromkeys(session.tls.certificate for session in user.sessions if session.tls.certificate):
            ctx.reply(Numeric.RPL_WHOISCERTFP, nick, text=f"has client certificate fingerprint {certfp}")
    whois_lines(ctx, user)
    idle = elapsed(user.active, ctx.now)
    ctx.reply(Numeric.RPL_WHOISIDLE, nick, str(idle), str(user.signon // 1000))


def _channels(ctx: Context, user: User) -> Iterator[str]:
    """Yield the channels: "<prefix> is the highest channel membership prefix that the client has in that channel".

    With multi-prefix it is "all possible prefixes": https://ircv3.net/specs/extensions/multi-prefix.
    """
    table = ctx.network.settings.mode_table
    shown = None if ctx.session.caps & caps.MULTI_PREFIX else 1
    for channel in ctx.network.channels_of(user):
        if channel.is_listed_to(ctx.user) and sees_in(ctx.user, user, channel):
            yield table.symbols_of(channel.members[user])[:shown] + channel.name
