"""A witness: two well-behaved people who talk throughout, whatever is done to the server meanwhile.

How long a message takes says something of the server and something of the machine. What the machine did is known: the
system counts for how long each thread was ready to run and no processor was free for it. That is taken off, so that the
bound can be short on a machine with much else to do. It forgives the server nothing: while it works it is running, and
while it waits for something else it is not ready to run.

A server of another process is measured more closely: by the time of a processor that it has used from when a message
was sent to when it was heard. That is all that it can have done before; and a processor that others use, too, is
slower: how much, the witness measures with some work of its own, before and after each message, against the best that
it has seen. What is neither work nor waiting for a processor is sleep, and has a bound of its own.
"""

import threading
import time

from tests.hostile.figures import kept_waiting, time_of_work, worked
from tests.irc import Client, Target
from tests.patience import PATIENCE

BOUND = 1.0
"""The longest that a message may take by the server's fault, in seconds. By themselves they take some milliseconds."""
_SLEEP = 0.5
"""The longest that a server may have slept instead of passing it on; other things than a processor are awaited, too."""


class Witness:
    """Says numbered things to a friend, one after another; each must be heard, in order, within the bound.

    delays: what each message took, in seconds. longest: the longest that one took for which the machine is not to
    blame, in seconds; slept: how long a server did nothing meanwhile.
    """

    def __init__(
        self, address: Target, *servers: int, pause: float = 0.01, bound: float = BOUND, channel: str = ""
    ) -> None:
        """servers: processes that serve, if it isn't this one. pause: seconds between two messages.

        channel: where they talk; "" for in private.
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
        self._quickest = min(time_of_work() for _ in range(50))
        self._over = threading.Event()
        self._heard = threading.Condition()
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
            with self._heard:
                self._error = error
                self._heard.notify_all()

    def say(self) -> None:
        """One message, and how long it took."""
        work = time_of_work()
        worked_before, kept_before = worked(*self._servers), kept_waiting(*self._processes)
        said = time.monotonic()
        number = str(len(self.delays))
        self._speaker.send(f"PRIVMSG {self._target} :{number}")
        message = self._friend.expect("PRIVMSG")
        while message.nick != "witness":
            message = self._friend.expect("PRIVMSG")
        assert message.params == (self._target, number)
        waited = time.monotonic() - said
        kept = kept_waiting(*self._processes) - kept_before
        own = waited - kept.total() / 1e9
        if self._servers:
            busy = worked(*self._servers) - worked_before
            self.slept = max(self.slept, own - busy)
            work = min(work, time_of_work())
            self._quickest = min(self._quickest, work)
            own = min(own, busy * self._quickest / work)
        self.longest = max(self.longest, own)
        with self._heard:
            self.delays.append(waited)
            self._heard.notify_all()

    def say_again(self) -> None:
        """Wait until one more message was heard."""
        before = len(self.delays)
        with self._heard:
            assert self._heard.wait_for(lambda: len(self.delays) > before or self._error, timeout=PATIENCE)

    def end(self) -> None:
        """Raises AssertionError if they missed anything or waited longer than the bound."""
        self._over.set()
        self._thread.join(PATIENCE)
        self._speaker.close()
        self._friend.close()
        if self._error:
            raise AssertionError(f"the witness was disturbed: {self._error!r}") from self._error
        assert self.longest < self._bound, f"the witness waited {self.longest:.3f} s, longer than {self._bound} s"
        assert self.slept < max(_SLEEP, self._bound), f"a server slept for {self.slept:.3f} s instead of serving"
