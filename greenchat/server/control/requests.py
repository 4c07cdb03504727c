"""The requests on the control socket: `status`, `clients`, `kick`, `ban` and so on, a function each in one table."""

import os
import platform
import resource
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Protocol, TypeVar

import gevent
from gevent.hub import get_hub

from greenchat import __version__
from greenchat.chat.cluster.nodes import RESTART
from greenchat.chat.network import Network
from greenchat.chat.user import Session
from greenchat.commands.core.context import Context
from greenchat.commands.core.process import HandoverError, Port, Reloaded
from greenchat.commands.info.node_rows import rows
from greenchat.commands.nodes.membership import begin_epoch, drain_node, forget_node, tell_node
from greenchat.commands.operators import shell
from greenchat.commands.services.histserv import erase_messages
from greenchat.commands.services.removal import erase_from_shell
from greenchat.compiled import is_compiled
from greenchat.config.options import Options
from greenchat.protocol import caps
from greenchat.server.control.service import RequestError
from greenchat.server.net.stream import TlsAcceptor
from greenchat.server.net.turn import Turn
from greenchat.storage.interface import NOWHERE, StoreError
from greenchat.values.durations import parse_duration

T = TypeVar("T")
_PORTION = 100  # messages that are erased in one turn
_ALONE = "this server is a single process: it has no nodes"
_SHOWN = 10  # of the largest channels and the most used commands
_PAGE = os.sysconf("SC_PAGE_SIZE")


class ControlServerParts(Protocol):
    """The parts of the server that requests use."""

    network: Network
    options: Options
    tls: TlsAcceptor | None
    turn: Turn

    @property
    def folder(self) -> Path:
        """The data folder."""

    @property
    def is_ending(self) -> bool:
        """Whether the server is stopping."""

    def now(self) -> int:
        """Return ms since the epoch."""

    @property
    def upgraded_nodes(self) -> list[str]:
        """The nodes that an upgrade of this installation restarts, one after another; none of a single server."""

    def ports(self) -> list[Port]:
        """Return the ports that the server listens on."""

    def run_step(self, step: Callable[[Context], T]) -> T:
        """Run something as the server itself, in a turn."""

    def reload(self, who: str) -> Reloaded:
        """Reload the configuration."""

    def find_accounts(self) -> None:
        """Load the accounts that `adduser` has made. Raises StoreError."""

    def stop(self, reason: str) -> None:
        """Begin to stop."""

    @property
    def upgrade(self) -> Callable[[str], None] | None:
        """Let a new process take over; does not return in that case. Raises HandoverError."""


def answer(server: ControlServerParts, request: Mapping[str, Any]) -> Any:
    """Return the answer to a request. Raises RequestError."""
    function = _REQUESTS.get(str(request.get("command", "")))
    if function is None:
        raise RequestError(f"there is no request {request.get('command')!r}")
    try:
        return function(server, request)
    except shell.ShellError as error:
        raise RequestError(str(error)) from error


