"""The fast path of a message gives the same result as the full one, byte for byte and row for row, whatever happens in
between.

Two servers with the same clock, the same random bytes and the same clients execute the same lines; one of them takes
the fast path wherever it can, and keeps its verdicts as long as they claim to be valid.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from math import inf
from pathlib import Path

import pytest

from greenchat.chat.acts import StepAct
from greenchat.chat.protection.history_quota import EVENT
from greenchat.chat.user import User
from greenchat.commands.core.recording import NOT_KEPT
from greenchat.commands.core.utterance import Utterance
from greenchat.commands.messages import speech
from greenchat.commands.messages.speech import MessageBurst, deliver_all
from greenchat.protocol import caps
from greenchat.protocol.envelopes.talk import TalkHead
from greenchat.server.net import turn as turns
from greenchat.server.net.routes import SessionRoutes
from greenchat.server.net.turn import Turn
from greenchat.storage.interface import HistorySpan
from greenchat.storage.log import MemoryLog
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
    """A world with a clock and random bytes that the test controls."""

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
        self._is_in_turn = False

    def speak(self, puppet: Puppet, lines: bytes) -> bool:
        """Send lines by the fast path where they have one, as a connection does."""
        burst = self.burst(puppet, lines)
        if burst is None:
            return False
        assert len(burst[2]) == lines.count(b"\r\n") + 1
        self.routes[puppet].say(burst)
        self.spoken += 1
        self._end_turn()
        return True

    def burst(self, puppet: Puppet, lines: bytes) -> MessageBurst | None:
        """Return lines as the fast path takes them, None if they have none."""
        routes = self.routes.get(puppet)
        if routes is None:
            routes = self.routes[puppet] = SessionRoutes(
                self.network, puppet.session, self.app.log, self.app.turn, partial(self._context, puppet), self.app.now
            )
        return routes.find(lines)

    def say_all(self, bursts: list[MessageBurst]) -> None:
        """Deliver what several say in one turn at once."""
        self.app.turn.begin()
        deliver_all(self.network, self.app.turn, bursts, self.time)
        self._end_turn()

    def make_lines_effective(self) -> None:
        """Bring all clients into both channels and make half of them operators, so that most lines have an effect."""
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

    def received(self) -> list[bytes]:
        """Return what each client has been sent since the last call."""
        return [b"".join(puppet.mailbox.sent) for puppet in self.puppets]

    @contextmanager
    def one_turn(self) -> Iterator[None]:
        """Do all that happens inside the block in one turn."""
        self._is_in_turn = True
        try:
            yield
        finally:
            self._is_in_turn = False
        self._end_turn()

    def _end_turn(self) -> None:
        if not self._is_in_turn:
            super()._end_turn()

    def _read(self, puppet: Puppet) -> None:
        """Do nothing: the test compares what is sent."""


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
    """Return a line that takes the same path, in most cases."""
    if chance.random() < 0.2:
        return _line(chance)
    return line.partition(b" :")[0] + chance.choice(
        [b" :more", b" :and more", b" ::", b" :", b" : \xff", b" :\xc3\xa9"]
    )


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[tuple[Twin, Twin]]:
    """Return a world with the fast path and one without."""
    worlds = [Twin(tmp_path), Twin(tmp_path)]  # neither writes into the folder
    yield worlds[0], worlds[1]
    for world in worlds:
        world.close()


def meet(twins: tuple[Twin, Twin]) -> None:
    """Connect the same clients to both."""
    for number in range(PEOPLE):
        for world in twins:
            puppet = world.connect()
            if number >= 3:  # by WebSocket, of each kind
                puppet.session.caps |= (caps.WEBSOCKET_TEXT, caps.WEBSOCKET_BINARY)[number % 2]
            for line in (f"CAP REQ :{CAPS[number]}", f"NICK user{number}", "USER u 0 * :u", "CAP END", "JOIN #a,#b"):
                world.send(puppet, line.encode() + b"\r\n")
            world.network.set_account(world.network.users[f"user{number}"], f"acc{number}" if number % 2 else "")


def meet_and_speak(twins: tuple[Twin, Twin]) -> None:
    """Let everybody have said a line: the first takes a portion of the quota."""
    meet(twins)
    for world in twins:
        for puppet in world.puppets:
            world.send(puppet, b"PRIVMSG #a :hello\r\n")


def forget_what_was_sent(twins: tuple[Twin, Twin]) -> None:
    """Forget all that was sent so far, so that only later output is compared."""
    for world in twins:
        for puppet in world.puppets:
            puppet.mailbox.sent.clear()


def histories(world: Twin) -> list[object]:
    """Return all stored messages."""
    keys = [*world.network.channels, *(each.conversation for each in world.app.store.targets("acc1", (), 0, 1 << 62))]
    return [world.app.store.read(key, HistorySpan(1000, events=True)) for key in keys]


Change = Callable[[Twin], None]
SPEAKER, HEARER, OWNER = 1, 2, 0  # user1 sends to user2 and to #a, whose operator is user0


def by(number: int, *lines: str) -> Change:
    """Return a change: this user sends these lines."""

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

# Name: (state before, line of the speaker, change)
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
def test_a_cached_verdict_ends_with_its_premises(twins: tuple[Twin, Twin], name: str) -> None:
    """After a change a message that took the fast path takes the full one, or another fast path, as soon as the result
    could differ.
    """
    before, target, change = CHANGES[name]
    short, long = twins
    meet(twins)
    line = f"PRIVMSG {target} :\x0304hello".encode()
    for world in twins:
        world.send(world.puppets[SPEAKER], line + b"\r\n")  # the first line takes a portion of the quota
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
        assert short.received() == long.received()
        change = nothing
    assert histories(short) == histories(long)


@pytest.mark.parametrize("seed", range(6))
def test_the_fast_path_equals_the_full_one(twins: tuple[Twin, Twin], seed: int) -> None:
    short, long = twins
    chance = random.Random(seed)
    meet(twins)
    lately: list[tuple[bytes, int]] = []
    for step in range(1200):
        for world in twins:
            world.time += 1
            if step % 25 == 0:
                world.make_lines_effective()
        line, who = _line(chance), chance.randrange(PEOPLE)
        if lately and chance.random() < 0.5:
            line, who = chance.choice(lately)
        forget_what_was_sent(twins)
        if is_speech := line.startswith((b"PRIVMSG", b"NOTICE")):
            lately = [*lately[-4:], (line, who)]
            line = b"\r\n".join([line, *(_other_text(chance, line) for _ in range(chance.choice([0, 0, 1, 3])))])
        if not (is_speech and short.speak(short.puppets[who], line)):
            short.send(short.puppets[who], line + b"\r\n")
        long.send(long.puppets[who], line + b"\r\n")
        assert short.received() == long.received(), (step, line)
        assert short.network.ids.last == long.network.ids.last, (step, line)
    assert short.spoken > 30
    assert histories(short) == histories(long)


@pytest.mark.parametrize("seed", range(4))
def test_several_speakers_at_once_equal_one_after_another(
    twins: tuple[Twin, Twin], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech, "_WORTHWHILE", 1)
    short, long = twins
    chance = random.Random(seed)
    meet_and_speak(twins)
    taken = 0
    for step in range(100):
        forget_what_was_sent(twins)
        bursts = []
        for _ in range(chance.randrange(1, 12)):
            who = chance.randrange(PEOPLE)
            head = b"PRIVMSG %b :" % chance.choice([b"#a", b"#a", b"#a", b"#b", b"user3"])
            lines = b"\r\n".join(head + b"%d" % number for number in range(chance.choice([1, 1, 3])))
            burst = short.burst(short.puppets[who], lines)
            if burst:
                bursts.append(burst)
                long.send(long.puppets[who], lines + b"\r\n")
        short.say_all(bursts)
        taken += len(bursts)
        assert short.received() == long.received(), step
        assert short.network.ids.last == long.network.ids.last, step
    assert taken > 400
    assert histories(short) == histories(long)


@pytest.mark.parametrize(("most", "worthwhile"), [(1 << 16, 1), (1 << 16, 4), (200, 1)])
@pytest.mark.parametrize("seed", range(4))
def test_a_turn_tells_everybody_the_same_in_the_same_order(
    twins: tuple[Twin, Twin], seed: int, most: int, worthwhile: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages are collected: of several channels, with members in common and without, among private ones and commands.

    most: how much is collected at once. worthwhile: from how many for each target on they are put together.
    """
    monkeypatch.setattr(turns, "_MAX_COLLECTED", most)
    monkeypatch.setattr(speech, "_WORTHWHILE", worthwhile)
    short, long = twins
    chance = random.Random(seed)
    meet_and_speak(twins)
    count = 0
    for step in range(150):
        if step % 50 == 25:  # from now on those in #a are not in #b
            for number in range(PEOPLE):
                for world in twins:
                    world.send(world.puppets[number], b"PART %b\r\n" % (b"#b", b"#a")[number % 2])
        elif step % 50 == 0:
            for world in twins:
                world.make_lines_effective()
        for world in twins:
            world.time += 1
        forget_what_was_sent(twins)
        with short.one_turn(), long.one_turn():
            for _ in range(chance.randrange(1, 16)):
                who, line = chance.randrange(PEOPLE), _within_a_turn(chance)
                if short.speak(short.puppets[who], line):
                    count += 1
                else:
                    short.send(short.puppets[who], line + b"\r\n")
                long.send(long.puppets[who], line + b"\r\n")
        assert short.received() == long.received(), step
        assert short.network.ids.last == long.network.ids.last, step
    assert count > 300
    assert histories(short) == histories(long)


