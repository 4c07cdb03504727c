"""Automatic actions: none follows from history, from an echo, or from an old message."""

from collections import deque
from collections.abc import Callable

import pytest

from greenchat.client.irc import ctcp
from tests.client.world import NOON, World

CAPS = "echo-message labeled-response batch message-tags server-time draft/chathistory"
OLD = "2026-09-21T10:00:00.000Z"
NEW = "2026-09-21T14:13:19.000Z"
# Every message that causes an automatic action when another user sends it now.
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
    world.model.focused = False  # otherwise there are no notifications at all
    world.model.plugin_messages = deque()
    world.sent()
    return world


def effects(world: World) -> tuple[list[str], int, int, int]:
    """Return the lines sent, the number of notifications, and the number of messages passed to plugins."""
    world.feed()
    return world.sent(), world.model.unseen_mentions, len(world.model.plugin_messages or ()), len(world.model.messages)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_history_causes_no_action(world: World, way: str, trigger: str) -> None:
    world.feed(*WAYS[way](f":bob!b@h {TRIGGERS[trigger]}"))
    assert effects(world) == ([], 0, 0, 0)


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_an_echo_causes_no_action(world: World, trigger: str) -> None:
    """Nothing is sent and there is no notification; plugins do get the user's own messages."""
    world.feed(f"@time={NEW} :alice!al@host.example {TRIGGERS[trigger]}")
    assert effects(world)[:2] == ([], 0)


def test_new_messages_cause_the_actions(world: World) -> None:
    """Otherwise the tests above would pass for a client that does nothing."""
    for trigger in ("ctcp version", "ctcp ping", "mention", "private"):
        world.feed(f"@time={NEW} :bob!b@h {TRIGGERS[trigger]}")
    sent, calls, sounds, messages = effects(world)
    assert [line.split(" ")[0] for line in sent] == ["NOTICE", "NOTICE"]
    assert (calls, sounds) == (2, 2)
    assert messages == 4


def test_the_echo_of_an_automatic_answer_is_not_shown(world: World) -> None:
    """The server echoes what this client answers automatically."""
    world.feed(f"@time={NEW} :bob!b@h PRIVMSG alice :\x01PING 1\x01")
    lines = len(world.model.current.lines)
    world.feed(f"@time={NEW} :alice!al@host.example NOTICE bob :\x01PING 1\x01")
    assert len(world.model.current.lines) == lines


def test_refused_answers_are_forgotten(world: World) -> None:
    """A user who asks and refuses messages (caller ID) could fill the memory, and prevent answers to other devices."""
    for _ in range(30):
        world.feed(f"@time={NEW} :eve!e@h PRIVMSG alice :\x01VERSION\x01", ":srv 716 alice eve :has +g")
        assert len(world.sent()) == 1
    assert len(world.network.devices.sent) == 10


def test_clocks_may_differ_from_the_servers(world: World) -> None:
    """The server's clock is measured by its PONGs: a message with its present time is new, whatever our clock says."""
    world.now = NOON + 3_600_000
    world.feed(f"@time={NEW} :srv PONG srv :greenchat-1")
    world.feed(f"@time={NEW} :bob!b@h PRIVMSG alice :\x01VERSION\x01")
    assert len(world.sent()) == 1


def test_the_device_used_last_answers_requests(world: World) -> None:
    """Another device of the account has sent a message: it answers, and this one only if it does not."""
    world.feed(f"@time={NEW} :alice!al@host.example PRIVMSG #tea :from the phone")
    world.feed(f"@time={NEW} :bob!b@h PRIVMSG alice :\x01VERSION\x01")
    assert world.sent() == []
    ctcp.tick(world.network, 100.0)
    assert world.sent() == []
    world.feed(f"@time={NEW} :alice!al@host.example NOTICE bob :\x01VERSION phone\x01")
    ctcp.tick(world.network, 200.0)
    assert world.sent() == []


def test_this_device_answers_if_no_other_does(world: World) -> None:
    world.feed(f"@time={NEW} :alice!al@host.example PRIVMSG #tea :from the phone")
    world.feed(f"@time={NEW} :bob!b@h PRIVMSG alice :\x01VERSION\x01")
    ctcp.tick(world.network, 100.0)
    due = ctcp.deadline(world.network, 100.0)
    assert due is not None
    assert due > 100.0
    ctcp.tick(world.network, due)
    assert [line.split(" ")[:2] for line in world.sent()] == [["NOTICE", "bob"]]


def test_a_device_that_the_user_writes_on_answers_at_once(world: World) -> None:
    world.feed(f"@time={NEW} :alice!al@host.example PRIVMSG #tea :from the phone")
    world.type("from here\n")
    label = world.sent()[0].split("=")[1].split(" ")[0].split(";")[0]
    world.feed(f"@time={NEW};label={label} :alice!al@host.example PRIVMSG #tea :from here")
    world.feed(f"@time={NEW} :bob!b@h PRIVMSG alice :\x01VERSION\x01")
    assert len(world.sent()) == 1


@pytest.mark.parametrize("caps", ["draft/persistence", "znc.in/server-time-iso", "draft/persistence alone"])
def test_one_of_several_possible_devices_answers(caps: str) -> None:
    """Without a message of the user so far, nothing tells of other devices; a user without account has none."""
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
            sent = device.sent()
            answers += sent
            for other in devices if sent else ():
                other.feed(f"@time={NEW} :alice!al@host.example NOTICE bob :\x01VERSION x\x01")
    assert len(answers) == (2 if "alone" in caps else 1)
