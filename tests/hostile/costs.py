"""The cost of the most expensive line of each command: CPU time of the loop in one piece and in all, and of other
threads.

`python -m tests.hostile.costs` prints the table. The world is full: many users, thousands of channels, lists at their
limits, and a history. A piece is what delays all other clients: a handler, or one portion of a long answer.
"""

import gc
import random
import string
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import thread_time
from typing import ClassVar

from greenchat.chat.protection.server_bans import ServerBan, parse_target
from greenchat.commands.catalog import continue_stream, resume, run_line
from greenchat.commands.core.deferred import Background, Deferred, Streamed
from greenchat.commands.core.registry import COMMANDS
from greenchat.commands.core.service import SERVICES
from greenchat.protocol.message import Message
from greenchat.storage.interface import StoredEvent
from tests.hostile.figures import quickest_work, time_of_work
from tests.hostile.world import Puppet, World

PEOPLE = 300
CHANNELS = 1000
BANS = 1000
EVENTS = 3000
LINE = 510  # bytes
_EACH = 100  # channels of one user
_TRIES = 2
_SHORT = 1.0  # ms: a shorter piece is far below any limit
_FRESH = 5.0  # ms of CPU for which the last measurement of the processor's speed is valid

# Commands that end the server or the connection, and REHASH, which only reads a file.
SPARED = {"DIE", "RESTART", "QUIT", "REHASH"}


@dataclass
class Cost:
    """In ms of CPU: the longest piece, all pieces, and other threads. weight: as the throttle counts it."""

    line: str
    piece: float = 0.0
    total: float = 0.0
    apart: float = 0.0
    weight: int = 1
    quickest: ClassVar = quickest_work()
    """Seconds that `time_of_work` took at best."""
    last: ClassVar = quickest
    """Seconds that it took when it was measured last ..."""
    looked: ClassVar = 0.0
    """... and the CPU that this thread had used then, in seconds."""

    @contextmanager
    def piece_of(self) -> Iterator[None]:
        """Measure the block as one piece. No garbage is collected meanwhile, which the server hardly ever does.

        The result is scaled to a processor without other load, see `witness`. The speed is not measured for each short
        piece, of which some commands have a hundred thousand.
        """
        if (thread_time() - Cost.looked) * 1000 > _FRESH:
            self._look()
        work = Cost.last
        gc.disable()
        began = thread_time()
        try:
            yield
        finally:
            spent = (thread_time() - began) * 1000
            gc.enable()
        if spent > _SHORT:
            self._look()
            work = min(work, Cost.last)
        spent *= Cost.quickest / work
        self.piece = max(self.piece, spent)
        self.total += spent

    @staticmethod
    def _look() -> None:
        """Measure the present speed of the processor."""
        Cost.last = time_of_work()
        Cost.quickest = min(Cost.quickest, Cost.last)
        Cost.looked = thread_time()


