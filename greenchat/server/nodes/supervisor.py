"""Several nodes on one machine (`--nodes N`): an engine, N processes that share the addresses, and this parent, which
restarts them when they die.

The first node uses the data folder itself, and so its previous history; the others have folders in `nodes/` below it,
and are copied from a running node. `nodes/` can be deleted while nothing runs: then the data folder belongs to a single
server again, or a new log is started.
"""

import fcntl
import logging
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import IO, Any

from greenchat.config.options import Address, Options
from greenchat.server.data.store_keeper import DATABASE, STATE
from greenchat.server.files.blobs import FOLDER as FILES
from greenchat.server.net.listener import CannotListenError, reserve
from greenchat.server.nodes import state_file
from greenchat.server.nodes.access import Access
from greenchat.server.nodes.engine_process import EngineProcess, EngineProcessError
from greenchat.server.nodes.node_config import STAYS_OFF, NodeConfig
from greenchat.server.nodes.state_file import StateFileError
from greenchat.server.systemd import Notifier
from greenchat.storage.interface import StoreError

log = logging.getLogger(__name__)

FOLDER = "nodes"
_PATIENCE = 20.0  # seconds for nodes that end, and for the engine
_AGAIN = 1.0  # seconds before a node that has died is started again
_AGAIN_MOST = 30.0
_LOOK = 0.5  # seconds
_STARTING, _SERVING = 5, 0  # niceness
_ENDING = (signal.SIGTERM, signal.SIGINT)


class SupervisorError(Exception):
    """The nodes can't be started; the text is one clear line."""


class _Child:
    """A node's process.

    ready: becomes readable when it serves, or has ended. again: when it may be started again, by the monotonic clock.
    failures: starts, one after another, after which it never served. is_behind: whether it has a lower priority than
    the others: while it restarts, so that their clients do not wait for that.
    """

    def __init__(self, node_config: NodeConfig) -> None:
        self.node_config = node_config
        self.process: subprocess.Popen[bytes] | None = None
        self.ready: IO[bytes] | None = None
        self.serves = False
        self.again = 0.0
        self.failures = 0
        self.is_behind = False

    @property
    def folders(self) -> tuple[Path, Path]:
        """The folders of its database and of its state."""
        return Path(self.node_config.folder), Path(self.node_config.state)

    @property
    def has_state(self) -> bool:
        """Whether the node has a position in the log."""
        return (Path(self.node_config.state) / STATE).exists()

    def start(self) -> None:
        """Start its process. Raises OSError."""
        reading, writing = os.pipe()
        environment = replace(self.node_config, ready=writing).environment()
        environment.pop("NOTIFY_SOCKET", None)
        try:
            self.process = subprocess.Popen(
                [sys.executable, *sys.orig_argv[1:]],
                env=environment,
                pass_fds=(writing,),
                start_new_session=True,  # Ctrl-C in the terminal is for the parent
            )
        finally:
            os.close(writing)
        self.ready = os.fdopen(reading, "rb", buffering=0)
        self.serves = False
        self.is_behind = bool(self.again) and _set_niceness(self.process.pid, _STARTING)

    def look(self) -> int | None:
        """Return the exit code, None while the process runs."""
        assert self.process
        if self.ready and select.select([self.ready], [], [], 0)[0]:
            self.serves = self.ready.read(1) != b""
            self.ready.close()
            self.ready = None
            self.failures = 0 if self.serves else self.failures
        if self.serves and self.is_behind:
            self.is_behind = not _set_niceness(self.process.pid, _SERVING)
        code = self.process.poll()
        if code is not None and self.ready:
            self.ready.close()
            self.ready = None
        return code


