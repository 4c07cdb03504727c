"""A node's access to the log: successive connections to the engine, each continuing where the last ended."""

import logging
import secrets
import signal
from bisect import bisect_left
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

import gevent
from gevent.event import Event

from greenchat.server.early_signals import caught
from greenchat.server.nodes.engine import Deliver, Engine, StoredLog
from greenchat.server.nodes.engine_errors import EngineError, EngineRefusesError
from greenchat.server.nodes.node_config import NodeConfig
from greenchat.server.nodes.node_start import NodeError

log = logging.getLogger(__name__)

_FIRST = 30.0  # seconds for the engine to answer at the start
_AGAIN = 0.2  # seconds between attempts
_ANSWER = 2.0  # seconds: the engine drops requests while it elects a leader, so repeat them soon
_MIB = 1024 * 1024


class EngineLine:
    """The access of one node. stored: the log at the start.

    Waits: follow, append, newest, trim. Changes: close.
    """

    def __init__(self, config: NodeConfig) -> None:
        """Find the log. Raises NodeError, or SystemExit if the process is to end while it waits."""
        self._config = config
        self._connected = Event()
        self._is_over = False
        self._first = 0
        deadline = monotonic() + (float("inf") if config.served_before else _FIRST)
        is_told = False
        while True:
            try:
                self._engine: Engine | None = self._connection()
                self.stored = self._open(self._engine)
                return
            except EngineRefusesError as error:
                raise NodeError(f"the engine refused: {error}") from error
            except EngineError as error:
                if monotonic() > deadline:
                    raise NodeError(f"{error}. Is it running?") from error
                if not is_told:
                    is_told = True
                    patience = "until it answers" if config.served_before else f"at most {_FIRST:.0f} s for it"
                    log.warning("%s; waiting %s", error, patience)
                end_if_told()
                gevent.sleep(_AGAIN)

    def _open(self, engine: Engine) -> StoredLog:
        """Return the log; make it if this node may. Raises EngineError."""
        config = self._config
        stored = engine.find_log(config.log)
        if stored is None and config.makes_log:
            with suppress(EngineRefusesError):  # another node was quicker
                engine.make_log(config.log, secrets.token_hex(8), replicas=config.replicas)
            stored = engine.find_log(config.log)
        if stored is None:
            raise EngineRefusesError(
                f"it has no log {config.log}: create it with `greenchat-server cluster init` or, if the engine has lost"
                " it, `greenchat-server cluster rebase`"
            )
        return stored

    def follow(self, position: Callable[[], int], on_end: Callable[[int], None], deliver: Deliver) -> None:
        """Read the log until `close`. position: returns the last applied entry. on_end: called with the last number.

        Raises EngineRefusesError.
        """
        while not self._is_over:
            try:
                engine = self._engine or self._connection()
            except EngineError:
                gevent.sleep(_AGAIN)
                continue
            self._engine = engine
            self._first = engine.server + 1  # this one may hang, and keep each attempt waiting
            reason = self._read_on(engine, position(), on_end, deliver)
            self._engine = None
            self._connected.clear()
            if not self._is_over:
                log.warning("the connection to the engine has ended: %s", reason)
                gevent.sleep(_AGAIN)

    def _connection(self) -> Engine:
        """Return a new connection. Raises EngineError."""
        return Engine(self._config.engine, f"greenchat {self._config.name}", first=self._first, patience=_ANSWER)

    def _read_on(self, engine: Engine, after: int, on_end: Callable[[int], None], deliver: Deliver) -> str:
        """Read as long as the connection lasts; return why it has ended. Raises EngineRefusesError."""
        try:
            stored = self._open(engine)
            if stored.identity != self.stored.identity or stored.last < after:
                raise EngineRefusesError(
                    f"the log ends at {stored.last}, before what this node has applied ({after}), or is another one:"
                    " the engine has lost its data"
                )
            on_end(stored.last)
            engine.read(self._config.log, after, deliver)
        except EngineError as error:
            engine.close(str(error))
            if isinstance(error, EngineRefusesError):
                raise
            return str(error)
        self._connected.set()
        return engine.wait()

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now."""
        return bool(self._connected.is_set())

    def append(self, entry: bytes, identity: str) -> bool:
        """Append an entry; return whether the engine has it for certain: if not, send it again."""
        if not self._connected.wait(_AGAIN) or self._engine is None:
            return False
        try:
            self._engine.append(self._config.log, entry, identity)
        except EngineError:
            gevent.sleep(_AGAIN)
            return False
        return True

    def newest(self) -> int:
        """Return the number of the log's last entry; 0 if the engine does not answer."""
        engine = self._engine
        if engine is None:
            return 0
        try:
            stored = engine.find_log(self._config.log)
        except EngineError:
            return 0
        return stored.last if stored else 0

    def trim(self, needed: int, before: int) -> None:
        """Delete entries of the log up to `needed`: those from before a time, in ms, or all if the log is too large.
        Failures are retried the next time.
        """
        engine, config = self._engine, self._config
        if engine is None:
            return
        try:
            stored = engine.find_log(config.log)
            if stored is None or needed < stored.first:
                return
            first = needed + 1
            if stored.size <= config.size * _MIB:
                first = _first_since(
                    before, range(stored.first, first), lambda number: engine.time_of(config.log, number)
                )
            if first > stored.first:
                engine.trim(config.log, first)
                log.info("the log begins at entry %d now, of %d", first, stored.last)
        except EngineError as error:
            log.warning("the log could not be trimmed: %s", error)

    def close(self) -> None:
        """Close the connection, and make no new one."""
        self._is_over = True
        if self._engine:
            self._engine.close()


def _first_since(time: int, numbers: range, time_of: Callable[[int], int]) -> int:
    """Return the first of these entries that was written at a time or later, or the number after the last."""
    return numbers.start + bisect_left(numbers, time, key=time_of)


def end_if_told() -> None:
    """Raise SystemExit if the process is to end: nothing else checks that before the node serves."""
    if signal.SIGTERM in caught():
        raise SystemExit(0)
