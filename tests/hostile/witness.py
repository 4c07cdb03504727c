"""A witness: two well-behaved people who talk throughout, whatever is done to the server meanwhile.

How long a message takes says something of the server and something of the machine. What the machine did is known: the
system counts for how long each thread was ready to run and no processor was free for it. That is taken off, so that the
bound can be short on a machine with much else to do. It forgives the server nothing: while it works it is running, and
while it waits for something else it is not ready to run.
"""

import threading
import time

from tests.conftest import Target
from tests.hostile.figures import kept_waiting
from tests.irc import Client

BOUND = 1.0
"""The longest that a message may take by the server's fault, in seconds. By themselves they take some milliseconds."""


class Witness:
    """Says numbered things to a friend, one after the other; each must be heard, in order, within the bound.

    delays: what each message took, in seconds. longest: the longest that one took for which the machine is not to
    blame, in seconds.
    """

    def __init__(self, address: Target, *servers: int, pause: float = 0.01, bound: float = BOUND) -> None:
        """servers: processes that serve, if it isn't this one. pause: seconds between two messages."""
        self._processes: tuple[int | str, ...] = ("self", *servers)
        self._pause = pause
        self._bound = bound
        self._speaker = Client(address, "witness")
        self._friend = Client(address, "friend")
        self.delays: list[float] = []
        self.longest = 0.0
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
        kept_before = kept_waiting(*self._processes)
        said = time.monotonic()
        number = str(len(self.delays))
        self._speaker.send(f"PRIVMSG friend :{number}")
        message = self._friend.expect("PRIVMSG")
        while message.nick != "witness":
            message = self._friend.expect("PRIVMSG")
        assert message.params == ("friend", number)
        waited = time.monotonic() - said
        kept = kept_waiting(*self._processes) - kept_before
        self.longest = max(self.longest, waited - kept.total() / 1e9)
        with self._heard:
            self.delays.append(waited)
            self._heard.notify_all()

    def say_again(self) -> None:
        """Wait until one more message was heard."""
        before = len(self.delays)
        with self._heard:
            assert self._heard.wait_for(lambda: len(self.delays) > before or self._error, timeout=20)

    def end(self) -> None:
        """Raises AssertionError if they missed anything or waited longer than the bound."""
        self._over.set()
        self._thread.join(30)
        self._speaker.close()
        self._friend.close()
        if self._error:
            raise AssertionError(f"the witness was disturbed: {self._error!r}") from self._error
        assert self.longest < self._bound, f"the witness waited {self.longest:.3f} s, longer than {self._bound} s"
