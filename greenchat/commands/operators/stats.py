"""STATS: statistics of the server. https://modern.ircdocs.horse/#stats-message

Everybody may query the uptime (u) and the operators online (p); the rest needs the right `stats`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from greenchat.chat.protection.server_bans import ACCOUNT, ADDRESS, MASK
from greenchat.chat.visibility import sees_addresses
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Streamed
from greenchat.commands.core.lookup import require_this_server
from greenchat.commands.core.registry import COMMANDS, Way, command, require_right
from greenchat.commands.info.node_rows import rows
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.times import elapsed

_KIB = 1024
_LIGHT = 250  # items that weigh as much as one command: see Context.weight
_CLASS = "users"  # the class of all connections


@command("STATS", params=1, way=Way.HERE)
def stats(ctx: Context) -> Streamed:
    """STATS <query> [<server>]

    Show statistics: u uptime, p operators online. With the right `stats` also: c and h nothing (there are no links), d
    and k bans on addresses and masks, i connection rules, l connections, m command counts, n nodes, o operator names, O
    operator classes and rights, P listeners, y connection classes.
    """
    require_this_server(ctx, 1)
    letter = ctx.message.params[0][:1] or "*"
    query = _QUERIES.get(letter)
    if query:
        if not query.is_public:
            require_right(ctx, "stats")
        ctx.weight += query.looks(ctx) // _LIGHT
    return Streamed(_answer(ctx, letter, query))


def _answer(ctx: Context, letter: str, query: "_Query | None") -> Iterator[None]:
    """Answer a query, a step for each item of a long list, as long as the sender has the right."""
    for _ in (query.answer(ctx) if query else None) or ():
        yield
        if query and not query.is_public:
            require_right(ctx, "stats")
    ctx.reply(Numeric.RPL_ENDOFSTATS, letter)


def _uptime(ctx: Context) -> None:
    minutes, seconds = divmod(elapsed(ctx.network.started, ctx.now), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    ctx.reply(Numeric.RPL_STATSUPTIME, text=f"Server Up {days} days {hours}:{minutes:02}:{seconds:02}")


def _operators_here(ctx: Context) -> Iterator[None]:
    for user in list(ctx.network.users.values()):
        yield
        if "o" in user.modes and ctx.network.user(user.nick) is user:
            idle = elapsed(user.active, ctx.now)
            ctx.reply(Numeric.RPL_STATSDEBUG, text=f"{user.nick} ({user.username}@{user.host}) Idle: {idle} seconds")


def _commands(ctx: Context) -> None:
    """Yield the commands "... and the usage count for each if the usage count is non zero"."""
    for name in sorted(COMMANDS):
        count = ctx.network.local.command_counts.get(name, 0)
        if count:
            ctx.reply(Numeric.RPL_STATSCOMMANDS, name, str(count))


def _operators(ctx: Context) -> None:
    """Yield the operators: "O <hostmask> * <name>": RFC 2812, section 5.1; the class comes last."""
    for name, oper in ctx.network.settings.staff.opers.items():
        for mask in oper.hosts:
            ctx.reply(Numeric.RPL_STATSOLINE, "O", mask, "*", name, oper.class_)


def _classes(ctx: Context) -> None:
    for name, oper_class in ctx.network.settings.staff.classes.items():
        ctx.reply(Numeric.RPL_STATSDEBUG, text=f"{name}: {' '.join(oper_class.rights) or '(no rights)'}")


def _connections(ctx: Context) -> Iterator[None]:
    """Yield name, sendq, messages and KiB sent, messages and KiB received, seconds open: RFC 2812, section 5.1."""
    for session in list(ctx.network.sessions):
        yield
        if session not in ctx.network.sessions:
            continue
        may_know = sees_addresses(ctx.user, ctx.network.settings)
        host = session.host if may_know else ctx.network.protection.cloaks.host(session.host)
        name = f"{session.user.nick if session.user else '*'}[{host}]"
        counts = (
            session.outbox.backlog,
            session.outbox.sent_messages,
            session.outbox.sent_bytes // _KIB,
            session.received_messages,
            session.received_bytes // _KIB,
            elapsed(session.now, ctx.now),
        )
        ctx.reply(Numeric.RPL_STATSLINKINFO, name, *map(str, counts))


def _bans(ctx: Context, numeric: Numeric, *kinds: str) -> Iterator[None]:
    """Yield the bans with target, time, seconds, setter and reason, as InspIRCd does."""
    for ban in list(ctx.network.protection.bans):
        yield
        if ban.target.kind in kinds and ctx.network.protection.bans.get(ban.target) == ban:
            seconds = (ban.until - ban.created) // 1000 if ban.until else 0
            ctx.reply(numeric, ban.target.text, str(ban.created // 1000), str(seconds), ban.setter, text=ban.reason)


def _nodes(ctx: Context) -> None:
    """Yield the nodes, like NODES, with times in seconds."""
    for row in rows(ctx.network):
        ctx.reply(
            Numeric.RPL_STATSDEBUG,
            text=f"{row.name} version={row.version} epochs={row.oldest}-{row.newest} sessions={row.sessions}"
            f" draining={row.is_draining:d} since={row.since // 1000} cpu={row.cpu:.3f} silent={row.silent / 1000:.3f}"
            f" applied={row.applied} behind={row.behind}",
        )


def _ports(ctx: Context) -> None:
    for port in ctx.process.ports():
        ctx.reply(Numeric.RPL_STATSDEBUG, text=f"{port.address} {port.serves}")


def _allowed(ctx: Context) -> None:
    """Yield the connection rules: "I <host> * <host> <port> <class>": RFC 1459, section 6.2."""
    for port in ctx.process.ports():
        for host in port.proxies or ("*",):
            ctx.reply(Numeric.RPL_STATSILINE, "I", host, "*", host, str(port.number), _CLASS)


def _connection_classes(ctx: Context) -> None:
    """Yield the one class: "Y <class> <ping frequency> <connect frequency> <max sendq>": RFC 1459, section 6.2."""
    rules = ctx.process.connection_rules
    ctx.reply(Numeric.RPL_STATSYLINE, "Y", _CLASS, str(round(rules.ping_after)), "0", str(rules.sendq))


def _nothing(ctx: Context) -> None:
    """Yield nothing: a list that is always empty here."""


def _people(ctx: Context) -> int:
    return len(ctx.network.sessions)


def _all_bans(ctx: Context) -> int:
    return len(ctx.network.protection.bans)


@dataclass(frozen=True, slots=True)
class _Query:
    """The answer to a letter, whether everybody may query it, and the number of its items."""

    answer: Callable[[Context], Iterator[None] | None]
    is_public: bool = False
    looks: Callable[[Context], int] = lambda _: 0


_QUERIES = {
    "u": _Query(_uptime, is_public=True),
    "p": _Query(_operators_here, is_public=True, looks=_people),
    "c": _Query(_nothing),
    "h": _Query(_nothing),
    "d": _Query(lambda ctx: _bans(ctx, Numeric.RPL_STATSDLINE, ADDRESS), looks=_all_bans),
    "k": _Query(lambda ctx: _bans(ctx, Numeric.RPL_STATSKLINE, MASK, ACCOUNT), looks=_all_bans),
    "i": _Query(_allowed),
    "I": _Query(_allowed),
    "l": _Query(_connections, looks=_people),
    "L": _Query(_connections, looks=_people),
    "m": _Query(_commands),
    "n": _Query(_nodes, looks=_people),
    "o": _Query(_operators),
    "O": _Query(_classes),
    "P": _Query(_ports),
    "y": _Query(_connection_classes),
    "Y": _Query(_connection_classes),
}
