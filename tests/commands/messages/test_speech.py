"""The short way of what is said gives the same as the long one: byte for byte, row for row, whatever happens between.

Two servers with the same clock, the same chance and the same clients run the same lines; one of them says all that has
a voice with it, and remembers its voices for as long as they claim to hold.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from greenchat.chat.user import User
from greenchat.protocol import caps
from greenchat.server.net.routes import SessionRoutes
from greenchat.storage.interface import HistorySpan
from tests.hostile.world import Puppet, World

PEOPLE = 5
CAPS = (
    "",
    "server-time",
    "message-tags server-time account-tag batch",
    "echo-message message-tags",
    "account-tag labeled-response batch",
)
CHANNELS = ("#a", "#b")


class Twin(World):
    """A world whose clock and chance are given."""

    def __init__(self, folder: Path) -> None:
        super().__init__(random.Random(0), folder)
        self.time = 1_700_000_000_000
        numbers = count(1)
        self.app.now = lambda: self.time  # type: ignore[method-assign]  # the clock of this one server
        self.app.random = lambda count: next(numbers).to_bytes(count, "big")  # type: ignore[method-assign]  # its chance
        self.network.secret = bytes(32)
        self.network.protection.cloaks.change_secret(bytes(32))
        self.network.started = self.time
        self.network.ids.last = 0
        self.routes: dict[Puppet, SessionRoutes] = {}
        self.spoken = 0

    def speak(self, puppet: Puppet, lines: bytes) -> bool:
        """Say lines the short way, if they have one: as a connection does."""
        routes = self.routes.get(puppet)
        if routes is None:
            routes = self.routes[puppet] = SessionRoutes(
                self.network, puppet.session, self.app.log, self.app.turn, partial(self._context, puppet)
            )
        self.app.turn.begin()
        burst = routes.find(lines)
        if burst is None:
            return False
        assert len(burst[2]) == lines.count(b"\r\n") + 1
        routes.say(burst, self.time)
        self.spoken += 1
        self._end_turn()
        return True

    def mend(self) -> None:
        """Everybody is in both channels again and half of them operate them, so that most of what follows works."""
        network = self.network
        for number, puppet in enumerate(self.puppets):
            user = puppet.session.user
            assert user
            for name in CHANNELS:
                channel = network.channel(name)
                if channel is None or user not in channel.members:
                    channel = network.join(user, name, now=self.time)
                network.set_member_mode(user, channel, "o", number % 2 == 0)
                network.set_member_mode(user, channel, "v", False)

    def heard(self) -> list[bytes]:
        """What each client was sent since the last time."""
        return [b"".join(puppet.mailbox.sent) for puppet in self.puppets]

    def _read(self, puppet: Puppet) -> None:
        """Nothing: the test compares it."""


def _line(chance: random.Random) -> bytes:
    nick = f"user{chance.randrange(PEOPLE)}"
    channel = chance.choice(CHANNELS)
    if chance.random() < 0.5:
        target = chance.choice([*[channel] * 5, channel.upper(), *[nick] * 3, nick.upper(), "NickServ", "@" + channel])
        text = chance.choice(
            ["hello", ":", " two  words ", "\x01VERSION\x01", "\x0304red", "\x0304red", "é" * 200, "x" * 460, ""]
        )
        return f"{chance.choice(['PRIVMSG', 'PRIVMSG', 'NOTICE'])} {target} :{text}".encode()
    flag = chance.choice("mntCcTMUcCcC")
    mode = chance.choice([f"{chance.choice('+-')}{flag}", f"{chance.choice('+-')}{chance.choice('bvohe')} {nick}"])
    mode = chance.choice([mode, mode, f"{chance.choice('+-')}b m:{nick}", f"{chance.choice('+-')}b ~a:{nick}"])
    return chance.choice(
        [
            f"JOIN {channel}",
            f"PART {channel}",
            *[f"MODE {channel} {mode}"] * 14,
            f"KICK {channel} {nick}",
            f"NICK user{chance.randrange(PEOPLE)}{chance.choice(['', 'x'])}",
            f"AWAY {chance.choice(['', ':gone'])}",
            *[f"MODE {nick} {chance.choice('+-')}{chance.choice('gRB')}"] * 4,
            f"CAP REQ :{chance.choice('-+').strip('+')}{chance.choice([*CAPS[2].split(), 'echo-message'])}",
            f"RENAME {channel} {chance.choice(CHANNELS)}x",
            f"RENAME {channel}x {channel}",
            f"ACCEPT {nick}",
            "SETNAME :other",
        ]
    ).encode()


def _other_text(chance: random.Random, line: bytes) -> bytes:
    """A line that goes the same way, in most cases."""
    if chance.random() < 0.2:
        return _line(chance)
    return line.partition(b" :")[0] + chance.choice(
        [b" :more", b" :and more", b" ::", b" :", b" : \xff", b" :\xc3\xa9"]
    )


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[tuple[Twin, Twin]]:
    """The one with the short way, and the one without."""
    worlds = [Twin(tmp_path), Twin(tmp_path)]  # neither writes into it
    yield worlds[0], worlds[1]
    for world in worlds:
        world.close()


def meet(twins: tuple[Twin, Twin]) -> None:
    """Let the same people come into both."""
    for number in range(PEOPLE):
        for world in twins:
            puppet = world.connect()
            if number >= 3:  # through WebSocket, of each kind
                puppet.session.caps |= (caps.WEBSOCKET_TEXT, caps.WEBSOCKET_BINARY)[number % 2]
            for line in (f"CAP REQ :{CAPS[number]}", f"NICK user{number}", "USER u 0 * :u", "CAP END", "JOIN #a,#b"):
                world.send(puppet, line.encode() + b"\r\n")
            world.network.set_account(world.network.users[f"user{number}"], f"acc{number}" if number % 2 else "")


def forget_what_was_sent(twins: tuple[Twin, Twin]) -> None:
    """What comes next is compared."""
    for world in twins:
        for puppet in world.puppets:
            puppet.mailbox.sent.clear()


def histories(world: Twin) -> list[object]:
    """All that is kept of what was said."""
    keys = [*world.network.channels, *(each.conversation for each in world.app.store.targets("acc1", (), 0, 1 << 62))]
    return [world.app.store.read(key, HistorySpan(1000, events=True)) for key in keys]


Change = Callable[[Twin], None]
SPEAKER, HEARER, OWNER = 1, 2, 0  # user1 speaks to user2 and in #a, of which user0 is the operator


def by(number: int, *lines: str) -> Change:
    """Somebody sends these lines."""

    def change(world: Twin) -> None:
        for line in lines:
            world.send(world.puppets[number], line.encode() + b"\r\n")

    return change


def member(world: Twin, number: int) -> User:
    user = world.puppets[number].session.user
    assert user
    return user


def log_out(world: Twin) -> None:
    world.network.set_account(member(world, SPEAKER), "")


def change_host(world: Twin) -> None:
    world.network.set_host(member(world, SPEAKER), "other", "other.example", msgid=world.network.ids.last)


def keep_nothing(world: Twin) -> None:
    settings = world.network.settings
    world.network.configure(replace(settings, history=replace(settings.history, enabled=False)))


nothing: Change = by(OWNER)

# Name: (what is so before, where somebody speaks, what changes then)
CHANGES: dict[str, tuple[Change, str, Change]] = {
    "another nick": (nothing, "#a", by(SPEAKER, "NICK other")),
    "another host": (nothing, "#a", change_host),
    "another account": (nothing, "#a", log_out),
    "a rank is lost": (by(OWNER, "MODE #a +v user1", "MODE #a +m"), "#a", by(OWNER, "MODE #a -v user1")),
    "a user mode of the speaker": (nothing, "#a", by(SPEAKER, "MODE user1 +B")),
    "a user mode of the hearer": (nothing, "user2", by(HEARER, "MODE user2 +g")),
    "a user mode is lost": (by(SPEAKER, "MODE user1 +B"), "#a", by(SPEAKER, "MODE user1 -B")),
    "away": (nothing, "user2", by(HEARER, "AWAY :gone")),
    "no longer away": (by(HEARER, "AWAY :gone"), "user2", by(HEARER, "AWAY")),
    "the speaker is no member any more": (nothing, "#a", by(SPEAKER, "PART #a")),
    "the speaker was put out": (nothing, "#a", by(OWNER, "KICK #a user1")),
    "the speaker was put out and came back": (nothing, "#a", by(SPEAKER, "PART #a", "JOIN #a")),
    "the hearer is gone": (by(HEARER, "PART #a,#b"), "user2", by(HEARER, "QUIT")),
    "the hearer has another nick": (nothing, "user2", by(HEARER, "NICK other")),
    "another name of the channel": (nothing, "#a", by(OWNER, "RENAME #a #A :why")),
    "a channel mode": (nothing, "#a", by(OWNER, "MODE #a +m")),
    "a channel mode that asks what is said": (nothing, "#a", by(OWNER, "MODE #a +c")),
    "a channel mode about ranks": (nothing, "#a", by(OWNER, "MODE #a +U")),
    "a ban": (nothing, "#a", by(OWNER, "MODE #a +b user1!*@*")),
    "an exception is lost": (by(OWNER, "MODE #a +be user1!*@* user1!*@*"), "#a", by(OWNER, "MODE #a -e user1!*@*")),
    "slow mode": (nothing, "#a", by(OWNER, "MODE #a +W 1:60")),
    "the configuration": (nothing, "#a", keep_nothing),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_voice_holds_no_longer_than_what_it_was_made_of(twins: tuple[Twin, Twin], name: str) -> None:
    """What was said the short way goes the long way, or another short one, as soon as its outcome could be another."""
    before, target, change = CHANGES[name]
    short, long = twins
    meet(twins)
    line = f"PRIVMSG {target} :\x0304hello".encode()
    for world in twins:
        world.send(world.puppets[SPEAKER], line + b"\r\n")  # the first one draws a portion, see `volumes`
        before(world)
    forget_what_was_sent(twins)
    assert short.speak(short.puppets[SPEAKER], line) == (name != "no longer away")
    for world in twins:
        if world is long or not short.spoken:
            world.send(world.puppets[SPEAKER], line + b"\r\n")
    for _ in range(2):
        for world in twins:
            change(world)
        for text in (b"PRIVMSG #a :again", b"NOTICE " + target.encode() + b" :\x0304too", line):
            if not short.speak(short.puppets[SPEAKER], text):
                short.send(short.puppets[SPEAKER], text + b"\r\n")
            long.send(long.puppets[SPEAKER], text + b"\r\n")
        assert short.heard() == long.heard()
        change = nothing
    assert histories(short) == histories(long)


@pytest.mark.parametrize("seed", range(6))
def test_the_short_way_is_the_long_way(twins: tuple[Twin, Twin], seed: int) -> None:
    short, long = twins
    chance = random.Random(seed)
    meet(twins)
    lately: list[tuple[bytes, int]] = []
    for step in range(1200):
        for world in twins:
            world.time += 1
            if step % 25 == 0:
                world.mend()
        said, who = _line(chance), chance.randrange(PEOPLE)
        if lately and chance.random() < 0.5:
            said, who = chance.choice(lately)
        forget_what_was_sent(twins)
        if is_speech := said.startswith((b"PRIVMSG", b"NOTICE")):
            lately = [*lately[-4:], (said, who)]
            said = b"\r\n".join([said, *(_other_text(chance, said) for _ in range(chance.choice([0, 0, 1, 3])))])
        if not (is_speech and short.speak(short.puppets[who], said)):
            short.send(short.puppets[who], said + b"\r\n")
        long.send(long.puppets[who], said + b"\r\n")
        assert short.heard() == long.heard(), (step, said)
        assert short.network.ids.last == long.network.ids.last, (step, said)
    assert short.spoken > 30
    assert histories(short) == histories(long)
