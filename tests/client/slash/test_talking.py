"""Commands for messages: /msg, /query, /me, /ctcp and the like."""

import pytest

from tests.client.world import World


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("/m bob hello", ["PRIVMSG bob :hello"]),
        ("/msg * hello", ["PRIVMSG #tea :hello"]),
        ("/msg bob,#tea,, hello you", ["PRIVMSG bob :hello you", "PRIVMSG #tea :hello you"]),
        ("/describe bob waves", ["PRIVMSG bob :\x01ACTION waves\x01"]),
        ("/action * waves", ["PRIVMSG #tea :\x01ACTION waves\x01"]),
        ("/amsg hello all", ["PRIVMSG #tea :hello all"]),
        ("/ame waves", ["PRIVMSG #tea :\x01ACTION waves\x01"]),
        ("/ns HELP", ["PRIVMSG NickServ :HELP"]),
        ("/cs op #tea bob", ["PRIVMSG ChanServ :op #tea bob"]),
        ("/ver bob", ["PRIVMSG bob :\x01VERSION\x01"]),
        ("/ver", ["PRIVMSG #tea :\x01VERSION\x01"]),
        ("/nctcp bob version a pencil", ["NOTICE bob :\x01VERSION a pencil\x01"]),
        ("/ping bob", ["PRIVMSG bob :\x01PING 1790000000000\x01"]),
        ("/msg bob hello there", ["PRIVMSG bob :hello there"]),
        ("/q bob", []),
        ("/me waves", ["PRIVMSG #tea :\x01ACTION waves\x01"]),
        ("/notice bob hello", ["NOTICE bob :hello"]),
        ("/ctcp bob version", ["PRIVMSG bob :\x01VERSION\x01"]),
        ("/say /quit is a command", ["PRIVMSG #tea :/quit is a command"]),
    ],
)
def test_lines_sent(tea: World, typed: str, sent: list[str]) -> None:
    tea.type(typed + "\n")
    assert tea.sent() == sent


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("/wall help", "! This server can't do that."),
        ("/msg , hello", "! Nobody has written to you yet."),
        ("/msg bob,carol", "! Usage: /msg bob,carol text"),
        ("/msg bob,NickServ identify secret", "! It may contain a password: send it to NickServ alone."),
        ("/echo a /note", "- a /note"),
    ],
)
def test_lines_shown(tea: World, typed: str, shown: str) -> None:
    tea.type(typed + "\n")
    assert tea.shown()[-1] == shown
    assert tea.sent() == []


def test_a_message_in_the_server_window_is_refused(tea: World) -> None:
    tea.press("M-1")
    for typed in ("hello", "/me waves", "/part", "/who"):
        tea.type(typed)
        tea.press("Enter", "C-u")
        assert tea.shown("")[-1].startswith("! ")
    assert tea.sent() == []


def test_a_message_without_recipient_is_not_lost(tea: World) -> None:
    tea.type("/part\n")
    tea.feed(":alice!a@h PART #tea")
    tea.type("too late\n")
    assert tea.shown()[-1] == "! You are not in #tea. Use /join #tea."
    assert tea.console.editor.text == "too late"


def test_a_message_to_all_channels(tea: World) -> None:
    tea.join(channel="#cake")
    tea.feed(":alice!a@h PART #cake")
    tea.join(channel="#jam")
    tea.type("/query bob\n/amsg hello\n")
    assert tea.sent() == ["PRIVMSG #tea :hello", "PRIVMSG #jam :hello"]
    tea.feed(":alice!a@h PART #tea", ":alice!a@h PART #jam")
    tea.type("/ame waves\n")
    assert tea.shown("bob")[-1] == "! You are in no channel. /join one first."


def test_a_message_to_the_last_recipient(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG alice :one")
    tea.now += 1000
    tea.feed(":carol!c@h PRIVMSG alice :two")
    tea.now += 1000
    tea.type("/msg bob three\n")
    tea.sent()
    tea.type("/msg , four\n")
    assert tea.sent() == ["PRIVMSG carol :four"]
    tea.now += 1000
    tea.type("/msg bob five\n")
    tea.sent()
    tea.type("/msg . six\n")
    assert tea.sent() == ["PRIVMSG bob :six"]


def test_a_message_to_the_operators_of_a_channel(tea: World) -> None:
    tea.feed(":srv 005 alice STATUSMSG=@+ :are supported")
    tea.type("/wall look at this\n")
    assert tea.sent() == ["NOTICE @#tea :look at this"]


def test_a_message_without_a_channel_suggests_join(world: World) -> None:
    world.network.channels.clear()
    world.welcome()
    world.type("hello there\n")
    assert world.screen()[0] == " greenchat: which channel?"
    assert world.sent() == ["LIST"]
    world.type("cats\n")
    assert world.sent() == ["JOIN #cats"]
    assert world.screen()[-1] == "[#cats] hello there"
    world.join(channel="#cats")
    world.press("Enter")
    assert world.sent() == ["PRIVMSG #cats :hello there"]


def test_pinging_a_user(tea: World) -> None:
    tea.type("/ping bob\n")
    tea.now += 250
    tea.feed(f":bob!b@h NOTICE alice :\x01PING {tea.now - 250}\x01", ":bob!b@h NOTICE alice :\x01PING soon\x01")
    assert tea.shown()[-2:] == ["- bob answers after 0.25 s", "- bob answers PING: soon"]
