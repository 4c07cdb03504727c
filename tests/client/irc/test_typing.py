"""Who is typing: https://ircv3.net/specs/client-tags/typing"""

import pytest

from tests.client.world import World


def status(world: World) -> str:
    return world.console.frame(0.0, world.now).picture()[-2]


def test_others_are_told_while_the_user_types_but_not_at_every_key(echoing: World) -> None:
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


def test_a_line_that_is_given_up_is_told(echoing: World) -> None:
    echoing.type("hel")
    echoing.all_sent()
    echoing.press("C-u")
    assert echoing.all_sent() == ["@label=typing;+typing=done TAGMSG #tea"]


@pytest.mark.parametrize("deny", ["*", "typing", "*,-reply"])
def test_where_it_is_not_wanted_nobody_is_told(echoing: World, deny: str) -> None:
    echoing.feed(f":srv 005 alice CLIENTTAGDENY={deny} :are supported")
    echoing.type("hello")
    assert echoing.all_sent() == []


def test_commands_are_nobodys_business(echoing: World) -> None:
    echoing.type("/msg bob secret")
    assert echoing.all_sent() == []


def test_servers_without_tags_are_left_alone(tea: World) -> None:
    tea.type("hello")
    assert tea.all_sent() == []


def test_who_is_typing_is_shown_until_they_speak_or_stop(echoing: World) -> None:
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
def test_who_is_gone_types_no_more(echoing: World, line: str) -> None:
    echoing.feed(":bob!b@h JOIN #tea", "@+typing=active :bob!b@h TAGMSG #tea")
    assert status(echoing).endswith("bob is typing")
    echoing.feed(f":bob!b@h {line}")
    assert "typing" not in status(echoing)


def test_where_only_voices_are_heard_nobody_is_told_so_before_they_speak(echoing: World) -> None:
    """Some servers refuse that somebody types there, as they would refuse what is said; in whatever words."""
    echoing.type("may")
    assert echoing.all_sent() == ["@label=typing;+typing=active TAGMSG #tea"]
    echoing.feed("@label=typing :srv 404 alice #tea :Cannot send to channel (+n)")
    assert not any("Cannot send" in line for line in echoing.shown())
    echoing.feed("@label=typing :srv FAIL TAGMSG NO :That may not be told here")
    assert not any("told here" in line for line in echoing.shown())
    echoing.feed(":srv 404 alice #tea :Cannot send to channel (+r)")
    assert echoing.shown()[-1] == "! #tea: Cannot send to channel (+r)", "of something else, as a notice"
    echoing.type(" I?\n")
    echoing.feed("@label=gc1 :srv 404 alice #tea :Cannot send to channel (+m)")
    assert echoing.shown()[-1] == "! Not sent (Cannot send to channel (+m)): may I?"


def test_the_same_without_labels(world: World) -> None:
    world.welcome("message-tags")
    world.join()
    world.type("may")
    assert world.all_sent() == ["@+typing=active TAGMSG #tea"]
    world.feed(":srv 404 alice #tea :Cannot send to channel (+m)")
    assert not any("Cannot send" in line for line in world.shown())
    world.type(" I?\n")
    world.feed(":srv 404 alice #tea :Cannot send to channel (+m)")
    assert world.shown()[-1] == "! Not sent (Cannot send to channel (+m)): may I?"


def test_a_clock_that_is_set_back_holds_nothing_up(echoing: World) -> None:
    echoing.type("hel")
    echoing.feed("@+typing=active :bob!b@h TAGMSG #tea")
    echoing.all_sent()
    echoing.now -= 3_600_000
    echoing.type("l")
    assert echoing.all_sent() == ["@label=typing;+typing=active TAGMSG #tea"]
    assert "typing" not in status(echoing), "or bob would for an hour"
    echoing.feed("@+typing=active :bob!b@h TAGMSG #tea")
    assert status(echoing).endswith("bob is typing")


@pytest.mark.parametrize("hour", [11, 17])
def test_the_clock_of_the_server_may_be_another(echoing: World, hour: int) -> None:
    echoing.feed(f"@time=2026-09-21T{hour}:00:00.000Z :srv PONG srv :x")
    echoing.feed(f"@time=2026-09-21T{hour}:00:00.000Z;+typing=active :bob!b@h TAGMSG #tea")
    assert status(echoing).endswith("bob is typing")
    echoing.now += 6_000
    assert "typing" not in status(echoing)
