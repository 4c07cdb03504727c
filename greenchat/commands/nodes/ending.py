"""DIE and RESTART: the end of the server, or of one of the nodes that it consists of."""

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

    Have a new process of the installed version take over from this one, with the configuration as it is now. Nobody is
    disconnected, but who came through TLS has to connect again. A node of several sends its users to the others first,
    and begins anew then; without a name it is the one that you are connected to.
    """
    name = _named(ctx)
    if name:
        return as_act(ctx, partial(_tell, name, RESTART, "restarts"))
    act(ctx, "RESTART", f"{ctx.user.nick} restarts the server")
    ctx.process.restart(ctx.user.nick, f"The server is restarted by {ctx.user.nick}")
    return None


@command("DIE", right="die", way=Way.HERE)
def die(ctx: Context) -> Continuation | None:
    """DIE [<node>]

    End the server. A node of several that is named sends its users to the others first, and stays off then.
    """
    name = _named(ctx)
    if name:
        return as_act(ctx, partial(_tell, name, DIE, "ends"))
    act(ctx, "DIE", f"{ctx.user.nick} ends the server")
    ctx.process.stop(f"The server was ended by {ctx.user.nick}")
    return None


def _named(ctx: Context) -> str:
    """Return the node that is meant, "" for this process. Raises 402 if the name is neither's."""
    name = ctx.message.params[0] if ctx.message.params else ""
    if not name or glob(name, ctx.network.settings.name):
        return ""
    if ctx.network.nodes.get(name) is None:
        raise IrcError(Numeric.ERR_NOSUCHSERVER, name)
    return name


def _tell(name: str, order: str, does: str, ctx: Context) -> None:
    tell_node(ctx, name, order)
    act(ctx, order.upper(), f"{ctx.user.nick} {does} the node {name}")
