"""Clients that number what they say, and what must be true of it afterwards."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from greenchat.protocol.msgid import parse_msgid
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server.nodes.cluster import Cluster, NodeProcess

CAPS = "echo-message message-tags"
_PACE = 0.03  # seconds: whoever talks as fast as it can leaves the processor to nobody who starts or catches up
_LOOK = 0.02  # seconds


def wait_until(is_so: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait until something is so, where no event tells of it: looking at it takes little of the processor."""
    until = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < until
        time.sleep(_LOOK)


class Talker:
    """Says one number after the other to a channel, each a moment after the one before has come back; notes what it
    hears.
    """

    def __init__(self, node: NodeProcess, nick: str, channel: str = "#a") -> None:
        self.client = self._connected(node, nick)
        self.client.join(channel)
        self.nick = nick
        self._channel = channel
        self.heard: list[tuple[str, str]] = []
        """The id and text of every message, its own too."""
        self.events: list[str] = []
        """JOIN and QUIT of others."""
        self.longest = 0.0
        """Seconds between two messages that it heard."""
        self.is_lost = False
        self._count = 0
        self._is_ending = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._talk)

    def _connected(self, node: NodeProcess, nick: str) -> Client:
        return node.client(nick, CAPS)

    def start(self) -> None:
        self._say()
        self._thread.start()

    def _say(self) -> None:
        self._count += 1
        self.client.send(f"PRIVMSG {self._channel} :{self.nick} {self._count}")

    def _talk(self) -> None:
        with suppress(EOFError, OSError):
            self._hear()
            return
        self.is_lost = True
        with self._changed:
            self._changed.notify_all()

    def _hear(self) -> None:
        """Hear and answer until the end of the talk. Raises EOFError and OSError at the end of the connection."""
        last = time.monotonic()
        while True:
            message = self.client.read()
            if message.command in ("JOIN", "QUIT"):
                self.events.append(f"{message.command} {message.nick}")
            if message.command != "PRIVMSG":
                continue
            now = time.monotonic()
            self.longest, last = max(self.longest, now - last), now
            self._note((message.tags["msgid"], message.params[-1]))
            if message.params[-1] == f"{self.nick} {self._count}":
                if self._is_ending:
                    return
                time.sleep(_PACE)
                self._say()

    def _note(self, *heard: tuple[str, str]) -> None:
        with self._changed:
            self.heard += heard
            self._changed.notify_all()

    def wait_for_more(self, count: int = 30) -> None:
        """Wait until it has heard so many more messages."""
        assert self.hears_more(count)

    def hears_more(self, count: int) -> bool:
        """Wait until it has heard so many more messages; return whether it has, and has not lost its connection."""
        with self._changed:
            wanted = len(self.heard) + count
            assert self._changed.wait_for(lambda: len(self.heard) >= wanted or self.is_lost, 60), self.heard[-1:]
            return not self.is_lost

    def wait_until_lost(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.is_lost, 60)

    def end(self) -> None:
        """Let it hear what it has said, and read what had come by then."""
        self._is_ending = True
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def read_on(self, until: set[tuple[str, str]]) -> None:
        """Read what others have said, until it has heard these: another node may be a moment behind."""
        deadline = time.monotonic() + PATIENCE
        while not until <= set(self.heard) and time.monotonic() < deadline:
            for message in self.client.sync():
                if message.command == "PRIVMSG":
                    self.heard.append((message.tags["msgid"], message.params[-1]))

    @property
    def echoed(self) -> list[tuple[str, str]]:
        return [each for each in self.heard if each[1].startswith(self.nick + " ")]


def check(cluster: Cluster, *talkers: Talker, channel: str = "#a") -> None:
    """Every echoed number is there once, in one order, with one id, for all who stayed and in all databases, but for
    what was cut, which is the same in all of them.

    Nodes compare digests all the time, and one that differs says so and ends.
    """
    for talker in talkers:
        talker.end()
    staying = [talker for talker in talkers if not talker.is_lost]
    last = {talker.echoed[-1] for talker in staying}
    for talker in staying:
        talker.read_on(last)
    whole = max((talker.heard for talker in staying), key=len)
    assert len(set(whole)) == len(whole), "nothing is heard twice"
    for talker in staying:
        began = whole.index(talker.heard[0])
        assert talker.heard == whole[began:], f"{talker.nick} heard the same in the same order"
    for talker in talkers:
        numbers = [int(text.split()[1]) for _, text in talker.echoed]
        assert numbers == list(range(1, len(numbers) + 1))
    for node in cluster.nodes:
        assert node.end() == 0, node.errors.read_text(encoding="utf-8")
    cuts = {node.ask(f"SELECT cut FROM conversation WHERE key = '{channel}'") for node in cluster.nodes}
    assert len(cuts) == 1, f"the nodes keep what was said after {cuts}"
    (cut,) = cuts
    stored = [node.texts(channel) for node in cluster.nodes]
    for number, each in enumerate(stored[1:], 2):
        differing = set(each) ^ set(stored[0])
        assert each == stored[0], (
            f"of {len(each)} and {len(stored[0])} stored at node {number} and 1 {len(differing)} differ:"
            f" {sorted(differing)[:3]} to {sorted(differing)[-3:]}"
        )
    texts = [text for _, text in stored[0]]
    assert len(set(texts)) == len(texts), "nothing is stored twice"
    places = {number: place for place, (number, _) in enumerate(stored[0])}
    for talker in talkers:  # also those whose node was killed
        heard = [(number, text) for msgid, text in talker.heard if (number := parse_msgid(msgid) or 0) > cut]
        began = places[heard[0][0]] if heard else 0
        assert heard == stored[0][began : began + len(heard)], f"what {talker.nick} heard is stored in this order"
        kept = {text for msgid, text in talker.echoed if (parse_msgid(msgid) or 0) > cut}
        assert kept <= set(texts), "what was echoed is stored"
    for node in cluster.nodes:
        told = node.errors.read_text(encoding="utf-8")
        assert "Traceback" not in told, told
        assert "a bug" not in told.replace("makes every bug more dangerous", ""), told
