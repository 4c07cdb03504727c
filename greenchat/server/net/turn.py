"""One turn of gevent's loop: its messages are stored first, and only then sent.

Nothing is sent while handlers run. Plain messages are collected, and put into the outboxes together before anything
else happens, which takes less time than one by one. The first reader with input schedules the end of the turn; the loop
calls it when every ready socket has been handled. Then (a) the messages are stored in one transaction, and (b) each
outbox with messages makes one send.

The time of a turn is limited, so that nobody makes the others wait: see `schedule`.

Sending is most of the work, and a thousand sends cost the same with one message in each as with ten. So if the last
turn had more than one line and took long to send, the next one waits a moment for further messages.

If the store fails, the messages are removed from all outboxes, so that nobody ever sees them, and their senders get an
error. Other events (JOIN, PART) can't be taken back: they are sent, and stored in the next turn's transaction. Changes
that must survive (accounts, bans, channels) are stored before they take effect: `secure`.

If the history is read in the middle of a turn, the turn's messages are stored then, so that they are found; sending
still waits for the end.
"""

import logging
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any
from weakref import WeakSet

from gevent.hub import get_hub

from greenchat.chat.outbox import Dirty
from greenchat.commands.core import command_log
from greenchat.commands.core.journal import Encoded, LaterWrites
from greenchat.commands.core.utterance import Utterance
from greenchat.commands.messages.speech import MessageBurst
from greenchat.server.net.meter import LongestDuration, Meter
from greenchat.server.net.schedule import Schedule
from greenchat.server.net.sendq import OUT_OF_MEMORY, SendQueues
from greenchat.storage.interface import Erasure, InvalidWriteError, Speech, Store, StoredEvent, StoreError, StoreWrite

log = logging.getLogger(__name__)

Refusable = tuple[Encoded, Callable[[], None]]
"""A message that is not stored yet, and the function that tells its sender that it was not sent."""

_LONG_SENDING = 0.002  # seconds
_PAUSE = 0.001  # seconds: little compared with that
# Seconds between two deliveries of joins, for each recipient: sending to one takes a twentieth of that.
_JOINS_EVERY, _JOINS_LATEST = 120e-6, 0.25
_MAX_RETRIED = 10_000
# The limit of collected work, some 3 ms. The unit is one reader of a message; its other work takes as long as 32.
_MAX_COLLECTED, _LINE_WEIGHT = 1 << 16, 32
_LOG_FAILURES_EVERY = 10.0  # seconds
_MAX_ERASED = 10_000  # events: enough for the seconds that a long answer takes


