"""Nothing happens by itself because of what is told out of a history, comes back as an echo, or is old."""

from collections import deque
from collections.abc import Callable

import pytest

from greenchat.client.irc import ctcp
from tests.client.world import NOON, World

CAPS = "echo-message labeled-response batch message-tags server-time draft/chathistory"
OLD = "2026-09-21T10:00:00.000Z"
NEW = "2026-09-21T14:13:19.000Z"
# Everything that something automatic follows from, from somebody else and now.
TRIGGERS = {
    "ctcp version": "PRIVMSG alice :\x01VERSION\x01",
    "ctcp ping": "PRIVMSG alice :\x01PING 123\x01",
    "ctcp in a channel": "PRIVMSG #tea :\x01VERSION\x01",
    "ctcp answer": "NOTICE alice :\x01VERSION a pencil\x01",
    "mention": "PRIVMSG #tea :alice: are you there?",
    "private": "PRIVMSG alice :psst",
    "kick": "KICK #tea bob :out",
    "typing": "TAGMSG #tea",
}
PLAYBACK = ("chathistory #tea", "znc.in/playback #tea")


def in_batch(kind: str) -> Callable[[str], list[str]]:
    def wrap(line: str) -> list[str]:
        return [f":srv BATCH +h {kind}", f"@batch=h;time={OLD};msgid=x {line}", ":srv BATCH -h"]

    return wrap


def old(line: str) -> list[str]:
    return [f"@time={OLD};msgid=x {line}"]


WAYS: dict[str, Callable[[str], list[str]]] = {kind: in_batch(kind) for kind in PLAYBACK} | {"an old time": old}


@pytest.fixture
def world() -> World:
    world = World()
    world.welcome(CAPS)
    world.join()
    world.model.focused = False  # else nobody is called at all
    world.model.heard = deque()
    world.sent()
    return world


def happened(world: World) -> tuple[list[str], int, int, int]:
    """What went out, how often the user was called, and what plugins were told."""
    world.feed()
    return world.sent(), world.model.calls, len(world.model.heard or ()), len(world.model.messages)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_nothing_follows_from_history(world: World, way: str, trigger: str) -> None:
    world.feed(*WAYS[way](f":bob!b@h {TRIGGERS[trigger]}"))
    assert happened(world) == ([], 0, 0, 0)


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_nothing_follows_from_an_echo(world: World, trigger: str) -> None:
    """Nothing goes out and nobody is called; plugins do hear what the user says."""
    world.feed(f"@time={NEW} :alice!al@host.example {TRIGGERS[trigger]}")
    assert happened(world)[:2] == ([], 0)


def test_the_same_happens_now(world: World) -> None:
    """Else the tests above would be true of a client that does nothing at all."""
    for trigger in ("ctcp version", "ctcp ping", "mention", "private"):
        world.feed(f"@time={NEW} :bob!b@h {TRIGGERS[trigger]}")
    sent, calls, heard, messages = happened(world)
    assert [line.split(" ")[0] for line in sent] == ["NOTICE", "NOTICE"]
    assert (calls, heard) == (2, 2)
    assert messages == 4


def test_an_echo_is_no_answer(world: World) -> None:
    """What this client answers by itself comes back from the server, and is nothing to read."""
    world.feed(f"@time={NEW} :bob!b@h PRIVMSG alice :\x01PING 1\x01")
    lines = len(world.model.current.lines)
    world.feed(f"@time={NEW} :alice!al@host.example NOTICE bob :\x01PING 1\x01")
    assert len(world.model.current.lines) == lines


def test_answers_that_are_refused_are_not_waited_for(world: World) -> None:
    """Who asks and takes no messages (caller ID) would fill the memory, and stand in the way of another device."""
    for _ in range(30):
        world.feed(f"@time={NEW} :eve!e@h PRIVMSG alice :\x01VERSION\x01", ":srv 716 alice eve :has +g")
        assert len(world.sent()) == 1
    assert len(world.network.devices.sent) == 10


def test_clocks_may_differ(world: World) -> None:
    """The server's clock is measured by its answers to our PING: what it stamps now is new, whatever our clock says."""
    world.now = NOON + 3_600_000
    world.feed(f"@time={NEW} :srv PONG srv :greenchat-1")
    world.feed(f"@time={NEW} :bob!b@h PRIVMSG alice :\x01VERSION\x01")
    assert len(world.sent()) == 1


def test_the_device_used_last_answers(world: World) -> None:
    """Another device of ours has spoken: it answers, and this one only when it does not."""
    world.feed(f"@time={NEW} :alice!al@host.example PRIVMSG #tea :from the phone")
    world.feed(f"@time={NEW} :bob!b@h PRIVMSG alice :\x01VERSION\x01")
    assert world.sent() == []
    ctcp.tick(world.network, 100.0)
    assert world.sent() == []
    world.feed(f"@time={NEW} :alice!al@host.example NOTICE bob :\x01VERSION phone\x01")
    ctcp.tick(world.network, 200.0)
    assert world.sent() == []


def test_where_no_other_device_answers_this_one_does(world: World) -> None:
    world.feed(f"@time={NEW} :alice!al@host.example PRIVMSG #tea :from the phone")
    world.feed(f"@time={NEW} :bob!b@h PRIVMSG alice :\x01VERSION\x01")
    ctcp.tick(world.network, 100.0)
    due = ctcp.deadline(world.network, 100.0)
    assert due is not None
    assert due > 100.0
    ctcp.tick(world.network, due)
    assert [line.split(" ")[:2] for line in world.sent()] == [["NOTICE", "bob"]]


def test_who_speaks_here_answers_at_once(world: World) -> None:
    world.feed(f"@time={NEW} :alice!al@host.example PRIVMSG #tea :from the phone")
    world.type("from here\n")
    label = world.sent()[0].split("=")[1].split(" ")[0].split(";")[0]
    world.feed(f"@time={NEW};label={label} :alice!al@host.example PRIVMSG #tea :from here")
    world.feed(f"@time={NEW} :bob!b@h PRIVMSG alice :\x01VERSION\x01")
    assert len(world.sent()) == 1


@pytest.mark.parametrize("caps", ["draft/persistence", "znc.in/server-time-iso", "draft/persistence alone"])
def test_where_there_may_be_other_devices_one_of_them_answers(caps: str) -> None:
    """Nobody has spoken yet, so that nothing tells of the others; who has no account has none."""
    devices = World(), World()
    for number, device in enumerate(devices):
        device.network.identity = f"device {number}"
        device.welcome(f"{CAPS} {caps.split()[0]}")
        if "alone" not in caps:
            device.feed(":srv 900 alice alice!al@host.example alice :You are now logged in as alice")
        device.join()
        device.feed(f"@time={NEW} :bob!b@h PRIVMSG alice :\x01VERSION\x01")
    answers = []
    for tenth in range(1000, 1020):
        for device in devices:
            ctcp.tick(device.network, tenth / 10)
            said = device.sent()
            answers += said
            for other in devices if said else ():
                other.feed(f"@time={NEW} :alice!al@host.example NOTICE bob :\x01VERSION x\x01")
    assert len(answers) == (2 if "alone" in caps else 1)
