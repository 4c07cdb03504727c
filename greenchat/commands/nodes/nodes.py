"""NODES and DRAIN: list the nodes, and move the users of one."""

from greenchat.chat.cluster.nodes import node_number
from greenchat.commands.core.audit_log import act
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import Way, command
from greenchat.commands.info.node_rows import rows
from greenchat.commands.nodes.membership import drain_node
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.times import in_words


@command("NODES", right="nodes", way=Way.HERE)
def nodes(ctx: Context) -> None:
    """NODES

    List the nodes of this server and their numbers of connections. A server of a single process has no nodes.
    """
    network = ctx.network
    if not network.nodes:
        ctx.notice("This server is a single process")
        return
    for row in rows(network):
        ctx.notice(
            f"{row.name}: greenchat {row.version} (epochs {row.oldest}-{row.newest}), {row.sessions} sessions"
            f"{', draining' if row.is_draining else ''},"
            f" since {in_words(row.since)}, {row.cpu:.0f} s of CPU, last heard of {row.silent} ms ago,"
            f" {row.behind} entries behind"
        )
    waiting = sum(not user.sessions for user in network.users.values())
    log = f"entry {network.nodes.position} of the log, which is in epoch {network.nodes.epoch}"
    ctx.notice(f"{len(network.nodes)} nodes, {log}; {waiting} users are away")


@command("DRAIN", right="die")
def drain(ctx: Context) -> None:
    """DRAIN [<node>]

    Move the users of a node (default: yours) to the other nodes, a few at a time, and accept no new ones, so that it
    can be stopped. Other users do not notice.
    """
    network = ctx.network
    here = network.nodes.of_number(node_number(ctx.session.number))
    name = ctx.message.params[0] if ctx.message.params else here.name if here else ""
    refusal = drain_node(ctx, name)
    if refusal:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "DRAIN", text=refusal[0].upper() + refusal[1:])
    act(ctx, "DRAIN", f"{ctx.user.nick} drains the node {name}")
