"""Nodes join and leave by steps of the log, so that all nodes agree on the members.

Users of a lost node stay for the grace time without a QUIT, and may return at any node.
"""

import platform
import unicodedata

from greenchat import __version__
from greenchat.chat.acts import VERSION, ActError, is_known
from greenchat.chat.cluster.nodes import DIE, Node, node_number
from greenchat.commands.connection.lost_connections import on_connection_lost
from greenchat.commands.core.context import Context
from greenchat.commands.core.steps import step

PLATFORM = f"Python {'.'.join(platform.python_version_tuple()[:2])} with Unicode {unicodedata.unidata_version}"
"""The versions of other software that acts depend on; all nodes must have the same."""
_ALIVE = 2000  # ms: nodes write entries more often


@step("node.came")
def add_node(
    ctx: Context,
    name: str,
    token: str,
    folder: str,
    platform: str,
    lease: int,
    grace: int,
    version: str,
    oldest: int,
    newest: int,
) -> str:
    """Add a node; return "", or why it can't join. lease, grace: ms. version: of greenchat. oldest, newest: its
    supported epochs.

    folder: identifies its data. Its predecessor, of the same folder, must have ended; a node of the same name with
    another folder is refused, unless it has been silent for a lease.
    """
    nodes = ctx.network.nodes
    alive = [node for node in nodes if node.heard + lease >= ctx.now]
    others = [node for node in alive if node.name != name]
    if not oldest <= nodes.epoch <= newest:
        return f"the log is in epoch {nodes.epoch}, but greenchat {version} supports epochs {oldest} to {newest}"
    if others and others[0].platform != platform:
        return (
            f"the running nodes have {others[0].platform}, this one has {platform}: stop all nodes, and start them"
            " with the same version of Python"
        )
    former = nodes.get(name)
    if former is not None:
        if former.folder != folder and former in alive:
            return f"another running node is named {name}: choose a different name"
        _remove(ctx, former, grace)
    nodes.add(name, token, folder, platform, version, (oldest, newest))
    return ""


@step("node.epoch")
def begin_epoch(ctx: Context, epoch: int) -> str:
    """Start a later epoch, whose rules apply to all further entries; return "", or why it can't be.

    A single server needs no agreement. Raises ActError if this version does not support the epoch.
    """
    nodes = ctx.network.nodes
    if epoch <= nodes.epoch:
        return f"the log is in epoch {nodes.epoch} already"
    behind = [f"{node.name} (greenchat {node.version})" for node in nodes if not node.oldest <= epoch <= node.newest]
    if behind:
        return (
            f"epoch {epoch} is not supported by {' and '.join(behind)}: install the new version there, and restart it"
            " (`greenchat-server upgrade`)"
        )
    if not is_known(epoch):
        raise ActError(
            f"the log continues in epoch {epoch}, but greenchat {__version__} supports epochs up to {VERSION}:"
            " install a newer version"
        )
    nodes.epoch = epoch
    return ""


@step("node.drained")
def drain_node(ctx: Context, name: str) -> str:
    """Order a node to move its clients to others; return "", or why it can't."""
    nodes = ctx.network.nodes
    node = nodes.get(name)
    if node is None:
        return _no_node(ctx, name)
    if all(other is node or other.is_draining for other in nodes):
        return f"no node other than {name} accepts clients"
    node.is_draining = True
    return ""


@step("node.told")
def tell_node(ctx: Context, name: str, order: str) -> str:
    """Order a node to end or restart, after moving its clients to other nodes, if any accept them.

    order: one of `cluster.nodes.ORDERS`. Returns "", or why it can't.
    """
    nodes = ctx.network.nodes
    node = nodes.get(name)
    if node is None:
        return _no_node(ctx, name)
    node.is_draining = node.is_draining or any(other is not node and not other.is_draining for other in nodes)
    node.order = order if node.order != DIE else DIE
    return ""


@step("node.forgotten")
def forget_node(ctx: Context, name: str, grace: int) -> str:
    """Remove a node that is off, without waiting for its lease; return "", or why it can't be removed."""
    node = ctx.network.nodes.get(name)
    if node is None:
        return _no_node(ctx, name)
    silent = ctx.now - node.heard
    if silent < _ALIVE:
        return f"{name} is running (last heard of {silent} ms ago): stop it, and it leaves the cluster"
    _remove(ctx, node, grace)
    return ""


def _no_node(ctx: Context, name: str) -> str:
    names = ", ".join(node.name for node in ctx.network.nodes)
    return f"there is no node {name}; the nodes are {names}" if names else "this server is a single process"


@step("node.lost")
def remove_silent_node(ctx: Context, number: int, grace: int) -> None:
    """Remove a node that has been silent for too long."""
    node = ctx.network.nodes.of_number(number)
    if node is not None:
        _remove(ctx, node, grace)


@step("node.left")
def leave_nodes(ctx: Context, number: int, grace: int) -> None:
    """Remove a node that leaves."""
    remove_silent_node(ctx, number, grace)


@step("node.digest")
def note_digest(ctx: Context, position: int, digest: str, folder: str) -> str:
    """Note a node's digest of the state at a position, which its folder contains; return the first node's digest."""
    nodes = ctx.network.nodes
    first = nodes.note_digest(position, digest)
    if first == digest:
        nodes.note_written(folder, position)
    return first


def _remove(ctx: Context, node: Node, grace: int) -> None:
    ctx.network.nodes.remove(node)
    for session in list(ctx.network.sessions):
        if session.user is not None and node_number(session.number) == node.number:
            on_connection_lost(ctx.for_session(session), grace)
