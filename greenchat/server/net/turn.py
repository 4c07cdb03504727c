"""One turn of gevent's loop: its messages are stored first, and only then sent.

Nothing is sent while handlers run. The first reader with input schedules the end of the turn; the loop calls it when
every ready socket has been handled. Then (a) the messages are stored in one transaction, and (b) each outbox with
messages makes one send.

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
from greenchat.commands.core.journal import Encoded, Since
from greenchat.commands.core.utterance import Utterance
from greenchat.server.net.meter import Longest, Meter
from greenchat.server.net.schedule import Schedule
from greenchat.server.net.sendq import OUT_OF_MEMORY, SendQueues
from greenchat.storage.interface import Erasure, Speech, Store, StoredEvent, StoreError, StoreWrite, UnfitWriteError

log = logging.getLogger(__name__)

Refusable = tuple[Encoded, Callable[[], None]]
"""What was said, and what refuses it."""

_LONG = 0.002  # seconds that sending takes
_MOMENT = 0.001  # seconds: little compared with that
_MOST_OWED = 10_000
_COMPLAIN_EVERY = 10.0  # seconds
_ERASED_LATELY = 10_000  # events: enough for the seconds that a long answer takes


class Turn:
    """The messages and events since the last turn, and the outboxes that wait for its end."""

    __slots__ = (
        "_complained",
        "_erased",
        "_is_busy",
        "_lines",
        "_loop",
        "_moment",
        "_opened",
        "_owed",
        "_planned",
        "_readings",
        "_said",
        "_store",
        "_writes",
        "dirty",
        "failures",
        "kept",
        "longest",
        "meter",
        "schedule",
        "send_queues",
    )

    def __init__(self, store: Store, send_queues: SendQueues) -> None:
        self.dirty = Dirty(lambda: self.schedule.fill())
        self.schedule = Schedule(self.dirty, self.open, self.hurry)
        self._store = store
        self.send_queues = send_queues
        self.meter: Meter | None = None
        self.failures = 0
        """How often the store has failed."""
        self.kept: list[Callable[[Sequence[StoreWrite]], None]] = []
        """Who is shown, in the loop, what was kept."""
        self.longest = Longest()
        self._opened = 0.0
        self._loop = get_hub().loop
        self._planned = False
        self._lines = 0  # of this turn
        self._is_busy = False
        self._moment: Any = None  # gevent has no types for its timers
        self._writes: list[StoreWrite] = []
        self._owed: list[StoreWrite] = []
        self._said: list[Refusable] = []
        self._complained = -_COMPLAIN_EVERY
        self._readings: WeakSet[Since] = WeakSet()
        self._erased: dict[tuple[str, int], None] = {}  # recently, the oldest first

    @property
    def store(self) -> Store:
        """The store, including the messages of this turn."""
        if self._writes:
            self._keep()
        return self._store

    @property
    def is_owing(self) -> bool:
        """Whether events of earlier turns are not stored yet, since the store fails."""
        return bool(self._writes)

    def since(self) -> Since:
        """Return the writes from now on."""
        since = Since()
        self._readings.add(since)
        return since

    def has_erased(self, conversation: str, event_id: int) -> bool:
        """Whether an event was erased recently."""
        return (conversation, event_id) in self._erased

    def secure(self, *writes: StoreWrite) -> None:
        """Store changes that must survive, before they take effect. Raises StoreError, and then none was stored."""
        if self._writes:
            trouble = self._keep()
            if trouble:
                raise StoreError(str(trouble)) from trouble
        try:
            self._store.commit(writes)
        except UnfitWriteError as error:
            self._complain(error, 1)
            raise
        self._follow(writes)

    def begin(self, lines: int = 1) -> None:
        """Begin a turn: call it before changing state or putting a message into an outbox."""
        self._lines += lines
        if not self._planned:
            self.open()

    def open(self) -> None:
        """Open a turn, so that its time is limited: call it before anything that takes time."""
        if self._planned:
            return
        self._planned = True
        self._opened = monotonic()
        self.schedule.begin()
        if self._is_busy:
            self._moment = self._loop.timer(_MOMENT)
            self._moment.start(self.hurry, update=True)
        else:
            self._loop.run_callback(self.end)

    def hurry(self) -> None:
        """End the turn without waiting for more input: a client waits for its end."""
        if self._moment is not None:
            self._stop_waiting()
            self._loop.run_callback(self.end)

    def find(self, conversation: str, event_id: int) -> StoredEvent | None:
        """Return one event, even one of this turn. Raises StoreError."""
        return self.store.find(conversation, event_id)

    def say(self, writes: Sequence[StoreWrite], said: Encoded, refuse: Callable[[], None]) -> None:
        """Store writes before anybody sees the message.

        If that fails nobody sees the message, and `refuse` is called to tell its sender.
        """
        self._writes += writes
        self._said.append((said, refuse))

    def speak(self, utterance: Utterance) -> None:
        """Store plain messages before anybody sees them, as `say` does."""
        self._writes.append(utterance)
        self._said.append((utterance, utterance.refuse))

    def record(self, *writes: StoreWrite) -> None:
        """Store events in this turn's transaction, or if that fails in a later one."""
        self._writes += writes
        self._owed += writes

    def end(self) -> None:
        """Store, then send. Runs in the loop itself: it must not wait, and no exception may leave it."""
        self._planned = False
        self._stop_waiting()
        lines, self._lines = self._lines, 0
        if self._writes:
            self._keep()
        began = monotonic()
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
        self._is_busy = lines > 1 and ended - began >= _LONG
        self.longest.observe(ended - self._opened, ended)
        if self.meter is not None:
            self.meter.turns.observe(ended - self._opened)
        self.schedule.end(len(outboxes))

    def _stop_waiting(self) -> None:
        if self._moment is not None:
            self._moment.stop()
            self._moment.close()
            self._moment = None

    def _keep(self) -> Exception | None:
        """Store the turn's messages; return why that failed, or None."""
        writes, owed, said = self._writes, self._owed, self._said
        self._writes = []
        self._owed = []
        self._said = []
        began = monotonic()
        try:
            self.store.commit(writes)
        except Exception as error:
            self.failures += 1
            self._complain(error, len(said))
            self._give_up(error, writes, owed, said)
            return error
        if self.meter is not None:
            self.meter.commits.observe(monotonic() - began)
        self._follow(writes)
        return None

    def _give_up(
        self, error: Exception, writes: list[StoreWrite], owed: list[StoreWrite], said: list[Refusable]
    ) -> None:
        """Refuse the messages, and keep the events for the next turn."""
        if not isinstance(error, UnfitWriteError):
            self._owed = owed[-_MOST_OWED:]
            self._writes = self._owed.copy()
        self._take_back(said)

    def _follow(self, writes: Sequence[StoreWrite]) -> None:
        """Tell followers of the history what was stored, and note erased events for answers in progress."""
        if self._readings:
            each = [event for write in writes for event in (write.events() if isinstance(write, Speech) else (write,))]
            for reading in self._readings:
                reading.writes += each
        for write in writes:
            if type(write) is Erasure:
                self._erased[write.conversation, write.id] = None
                while len(self._erased) > _ERASED_LATELY:
                    del self._erased[next(iter(self._erased))]
        if self.kept:
            self._show(writes)

    def _show(self, writes: Sequence[StoreWrite]) -> None:
        for look in self.kept:
            try:
                look(writes)
            except Exception:
                log.exception("a bug kept somebody from seeing what was kept")

    def _take_back(self, said: list[Refusable]) -> None:
        unseen = {id(data) for each, _ in said for data in each.encodings}
        for outbox in self.dirty.outboxes:
            outbox.retract(unseen)
        for _, refuse in said:
            try:
                refuse()
            except Exception:
                log.exception("somebody could not be told that the store failed")

    def _complain(self, error: Exception, refused: int) -> None:
        """Log a failure: the traceback of a bug each time, a full disk now and then."""
        if not isinstance(error, StoreError) or isinstance(error, UnfitWriteError):
            log.error("a bug kept %d messages out of the store", refused, exc_info=error)
        elif monotonic() - self._complained >= _COMPLAIN_EVERY:
            self._complained = monotonic()
            what = f", and {refused} messages were refused" if refused else ""
            log.error("the store failed%s: %s", what, error)


def _do_nothing() -> None:
    """Do nothing, for a watcher that only has to exist."""
