"""Clients that send and receive over real sockets, reconnect whenever the connection is lost, and note all that they
receive.

Writers give every message an id of their own and, after each lost connection, send again what was not confirmed.
Readers query, after each lost connection, all that came after the last message they received. At the end every
transcript must equal the history: every message once, in one order, without a gap.
"""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from greenchat.protocol.message import Message
from tests.irc import Client
from tests.patience import PATIENCE

CHANNEL = "#lobby"
CAPS = "batch server-time message-tags echo-message draft/chathistory"
_IN_FLIGHT = 8
_PAGE = 500
_END = "the end"

Line = tuple[str, str]  # msgid, text


@dataclass(eq=False)
class Person(ABC):
    """A client that reconnects until it is told to end.

    seen: in order. since: the msgid of its JOIN. sessions: what was received live, by connection. lost: connections.
    refused: the number of FAILs.
    """

    address: Callable[[], tuple[str, int]]
    nick: str
    over: threading.Event
    seen: list[Line] = field(default_factory=list)
    sessions: list[list[Line]] = field(default_factory=list)
    refused: int = 0
    lost: int = 0
    since: str = ""
    error: BaseException | None = None

    def run(self) -> None:
        """Run in the thread."""
        try:
            while not self.is_done():
                try:
                    self._visit()
                except (OSError, EOFError):
                    self.lost += 1
                    time.sleep(0.02)
        except BaseException as error:
            self.error = error

    def is_done(self) -> bool:
        """Whether to stop reconnecting."""
        return self.over.is_set()

    def _visit(self) -> None:
        with Client(self.address(), self.nick, caps=CAPS) as client:
            self.since = next(m.tags["msgid"] for m in client.join(CHANNEL) if m.command == "JOIN")
            self.sessions.append([])
            self.stay(client)

    @abstractmethod
    def stay(self, client: Client) -> None:
        """Do the work of one connection."""

    def take(self, message: Message) -> Line | None:
        """Note a message of the channel; return its text.

        Messages from before this connection are only echoed to a client that has sent them again, and are not part of
        the live transcript.
        """
        if message.command == "FAIL":
            self.refused += 1
        if message.command != "PRIVMSG":
            return None
        line = (message.tags["msgid"], message.params[1])
        if line[0] > self.since:
            self.sessions[-1].append(line)
        return line


@dataclass(eq=False)
class Writer(Person):
    """A client that sends numbered messages, a few of them unconfirmed at a time."""

    next: int = 0
    unconfirmed: dict[str, None] = field(default_factory=dict)

    def is_done(self) -> bool:
        """Whether all messages are confirmed."""
        return self.over.is_set() and not self.unconfirmed

    def stay(self, client: Client) -> None:
        """Send unconfirmed messages again with the same ids, then new ones."""
        self._send(client, list(self.unconfirmed))
        while not self.is_done():
            while len(self.unconfirmed) < _IN_FLIGHT and not self.over.is_set():
                text = f"{self.nick}-{self.next}"
                self.next += 1
                self.unconfirmed[text] = None
                self._send(client, [text])
            message = client.read()
            self._confirm(message)
            if message.command == "FAIL":
                for answer in client.sync():
                    self._confirm(answer)
                time.sleep(0.05)
                self._send(client, list(self.unconfirmed))

    def _confirm(self, message: Message) -> None:
        line = self.take(message)
        if line and line[1] in self.unconfirmed:
            del self.unconfirmed[line[1]]
            self.seen.append(line)

    @staticmethod
    def _send(client: Client, texts: list[str]) -> None:
        client.send(*[f"@+greenchat/id={text} PRIVMSG {CHANNEL} :{text}" for text in texts])


