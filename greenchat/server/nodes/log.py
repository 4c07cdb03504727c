"""The shared log of nodes for handlers: they propose acts, which are applied when they are read from the log.

While an entry is written, acts are collected for the next one, so that entries grow with the load, and the acts of a
node keep their order. `Proposer` takes them from here; `NodeMember` applies them here when they were read.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

import gevent
from gevent.event import AsyncResult, Event
from gevent.lock import BoundedSemaphore

from greenchat.chat.acts import Act
from greenchat.chat.user import Session
from greenchat.commands.core.errors import FailError, IrcError
from greenchat.commands.core.service import ServiceError
from greenchat.server.nodes import entries
from greenchat.storage.interface import StoreError

log = logging.getLogger(__name__)

T = TypeVar("T")

_PATIENCE = 3.0  # seconds
_REFUSALS = (IrcError, FailError, ServiceError, StoreError)


@dataclass(slots=True, eq=False)
class Proposal:
    """A proposed act. text: its encoding. result: for the waiting handler. speaker: of messages."""

    text: str
    apply: Callable[[int], Any]
    result: AsyncResult | None
    speaker: Session | None


class NodeLog:
    """The proposals of one node. begin: begins a turn, see `Turn.begin`. newest: asks the engine for its last entry.

    Reads: is_shared, is_read. Changes: speak, note, take, apply, note_entry. Waits: decide, wait_until_applied,
    wait_until_known, catch_up, find, wait.
    """

    is_shared = True
    is_read = False

    def __init__(self) -> None:
        self.position = 0
        self.begin: Callable[[], None] = lambda: None
        self.newest: Callable[[], int] = lambda: 0
        self._waiting: deque[Proposal] = deque()
        self._some = Event()
        self._entry_waiters: list[Event] = []  # waiting for the next entry
        self._query_lock = BoundedSemaphore()
        self._query: gevent.Greenlet | None = None  # the next one
        self._applied_events: dict[Session, Event] = {}
        self._is_applying = False
        self._has_ended = False

    def end(self) -> None:
        """Apply further notes only locally, so that clients can be told why they are disconnected."""
        self._has_ended = True

    def append(self, act: object) -> None:
        """Refuse: an act of a shared log is applied when it is handed out."""
        raise RuntimeError("the log is shared: propose the act by `decide`")

    def pass_by(self, acts: int = 1) -> None:
        """Refuse, as `append`."""
        raise RuntimeError("the log is shared: propose the act by `decide`")

    def decide(self, act: Any, apply: Callable[[int], T]) -> T:
        """Propose an act, wait until it was applied, and return the result, or raise the exception."""
        result = AsyncResult()
        self._propose(act, apply, result)
        try:
            value: T = result.get()
        finally:
            self.begin()  # the rest belongs to this turn, not to that of the proposal
        return value

    def note(self, act: Any, apply: Callable[[int], object]) -> None:
        """Propose an act, without waiting."""
        if self._has_ended:
            apply(act.now)
        else:
            self._propose(act, apply)

    def speak(self, speaker: Session, act: Any, apply: Callable[[int], object]) -> None:
        """Propose speech, without waiting."""
        self._propose(act, apply, speaker=speaker)
        speaker.under_way += 1

    def wait_until_applied(self, speaker: Session) -> None:
        """Wait until all pending messages of a session are applied."""
        while speaker.under_way:
            self._applied_events.setdefault(speaker, Event()).wait()

    def wait_until_known(self, is_known: Callable[[], bool]) -> None:
        """Wait until entries have made a condition true, but not longer than the absence of the engine is tolerated."""
        deadline = monotonic() + _PATIENCE
        while not is_known() and monotonic() < deadline:
            entry = Event()
            self._entry_waiters.append(entry)
            entry.wait(deadline - monotonic())
        self.begin()

    def catch_up(self) -> None:
        """Wait until what is now the engine's last entry is applied, but not longer than `wait_until_known`."""
        if self._query is None:
            self._query = gevent.spawn(self._ask)
        newest = self._query.get()
        self.wait_until_known(lambda: self.position >= newest)

    def _ask(self) -> int:
        """Return the number of the engine's last entry.

        While one query is running, a single further one serves all requests that came since, so that a flood of them
        queries no more often than the engine answers. The query has its own greenlet, since those of the requests may
        be killed while they write.
        """
        with self._query_lock:
            self._query = None
            return self.newest()

    def find(self, look: Callable[[], T | None]) -> T | None:
        """Return the result of a function; call it again after `catch_up` if that was None."""
        result = look()
        if result is None:
            self.catch_up()
            result = look()
        return result

    def note_entry(self) -> None:
        """Note that an entry was applied."""
        waiters, self._entry_waiters = self._entry_waiters, []
        for entry in waiters:
            entry.set()

    def _propose(
        self, act: Act, apply: Callable[[int], Any], result: AsyncResult | None = None, speaker: Session | None = None
    ) -> None:
        if self._is_applying:
            raise RuntimeError("an act proposes another one")
        text = entries.text(act)
        if not entries.fits(text):  # the engine would always refuse it, and so block all later ones
            raise StoreError(f"it is too large for the log, with {len(text)} characters")
        self._waiting.append(Proposal(text, apply, result, speaker))
        self._some.set()

    def wait(self, seconds: float) -> None:
        """Wait until something was proposed, but not longer."""
        if not self._waiting:
            self._some.clear()
            self._some.wait(seconds)

    def take(self) -> list[Proposal]:
        """Return the proposals for the next entry."""
        taken: list[Proposal] = []
        size = 0
        while (self._waiting and entries.room(size + len(self._waiting[0].text))) or (self._waiting and not taken):
            proposal = self._waiting.popleft()
            size += len(proposal.text)
            taken.append(proposal)
        return taken

    def apply(self, proposals: Sequence[Proposal], now: int, applied: Callable[[], None]) -> None:
        """Apply acts that were read from the log. now: their time in the log. applied: called after each."""
        for proposal in proposals:
            self._apply(proposal, now)
            applied()

    def _apply(self, proposal: Proposal, now: int) -> None:
        result, speaker = proposal.result, proposal.speaker
        self._is_applying = True
        try:
            value = proposal.apply(now)
            if result:
                result.set(value)
        except Exception as error:
            if result:
                result.set_exception(error)
            elif not isinstance(error, _REFUSALS):
                log.exception("a bug in an act of the log")
        finally:
            self._is_applying = False
        if speaker:
            speaker.under_way -= 1
            if not speaker.under_way and speaker in self._applied_events:
                self._applied_events.pop(speaker).set()