class Turn:
    """The messages and events since the last turn, and the outboxes that wait for its end."""

    __slots__ = (
        "_collected",
        "_collected_weight",
        "_erased",
        "_failure_logged",
        "_followers",
        "_is_busy",
        "_is_open",
        "_joins_timer",
        "_lines",
        "_loop",
        "_opened",
        "_pause",
        "_refusable",
        "_store",
        "_to_retry",
        "_writes",
        "deliver_bursts",
        "dirty",
        "failures",
        "logs_commands",
        "longest",
        "meter",
        "observers",
        "schedule",
        "send_queues",
    )

    def __init__(self, store: Store, send_queues: SendQueues) -> None:
        self.dirty = Dirty(lambda: self.schedule.fill())
        self.schedule = Schedule(self.dirty, self.open, self.hurry)
        self._store = store
        self.send_queues = send_queues
        self.meter: Meter | None = None
        self.deliver_bursts: Callable[[Sequence[MessageBurst]], None] = lambda _: None
        """Delivers collected messages: `routes.deliver_bursts`, once there is a network."""
        self.failures = 0
        """The number of transactions that failed."""
        self.observers: list[Callable[[Sequence[StoreWrite]], None]] = []
        """Functions that are called in the loop with all writes that were stored."""
        self.logs_commands = False
        """Whether each command is logged: the same for a whole turn."""
        self.longest = LongestDuration()
        self._opened = 0.0
        self._loop = get_hub().loop
        self._is_open = False
        self._lines = 0  # of this turn
        self._collected: list[MessageBurst] = []  # not delivered yet
        self._collected_weight = 0
        self._is_busy = False
        self._pause: Any = None  # gevent has no types for its timers
        self._joins_timer: Any = None  # the timer of joins that were held back
        self._writes: list[StoreWrite] = []
        self._to_retry: list[StoreWrite] = []
        self._refusable: list[Refusable] = []
        self._failure_logged = -_LOG_FAILURES_EVERY
        self._followers: WeakSet[LaterWrites] = WeakSet()
        self._erased: dict[tuple[str, int], None] = {}  # recently, the oldest first

    @property
    def store(self) -> Store:
        """The store, including the messages of this turn."""
        if self._collected:
            self._deliver_collected()
        if self._writes:
            self._commit()
        return self._store

    @property
    def has_writes_to_retry(self) -> bool:
        """Whether events of earlier turns are not stored yet, because the store failed."""
        return bool(self._writes)

    def later_writes(self) -> LaterWrites:
        """Return the writes from now on."""
        later = LaterWrites()
        self._followers.add(later)
        return later

    def has_erased(self, conversation: str, event_id: int) -> bool:
        """Whether an event was erased recently."""
        return (conversation, event_id) in self._erased

    def secure(self, *writes: StoreWrite) -> None:
        """Store changes that must survive, before they take effect. Raises StoreError, and then none was stored."""
        if self._writes:
            failure = self._commit()
            if failure:
                raise StoreError(str(failure)) from failure
        try:
            self._store.commit(writes)
        except InvalidWriteError as error:
            self._log_failure(error, 1)
            raise
        self._after_commit(writes)

    def begin(self, lines: int = 1) -> None:
        """Begin a turn: call it before changing state or putting a message into an outbox."""
        if self._collected:
            self._deliver_collected()
        self._lines += lines
        if not self._is_open:
            self.open()

    def open(self) -> None:
        """Open a turn, so that its time is limited: call it before anything that takes time."""
        if self._is_open:
            return
        self._is_open = True
        self._opened = monotonic()
        self.logs_commands = command_log.is_wanted()
        self.schedule.begin()
        if self._is_busy:
            self._pause = self._loop.timer(_PAUSE)
            self._pause.start(self.hurry, update=True)
        else:
            self._loop.run_callback(self.end)

    def collect(self, burst: MessageBurst) -> None:
        """Deliver messages in this turn, before anything else changes the state or is put into an outbox."""
        route, encoded, _ = burst
        self._lines += len(encoded)
        self._collected.append(burst)
        self._collected_weight += len(encoded) * (_LINE_WEIGHT + route.readers)
        if self._collected_weight >= _MAX_COLLECTED or self.schedule.is_in_slot:
            self._deliver_collected()

    def _deliver_collected(self) -> None:
        bursts, self._collected = self._collected, []
        self._collected_weight = 0
        began = 0.0 if self.meter is None else monotonic()
        try:
            self.deliver_bursts(bursts)
        except Exception:
            log.exception("some clients did not get a message because of a bug")
        if self.meter is not None:
            self.meter.count_speech(bursts, monotonic() - began)

    def hurry(self) -> None:
        """End the turn without waiting for more input: a client waits for its end."""
        if self._pause is not None:
            self._end_pause()
            self._loop.run_callback(self.end)

    def find(self, conversation: str, event_id: int) -> StoredEvent | None:
        """Return one event, even one of this turn. Raises StoreError."""
        return self.store.find(conversation, event_id)

    def store_message(self, writes: Sequence[StoreWrite], message: Encoded, refuse: Callable[[], None]) -> None:
        """Store writes before anybody sees the message.

        If that fails nobody sees the message, and `refuse` is called, which tells the sender.
        """
        self._writes += writes
        self._refusable.append((message, refuse))

    def store_utterance(self, utterance: Utterance) -> None:
        """Store plain messages before anybody sees them, as `store_message` does."""
        self._writes.append(utterance)  # if that fails, `_give_up` finds it there

    def record(self, *writes: StoreWrite) -> None:
        """Store events in this turn's transaction, or if that fails in a later one."""
        self._writes += writes
        self._to_retry += writes

    def end(self) -> None:
        """Store, then send. Runs in the loop itself: it must not wait, and no exception may leave it."""
        if self._collected:
            self._deliver_collected()  # still in this turn: an act begins one
        self._is_open = False
        self._end_pause()
        lines, self._lines = self._lines, 0
        if self._writes:
            self._commit()
        began = monotonic()
        if self.dirty.held:
            self._release_joins(began)
        outboxes = self.dirty.take()
        for outbox in outboxes:
            try:
                outbox.flush()
            except MemoryError:
                outbox.cut(OUT_OF_MEMORY)
                self.send_queues.relieve()
                log.error("out of memory: a client was disconnected, because a message could not be sent to it")
            except Exception:
                log.exception("an outbox could not be flushed")
                outbox.cut("Internal error")  # no message may be missing from the middle of a stream
        ended = monotonic()
        self._is_busy = lines > 1 and ended - began >= _LONG_SENDING
        self.longest.observe(ended - self._opened, ended)
        if self.meter is not None:
            self.meter.turns.observe(ended - self._opened)
        self.schedule.end(len(outboxes))

    def _release_joins(self, now: float) -> None:
        """Put the joins that are due into the outboxes, and schedule a turn for the next ones."""
        for group in [each for each in self.dirty.held if each.due <= now]:
            try:
                group.due = now + min(group.release() * _JOINS_EVERY, _JOINS_LATEST)
            except Exception:
                log.exception("some clients were not told of joins because of a bug")
                self.dirty.held.pop(group, None)
        if self._joins_timer is not None:
            self._joins_timer.close()
            self._joins_timer = None
        if self.dirty.held:
            self._joins_timer = self._loop.timer(min(each.due for each in self.dirty.held) - now, ref=False)
            self._joins_timer.start(self.open, update=True)

    def _end_pause(self) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause.close()
            self._pause = None

    def _commit(self) -> Exception | None:
        """Store the writes of this turn; return the error if that failed."""
        writes, to_retry, refusable = self._writes, self._to_retry, self._refusable
        self._writes = []
        self._to_retry = []
        self._refusable = []
        began = monotonic()
        try:
            self.store.commit(writes)
        except Exception as error:
            self.failures += 1
            self._log_failure(error, self._give_up(error, writes, to_retry, refusable))
            return error
        if self.meter is not None:
            self.meter.commits.observe(monotonic() - began)
        self._after_commit(writes)
        return None

    def _give_up(
        self, error: Exception, writes: list[StoreWrite], to_retry: list[StoreWrite], refusable: list[Refusable]
    ) -> int:
        """Refuse the messages, and retry the events in the next turn; return the number of refused messages."""
        refusable += [(write, write.refuse) for write in writes if isinstance(write, Utterance)]
        if not isinstance(error, InvalidWriteError):
            self._to_retry = to_retry[-_MAX_RETRIED:]
            self._writes = self._to_retry.copy()
        self._refuse_all(refusable)
        return len(refusable)

    def _after_commit(self, writes: Sequence[StoreWrite]) -> None:
        """Pass stored writes to the readers that follow them, and note erased events for answers in progress."""
        if self._followers:
            each = [event for write in writes for event in (write.events() if isinstance(write, Speech) else (write,))]
            for follower in self._followers:
                follower.writes += each
        for write in writes:
            if type(write) is Erasure:
                self._erased[write.conversation, write.id] = None
                while len(self._erased) > _MAX_ERASED:
                    del self._erased[next(iter(self._erased))]
        if self.observers:
            self._notify_observers(writes)

    def _notify_observers(self, writes: Sequence[StoreWrite]) -> None:
        for observe in self.observers:
            try:
                observe(writes)
            except Exception:
                log.exception("a bug in an observer of stored writes")

    def _refuse_all(self, refusable: list[Refusable]) -> None:
        unseen = {id(data) for each, _ in refusable for data in each.encodings}
        for outbox in self.dirty.outboxes:
            outbox.retract(unseen)
        for _, refuse in refusable:
            try:
                refuse()
            except Exception:
                log.exception("a client could not be told that the store failed")

    def _log_failure(self, error: Exception, refused: int) -> None:
        """Log a failure: the traceback of a bug each time, a full disk now and then."""
        if not isinstance(error, StoreError) or isinstance(error, InvalidWriteError):
            log.error("%d messages were not stored because of a bug", refused, exc_info=error)
        elif monotonic() - self._failure_logged >= _LOG_FAILURES_EVERY:
            self._failure_logged = monotonic()
            refusals = f", and {refused} messages were refused" if refused else ""
            log.error("the store failed%s: %s", refusals, error)


def _do_nothing() -> None:
    """Do nothing, for a watcher that only has to exist."""