def test_messages_are_delivered_before_any_act(twins: tuple[Twin, Twin]) -> None:
    """Messages were checked against the state before the act; its output comes later, whichever node proposes it."""
    world, _ = twins
    meet(twins)
    speaker, reader = world.puppets[:2]
    before: list[bytes] = []

    def act(_: int) -> None:
        before.extend(reader.session.outbox.pending)

    with world.one_turn():
        burst = world.burst(speaker, b"PRIVMSG #a :hello")
        assert burst
        world.routes[speaker].say(burst)
        assert not reader.session.outbox.pending
        world.app.log.note(StepAct(0, 0, "none", ()), act)
    assert b"hello" in b"".join(before)


class SlowLog:
    """The shared log of nodes: it applies an act when the test says so."""

    is_shared = True

    def __init__(self) -> None:
        self.acts: list[Callable[[int], object]] = []

    def speak(self, speaker: object, act: object, apply: Callable[[int], object]) -> None:
        self.acts.append(apply)


@pytest.mark.parametrize("mode", ["", "+c", "+m"])
def test_a_message_of_a_node_is_charged_as_it_is_applied(twins: tuple[Twin, Twin], mode: str) -> None:
    """Once, and not if it is refused. mode: of the channel, set while the message is on its way."""
    world, _ = twins
    meet(twins)
    owner, speaker = world.puppets[OWNER], world.puppets[SPEAKER]
    world.send(speaker, b"PRIVMSG #a :hello\r\n")  # draws a portion
    before = speaker.session.room
    world.send(speaker, b"PRIVMSG #a :hello\r\n")
    price = before - speaker.session.room
    log = SlowLog()
    routes = SessionRoutes(
        world.network,
        speaker.session,
        log,  # type: ignore[arg-type]  # all that it calls
        world.app.turn,
        partial(world._context, speaker),
        world.app.now,
    )
    burst = routes.find(b"PRIVMSG #a :hello")
    assert burst
    before = speaker.session.room
    routes.say(burst)
    if mode:
        world.send(owner, b"MODE #a " + mode.encode() + b"\r\n")
    for apply in log.acts:
        apply(world.time)
    assert before - speaker.session.room == {"": EVENT + len("hello"), "+c": price, "+m": 0}[mode]