def _text(request: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
    value = request.get(name, "")
    if not isinstance(value, str) or (needed and not value):
        raise RequestError(f"{name} is missing")
    if any(character in value for character in "\r\n\0"):
        raise RequestError(f"{name} must be one line")
    return value


def _status(server: ControlServerParts, _: Mapping[str, Any]) -> Mapping[str, Any]:
    network = server.network
    usage = resource.getrusage(resource.RUSAGE_SELF)
    rooms = sorted(network.channels.values(), key=lambda channel: -len(channel.members))[:_SHOWN]
    commands = Counter(network.local.command_counts).most_common(_SHOWN)
    return {
        "version": __version__,
        "compiled": is_compiled(),
        "python": platform.python_version(),
        "pid": os.getpid(),
        "name": network.settings.name,
        "ending": server.is_ending,
        "uptime": max(0, server.now() - network.started) // 1000,
        "listening": [str(port.address) for port in server.ports()],
        "nodes": sum(1 for _ in rows(network)) if network.nodes else 0,
        "users": len(network.users),
        "present": sum(bool(user.sessions) for user in network.users.values()),
        "most_users": network.counts.most_users,
        "connections": len(network.sessions),
        "unregistered": network.unregistered,
        "operators": sum("o" in user.modes for user in network.users.values()),
        "channels": len(network.channels),
        "accounts": sum(1 for _ in network.accounts),
        "bans": len(network.protection.bans),
        "defcon": network.protection.defcon,
        "memory": _resident(),
        "cpu": round(usage.ru_utime + usage.ru_stime, 2),
        "sendq": server.turn.send_queues.total,
        "received": sum(session.received_messages for session in network.sessions),
        "sent": sum(session.outbox.sent_messages for session in network.sessions),
        "store": _sizes(server.folder),
        "certificate": server.tls.fingerprint if server.tls else "",
        "certificate_expires": server.tls.expires if server.tls else 0,
        "longest_turn": round(server.turn.longest.value(monotonic()), 6),
        "rooms": [[channel.name, len(channel.members)] for channel in rooms],
        "commands": [[name, count] for name, count in commands],
    }


def _resident() -> int:
    """Return the bytes of memory of the process; its peak if the system doesn't say more."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _sizes(folder: Path) -> int:
    """Return the bytes of the database, including all files beside it."""
    total = 0
    for file in folder.glob("greenchat.db*"):
        try:
            total += file.stat().st_size
        except OSError:
            continue  # one of SQLite's logs, just deleted
    return total


def _clients(server: ControlServerParts, _: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [_client(server, session) for session in server.network.sessions]


def _client(server: ControlServerParts, session: Session) -> Mapping[str, Any]:
    user = session.user
    now = server.now()
    return {
        "nick": user.nick if user else session.registration.nick or "*",
        "account": user.account if user else session.account,
        "host": session.host,
        "tls": session.secure,
        "dialect": "plain" if session.dialect & (caps.PLAIN | caps.TILDE) else "irc",
        "since": max(0, now - session.now) // 1000,
        "idle": max(0, now - user.active) // 1000 if user else 0,
        "channels": len(user.channels) if user else 0,
        "sendq": session.outbox.backlog,
        "received": session.received_messages,
        "sent": session.outbox.sent_messages,
        "operator": bool(user and "o" in user.modes),
    }


def _kick(server: ControlServerParts, request: Mapping[str, Any]) -> Mapping[str, Any]:
    nick, reason = _text(request, "nick"), _text(request, "reason", needed=False)
    return {"ended": server.run_step(lambda ctx: ctx.propose(shell.kick, nick, reason))}


def _ban(server: ControlServerParts, request: Mapping[str, Any]) -> Mapping[str, Any]:
    target, reason = _text(request, "target"), _text(request, "reason", needed=False)
    duration = _text(request, "duration", needed=False)
    seconds = parse_duration(duration) if duration else 0
    if seconds is None:
        raise RequestError(f"{duration} is not a duration; write 90, 30m, 12h, 1w2d or forever")
    return {"ended": server.run_step(lambda ctx: ctx.propose(shell.ban, target, seconds, reason))}


def _unban(server: ControlServerParts, request: Mapping[str, Any]) -> Mapping[str, Any]:
    target = _text(request, "target")
    server.run_step(lambda ctx: ctx.propose(shell.unban, target))
    return {}


def _bans(server: ControlServerParts, _: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    now = server.now()
    return [
        {
            "target": ban.target.text,
            "setter": ban.setter,
            "reason": ban.reason,
            "left": max(0, ban.until - now) // 1000 if ban.until else None,
        }
        for ban in server.network.protection.bans
    ]


def _erase_account(server: ControlServerParts, request: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = _text(request, "name")
    try:
        name, birth = server.run_step(lambda ctx: ctx.propose(erase_from_shell, wanted))
        return {"name": name, "messages": _erase_messages(server, name, birth)}
    except KeyError:
        raise RequestError(f"there is no account {wanted}") from None
    except StoreError as error:
        raise RequestError(f"the store failed ({error}); call this again") from error


def _erase_messages(server: ControlServerParts, name: str, birth: int) -> int:
    """Erase the messages of an account since its first msgid, in portions between which others are served."""
    fold, store, pool = server.network.fold, server.turn.store, get_hub().threadpool
    spellings = [each for each in pool.apply(store.accounts) if fold(each) == fold(name)]
    count, after = 0, NOWHERE
    while locations := pool.apply(store.said_by, (spellings, after, _PORTION)):
        after = locations[-1]
        messages = [[location.conversation, location.id] for location in locations if location.id >= birth]
        server.run_step(partial(_erase_portion, messages))
        count += len(messages)
        gevent.sleep(0)
    return count


def _erase_portion(messages: list[list[Any]], ctx: Context) -> None:
    ctx.propose(erase_messages, messages)


def _announce(server: ControlServerParts, request: Mapping[str, Any]) -> Mapping[str, Any]:
    text = _text(request, "text")
    return {"told": server.run_step(lambda ctx: ctx.propose(shell.announce, text))}


def _reload(server: ControlServerParts, _: Mapping[str, Any]) -> Mapping[str, Any]:
    reloaded = server.reload("The shell")
    if reloaded.error:
        raise RequestError(f"the configuration was not changed: {reloaded.error}")
    return {"file": reloaded.file, "notes": list(reloaded.notes)}


def _find_accounts(server: ControlServerParts, _: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        server.find_accounts()
    except StoreError as error:
        raise RequestError(f"the accounts can't be reloaded: {error}") from error
    return {}


def _stop(server: ControlServerParts, request: Mapping[str, Any]) -> Mapping[str, Any]:
    server.stop(_text(request, "reason", needed=False) or "The server is shutting down")
    return {"pid": os.getpid()}


def _nodes(server: ControlServerParts, _: Mapping[str, Any]) -> Mapping[str, Any]:
    nodes = server.network.nodes
    if not nodes:
        raise RequestError(_ALONE)
    shown = [asdict(row) for row in rows(server.network)]
    return {"entry": nodes.position, "epoch": nodes.epoch, "newest": nodes.newest, "nodes": shown}


def _drain(server: ControlServerParts, request: Mapping[str, Any]) -> Mapping[str, Any]:
    return _done(server.run_step(lambda ctx: ctx.propose(drain_node, _text(request, "node"))))


def _forget(server: ControlServerParts, request: Mapping[str, Any]) -> Mapping[str, Any]:
    grace = int(server.options.connections.grace * 1000)
    return _done(server.run_step(lambda ctx: ctx.propose(forget_node, _text(request, "node"), grace)))


def _restart_node(server: ControlServerParts, request: Mapping[str, Any]) -> Mapping[str, Any]:
    return _done(server.run_step(lambda ctx: ctx.propose(tell_node, _text(request, "node"), RESTART)))


def _begin_epoch(server: ControlServerParts, _: Mapping[str, Any]) -> Mapping[str, Any]:
    nodes = server.network.nodes
    if not nodes:
        raise RequestError(_ALONE)
    newest = nodes.newest
    if newest == nodes.epoch:
        raise RequestError(f"the log is in epoch {newest}, the newest that the nodes support: there is nothing to do")
    _done(server.run_step(lambda ctx: ctx.propose(begin_epoch, newest)))
    return {"epoch": newest}


def _done(refusal: str) -> Mapping[str, Any]:
    if refusal:
        raise RequestError(refusal)
    return {}


def _upgrade(server: ControlServerParts, _: Mapping[str, Any]) -> Mapping[str, Any]:
    """Upgrade the server. If that works, this process does not answer: see `ControlService.answer_all`."""
    if server.upgraded_nodes:
        return {"nodes": server.upgraded_nodes}  # the shell restarts them one by one
    assert server.upgrade
    try:
        server.upgrade("The shell")
    except HandoverError as error:
        raise RequestError(f"the server was not changed: {error}") from error
    return {}


_REQUESTS: Mapping[str, Callable[[ControlServerParts, Mapping[str, Any]], Any]] = {
    "status": _status,
    "clients": _clients,
    "kick": _kick,
    "ban": _ban,
    "unban": _unban,
    "bans": _bans,
    "announce": _announce,
    "erase-account": _erase_account,
    "reload": _reload,
    "find-accounts": _find_accounts,
    "stop": _stop,
    "upgrade": _upgrade,
    "nodes": _nodes,
    "drain": _drain,
    "forget": _forget,
    "restart-node": _restart_node,
    "begin-epoch": _begin_epoch,
}
