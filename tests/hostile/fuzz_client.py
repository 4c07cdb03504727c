"""The client with a hostile server: whatever it sends, no control sequence reaches the terminal and nothing breaks."""

import random
from collections import deque
from collections.abc import Callable
from itertools import count

from greenchat.client.handlers.registry import TABLE
from greenchat.client.net.connection import _encode
from greenchat.client.state.bindings import KEYS
from greenchat.client.state.events import Clicked, InvalidLine, Resized, Wheeled
from greenchat.client.text.cells import visible, width
from greenchat.client.text.style import Frame, Size
from greenchat.client.view.layout import SMALLEST
from greenchat.protocol.message import ParseError, parse
from tests.client.world import World

_NICKS = ["alice", "Alice", "bob", "@bob", "+carol", "irc.example", "*", "", "a" * 400, "\u202ebob", "b\x1b[2Jb"]
_CHANNELS = ["#tea", "#TEA", "#b", "#", "&x", "#\u00fc", "#" + "x" * 300, "@#tea", "*", "#a,#b", "#\x1b]0;x\x07"]
_TEXTS = [
    "hello", "alice: hi", "", " ", "x" * 600, "\x1b[2J\x1b]52;c;aGk=\x07", "\x9b31m", "\u202ereversed\u2066",
    "\x01ACTION \x1b[1m",
    '\x01DCC SEND "../\x1b[2J" 2130706433 5000 1\x01',
    "\x01VERSION\x01", "\x01PING \x1b\x01", "\x0304,99red\x02\x1d\x1f", "\x04ff0000\x11", "e\u0301" * 300,
    "\U0001f468\u200d\U0001f469" * 40,
    "\u2028\u2029\x85", "https://example.org/\x1b\\x", "=", "@alice bob +carol", "a=b c=d -e",
    "1", "-1", "99999999999999999999",
    "CHANMODES=b,k,l,imnst", "PREFIX=(qaohv)~&@%+", "PREFIX=(o", "CASEMAPPING=rfc1459", "CHATHISTORY=10",
    "\ufeff\u200b\u00ad", "+o-v+k",
]  # fmt: skip
_TAGS = [
    "time", "msgid", "batch", "label", "account", "+typing", "+draft/reply", "+draft/react", "bot", "+greenchat/id",
    "draft/multiline-concat",
]  # fmt: skip
_VALUES = [
    "2026-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "never", "", "1", "b1", "gc1",
    "active", "done",
    "x" * 500, "\x1b[2J", "\u202e", "-1",
]  # fmt: skip
_WORDS = "NETWORK TOKEN name=a;error=b +o -k LS ACK NAK NEW DEL +b1 -b1 b1 chathistory netsplit * 1700000000".split()
_COMMANDS = [*TABLE, "999", "FOO", "BATCH", "PRIVMSG", "CHATHISTORY"]
_CAPS = (
    "batch server-time message-tags echo-message labeled-response draft/chathistory sasl=PLAIN"
    " draft/multiline=max-bytes=99,max-lines=3 draft/no-implicit-names soju.im/bouncer-networks znc.in/self-message"
)
_KEYS = [*(part for key in KEYS for part in key.split(",")), "Enter", "a", "/", " ", "\u00fc", "x"]
_BIDI = set(range(0x202A, 0x202F)) | set(range(0x2066, 0x206A)) | {0x200E, 0x200F, 0x061C}
_WORLD = 400  # lines for one client

Step = Callable[[], None]


class HostileServer:
    """Makes lines that a client might receive."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def line(self) -> str:
        """Return a line without its end."""
        chance = self._chance
        count = chance.choice([0, 0, 1, 2, 4])
        tags = ";".join(f"{chance.choice(_TAGS)}={chance.choice(_VALUES)}" for _ in range(count))
        source = chance.choice(["srv", "alice!a@h", "bob!b@h", "carol", chance.choice(_NICKS)])
        command = chance.choice(_COMMANDS)
        words = [self._word() for _ in range(chance.randrange(7))]
        if command.isdigit() and chance.randrange(4):
            words.insert(0, "alice")
        line = f"@{tags} " * bool(tags) + f":{source} " * bool(source) + " ".join((command, *words))
        return line + " :" + chance.choice(_TEXTS)

    def _word(self) -> str:
        chance = self._chance
        if not chance.randrange(4):
            return chance.choice(_WORDS)
        return chance.choice(chance.choice([_NICKS, _CHANNELS, _TEXTS])).replace(" ", "_") or "x"


def client_steps(chance: random.Random, trace: deque[object]) -> tuple[Step, Callable[[], int], Step]:
    """Make steps of a client in a channel: lines from its server, keys of its user, and drawing the screen."""
    server = HostileServer(chance)
    inputs = count(1)
    number = 0
    world = _world(chance)
    written = 0

    def step() -> None:
        nonlocal number, world, written
        if written > _WORLD:
            world, written = _world(chance), 0
            trace.append("a new client")
        for _ in range(chance.randrange(1, 8)):
            written += 1
            number = next(inputs)
            line = server.line()
            trace.append(line)
            try:
                parse(line)
            except ParseError as error:
                world.console.on_network(world.network, InvalidLine(str(error)), world.now)
                continue
            world.now += chance.choice([0, 1, 1000, 100_000])
            world.feed(line)
        if not chance.randrange(3):
            key = chance.choice(_KEYS)
            trace.append(f"key {key}")
            world.press(key)
        match chance.randrange(150):
            case 0:
                trace.append("lost")
                world.lose(chance.choice(_TEXTS))
            case 1:
                trace.append("connected")
                world.connect()
            case 2:
                size = Size(chance.randrange(1, 50), chance.randrange(1, 200))
                trace.append(size)
                world.console.on_terminal(Resized(size), world.now)
            case 3 | 4 | 5:
                row, column = chance.randrange(50), chance.randrange(200)
                wheel = Wheeled(chance.choice(["WheelUp", "WheelDown"]), row, column)
                mouse = Clicked(row, column) if chance.randrange(2) else wheel
                trace.append(mouse)
                world.console.on_terminal(mouse, world.now)
        check_frame(world.console.frame(0.0), max(SMALLEST.columns, world.console.size.columns))
        for message in world.network.outgoing:
            encoded = _encode(message)
            assert encoded.count(b"\n") == encoded.count(b"\r") == bool(encoded), encoded
        world.network.outgoing.clear()

    return step, lambda: number, lambda: None


def _world(chance: random.Random) -> World:
    world = World(rows=chance.choice([4, 12, 40]), columns=chance.choice([20, 80, 140]))
    world.welcome(_CAPS if chance.randrange(2) else "")
    world.join()
    world.model.settings.notified = ["bob", "carol -away"]
    if chance.randrange(2):
        world.join(channel="#b")
        world.type(chance.choice(["/split #tea\n", "/vsplit #tea\n"]))
    return world


def check_frame(frame: Frame, columns: int) -> None:
    """Check a frame; raise AssertionError where a terminal would execute something, or a row does not fit."""
    texts = ["".join(span.text for span in row) for row in frame.rows]
    for text in (*texts, frame.title):
        harmful = {ord(letter) for letter in text if visible(letter) != letter or ord(letter) in _BIDI}
        assert not harmful, (harmful, text)
    assert all(width(text) <= columns for text in texts), texts
