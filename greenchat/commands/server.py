"""What the server tells of itself: MOTD LUSERS VERSION TIME. https://modern.ircdocs.horse/#server-queries-and-commands"""

from ..protocol.numerics import Numeric
from .context import Context
from .errors import IrcError
from .isupport import send_isupport
from .registry import command


@command("MOTD")
def motd(ctx: Context) -> None:
    """MOTD [server]."""
    _only_this_server(ctx)
    send_motd(ctx)


@command("LUSERS")
def lusers(ctx: Context) -> None:
    """LUSERS."""
    send_lusers(ctx)


@command("VERSION")
def version(ctx: Context) -> None:
    """VERSION [server]."""
    _only_this_server(ctx)
    settings = ctx.network.settings
    ctx.reply(Numeric.RPL_VERSION, settings.version, settings.name, text=settings.description)
    send_isupport(ctx)


@command("TIME")
def time(ctx: Context) -> None:
    """TIME [server]."""
    _only_this_server(ctx)
    ctx.reply(Numeric.RPL_TIME, ctx.network.settings.name, text=ctx.time_text(ctx.now))


def send_motd(ctx: Context) -> None:
    """The message of the day, or 422 where there is none."""
    settings = ctx.network.settings
    if not settings.motd:
        ctx.reply(Numeric.ERR_NOMOTD)
        return
    ctx.reply(Numeric.RPL_MOTDSTART, text=f"- {settings.name} Message of the day -")
    for line in settings.motd:
        ctx.reply(Numeric.RPL_MOTD, text=f"- {line}")
    ctx.reply(Numeric.RPL_ENDOFMOTD)


def send_lusers(ctx: Context) -> None:
    """How many are here."""
    network = ctx.network
    users = len(network.users)
    invisible = network.mode_counts["i"]
    operators = network.mode_counts["o"]
    unregistered = network.unregistered
    most = network.most_users
    ctx.reply(
        Numeric.RPL_LUSERCLIENT,
        text=f"There are {users - invisible} users and {invisible} invisible on 1 servers",
    )
    if operators:
        ctx.reply(Numeric.RPL_LUSEROP, str(operators))
    if unregistered:
        ctx.reply(Numeric.RPL_LUSERUNKNOWN, str(unregistered))
    if network.channels:
        ctx.reply(Numeric.RPL_LUSERCHANNELS, str(len(network.channels)))
    ctx.reply(Numeric.RPL_LUSERME, text=f"I have {users} clients and 0 servers")
    ctx.reply(Numeric.RPL_LOCALUSERS, str(users), str(most), text=f"Current local users {users}, max {most}")
    ctx.reply(Numeric.RPL_GLOBALUSERS, str(users), str(most), text=f"Current global users {users}, max {most}")


def _only_this_server(ctx: Context) -> None:
    target = ctx.message.params[0] if ctx.message.params else ""
    if target and ctx.network.fold(target) != ctx.network.fold(ctx.network.settings.name):
        raise IrcError(Numeric.ERR_NOSUCHSERVER, target)