@pytest.mark.parametrize("is_busy", [False, True])
def test_a_turn_after_messages_has_a_budget(twins: tuple[Twin, Twin], is_busy: bool) -> None:
    """To deliver them at the end of a turn does not begin another one. is_busy: whether turns wait for more input."""
    world, _ = twins
    meet(twins)
    turn = world.app.turn
    burst = world.burst(world.puppets[0], b"PRIVMSG #a :hello")
    assert burst
    world.routes[world.puppets[0]].say(burst)
    turn._is_busy = is_busy
    turn.end()
    assert turn.schedule.deadline == inf
    turn.open()
    assert turn.schedule.deadline < inf


def _within_a_turn(chance: random.Random) -> bytes:
    if chance.random() < 0.15:
        nick = f"user{chance.randrange(PEOPLE)}"
        asks = [f"WHOIS {nick} {nick}", "NAMES #a", "CHATHISTORY LATEST #a * 3", "PING :x"]
        changes = ["TOPIC #a :other", f"MODE #b +v {nick}", "AWAY :gone", "AWAY", "PART #a", "JOIN #a"]
        return chance.choice([*asks, *changes, "@+x=y TAGMSG #a", "PRIVMSG #a,#b :both"]).encode()
    target = chance.choice([b"#a", b"#a", b"#a", b"#b", b"#b", b"user3", b"user1"])
    head = chance.choice([b"PRIVMSG", b"PRIVMSG", b"NOTICE"]) + b" " + target + b" :"
    return b"\r\n".join(head + b"%d" % chance.randrange(10_000) for _ in range(chance.choice([1, 1, 1, 3])))


