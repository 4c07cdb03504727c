"""Typing notifications: https://ircv3.net/specs/client-tags/typing"""

import pytest

from tests.client.world import World


def status(world: World) -> str:
    return world.console.frame(0.0, world.now).picture()[-2]


def test_typing_is_sent_now_and_then_while_the_user_types(echoing: World) -> None:
    echoing.type("hel")
    assert echoing.all_sent() == ["@label=typing;+typing=active TAGMSG #tea"]
    echoing.now += 2_999
    echoing.type("l")
    assert echoing.all_sent() == []
    echoing.now += 1
    echoing.type("o")
    assert echoing.all_sent() == ["@label=typing;+typing=active TAGMSG #tea"]
    echoing.type("\n")
    assert [line for line in echoing.all_sent() if "typing" in line] == []


def test_a_discarded_line_is_announced(echoing: World) -> None:
    echoing.type("hel")
    echoing.all_sent()
    echoing.press("C-u")
    assert echoing.all_sent() == ["@label=typing;+typing=done TAGMSG #tea"]


@pytest.mark.parametrize("deny", ["*", "typing", "*,-reply"])
def test_typing_can_be_switched_off(echoing: World, deny: str) -> None:
    echoing.feed(f":srv 005 alice CLIENTTAGDENY={deny} :are supported")
    echoing.type("hello")
    assert echoing.all_sent() == []


def test_commands_send_no_typing(echoing: World) -> None:
    echoing.type("/msg bob secret")
    assert echoing.all_sent() == []


def test_without_message_tags_no_typing_is_sent(tea: World) -> None:
    tea.type("hello")
    assert tea.all_sent() == []


def test_typing_is_shown_until_a_message_or_a_pause(echoing: World) -> None:
    echoing.feed("@+typing=active :bob!b@h TAGMSG #tea")
    assert status(echoing).endswith("bob is typing")
    echoing.feed("@+typing=active :carol!c@h TAGMSG #tea")
    assert status(echoing).endswith("bob and carol are typing")
    echoing.feed(":bob!b@h PRIVMSG #tea :hi")
    assert status(echoing).endswith("carol is typing")
    echoing.now += 6_000
    assert "typing" not in status(echoing)
    echoing.feed("@+typing=active :bob!b@h TAGMSG #tea", "@+typing=paused :bob!b@h TAGMSG #tea")
    assert "typing" not in status(echoing)


@pytest.mark.parametrize("line", ["PART #tea", "QUIT :bye", "NICK bobby", "KICK #tea bob"])
def test_a_user_who_leaves_is_no_longer_typing(echoing: World, line: str) -> None:
    echoing.feed(":bob!b@h JOIN #tea", "@+typing=active :bob!b@h TAGMSG #tea")
    assert status(echoing).endswith("bob is typing")
    echoing.feed(f":bob!b@h {line}")
    assert "typing" not in status(echoing)


def test_in_a_moderated_channel_typing_is_not_sent_without_voice(echoing: World) -> None:
    """Some servers refuse typing where they would refuse a message, with various texts."""
    echoing.type("may")
    assert echoing.all_sent() == ["@label=typing;+typing=active TAGMSG #tea"]
    echoing.feed("@label=typing :srv 404 alice #tea :Cannot send to channel (+n)")
    assert not any("Cannot send" in line for line in echoing.shown())
    echoing.feed("@label=typing :srv FAIL TAGMSG NO :That may not be told here")
    assert not any("told here" in line for line in echoing.shown())
    echoing.feed(":srv 404 alice #tea :Cannot send to channel (+r)")
    assert echoing.shown()[-1] == "! #tea: Cannot send to channel (+r)", "an error of another command"
    echoing.type(" I?\n")
    echoing.feed("@label=gc1 :srv 404 alice #tea :Cannot send to channel (+m)")
    assert echoing.shown()[-1] == "! Not sent (Cannot send to channel (+m)): may I?"


def test_the_same_without_labeled_response(world: World) -> None:
    world.welcome("message-tags")
    world.join()
    world.type("may")
    assert world.all_sent() == ["@+typing=active TAGMSG #tea"]
    world.feed(":srv 404 alice #tea :Cannot send to channel (+m)")
    assert not any("Cannot send" in line for line in world.shown())
    world.type(" I?\n")
    world.feed(":srv 404 alice #tea :Cannot send to channel (+m)")
    assert world.shown()[-1] == "! Not sent (Cannot send to channel (+m)): may I?"


def test_a_clock_set_back_does_not_delay_typing(echoing: World) -> None:
    echoing.type("hel")
    echoing.feed("@+typing=active :bob!b@h TAGMSG #tea")
    echoing.all_sent()
    echoing.now -= 3_600_000
    echoing.type("l")
    assert echoing.all_sent() == ["@label=typing;+typing=active TAGMSG #tea"]
    assert "typing" not in status(echoing), "the clock was set back: typing would be shown for an hour"
    echoing.feed("@+typing=active :bob!b@h TAGMSG #tea")
    assert status(echoing).endswith("bob is typing")


@pytest.mark.parametrize("hour", [11, 17])
def test_the_servers_clock_may_differ(echoing: World, hour: int) -> None:
    echoing.feed(f"@time=2026-09-21T{hour}:00:00.000Z :srv PONG srv :x")
    echoing.feed(f"@time=2026-09-21T{hour}:00:00.000Z;+typing=active :bob!b@h TAGMSG #tea")
    assert status(echoing).endswith("bob is typing")
    echoing.now += 6_000
    assert "typing" not in status(echoing)
