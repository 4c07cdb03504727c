"""The old process of an upgrade: starts the new one, serves until that is ready, and hands over its state and sockets.

During the handover it does nothing else and changes nothing. If the new process fails, this one continues serving. Once
the new one has confirmed that it has everything, this one never runs its event loop again, since it no longer owns the
connections.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from time import monotonic, process_time
from typing import Any, Protocol, TypeVar

import gevent
from gevent.socket import wait_read

from greenchat import __version__
from greenchat.chat.continuity.local_form import dump_local
from greenchat.chat.continuity.snapshot import snapshot
from greenchat.chat.network import Network
from greenchat.commands.connection.quit import on_disconnect
from greenchat.commands.core.audit_log import tell_operators
from greenchat.commands.core.context import Context
from greenchat.commands.core.process import HandoverError
from greenchat.protocol.message import Message
from greenchat.server import stand_in
from greenchat.server.background_work import BackgroundWork
from greenchat.server.clients import Clients
from greenchat.server.data.audit_log import AuditLog
from greenchat.server.data.store_keeper import StoreKeeper
from greenchat.server.handover.disconnect import disconnect_in_groups
from greenchat.server.handover.forms import can_move, dump, is_tls
from greenchat.server.handover.wire import VARIABLE, HandoverLink
from greenchat.server.listeners import Listeners
from greenchat.server.net.turn import Turn
from greenchat.storage.schema import MIGRATIONS

log = logging.getLogger(__name__)

T = TypeVar("T")
_START = 60.0  # seconds for the new process to load its code and its configuration
_TAKE = 20.0  # seconds for the takeover, during which nobody is served
_GRACE = 1.0  # seconds for slow commands to finish before that
_LOOK = 0.02
_DYING = 0.5  # seconds between the end of a process's sockets and its own
_OF_THIS_PROCESS = {VARIABLE, "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID"}


class HandoverServerParts(Protocol):
    """The parts of the server that are handed over."""

    audit: AuditLog
    background: BackgroundWork
    clients: Clients
    keeper: StoreKeeper
    listeners: Listeners
    moderation: AuditLog
    network: Network
    turn: Turn

    @property
    def is_ending(self) -> bool:
        """Whether it is about to end."""

    def now(self) -> int:
        """Return ms since the epoch."""

    def run_step(self, step: Callable[[Context], T]) -> T:
        """Run something as the server itself, in a turn."""


class Upgrade:
    """An upgrade of the running server, which keeps its connections.

    is_activated: whether systemd opened the listening sockets.

    on_handover: called with the new process's id and version after the takeover. end: called with its id at the end of
    this process, which it may replace. Neither may wait for the loop, which no longer runs.
    """

    def __init__(
        self,
        server: HandoverServerParts,
        *,
        is_activated: bool,
        on_handover: Callable[[int, str], None],
        end: Callable[[int], None],
    ) -> None:
        self._server = server
        self._is_activated = is_activated
        self._on_handover = on_handover
        self._end = end
        self._is_under_way = False

    def begin(self, who: str) -> None:
        """Start a new process that takes over; does not return in that case. who: named in the log.

        Raises HandoverError, and then this process continues.
        """
        if self._is_under_way or self._server.is_ending:
            raise HandoverError("an upgrade is already running" if self._is_under_way else "the server is stopping")
        self._is_under_way = True
        log.info("%s is upgrading the server: starting a new process", who)
        try:
            self._begin(who)
        except HandoverError as error:
            text = f"The server was not upgraded: {error}"
            log.error("%s", text)
            self._server.run_step(lambda ctx: tell_operators(ctx, text))
            raise
        finally:
            self._is_under_way = False

    def _begin(self, who: str) -> None:
        ours, theirs = socket.socketpair()
        link = HandoverLink(ours)
        try:
            with theirs:
                child = _start(theirs.fileno())
        except OSError as error:
            link.close()
            raise HandoverError(f"the new process can't be started: {error.strerror}") from error
        try:
            version = self._wait_until_ready(link, child)
            self._wait_for_slow_work()
            self._server.keeper.stop_housekeeping()
            if self._server.is_ending:
                raise HandoverError("the server is stopping")
            self._hand_over(link, child, who, version)
        except BaseException:
            _kill(child)
            link.close()
            self._server.keeper.start_housekeeping()
            raise

    def _wait_until_ready(self, link: HandoverLink, child: "subprocess.Popen[bytes]") -> str:
        """Return its version."""
        try:
            wait_read(link.fileno(), timeout=_START, timeout_exc=HandoverError("the new process did not become ready"))
            hello, _ = link.receive(1.0)
        except HandoverError as error:
            with suppress(subprocess.TimeoutExpired):
                code = child.wait(_DYING)
                raise HandoverError(f"the new process exited with code {code}; see the log") from error
            raise
        return version_of(_check(hello), self._server.network.nodes.epoch)

    def _wait_for_slow_work(self) -> None:
        """Wait a moment for running commands, which clients would otherwise have to repeat."""
        server, deadline = self._server, monotonic() + _GRACE
        while monotonic() < deadline:
            if not server.background and not any(each.unanswered for each in server.clients.connections):
                return
            gevent.sleep(_LOOK)

    def _hand_over(self, link: HandoverLink, child: "subprocess.Popen[bytes]", who: str, version: str) -> None:
        """Hand over, without waiting for the loop: no other greenlet may run from now on."""
        server = self._server
        clients = server.clients
        if server.background:
            log.warning("%d tasks of operators were stopped: start them again", len(server.background))
        began, worked = monotonic(), process_time()
        server.turn.begin()
        for connection in clients.connections:
            if connection.session.closing and connection.session.user:
                connection.context(Message("")).propose(on_disconnect, connection.session.closing)
        server.turn.dirty.release_all()
        server.turn.end()
        if server.turn.has_writes_to_retry:
            raise HandoverError("the database can't be written at the moment")
        moving = [connection for connection in clients.connections if can_move(connection)]
        lock = server.keeper.lock
        document = {
            "version": __version__,
            "pid": os.getpid(),
            "who": who,
            "folder": str(server.keeper.folder.resolve()),
            "temporary": server.keeper.is_temporary,
            "activated": self._is_activated,
            "listeners": [[each.options.address.host, each.options.address.port] for each in server.listeners],
            "lock": lock is not None,
            "connections": [dump(each, clients.plain, clients.admission.origin(each.session)) for each in moving],
            "state": snapshot(server.network, server.now()),
            "local": dump_local(server.network),
        }
        descriptors = [listener.socket.fileno() for listener in server.listeners]
        descriptors += [connection.accepted.fileno() for connection in moving]
        descriptors += [lock.fileno()] if lock else []
        link.send(document, descriptors, patience=_TAKE)
        answer = _check(link.receive(_TAKE)[0])
        link.send({"go": True})
        link.close()
        # the rest is time of other processes
        worked = process_time() - worked + answer.get("worked", 0.0)
        log.info(
            "process %d took over %d connections; the service was interrupted for %.3f s (%.3f s of work)",
            *(child.pid, len(moving), monotonic() - began, worked),
        )
        self._leave(child.pid, version)

    def _leave(self, successor: int, version: str) -> None:
        """Disconnect clients that can't be handed over, and end."""
        try:
            stand_in.pass_on(successor)
            self._on_handover(successor, version)
            self._server.audit.close()
            self._server.moderation.close()
            disconnect_in_groups([each for each in self._server.clients.connections if is_tls(each)])
            logging.shutdown()
            self._end(successor)
        except BaseException:
            log.exception("a bug after another process had taken over")
        finally:
            os._exit(0)


