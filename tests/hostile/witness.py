"""A witness: two well-behaved clients that talk all the time, whatever is done to the server.

The delay of a message is caused by the server and by the machine. The machine's part is known: the kernel counts for
how long each thread was ready to run without a free processor. It is subtracted, so that the bound can be short on a
busy machine. That excuses nothing of the server: while it works it is running, and while it waits for something else it
is not ready to run.

A server in another process is measured more precisely: by the processor time that it has used between sending and
receiving a message, scaled by the speed of the processor, which is slower where others use it, too: the witness
measures it with some work of its own, before and after each message, against the best result so far. Time that is
neither work nor waiting for a processor is sleep, and has a bound of its own.
"""

import threading
import time

from tests.hostile.figures import kept_waiting, quickest_work, time_of_work, worked
from tests.irc import Client, Target
from tests.patience import PATIENCE

BOUND = 1.0
"""The longest that a message may take by the server's fault, in seconds. By themselves they take some milliseconds."""
_SLEEP = 0.5
"""The longest that a server may have slept instead of passing it on; other things than a processor are awaited, too."""


class Witness:
    """Sends numbered messages to a friend, one after another; each must arrive, in order, within the bound.

    delays: of the messages, in seconds. longest: the longest delay not caused by the machine, in seconds; slept: for
    how long a server was idle meanwhile.
    """

    def __init__(
        self, address: Target, *servers: int, pause: float = 0.01, bound: float = BOUND, channel: str = ""
    ) -> None:
        """servers: the processes that serve, if not this one. pause: seconds between two messages.

        channel: where they talk; "" for private messages.
        """
        self._servers = servers
        self._processes: tuple[int | str, ...] = ("self", *servers)
        self._pause = pause
        self._bound = bound
        self._speaker = Client(address, "witness")
        self._friend = Client(address, "friend")
        self._target = channel or "friend"
        if channel:
            self._speaker.join(channel)
            self._friend.join(channel)
        self.delays: list[float] = []
        self.longest = self.slept = 0.0
        self._quickest = quickest_work() if servers else 0.0
        self._over = threading.Event()
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._talk, daemon=True)
        self._thread.start()

    def _talk(self) -> None:
        try:
            while not self._over.is_set():
                self.say()
                self._over.wait(self._pause)
            self.say()  # also when all is over
        except BaseException as error:
            with self._changed:
                self._error = error
                self._changed.notify_all()

    def say(self) -> None:
        """Send one message, and note its delay."""
        work = time_of_work() if self._servers else 0.0
        worked_before, kept_before = worked(*self._servers), kept_waiting(*self._processes)
        sent = time.monotonic()
        number = str(len(self.delays))
        self._speaker.send(f"PRIVMSG {self._target} :{number}")
        message = self._friend.expect("PRIVMSG")
        while message.nick != "witness":
            message = self._friend.expect("PRIVMSG")
        assert message.params == (self._target, number)
        waited = time.monotonic() - sent
        waits = kept_waiting(*self._processes) - kept_before
        own = waited - waits.total() / 1e9
        if self._servers:
            busy = worked(*self._servers) - worked_before
            self.slept = max(self.slept, own - busy)
            work = min(work, time_of_work())
            self._quickest = min(self._quickest, work)
            own = min(own, busy * self._quickest / work)
        self.longest = max(self.longest, own)
        with self._changed:
            self.delays.append(waited)
            self._changed.notify_all()

    def say_again(self) -> None:
        """Wait until one more message has arrived."""
        before = len(self.delays)
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.delays) > before or self._error, timeout=PATIENCE)

    def end(self) -> None:
        """Stop; raise AssertionError if a message was missing or exceeded the bound."""
        self._over.set()
        self._thread.join(PATIENCE)
        self._speaker.close()
        self._friend.close()
        if self._error:
            raise AssertionError(f"the witness was disturbed: {self._error!r}") from self._error
        assert self.longest < self._bound, f"the witness waited {self.longest:.3f} s, longer than {self._bound} s"
        assert self.slept < max(_SLEEP, self._bound), f"a server slept for {self.slept:.3f} s instead of serving"
