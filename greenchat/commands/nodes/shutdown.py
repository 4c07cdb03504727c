"""DIE and RESTART: end or restart the server, or one of its nodes."""

from functools import partial

from greenchat.chat.cluster.nodes import DIE, RESTART
from greenchat.commands.core.audit_log import act
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import Way, as_act, command
from greenchat.commands.nodes.membership import tell_node
from greenchat.protocol.numerics import Numeric
from greenchat.values.masks import glob


@command("RESTART", right="restart", way=Way.HERE)
def restart(ctx: Context) -> Continuation | None:
    """RESTART [<node>]

    Restart the server with the installed version and the current configuration. Nobody is disconnected except users of
    TLS, who have to reconnect. A node of a cluster (default: yours) moves its users to the other nodes first.
    """
    name = _named(ctx)
    if name:
        return as_act(ctx, partial(_tell, name, RESTART, "restarts"))
    act(ctx, "RESTART", f"{ctx.user.nick} is restarting the server")
    ctx.process.restart(ctx.user.nick, f"The server is being restarted by {ctx.user.nick}")
    return None


@command("DIE", right="die", way=Way.HERE)
def die(ctx: Context) -> Continuation | None:
    """DIE [<node>]

    Shut down the server, or a node of a cluster, which moves its users to the other nodes first.
    """
    name = _named(ctx)
    if name:
        return as_act(ctx, partial(_tell, name, DIE, "ends"))
    act(ctx, "DIE", f"{ctx.user.nick} is shutting down the server")
    ctx.process.stop(f"The server was shut down by {ctx.user.nick}")
    return None


def _named(ctx: Context) -> str:
    """Return the named node, "" for this process. Raises 402 for other names."""
    name = ctx.message.params[0] if ctx.message.params else ""
    if not name or glob(name, ctx.network.settings.name):
        return ""
    if ctx.network.nodes.get(name) is None:
        raise IrcError(Numeric.ERR_NOSUCHSERVER, name)
    return name


def _tell(name: str, order: str, does: str, ctx: Context) -> None:
    tell_node(ctx, name, order)
    act(ctx, order.upper(), f"{ctx.user.nick} {does} the node {name}")