@pytest.mark.parametrize("target", [b"#a", b"user2"])
def test_a_bug_in_one_of_several_messages_does_not_affect_the_others(twins: tuple[Twin, Twin], target: bytes) -> None:
    """The broken one is stored and sent to all whose lines do not contain what is broken."""
    short, long = twins
    meet(twins)
    speakers = (0, 1, 3)
    lines = [b"PRIVMSG %b :%d" % (target, number) for number in speakers]
    for world in twins:
        for number in speakers:  # the first line takes a portion of the quota
            world.send(world.puppets[number], b"PRIVMSG " + target + b" :hello\r\n")
    forget_what_was_sent(twins)
    bursts = [burst for n, line in zip(speakers, lines, strict=True) if (burst := short.burst(short.puppets[n], line))]
    assert len(bursts) == len(speakers)
    route = bursts[1][0]
    route.head = TalkHead(route.head.source, "PRIVMSG", route.head.target, "\udc80", False)  # can't become UTF-8
    with pytest.raises(ExceptionGroup) as raised:
        short.say_all(bursts)
    short._end_turn()
    assert {type(error) for error in raised.value.exceptions} == {UnicodeEncodeError}
    for number, line in zip(speakers, lines, strict=True):
        long.send(long.puppets[number], line + b"\r\n")
    for puppet, sent, wanted in zip(short.puppets, short.received(), long.received(), strict=True):
        if puppet.session.caps & caps.ACCOUNT_TAG:
            assert b":user1!" not in sent
            sent, wanted = sent[-60:], wanted[-60:]  # what user3 said
        assert sent == wanted
    assert histories(short) == histories(long)


def test_a_message_that_fails_to_be_stored_does_not_affect_the_others(twins: tuple[Twin, Twin]) -> None:
    world, _ = twins
    meet(twins)
    bursts = []
    for number in range(3):
        world.send(world.puppets[number], b"PRIVMSG #a :hello\r\n")
        bursts.append(world.burst(world.puppets[number], b"PRIVMSG #a :%d" % number))
    forget_what_was_sent(twins)

    class FailingJournal:
        """The turn, but for the second text."""

        def store_utterance(self, utterance: Utterance) -> None:
            if list(utterance.texts) == ["1"]:
                raise RuntimeError
            world.app.turn.store_utterance(utterance)

    world.app.turn.begin()
    with pytest.raises(ExceptionGroup):
        deliver_all(world.network, FailingJournal(), [each for each in bursts if each], world.time)  # type: ignore[arg-type]  # all it calls
    world._end_turn()
    texts = [line.rpartition(b":")[2] for line in world.received()[1].splitlines()]
    assert texts == [NOT_KEPT.encode(), b"0", b"2"]
    stored = world.app.store.read("#a", HistorySpan(2, newest=True))
    assert [event.params[-1] for event in stored] == ["0", "2"]


@pytest.mark.parametrize("is_recorded", [False, True])
def test_a_bug_in_one_message_of_a_turn_does_not_affect_the_others(
    twins: tuple[Twin, Twin], is_recorded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even if its speaker can't be told. is_recorded: whether somebody reads the log."""
    world, _ = twins
    meet(twins)
    acts: list[object] = []
    if is_recorded:
        assert isinstance(world.app.log, MemoryLog)
        world.app.log.read(lambda _, act: acts.append(act))
    bursts = []
    for number in range(3):
        world.send(world.puppets[number], b"PRIVMSG #a :hello\r\n")
        bursts.append(world.burst(world.puppets[number], b"PRIVMSG #a :%d" % number))
    forget_what_was_sent(twins)
    acts.clear()
    store = Turn.store_utterance

    def fail(turn: Turn, utterance: Utterance) -> None:
        if list(utterance.texts) == ["1"]:
            raise RuntimeError
        store(turn, utterance)

    def refuse() -> None:
        raise RuntimeError

    monkeypatch.setattr(Turn, "store_utterance", fail)
    with world.one_turn():
        for number, burst in enumerate(bursts):
            assert burst
            burst[0].refuse = refuse
            world.routes[world.puppets[number]].say(burst)
    texts = [line.rpartition(b":")[2] for line in world.received()[1].splitlines()]
    assert texts == [b"0", b"2"]
    assert len(acts) == (3 if is_recorded else 0)
