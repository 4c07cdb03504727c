"""A witness: two well-behaved people who talk throughout, whatever is done to the server meanwhile."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.conftest import Target
from tests.irc import Client

# The longest that a message of the pair may take, in seconds. By themselves they take a few milliseconds; the tests run
# beside others, and the attackers on the same two cores.
BOUND = 2.0
_MOMENT = 0.02
_HOPS = 4  # threads that a message has to wake: speaker, server, friend, and back


class Witness:
    """Says numbered things to a friend, one after the other; each must be heard, in order, within the bound.

    delays: what each message took, in seconds. held_up: the longest that the machine itself kept a thread waiting that
    only wanted to sleep a moment; a message takes several such threads.
    """

    def __init__(self, address: Target, pause: float = 0.01) -> None:
        """pause: seconds between two messages."""
        self._pause = pause
        self._speaker = Client(address, "witness")
        self._friend = Client(address, "friend")
        self.delays: list[float] = []
        self.held_up = 0.0
        self._over = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._talk, daemon=True)
        self._thread.start()
        threading.Thread(target=self._watch_the_machine, daemon=True).start()

    def _watch_the_machine(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            time.sleep(_MOMENT)
            self.held_up = max(self.held_up, time.monotonic() - began - _MOMENT)

    def _talk(self) -> None:
        try:
            while not self._over.is_set():
                self.say()
                self._over.wait(self._pause)
            self.say()  # also when all is over
        except BaseException as error:
            self._error = error

    def say(self) -> None:
        """One message, and how long it took."""
        said = time.monotonic()
        number = str(len(self.delays))
        self._speaker.send(f"PRIVMSG friend :{number}")
        message = self._friend.expect("PRIVMSG")
        while message.nick != "witness":
            message = self._friend.expect("PRIVMSG")
        assert message.params == ("friend", number)
        self.delays.append(time.monotonic() - said)

    def say_again(self) -> None:
        """Wait until one more message was heard."""
        before = len(self.delays)
        deadline = time.monotonic() + 20
        while len(self.delays) == before and not self._error:
            assert time.monotonic() < deadline
            time.sleep(0.001)

    def end(self) -> None:
        """Raises AssertionError if they missed anything or waited longer than the bound."""
        self._over.set()
        self._thread.join(30)
        self._speaker.close()
        self._friend.close()
        if self._error:
            raise AssertionError(f"the witness was disturbed: {self._error!r}") from self._error
        bound = BOUND + _HOPS * self.held_up
        assert max(self.delays) < bound, f"the witness waited {max(self.delays):.3f} s, longer than {bound:.3f} s"


Attack = Callable[[Target], AbstractContextManager[Witness]]


@pytest.fixture
def witnessed() -> Attack:
    """Around an attack on a server: the witness talks from before it to after it."""

    @contextmanager
    def around(address: Target) -> Iterator[Witness]:
        witness = Witness(address)
        try:
            yield witness
        finally:
            witness.end()

    return around
