"""MONITOR: notification when users come and go. https://ircv3.net/specs/extensions/monitor"""

from collections.abc import Iterable

from greenchat.chat.user import User
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import Way, command
from greenchat.commands.users.metadata_sync import sync_online
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.wrap import wrap


@command("MONITOR", params=1, way=Way.HERE)
def monitor(ctx: Context) -> None:
    """MONITOR + <nick>{,<nick>} | - <nick>{,<nick>} | C | L | S

    Get notified when users come online and go offline: + adds nicknames, - removes them, C clears the list, L lists
    them, and S shows which are online.
    """
    modifier, *rest = ctx.message.params
    action = _ACTIONS.get(modifier.upper())
    if action is None:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "MONITOR", modifier, text="The subcommands of MONITOR are + - C L S")
    if modifier in "+-" and not rest:
        raise IrcError(Numeric.ERR_NEEDMOREPARAMS, "MONITOR")
    action(ctx, [nick for nick in rest[0].split(",") if nick] if rest else [])


def tell_online(ctx: Context, user: User) -> None:
    """Report a nick as online to all who monitor it, as one message: "the server may send `*`"."""
    _tell(ctx, user.nick, ctx.envelope(Numeric.RPL_MONONLINE.command, "*", user.source))
    for session in ctx.network.local.monitors.watchers(ctx.network.fold(user.nick)):
        sync_online(ctx, session, user)


def tell_offline(ctx: Context, nick: str) -> None:
    """Report a nick as offline to all who monitor it."""
    _tell(ctx, nick, ctx.envelope(Numeric.RPL_MONOFFLINE.command, "*", nick))


def _tell(ctx: Context, nick: str, envelope: Envelope) -> None:
    for session in ctx.network.local.monitors.watchers(ctx.network.fold(nick)):
        ctx.send(session, envelope)


def _add(ctx: Context, nicks: list[str]) -> None:
    network = ctx.network
    limits = network.settings.limits
    watched = network.local.monitors.targets(ctx.session)
    added = []
    refused = []
    for nick in nicks:
        folded = network.fold(nick)
        # "'target' MUST be a valid nick"; "Targets already in the list MUST NOT be added again."
        if folded in watched or not network.naming.is_nick(nick, limits.nick):
            continue
        if len(watched) >= limits.monitor:
            refused.append(nick)
            continue
        network.local.monitors.add(ctx.session, folded, nick)
        watched = network.local.monitors.targets(ctx.session)
        added.append(nick)
    _send_status(ctx, added)
    most = str(limits.monitor)
    room = ctx.room(Numeric.ERR_MONLISTFULL.command, ctx.nick, most, Numeric.ERR_MONLISTFULL.text)
    for targets in wrap(refused, room):
        ctx.reply(Numeric.ERR_MONLISTFULL, most, ",".join(targets))


def _remove(ctx: Context, nicks: list[str]) -> None:
    for nick in nicks:
        ctx.network.local.monitors.remove(ctx.session, ctx.network.fold(nick))


def _clear(ctx: Context, _: list[str]) -> None:
    ctx.network.local.monitors.clear(ctx.session)


def _list(ctx: Context, _: list[str]) -> None:
    _send_targets(ctx, Numeric.RPL_MONLIST, ctx.network.local.monitors.targets(ctx.session).values())
    ctx.reply(Numeric.RPL_ENDOFMONLIST)


def _status(ctx: Context, _: list[str]) -> None:
    _send_status(ctx, ctx.network.local.monitors.targets(ctx.session).values())


def _send_status(ctx: Context, nicks: Iterable[str]) -> None:
    online = []
    offline = []
    for nick in nicks:
        user = ctx.network.user(nick)
        if user is None:
            offline.append(nick)
        else:
            online.append(user)
    _send_targets(ctx, Numeric.RPL_MONONLINE, [user.source for user in online])
    _send_targets(ctx, Numeric.RPL_MONOFFLINE, offline)
    for user in online:
        sync_online(ctx, ctx.session, user)


def _send_targets(ctx: Context, numeric: Numeric, targets: Iterable[str]) -> None:
    """Send targets: "the length of the target list is limited only by the buffer size of 512 chars"."""
    for group in wrap(targets, ctx.room(numeric.command, ctx.nick)):
        ctx.reply(numeric, text=",".join(group))


_ACTIONS = {"+": _add, "-": _remove, "C": _clear, "L": _list, "S": _status}