def _start(descriptor: int) -> "subprocess.Popen[bytes]":
    """Start the installed program with the words and the environment of this one. Raises OSError."""
    environment = {name: value for name, value in os.environ.items() if name not in _OF_THIS_PROCESS}
    environment[VARIABLE] = str(descriptor)
    if "NOTIFY_SOCKET" not in environment:
        environment[stand_in.VARIABLE] = "1"  # this process will be there for the new one
    return subprocess.Popen(
        [sys.executable, *command_line(sys.orig_argv[1:], goes_on=True)],
        env=environment,
        pass_fds=(descriptor,),
    )


def command_line(words: Sequence[str], *, goes_on: bool) -> list[str]:
    """Return the words with which the server is started again: a browser is not opened.

    goes_on: the new process has the state of this one, and so its recording continues; a new one would need a new file.
    """
    kept: list[str] = []
    for number, word in enumerate(words):
        is_value = number > 0 and words[number - 1] == "--record"
        is_recording = is_value or word == "--record" or word.startswith("--record=")
        if word != "--open" and (goes_on or not is_recording):
            kept.append(word)
    return kept


def _kill(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGKILL)
    child.wait()


def version_of(hello: Mapping[str, Any], epoch: int) -> str:
    """Return the version of a process that is ready to take over a state of this epoch. Raises HandoverError."""
    match hello:
        case {"version": str(version), "epochs": [int(oldest), int(newest)], "schema": int(schema)} if (
            oldest <= epoch <= newest and schema == len(MIGRATIONS)
        ):
            return version
    text = f"version {hello.get('version')} uses another data format, which requires a restart"
    raise HandoverError(text, needs_restart=True)


def _check(answer: object) -> dict[str, Any]:
    """Check the answer of the new process, and return it. Raises HandoverError."""
    if not isinstance(answer, dict):
        raise HandoverError("the new process uses another protocol")
    if "error" in answer:
        raise HandoverError(str(answer["error"]), needs_restart=answer.get("needs_restart") is True)
    return answer
