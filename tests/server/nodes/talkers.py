"""Clients that send numbered messages, and the checks of what they received."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from greenchat.protocol.msgid import parse_msgid
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server.nodes.cluster import Cluster, NodeProcess, showing_logs

CAPS = "echo-message message-tags"
_PACE = (
    0.03  # seconds: clients that talk as fast as they can leave no processor time to a node that starts or catches up
)
_LOOK = 0.02  # seconds


def wait_until(is_so: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Poll a condition until it holds; for conditions without an event."""
    until = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < until
        time.sleep(_LOOK)


class Talker:
    """A client that sends numbers to a channel, each a moment after the echo of the previous one, and notes all that it
    receives.
    """

    def __init__(self, node: NodeProcess, nick: str, channel: str = "#a") -> None:
        self.client = self._connected(node, nick)
        self.client.join(channel)
        self.nick = nick
        self._channel = channel
        self.received: list[tuple[str, str]] = []
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
        """Receive and answer until the end of the talk. Raises EOFError and OSError when the connection ends."""
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

    def _note(self, *messages: tuple[str, str]) -> None:
        with self._changed:
            self.received += messages
            self._changed.notify_all()

    def wait_for_more(self, count: int = 30) -> None:
        """Wait until the client has received so many more messages."""
        assert self.hears_more(count)

    def hears_more(self, count: int) -> bool:
        """Wait until the client has received so many more messages; return whether it has, without losing its
        connection.
        """
        with self._changed:
            wanted = len(self.received) + count
            assert self._changed.wait_for(lambda: len(self.received) >= wanted or self.is_lost, 60), self.received[-1:]
            return not self.is_lost

    def wait_until_lost(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.is_lost, 60)

    def end(self) -> None:
        """Wait for the echo of all that was sent, and read what has arrived."""
        self._is_ending = True
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def read_on(self, until: set[tuple[str, str]]) -> None:
        """Read messages of others until these have arrived: another node may be a moment behind."""
        deadline = time.monotonic() + PATIENCE
        while not until <= set(self.received) and time.monotonic() < deadline:
            for message in self.client.sync():
                if message.command == "PRIVMSG":
                    self.received.append((message.tags["msgid"], message.params[-1]))

    @property
    def echoed(self) -> list[tuple[str, str]]:
        return [each for each in self.received if each[1].startswith(self.nick + " ")]


def check(cluster: Cluster, *talkers: Talker, channel: str = "#a") -> None:
    """Check that every echoed number was received once, in the same order and with the same id, by all clients that
    stayed and in all databases, apart from what was cut, which is the same in all of them.

    Nodes compare digests all the time, and one that differs reports it and ends.
    """
    with showing_logs(cluster.nodes):
        _check(cluster, talkers, channel)


def _check(cluster: Cluster, talkers: Sequence[Talker], channel: str) -> None:
    for talker in talkers:
        talker.end()
    staying = [talker for talker in talkers if not talker.is_lost]
    last = {talker.echoed[-1] for talker in staying}
    for talker in staying:
        talker.read_on(last)
    whole = max((talker.received for talker in staying), key=len)
    assert len(set(whole)) == len(whole), "a message was received twice"
    for talker in staying:
        began = whole.index(talker.received[0])
        assert talker.received == whole[began:], f"{talker.nick} heard the same in the same order"
    for talker in talkers:
        numbers = [int(text.split()[1]) for _, text in talker.echoed]
        assert numbers == list(range(1, len(numbers) + 1))
    for node in cluster.nodes:
        assert node.end() == 0, node.errors.read_text(encoding="utf-8")
    cuts = {node.ask(f"SELECT cut FROM conversation WHERE key = '{channel}'") for node in cluster.nodes}
    assert len(cuts) == 1, f"the nodes keep what was said after {cuts}"
    (cut,) = cuts
    _check_events(cluster)
    stored = [node.texts(channel) for node in cluster.nodes]
    for number, each in enumerate(stored[1:], 2):
        differing = set(each) ^ set(stored[0])
        assert each == stored[0], (
            f"of {len(each)} and {len(stored[0])} stored at node {number} and 1 {len(differing)} differ:"
            f" {sorted(differing)[:3]} to {sorted(differing)[-3:]}"
        )
    texts = [text for _, text in stored[0]]
    assert len(set(texts)) == len(texts), "a message was stored twice"
    places = {number: place for place, (number, _) in enumerate(stored[0])}
    for talker in talkers:  # also clients whose node was killed
        received = [(number, text) for msgid, text in talker.received if (number := parse_msgid(msgid) or 0) > cut]
        began = places[received[0][0]] if received else 0
        assert received == stored[0][began : began + len(received)], f"what {talker.nick} heard is stored in this order"
        expected = {text for msgid, text in talker.echoed if (parse_msgid(msgid) or 0) > cut}
        assert expected <= set(texts), "an echoed message is not stored"
    for node in cluster.nodes:
        log = node.errors.read_text(encoding="utf-8")
        assert "Traceback" not in log, log
        assert "a bug" not in log.replace("makes every bug more dangerous", ""), log


def _check_events(cluster: Cluster) -> None:
    """Check that the databases have the same events of all kinds, up to the last one that all nodes have seen."""
    stored = [{event[0]: event[1:] for event in node.stored()["events"]} for node in cluster.nodes]
    until = min(max(events, default=0) for events in stored)
    first, *others = [{number: event for number, event in events.items() if number <= until} for events in stored]
    for number, events in enumerate(others, 2):
        differing = sorted(first.items() ^ events.items())
        assert not differing, f"node {number} and 1 have stored different events: {differing[:5]}"
