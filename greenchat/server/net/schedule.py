"""Schedules the work of a turn: a turn has a budget, and connections that are not served in it wait in a queue.

While everything fits into one turn nobody waits, and nothing is accounted. Otherwise the queue is served after each
poll of the loop, up to the turn's budget, and connections that have used little time there go before those that have
used much (`fair_queue`). So signals, timers, new connections and writable sockets are served under any load.

The budget is CPU time: on a busy machine a turn takes longer, but does not do less. Reading the CPU time takes as long
as a line does, so it is read only when the budget may be used up by the monotonic clock (`_ProcessorTime`), and that
clock has the deadline that is checked before each line.
"""

from collections.abc import Callable
from functools import partial
from math import inf
from time import monotonic, thread_time
from typing import Any

from gevent.hub import Waiter, get_hub

from greenchat.chat.outbox import Dirty
from greenchat.server.net.fair_queue import FairQueue, Share, Wake

# Seconds of handlers in a turn; more if nobody waits from earlier turns, since simultaneous messages are better sent
# together. Newcomers get less: they may be many, and registered clients wait for the end of the turn. But when
# thousands see each join, sending is most of the work, and costs the same for thirty joins as for one: then handlers
# get as long as the sending took.
_BUDGET, _BURST = 0.010, 0.025
_NEWCOMERS, _NEWCOMERS_BURST = 0.004, 0.010
# Seconds for one connection of the queue; a line that takes longer is finished. Newcomers take turns: all present ones
# have a slot before the first has another.
_SLOT, _NEWCOMERS_SLOT = 0.001, 0.0005
_SEND = 6e-6  # seconds that sending one more outbox takes
_CROWD = 32  # length of the queue beyond which no further client is accepted


class _ProcessorTime:
    """The CPU time of this thread in seconds, cheap to query often.

    Since the last reading it can't have grown by more than the monotonic clock has. clock: the monotonic time of the
    last reading.
    """

    __slots__ = ("_since", "_used", "clock")

    def __init__(self) -> None:
        self.exactly()

    def exactly(self) -> float:
        """Return the CPU time used so far."""
        self.clock = self._since = monotonic()
        self._used = thread_time()
        return self._used

    def at_most(self) -> float:
        """Return an upper bound of the CPU time used so far, without reading it again."""
        self.clock = now = monotonic()
        return self._used + now - self._since