class Full:
    """A world in which everything is at its limit, and an actor with all rights."""

    def __init__(self, folder: Path) -> None:
        self.world = World(random.Random(1), folder)
        self.network = self.world.network
        self.number = 0
        people = [self._come(f"p{number}") for number in range(PEOPLE)]
        self.actor = self._come("actor")
        for row in COMMANDS.values():  # none is refused for want of a capability
            self.network.set_caps(self.actor.session, self.actor.session.caps | row.needs)
        for number, puppet in enumerate([self.actor, *people]):
            user = puppet.session.user
            assert user
            self.network.join(user, "#big", now=1)
            for index in range(_EACH if number < CHANNELS // _EACH else 0):
                self.network.join(user, f"#chan{number}x{index}aaaaaaaaaaaaaaaaaaaaaaaaaaa", now=1)
        self.do("OPER root secret")
        masks = [f"*{number}*a*b*c!*x*y*@*z*" for number in range(100)]
        for index in range(0, 100, 10):
            self.do(f"MODE #big +{'b' * 10} {' '.join(masks[index : index + 10])}")
        for number in range(BANS):
            ban = ServerBan(parse_target(f"*{number}*q*r*!*s*t*@*u*v{number}"), "root", 1, 0, "no")
            self.network.protection.bans.put(ban)
        ids = self.network.ids
        self.world.app.store.commit(
            [
                StoredEvent(ids.next(number + 1), "#big", "PRIVMSG", "p1!u@h", ("#big", f"apples and {number % 97}"))
                for number in range(EVENTS)
            ]
        )

    def _come(self, nick: str) -> Puppet:
        puppet = self.world.connect()
        self._run(
            puppet, "CAP REQ :batch labeled-response message-tags server-time sasl draft/chathistory soju.im/search"
        )
        self._run(puppet, "CAP REQ :draft/metadata-2 draft/read-marker draft/message-redaction draft/channel-rename")
        for line in (f"NICK {nick}", f"USER {nick} 0 * :real name of {nick}", "CAP END"):
            self._run(puppet, line)
        assert puppet.session.user, nick
        puppet.mailbox.sent.clear()
        return puppet

    def do(self, line: str) -> Cost:
        """Send a line as the actor."""
        return self._run(self.actor, line)

    def _run(self, puppet: Puppet, line: str) -> Cost:
        world, cost = self.world, Cost(line)
        of_the_line: float | None = None
        world.app.turn.begin()
        with cost.piece_of():
            ctx, continuation = run_line(line.encode(), lambda message: world._context(puppet, message))
        while continuation is not None:
            if isinstance(continuation, Background):
                of_the_line = cost.total  # what continues later is not part of the line
                ctx = world._context(puppet, Message(""))
                continuation = Streamed(continuation.steps(ctx))
            if isinstance(continuation, Deferred):
                began = thread_time()
                result = continuation.work()
                cost.apart += (thread_time() - began) * 1000
                continuation.done()
                with cost.piece_of():
                    continuation = resume(ctx, continuation, result)
            else:
                world._rest()
                with cost.piece_of():
                    continuation = continue_stream(ctx, continuation)
        cost.weight = ctx.weight
        cost.total = cost.total if of_the_line is None else of_the_line
        world._rest()
        for each in (puppet, *world.puppets[:2]):
            each.mailbox.sent.clear()
        return cost

    def dearest(self, lines: Callable[[int], list[str]]) -> Cost:
        """Return the most expensive of these lines; each is repeated while it is too expensive, since other processes
        use the processor, too. lines: with a number that defeats caches.
        """
        found = Cost("")
        for index in range(len(lines(0))):
            best: Cost | None = None
            for _ in range(_TRIES):
                self.number += 1
                cost = self.do(lines(self.number)[index])
                if best is None or cost.piece < best.piece:
                    best = cost
                if best.piece < 10:
                    break
            assert best
            if best.piece > found.piece:
                found = best
        return found

    def close(self) -> None:
        """Stop the world."""
        self.world.close()


def filled_line(head: str, word: Callable[[int], str], between: str = ",") -> str:
    """Return a line with as many of these words as fit."""
    words: list[str] = []
    size = len(head)
    while size + len(word(len(words))) + 1 < LINE:
        words.append(word(len(words)))
        size += len(words[-1]) + len(between)
    return head + between.join(words)


def _mask(number: int) -> Callable[[int], str]:
    letters = string.ascii_lowercase
    return lambda index: f"*{letters[index % 26]}z{letters[(index + number) % 26]}*"


def inputs(name: str) -> Callable[[int], list[str]]:
    """Return the lines to try for a command: its own, and those that are expensive for any command."""

    def lines(number: int) -> list[str]:
        mask = _mask(number)
        stars = ("*a" * 240)[: LINE - len(name) - 20] + str(number)
        general = [
            name,
            f"{name} #big",
            f"{name} p1",
            f"{name} {stars}",
            f"{name} #big {stars[: LINE - len(name) - 30]}",
            filled_line(f"{name} ", mask),
            filled_line(f"{name} ", lambda index: f"#chan0x{index % 100}" + "a" * 27),
            filled_line(f"{name} ", lambda index: f"p{index}"),
            filled_line(f"{name} #big ", lambda index: f"p{index}"),
            filled_line(f"{name} ", lambda index: f"p{index}", " "),
        ]
        own = [line.replace("{n}", str(number)) for line in OWN.get(name, [])]
        return own + general + (_made(name, number) if name in MADE else [])

    return lines


_ANY = "timestamp=2000-01-01T00:00:00.000Z"
_END = "timestamp=2100-01-01T00:00:00.000Z"
OWN = {
    "CHATHISTORY": [
        "CHATHISTORY LATEST #big * 500",
        f"CHATHISTORY AROUND #big {_END} 500",
        f"CHATHISTORY BETWEEN #big {_ANY} {_END} 500",
        f"CHATHISTORY TARGETS {_ANY} {_END} 500",
    ],
    "SEARCH": ["SEARCH text=a", "SEARCH in=#big;text=app", "SEARCH text=a\\sb\\sc\\sd\\se\\sf"],
    "HISTSERV": ["HISTSERV PLAY #big 500", "HISTSERV FORGET nobody"],
    "PRIVMSG": ["PRIVMSG #big :hello {n}", "PRIVMSG *playback :PLAY *", "PRIVMSG @#big :hello {n}"],
    "WHO": ["WHO *", "WHO *a*b*c{n}*", "WHO #big %tcuihsnfdlaor,1", "WHO * %tcuihsnfdlaor,1"],
    "NAMES": ["NAMES #big"],
    "METADATA": ["METADATA * SYNC", "METADATA #big SYNC", "METADATA * SUB a{n} b{n} c{n}"],
    "MODE": ["MODE #big +b", "MODE #big b"],
    "KLINE": ["KLINE *a*b*c*d{n}@*e*f*g* :no"],
    "UBAN": ["UBAN ADD *a*b*c{n}!*d*@*e* :no", "UBAN LIST", "UBAN INFO p1"],
    "DLINE": ["DLINE 198.51.100.0/24 :no"],
    "NICK": ["NICK actor{n}"],
    "CLOAK": ["CLOAK ROTATE"],
    "DEFCON": ["DEFCON 4", "DEFCON 5"],
    "AWAY": ["AWAY :away {n}", "AWAY"],
    "SETNAME": ["SETNAME :name {n}"],
    "JOIN": ["JOIN 0", "JOIN #big"],
    "TOPIC": ["TOPIC #big :topic {n}"],
    "RENAME": ["RENAME #big #big"],
    "KILL": ["KILL p{n} :no"],
    "KICK": ["KICK #big p{n}"],
    "STATS": [f"STATS {letter}" for letter in string.ascii_letters],
    "AUDIT": ["AUDIT", "AUDIT 100 a"],
    "WALLOPS": ["WALLOPS :hello {n}"],
    "WHOIS": ["WHOIS actor", "WHOIS *"],
    "LIST": ["LIST", "LIST >0,<100000,C>0,C<100000,!*zz*,!*yy*"],
    "LUSERS": ["LUSERS"],
    "SUMMON": ["SUMMON p{n}"],
    "USERS": ["USERS"],
    "ACCEPT": ["ACCEPT *", "ACCEPT p1,p2,-p3"],
    "ADMIN": ["ADMIN greenchat.local"],
    "AUTHENTICATE": ["AUTHENTICATE PLAIN", "AUTHENTICATE EXTERNAL", "AUTHENTICATE *"],
    "BATCH": ["BATCH +b{n} draft/multiline #big", "BATCH -b{n}"],
    "CAP": ["CAP LS 302", "CAP LIST", "CAP REQ :batch -batch batch -batch batch"],
    "CHGHOST": ["CHGHOST actor u{n} host{n}.example"],
    "CONNECT": ["CONNECT other{n}.example"],
    "CS": ["CS HELP", "CS INFO #big"],
    "ERROR": ["ERROR :no"],
    "EXTJWT": ["EXTJWT #big wiki", "EXTJWT *"],
    "FILEHOST": ["FILEHOST"],
    "FILTER": ["FILTER", "FILTER #big", "FILTER p1"],
    "HELP": ["HELP", "HELP METADATA"],
    "HELPOP": ["HELPOP", "HELPOP METADATA"],
    "HOSTSERV": ["HOSTSERV HELP", "HOSTSERV ON"],
    "HS": ["HS HELP", "HS ON"],
    "INFO": ["INFO"],
    "INVITE": ["INVITE p1 #big", "INVITE"],
    "ISON": ["ISON p1 p2 p3"],
    "MONITOR": ["MONITOR S", "MONITOR L", "MONITOR C"],
    "ISUPPORT": ["ISUPPORT"],
    "KNOCK": ["KNOCK #chan1x1aaaaaaaaaaaaaaaaaaaaaaaaaaa :let me in"],
    "LINKS": ["LINKS", "LINKS *a*"],
    "MAP": ["MAP"],
    "NODES": ["NODES"],
    "DRAIN": ["DRAIN", "DRAIN node{n}"],
    "MARKREAD": ["MARKREAD #big timestamp=2026-01-01T00:00:00.{n}Z", "MARKREAD p1"],
    "MOTD": ["MOTD"],
    "NOTICE": ["NOTICE #big :hello {n}", "NOTICE p1,p2,p3,p4 :hello {n}"],
    "NS": ["NS HELP", "NS INFO p1"],
    "OPER": ["OPER root secret", "OPER root wrong"],
    "PART": ["PART #big", "JOIN #big", "PART #big"],
    "PASS": ["PASS {n}"],
    "PERSISTENCE": ["PERSISTENCE STATUS", "PERSISTENCE SET ON"],
    "PING": ["PING {n}"],
    "PONG": ["PONG {n}"],
    "REDACT": ["REDACT #big 1k8jn232j0001 :no", "REDACT p1 1k8jn232j0001 :no"],
    "REGISTER": ["REGISTER acc{n} * password-{n}"],
    "RELAYMSG": ["RELAYMSG #big relayed/x :hello {n}"],
    "REMEMBER": ["REMEMBER"],
    "REMOVE": ["REMOVE p2 #big :no"],
    "REPORT": ["REPORT p1 :no {n}"],
    "RESUME": ["RESUME ~{n}:" + "0" * 64],
    "RESV": ["RESV *a*b*c{n}* 1h :no", "RESV"],
    "SAJOIN": ["SAJOIN p1 #other{n}", "SAJOIN p1 #big"],
    "SAMODE": ["SAMODE #big +ovl p1 p2 {n}", "SAMODE #big b"],
    "SANICK": ["SANICK p1 p1"],
    "SAPART": ["SAPART p3 #big :no"],
    "SQUIT": ["SQUIT other{n}.example :no"],
    "TAGMSG": ["@+draft/react=x TAGMSG #big", "@+typing=active TAGMSG #big"],
    "TBAN": ["TBAN #big 1h *a*b*c{n}!*@*", "TBAN #big"],
    "TIME": ["TIME"],
    "TOKEN": ["TOKEN GENERATE wiki #big", "TOKEN VALIDATE wiki https://wiki.example {n}"],
    "UNDLINE": ["UNDLINE 198.51.100.0/24"],
    "UNKLINE": ["UNKLINE *a*b*c{n}@*"],
    "UNRESV": ["UNRESV *a*b*c{n}*"],
    "USER": ["USER a 0 * :a"],
    "USERHOST": ["USERHOST p1 p2 p3 p4 p5"],
    "USERIP": ["USERIP p1 p2 p3 p4 p5"],
    "VERIFY": ["VERIFY acc{n} code"],
    "VERSION": ["VERSION"],
    "WEBIRC": ["WEBIRC a b c 192.0.2.1"],
    "WEBPUSH": ["WEBPUSH UNREGISTER https://example.org/{n}"],
    "WHOWAS": ["WHOWAS p1 20", "WHOWAS actor{n}"],
    "NICKSERV": ["NICKSERV HELP", "NICKSERV SAREGISTER acc{n} password1"],
    "CHANSERV": ["CHANSERV HELP", "CHANSERV REGISTER #big"],
}
MADE = {"CHANSERV", "NICKSERV", "HISTSERV", "HOSTSERV", "LIST", "MODE", "MONITOR", "METADATA", "INVITE", "ISON"}


def _made(name: str, number: int) -> list[str]:
    if name == "LIST":
        return [filled_line("LIST ", lambda index: "!" + _mask(number)(index))]
    if name == "MODE":
        masks = " ".join(f"*{letter}{number}*" for letter in string.ascii_lowercase[:20])
        return [f"MODE #big +{'b' * 20} {masks}", f"MODE #big -{'b' * 20} {masks}"]
    if name.lower() in SERVICES:
        return [f"{name} {entry} #big p1 {number} a b c" for entry in SERVICES[name.lower()].entries]
    if name == "MONITOR":
        return [filled_line("MONITOR + ", lambda index: f"p{index}"), "MONITOR S", "MONITOR L", "MONITOR C"]
    if name == "METADATA":
        return [filled_line("METADATA * SUB ", lambda index: f"k{index}", " ")]
    return []


def measure(full: Full) -> Iterator[tuple[str, Cost]]:
    """Return the cost of the most expensive line of each command."""
    for name in sorted(COMMANDS.keys() - SPARED):
        yield name, full.dearest(inputs(name))


def main() -> None:
    """Print the table, the most expensive command first."""
    with tempfile.TemporaryDirectory() as folder:
        full = Full(Path(folder))
        found = sorted(measure(full), key=lambda each: -each[1].piece)
        full.close()
    sys.stdout.write("command        piece ms   all ms  apart ms  weight  line\n")
    for name, cost in found:
        row = f"{name:13} {cost.piece:9.2f} {cost.total:8.1f} {cost.apart:9.1f} {cost.weight:7}  {cost.line[:60]}\n"
        sys.stdout.write(row)


if __name__ == "__main__":
    main()
