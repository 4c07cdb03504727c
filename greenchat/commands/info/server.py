"""Questions about the server: MOTD LUSERS VERSION TIME ADMIN INFO LINKS MAP SUMMON USERS.

https://modern.ircdocs.horse/#server-queries-and-commands
"""

from collections.abc import Iterator
from functools import partial

from greenchat.commands.core.constants import send_constants
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.lookup import require_this_server
from greenchat.commands.core.registry import Way, command
from greenchat.commands.info.isupport import send_isupport
from greenchat.protocol.envelopes.numeric import Addressed
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.times import in_words
from greenchat.values.masks import glob


@command("MOTD", way=Way.HERE)
def motd(ctx: Context) -> None:
    """MOTD [<server>]

    Show the message of the day.
    """
    require_this_server(ctx)
    send_motd(ctx)


@command("LUSERS", way=Way.HERE)
def lusers(ctx: Context) -> None:
    """LUSERS

    Show the numbers of users and channels.
    """
    send_lusers(ctx)


@command("VERSION", way=Way.HERE)
def version(ctx: Context) -> None:
    """VERSION [<server>]

    Show the server's software and what it supports.
    """
    require_this_server(ctx)
    settings = ctx.network.settings
    ctx.reply(Numeric.RPL_VERSION, settings.about.version, settings.name, text=settings.about.description)
    send_isupport(ctx)


@command("TIME", way=Way.HERE)
def time(ctx: Context) -> None:
    """TIME [<server>]

    Show the server's time, in seconds since 1970 and as text.
    """
    require_this_server(ctx)
    ctx.reply(Numeric.RPL_TIME, ctx.network.settings.name, str(ctx.now // 1000), text=in_words(ctx.now))


@command("ADMIN", way=Way.HERE)
def admin(ctx: Context) -> None:
    """ADMIN [<server>]

    Show who runs the server and how to contact them.
    """
    require_this_server(ctx)
    settings = ctx.network.settings
    info = settings.admin
    # "the given server SHOULD respond with" all four, so that no client waits for one
    ctx.reply(Numeric.RPL_ADMINME, settings.name)
    ctx.reply(Numeric.RPL_ADMINLOC1, text=info.location or "No location is given")
    ctx.reply(Numeric.RPL_ADMINLOC2, text=info.organization or "No administrator is named")
    ctx.reply(Numeric.RPL_ADMINEMAIL, text=info.email or "No contact address is given")


@command("INFO", way=Way.HERE)
def info(ctx: Context) -> None:
    """INFO [<server>]

    Show information about the server's software.
    """
    require_this_server(ctx)
    settings = ctx.network.settings
    for line in (
        f"{settings.name} runs {settings.about.version}",
        "greenchat: group chat for the terminal, an IRC server with history.",
        "It speaks IRC with the IRCv3 extensions, and plain text for nc.",
        "Free software under the MIT License.",
        f"This server was started {in_words(ctx.network.started)}",
    ):
        ctx.reply(Numeric.RPL_INFO, text=line)
    ctx.reply(Numeric.RPL_ENDOFINFO)


@command("LINKS", way=Way.HERE)
def links(ctx: Context) -> None:
    """LINKS [[<server>] <mask>]

    List the servers of the network (there is only this one).
    """
    params = ctx.message.params
    if len(params) > 1:
        require_this_server(ctx)
    mask = (params[-1] if params else "") or "*"
    settings = ctx.network.settings
    if glob(mask, settings.name):
        # "<client> <server1> <server2> :<hopcount> <server info>": seen from this server
        ctx.reply(Numeric.RPL_LINKS, settings.name, settings.name, text=f"0 {settings.about.description}")
    ctx.reply(Numeric.RPL_ENDOFLINKS, mask)


@command("MAP", way=Way.HERE)
def map_(ctx: Context) -> None:
    """MAP

    Show how the servers of the network are linked (there is only this one).
    """
    count = len(ctx.network.users)
    ctx.reply(Numeric.RPL_MAP, text=f"{ctx.network.settings.name} ({count} user{'s' * (count != 1)})")
    ctx.reply(Numeric.RPL_MAPEND)


@command("SUMMON", way=Way.HERE)
def summon(_: Context) -> None:
    """SUMMON <user>

    Call a user of the server's machine to IRC. Not supported.
    """
    raise IrcError(Numeric.ERR_SUMMONDISABLED)  # "MUST be returned by any server which doesn't implement it": RFC 2812


@command("USERS", way=Way.HERE)
def users(_: Context) -> None:
    """USERS

    List the users of the server's machine. Not supported; see LUSERS and WHO.
    """
    raise IrcError(Numeric.ERR_USERSDISABLED)  # "MUST be returned by any server which does not implement it": RFC 2812


def send_motd(ctx: Context) -> None:
    """Send the message of the day, or 422 if there is none."""
    send_constants(ctx, "motd", partial(_motd, ctx))


def _motd(ctx: Context) -> Iterator[Addressed]:
    settings = ctx.network.settings
    if not settings.about.motd:
        yield ctx.addressed(Numeric.ERR_NOMOTD)
        return
    yield ctx.addressed(Numeric.RPL_MOTDSTART, f"- {settings.name} Message of the day -")
    for line in settings.about.motd:
        yield ctx.addressed(Numeric.RPL_MOTD, f"- {line}")
    yield ctx.addressed(Numeric.RPL_ENDOFMOTD)


def send_lusers(ctx: Context) -> None:
    """Send the numbers of users, operators, connections and channels."""
    network = ctx.network
    users = len(network.users)
    invisible = network.counts.modes["i"]
    seen = users - invisible
    operators = network.counts.modes["o"]
    unregistered = network.unregistered
    most = network.counts.most_users
    ctx.reply(
        Numeric.RPL_LUSERCLIENT,
        text=f"There are {seen} users and {invisible} invisible on 1 servers",  # word for word: clients parse it
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