class Schedule:
    """Shares the time of turns among connections.

    deadline: the time, by the monotonic clock, at which to call `ask`; infinite while no turn has started.

    newcomer_deadline: the same for newcomers.

    Reads: deadline, newcomer_deadline, is_busy. Changes: begin, end, fill, has_more, queue. Waits: ask, yield_turn.
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
        "_sending",
        "_slot",
        "_slot_began",
        "_time",
        "_yielding",
        "deadline",
        "newcomer_deadline",
    )

    def __init__(self, dirty: Dirty, open_turn: Callable[[], None], hurry: Callable[[], None]) -> None:
        """Make a schedule.

        dirty: the turn's. open_turn: begins a turn, if there is none. hurry: ends the turn early, since a client waits.
        """
        self._dirty = dirty
        self._open = open_turn
        self._hurry = hurry
        self.deadline = self.newcomer_deadline = inf
        self._time = _ProcessorTime()
        self._ends = self._newcomers_end = inf  # of the budget, in CPU time
        self._queue = FairQueue()
        self._yielding: list[tuple[Share, Wake]] = []
        self._sending = 0.0  # seconds of the last turn
        self._slot = _SLOT
        self._slot_began = 0.0  # the start of the queue's current slot, in CPU time; 0.0 without one
        self._dirty_before = 0
        loop = get_hub().loop
        # The first runs after each poll, even if there is always input; the second keeps polls short.
        self._check: Any = loop.check()
        self._idle: Any = loop.idle()

    @property
    def is_busy(self) -> bool:
        """Whether there is more work than fits into a turn or two, so that no client should be accepted now."""
        return len(self._queue) > _CROWD

    @property
    def is_in_slot(self) -> bool:
        """Whether a connection of the queue is being served, and its time and its sends are counted."""
        return self._slot_began > 0

    def begin(self) -> None:
        """Begin a turn."""
        budget, newcomers = (_BUDGET, _NEWCOMERS) if self._queue else (_BURST, _NEWCOMERS_BURST)
        budget = min(max(budget, self._sending), _BURST)
        newcomers = min(max(newcomers, self._sending), budget)
        used = self._time.exactly()
        now = self._time.clock
        self.deadline = now + budget
        self.newcomer_deadline = now + newcomers
        self._ends = used + budget
        self._newcomers_end = used + newcomers

    def end(self, outboxes: int) -> None:
        """End the turn, after all its messages were sent, into so many outboxes."""
        self._sending = _SEND * outboxes
        self.deadline = self.newcomer_deadline = self._ends = self._newcomers_end = inf
        if self._yielding:
            yielding, self._yielding = self._yielding, []
            for share, wake in yielding:
                self.queue(share, wake)

    def fill(self) -> None:
        """End the budget now: so many messages wait that they should be sent first."""
        self.deadline = self.newcomer_deadline = self._ends = self._newcomers_end = 0.0

    def ask(self, share: Share, since: float) -> None:
        """Wait until the calling greenlet may continue, if there is no time left. To be called after the deadline.

        since: when it began to work, by the monotonic clock.
        """
        if not self.has_more(share, since):
            waiter = Waiter()
            self.queue(share, partial(waiter.switch, None))
            waiter.get()

    def has_more(self, share: Share, since: float) -> bool:
        """Whether there is time left after the deadline has passed; if not, the share has to be queued.

        since: when it began to work, by the monotonic clock.
        """
        now = self._time.exactly()
        slot = self._slot_began
        ends = self._newcomers_end if share.is_newcomer else self._ends
        left = (min(ends, slot + self._slot) if slot else ends) - now
        if left > 0:  # another process ran meanwhile
            self.newcomer_deadline = monotonic() + left
            if not share.is_newcomer:
                self.deadline = self.newcomer_deadline
            return True
        if slot:
            self._end_slot(share, now)
        elif self._ends:
            # At most a slot, also for more work: the clock has also run while other processes had the processor, and
            # to read the CPU time before each line would take too long.
            most = _NEWCOMERS_SLOT if share.is_newcomer else _SLOT
            self._queue.charge(share, min(monotonic() - since, most))
        self._hurry()
        return False

    def yield_turn(self, share: Share) -> None:
        """Wait until this turn has ended, so that its messages are sent, and then for a turn like all others."""
        waiter = Waiter()
        self._yielding.append((share, partial(waiter.switch, None)))
        self._open()
        self._hurry()
        waiter.get()

    def queue(self, share: Share, wake: Wake) -> None:
        """Let the loop call `wake` when there is time for this share: it must not wait."""
        self._queue.push(share, wake)
        if len(self._queue) == 1:
            self._check.start(self._serve)
            self._idle.start(_do_nothing)

    def _serve(self) -> None:
        """Serve the queue, as long as there is time. Runs in the loop itself, after each poll."""
        self._open()
        queue, time = self._queue, self._time
        now = time.exactly()
        while queue:
            ends = self._newcomers_end if queue.is_newcomers_turn else self._ends
            if now >= ends:
                now = time.exactly()
                if now >= ends:
                    break
            share, wake = queue.pop()
            self._slot = _NEWCOMERS_SLOT if share.is_newcomer else _SLOT
            self._slot_began = now
            self._dirty_before = len(self._dirty.outboxes)
            self.deadline = self.newcomer_deadline = time.clock + min(self._ends - now, self._slot)
            wake()
            now = time.at_most()
            if self._slot_began:
                if now - self._slot_began > self._slot:
                    now = time.exactly()
                self._end_slot(share, now)
        used, now = time.exactly(), time.clock
        self.deadline = now + self._ends - used
        self.newcomer_deadline = now + self._newcomers_end - used
        if not queue:
            self._check.stop()
            self._idle.stop()

    def _end_slot(self, share: Share, now: float) -> None:
        sending = _SEND * (len(self._dirty.outboxes) - self._dirty_before)
        self._queue.charge(share, max(0.0, now - self._slot_began) + sending)
        self._slot_began = 0.0


def _do_nothing() -> None:
    """Do nothing, for a watcher that only has to exist."""
