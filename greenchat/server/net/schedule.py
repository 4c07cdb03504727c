"""Schedules the work of a turn: a turn has a budget, and connections that are not served in it wait in a queue.

Nobody has to wait while everything fits into one turn, and then nothing is accounted either. Otherwise the queue is
served after each poll of the loop, as far as the turn's budget goes, and those who have used little go before those who
have used much (`fair_queue`). So signals, timers, new connections and writable sockets are served, whatever is done to
the server.

The budget is processor time: on a machine with much else to do a turn takes longer and does not do less. Only the
deadline that is checked before each line is one of the clock, which costs nearly nothing to read.
"""

from collections.abc import Callable
from functools import partial
from math import inf
from time import monotonic, thread_time
from typing import Any

from gevent.hub import Waiter, get_hub

from greenchat.chat.outbox import Dirty
from greenchat.server.net.fair_queue import FairQueue, Share, Wake

# Seconds of handlers in a turn. If nobody waits from earlier turns it is more: what comes at once is better sent at
# once. Newcomers have less of it: they may be many, and registered clients wait for the end of the turn.
_BUDGET, _BURST = 0.010, 0.025
_NEWCOMERS, _NEWCOMERS_BURST = 0.004, 0.010
_SLOT = 0.001  # seconds for one of those in the queue; a line that takes longer is finished
_SEND = 4e-6  # seconds that sending one more outbox takes
_CROWD = 32  # length of the queue beyond which nobody else is accepted


class Schedule:
    """deadline: the time, by the monotonic clock, at which to call `ask`; infinite while no turn has begun.

    newcomer_deadline: the same for newcomers.

    Reads: deadline, newcomer_deadline, is_busy. Changes: begin, end, fill. Waits: ask, yield_turn.
    """

    __slots__ = (
        "_check",
        "_dirty",
        "_dirty_before",
        "_ends",
        "_hurry",
        "_idle",
        "_newcomers_end",
        "_open",
        "_queue",
        "_resting",
        "_slot_began",
        "deadline",
        "newcomer_deadline",
    )

    def __init__(self, dirty: Dirty, open_turn: Callable[[], None], hurry: Callable[[], None]) -> None:
        """Make a schedule.

        dirty: of the turn. open_turn: begins a turn, if there is none. hurry: somebody waits for its end.
        """
        self._dirty = dirty
        self._open = open_turn
        self._hurry = hurry
        self.deadline = self.newcomer_deadline = inf
        self._ends = self._newcomers_end = inf  # of the budget, by the thread's processor time
        self._queue = FairQueue()
        self._resting: list[tuple[Share, Wake]] = []
        self._slot_began = 0.0  # of connections served from the queue, by processor time; 0.0 while there were none
        self._dirty_before = 0
        loop = get_hub().loop
        # The one runs after each poll, even if there is always something to read; the other keeps polls short.
        self._check: Any = loop.check()
        self._idle: Any = loop.idle()

    @property
    def is_busy(self) -> bool:
        """Whether there is more work than fits into a turn or two, so that nobody else should be accepted now."""
        return len(self._queue) > _CROWD

    def begin(self) -> None:
        """Begin a turn."""
        budget, newcomers = (_BUDGET, _NEWCOMERS) if self._queue else (_BURST, _NEWCOMERS_BURST)
        now, used = monotonic(), thread_time()
        self.deadline, self.newcomer_deadline = now + budget, now + newcomers
        self._ends, self._newcomers_end = used + budget, used + newcomers

    def end(self) -> None:
        """End the turn, after all its messages were sent."""
        self.deadline = self.newcomer_deadline = self._ends = self._newcomers_end = inf
        if self._resting:
            resting, self._resting = self._resting, []
            for share, wake in resting:
                self._push(share, wake)

    def fill(self) -> None:
        """Note that so much was said that it should be sent before anything else is done."""
        self.deadline = self.newcomer_deadline = self._ends = self._newcomers_end = 0.0

    def ask(self, share: Share, since: float) -> None:
        """Wait for a turn of the calling greenlet, if there is no time left: the deadline has passed.

        since: when it began to work, by the monotonic clock.
        """
        now = thread_time()
        slot = self._slot_began
        ends = self._newcomers_end if share.is_newcomer else self._ends
        left = (min(ends, slot + _SLOT) if slot else ends) - now
        if left > 0:  # the machine had something else to do meanwhile
            self.newcomer_deadline = monotonic() + left
            if not share.is_newcomer:
                self.deadline = self.newcomer_deadline
            return
        if slot:
            self._end_slot(share, now)
        elif self._ends:
            self._queue.charge(share, min(monotonic() - since, _BURST))
        self._hurry()
        waiter = Waiter()
        self._push(share, partial(waiter.switch, None))
        waiter.get()

    def yield_turn(self, share: Share) -> None:
        """Wait until this turn has ended, so that its messages are sent, and then for a turn like all others."""
        waiter = Waiter()
        self._resting.append((share, partial(waiter.switch, None)))
        self._open()
        self._hurry()
        waiter.get()

    def _push(self, share: Share, wake: Wake) -> None:
        self._queue.push(share, wake)
        if len(self._queue) == 1:
            self._check.start(self._serve)
            self._idle.start(_do_nothing)

    def _serve(self) -> None:
        """Serve the queue, as long as there is time. Runs in the loop itself, after each poll."""
        self._open()
        queue = self._queue
        while queue:
            now = thread_time()
            if now >= self._ends:
                break
            if queue.is_newcomers_turn and now >= self._newcomers_end:
                break
            share, wake = queue.pop()
            self._slot_began, self._dirty_before = now, len(self._dirty)
            self.deadline = self.newcomer_deadline = monotonic() + min(self._ends - now, _SLOT)
            wake()
            if self._slot_began:
                self._end_slot(share, thread_time())
        now, used = monotonic(), thread_time()
        self.deadline = now + self._ends - used
        self.newcomer_deadline = now + self._newcomers_end - used
        if not queue:
            self._check.stop()
            self._idle.stop()

    def _end_slot(self, share: Share, now: float) -> None:
        sending = _SEND * (len(self._dirty) - self._dirty_before)
        self._queue.charge(share, now - self._slot_began + sending)
        self._slot_began = 0.0


def _do_nothing() -> None:
    """Do nothing, for a watcher that only has to exist."""
