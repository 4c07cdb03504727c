"""Who is typing: https://ircv3.net/specs/client-tags/typing"""

import pytest

from tests.client.world import World


def status(world: World) -> str:
    return world.console.frame(0.0, world.now).picture()[-2]


def test_others_are_told_while_the_user_types_but_not_at_every_key(echoing: World) -> None:
    echoing.type("hel")
    assert echoing.all_sent() == ["@+typing=active TAGMSG #tea"]
    echoing.now += 2_999
    echoing.type("l")
    assert echoing.all_sent() == []
    echoing.now += 1
    echoing.type("o")
    assert echoing.all_sent() == ["@+typing=active TAGMSG #tea"]
    echoing.type("\n")
    assert [line for line in echoing.all_sent() if "typing" in line] == []


def test_a_line_that_is_given_up_is_told(echoing: World) -> None:
    echoing.type("hel")
    echoing.all_sent()
    echoing.press("C-u")
    assert echoing.all_sent() == ["@+typing=done TAGMSG #tea"]


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