@dataclass(eq=False)
class Reader(Person):
    """A client that receives everything: first what was missed, then live messages."""

    last: str = "0000000000000"

    def is_done(self) -> bool:
        """Whether the last message was received."""
        return self.over.is_set() and bool(self.seen) and self.seen[-1][1] == _END

    def stay(self, client: Client) -> None:
        """Catch up, and continue with what arrived meanwhile."""
        self.catch_up(client)
        for line in self.sessions[-1]:
            self._see(*line)
        while not self.is_done():
            message = self.take(client.read())
            if message:
                self._see(*message)

    def catch_up(self, client: Client) -> None:
        """Query all messages after the last one received, page by page."""
        while True:
            client.send(f"CHATHISTORY AFTER {CHANNEL} msgid={self.last} {_PAGE}")
            while (message := client.read()).command != "BATCH":
                self.take(message)
            reference = message.params[0][1:]
            page = []
            while (message := client.read()).command != "BATCH":
                if message.tags.get("batch") == reference:
                    page.append((message.tags["msgid"], message.params[1]))
                else:  # a long page takes several turns, between which other messages arrive
                    self.take(message)
            for line in page:
                self._see(*line)
            if not page:
                return

    def _see(self, msgid: str, text: str) -> None:
        if msgid > self.last:
            self.last = msgid
            self.seen.append((msgid, text))


class Crowd:
    """Writers and readers, each in a thread."""

    def __init__(self, address: Callable[[], tuple[str, int]], writers: int, readers: int) -> None:
        self.is_over = threading.Event()
        self.address = address
        self.writers = [Writer(address, f"writer{number}", self.is_over) for number in range(writers)]
        self.readers = [Reader(address, f"reader{number}", self.is_over) for number in range(readers)]
        self._threads = {person: threading.Thread(target=person.run, daemon=True) for person in self.people}

    @property
    def people(self) -> list[Person]:
        """All clients."""
        return [*self.writers, *self.readers]

    def start(self) -> None:
        """Start all threads."""
        for thread in self._threads.values():
            thread.start()

    def finish(self) -> list[Line]:
        """Let the writers finish, then the readers receive the last message; return the whole history."""
        self.is_over.set()
        for writer in self.writers:
            self._threads[writer].join(PATIENCE)
        with Client(self.address(), "speaker", caps=CAPS) as speaker:
            speaker.join(CHANNEL)
            speaker.send(f"PRIVMSG {CHANNEL} :{_END}")  # wakes the readers
            speaker.expect("PRIVMSG")
        for reader in self.readers:
            self._threads[reader].join(PATIENCE)
        return self.history()

    def history(self) -> list[Line]:
        """Return all that is in the server's history."""
        auditor = Reader(self.address, "auditor", threading.Event(), sessions=[[]])
        with Client(self.address(), "auditor", caps=CAPS) as client:
            client.join(CHANNEL)
            auditor.catch_up(client)
        return auditor.seen

    def wrong(self, history: list[Line]) -> list[str]:
        """Return all differences in words."""
        wrong = [f"{person.nick}: {person.error!r}" for person in self.people if person.error]
        wrong += [f"{person.nick} did not finish" for person, thread in self._threads.items() if thread.is_alive()]
        place = {line: number for number, line in enumerate(history)}
        for count, what in (
            (len({line[0] for line in history}), "msgid"),
            (len({line[1] for line in history}), "text"),
        ):
            if count != len(history):
                wrong.append(f"{len(history) - count} times the history has a {what} twice")
        stored = {line[1] for line in history} - {_END}
        meant = {f"{writer.nick}-{number}" for writer in self.writers for number in range(writer.next)}
        if stored != meant:
            wrong.append(f"lost: {sorted(meant - stored)[:5]}, never said: {sorted(stored - meant)[:5]}")
        for person in self.people:
            for session in [*person.sessions, person.seen]:
                places = [place.get(line, -1) for line in session]
                if -1 in places:
                    wrong.append(f"{person.nick} saw {session[places.index(-1)]}, which the history does not have")
                elif places != sorted(set(places)):
                    wrong.append(f"{person.nick} saw things in another order, or twice")
            for session in person.sessions:
                places = [place.get(line, -1) for line in session]
                if places and places != list(range(places[0], places[0] + len(places))):
                    wrong.append(f"{person.nick} missed something while connected")
        for reader in self.readers:
            if reader.seen != history:
                wrong.append(f"{reader.nick} has {len(reader.seen)} messages, the history {len(history)}, or others")
        return wrong
