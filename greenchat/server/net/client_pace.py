"""The pace of one client: limited by the throttle, and by the time of the turn.

A newcomer has a small burst, which grows by staying or by logging in, so that reconnecting does not help a flood. If
the other side has closed the connection, lines within the burst still run, but none that would have to wait.
"""

import errno
import fcntl
import socket
import struct
import termios
from collections.abc import Callable, Sequence
from math import inf
from time import monotonic
from typing import Any

from gevent.event import Event

from greenchat.chat.protection.throttle import TokenBucket
from greenchat.chat.user import Session
from greenchat.config.options import Throttle
from greenchat.server.net.fair_queue import Share
from greenchat.server.net.turn import Turn

_NEW = 2.0  # seconds for which a client is a newcomer, and goes after all others
_FLOOD = 2.0  # seconds for which a client may exceed its burst, for example by a paste
_WASTED = 20  # lines of unregistered clients that do not belong to the registration
_COUNT = struct.Struct("i")


class FloodError(Exception):
    """A client has exceeded its limits by far, for too long."""


class ClientPace:
    """The pace of one client; the methods that wait are for its greenlet. since: the start of its present activity.

    owed: charged lines to wait for before the client is read again.

    Reads: since. Changes: owed, use, hang_up, charge, waste, takes, has_time, queue. Waits: line, work, yield_turn.
    """

    __slots__ = (
        "_ahead_since",
        "_bucket",
        "_has_earned",
        "_is_gone",
        "_is_settled",
        "_opened",
        "_pause",
        "_schedule",
        "_session",
        "_share",
        "_sock",
        "_throttle",
        "_turn",
        "_wasted",
        "owed",
        "since",
    )

    def __init__(self, turn: Turn, throttle: Throttle, session: Session, sock: socket.socket) -> None:
        """Make a pace. sock: the client's, even below a TLS stream."""
        self._turn = turn
        self._schedule = turn.schedule
        self._throttle = throttle
        self._session = session
        self._sock = sock
        self._opened = self.since = now = monotonic()
        self._share = Share(is_newcomer=True)
        self._bucket = TokenBucket(throttle.commands, throttle.burst, first=throttle.newcomer_burst, now=now * 1000)
        self._is_settled = False  # no longer a newcomer
        self._has_earned = False  # the full burst, by a login
        self._wasted = 0
        self.owed = 0
        self._ahead_since = inf  # since when too much input is unread
        self._is_gone = False
        self._pause: Event | None = None  # set while the throttle makes the client wait

    def dump(self) -> list[Any]:
        """Return the state of the pace, as a JSON value."""
        return [self._opened, self._bucket.full_at, self._is_settled, self._has_earned, self._wasted]

    def load(self, dumped: Sequence[Any]) -> None:
        """Restore what `dump` returned, also of another process on this machine: both share the monotonic clock."""
        self._opened, self._bucket.full_at, self._is_settled, self._has_earned, self._wasted = dumped

    def use(self, throttle: Throttle) -> None:
        """Apply new limits after a reload."""
        self._throttle = throttle
        self._bucket = TokenBucket(throttle.commands, throttle.burst)

    def hang_up(self) -> None:
        """Note that the other side has closed or reset the connection."""
        self._is_gone = True
        if self._pause is not None:
            self._pause.set()

    def charge(self, lines: int) -> None:
        """Charge the client for further lines: its last command was an expensive one."""
        self._bucket.take(monotonic() * 1000, lines)

    def waste(self) -> bool:
        """Count a line that is for registered clients only; return whether there were too many of those."""
        self._wasted += 1
        return self._wasted >= _WASTED

    def line(self) -> None:
        """Wait until the next line may be run.

        Raises FloodError, and OSError if the connection was closed and the line would have to wait.
        """
        now = monotonic()
        wait = self._bucket.take(now * 1000)
        if wait > 0:
            self._be_throttled(wait / 1000)
        elif now > (self._schedule.deadline if self._is_settled else self._schedule.newcomer_deadline):
            self._wait()

    def takes(self, lines: int) -> bool:
        """Take so many lines from the burst at once, if none has to wait; return whether that was possible."""
        return self._bucket.take_if_there(self.since * 1000, lines)

    def work(self) -> None:
        """Continue at once while this turn has time, or else when the queue gets to this client."""
        owed, self.owed = self.owed, 0
        for _ in range(owed):
            self.line()
        if not self.has_time():
            self._wait()

    def has_time(self) -> bool:
        """Whether this turn has time for the client; if so the turn is opened."""
        self.since = now = monotonic()
        deadline = self._schedule.deadline if self._is_settled else self._schedule.newcomer_deadline
        if now > deadline:
            return False
        if deadline == inf:
            self._turn.open()
        return True

    def yield_turn(self) -> None:
        """Let this turn end, so that its messages are sent."""
        self._schedule.yield_turn(self._share)
        self.since = monotonic()

    def queue(self, wake: Callable[[], object]) -> None:
        """Let the loop call `wake`, which must not wait, when there is time: to be used if `has_time` was false."""
        self._look_whether_new()
        if self._schedule.has_more(self._share, self.since):
            wake()
        else:
            self._schedule.queue(self._share, wake)

    def _wait(self) -> None:
        self._look_whether_new()
        self._schedule.ask(self._share, self.since)
        self.since = monotonic()

    def _look_whether_new(self) -> None:
        user = self._session.user
        self._is_settled = user is not None and bool(user.account or monotonic() - self._opened > _NEW)
        self._share.is_newcomer = not self._is_settled

    def _be_throttled(self, wait: float) -> None:
        if self._turn.meter is not None:
            self._turn.meter.throttled += 1
        user = self._session.user
        if user is not None and user.account and not self._has_earned:
            self._has_earned = True
            self._bucket.fill()
            return
        if not self._is_gone:
            if self._has_flooded():
                raise FloodError
            self._pause = Event()
            self._pause.wait(wait)
            self._pause = None
        if self._is_gone:
            raise ConnectionAbortedError(errno.ECONNABORTED, "Connection closed")
        self.work()

    def _has_flooded(self) -> bool:
        most = self._throttle.unread
        ahead = fcntl.ioctl(self._sock.fileno(), termios.FIONREAD, _COUNT.pack(0))
        if not most or _COUNT.unpack(ahead)[0] <= most:
            self._ahead_since = inf
            return False
        now = monotonic()
        self._ahead_since = min(self._ahead_since, now)
        return now - self._ahead_since > _FLOOD