class NodeSupervisor:
    """The nodes of one machine. greet: called with the addresses once the first node serves."""

    def __init__(
        self, count: int, options: Options, *, with_files: bool, greet: Callable[[list[Address]], None]
    ) -> None:
        """Reserve the addresses and prepare the folders. with_files: uploads are on. Raises SupervisorError."""
        self._greet = greet
        self._files = options.data / FILES if with_files else None
        self._folder = options.data / FOLDER
        self._code = 0
        self._is_ending = self._has_greeted = False
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._lock = (self._folder / "lock").open("a")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            reserved = [reserve(each.address) for each in options.listen]
            self._engine = EngineProcess(self._folder / "engine")
        except BlockingIOError as error:
            raise SupervisorError(f"another greenchat-server --nodes uses the data folder {options.data}") from error
        except OSError as error:
            raise SupervisorError(f"can't write to {self._folder}: {error.strerror}") from error
        except CannotListenError as error:
            raise SupervisorError(f"{error}; choose another address with --listen") from error
        except EngineProcessError as error:
            raise SupervisorError(str(error)) from error
        self._reserved = [sock for sock, _ in reserved]
        self._addresses = [address for _, address in reserved]
        self._notifier = Notifier()
        self._children = [_Child(self._node_config(number, options)) for number in range(1, count + 1)]

    def _node_config(self, number: int, options: Options) -> NodeConfig:
        own, cluster = self._folder / str(number), options.cluster
        return NodeConfig(
            name=f"node-{number}",
            log="greenchat",
            folder=str(options.data if number == 1 else own),
            state=str(own),
            ports=tuple(address.port for address in self._addresses),
            engine=Access((self._engine.url,)),
            keep=cluster.keep_log,
            size=cluster.log_size,
            lease=cluster.lease,
            patience=cluster.patience,
            engine_timeout=cluster.engine_timeout,
            snapshots=cluster.snapshot,
            engine_lock=str(self._engine.lock),
        )

    def run(self) -> int:
        """Serve until a signal, or until a node is ordered to stop; return the exit code. Raises SupervisorError."""
        wake, waked = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(waked)
        for number in (*_ENDING, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR2):
            signal.signal(number, _do_nothing)
        try:
            self._engine.start()
            self._begin(self._children[0])
            while not self._is_ending:
                self._look(wake)
        except (EngineProcessError, OSError) as error:
            raise SupervisorError(str(error)) from error
        finally:
            self._end()
        return self._code

    def _look(self, wake: int) -> None:
        waiting: list[Any] = [wake, *[each.ready for each in self._children if each.ready]]
        with suppress(InterruptedError):
            select.select(waiting, [], [], _LOOK)
        signals = b""
        with suppress(BlockingIOError):
            signals = os.read(wake, 1024)
        if any(number in signals for number in _ENDING):
            self._is_ending = True
            return
        if signal.SIGHUP in signals:
            self._signal(signal.SIGHUP)
        if signal.SIGUSR2 in signals:
            log.warning("use `greenchat-server upgrade` to upgrade several nodes, one after another")
        if self._engine.has_ended:
            log.error("the engine has exited; restarting it")
            self._engine.start()
        for child in self._children:
            self._look_at(child)
        self._notifier.alive()

    def _look_at(self, child: _Child) -> None:
        if child.process is None:
            if self._children[0].serves and monotonic() >= child.again:
                self._begin(child)
            return
        served = child.serves
        code = child.look()
        if child.serves and not served and child is self._children[0] and not self._has_greeted:
            self._has_greeted = True
            self._greet(self._addresses)
            self._notifier.ready()
        if code is None:
            return
        child.process = None
        if code == STAYS_OFF and any(other.process for other in self._children):
            log.warning("%s was told to stop; it stays off until all nodes are restarted", child.node_config.name)
            child.again = float("inf")
            return
        if code in (0, STAYS_OFF) or (not child.serves and child is self._children[0] and not self._has_greeted):
            # the node was ordered to stop, or can't start
            self._code = 0 if code == STAYS_OFF else code
            self._is_ending = True
            return
        child.failures += 1
        child.again = monotonic() + min(_AGAIN * 2 ** (child.failures - 1), _AGAIN_MOST)
        log.error("%s has exited with code %d; restarting it", child.node_config.name, code)

    def _begin(self, child: _Child) -> None:
        """Start a node; one without a state is first copied from another node."""
        others = [other for other in self._children if other is not child and other.has_state]
        if not child.has_state and others:
            source = next((other for other in others if other.serves), others[0])
            try:
                state_file.clone(source.folders, child.folders, DATABASE)
            except (StateFileError, StoreError) as error:
                log.error("%s can't be made from %s: %s", child.node_config.name, source.node_config.name, error)
                child.again = monotonic() + _AGAIN_MOST
                return
        for folder in child.folders:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._files:
            self._files.mkdir(mode=0o700, exist_ok=True)
            with suppress(FileExistsError):  # the first node has the folder, others the link
                (child.folders[0] / FILES).symlink_to(self._files.resolve())
        child.start()

    def _signal(self, number: int) -> None:
        for child in self._children:
            if child.process and child.process.poll() is None:
                child.process.send_signal(number)

    def _end(self) -> None:
        """Stop all nodes properly, and then the engine."""
        self._notifier.stopping()
        self._signal(signal.SIGTERM)
        deadline = monotonic() + _PATIENCE
        for child in self._children:
            if child.process:
                try:
                    child.process.wait(max(0.1, deadline - monotonic()))
                except subprocess.TimeoutExpired:
                    log.error("%s does not stop; killing it", child.node_config.name)
                    child.process.kill()
                    child.process.wait()
        self._engine.stop(_PATIENCE)
        for sock in self._reserved:
            sock.close()
        self._lock.close()


def _set_niceness(pid: int, niceness: int) -> bool:
    """Set the niceness of a node's session, where Linux shares the processors by session (autogroup).

    Unlike that of a process, anybody may lower it again, but only ten times a second. Returns whether it is set.
    """
    try:
        has_own = os.getsid(pid) == pid
        if has_own:
            Path(f"/proc/{pid}/autogroup").write_text(str(niceness), encoding="ascii")
    except OSError:
        return False
    return has_own


def _do_nothing(*_: object) -> None:
    """Do nothing: the wake-up descriptor reports the signal."""
