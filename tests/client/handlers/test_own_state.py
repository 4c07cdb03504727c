"""Changes of the user's own state are shown in any window; what an earlier membership left is reset."""

import pytest

from greenchat.client.irc import joining
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.events import Recoded
from greenchat.client.state.model import ClientNetwork
from greenchat.protocol import caps
from greenchat.protocol.message import parse
from tests.client.world import World

# Events that concern the user in #tea, or on the network (""), while another window is shown.
CHANGES = {
    "kicked": ("#tea", ":bob!b@h KICK #tea alice :enough"),
    "banned": ("#tea", ":bob!b@h MODE #tea +b *!*@host.example"),
    "deopped": ("#tea", ":bob!b@h MODE #tea -o alice"),
    "voiced": ("#tea", ":bob!b@h MODE #tea +v alice"),
    "parted by an operator": ("#tea", ":alice!al@host.example PART #tea"),
    "nick taken": ("", ":alice!al@host.example NICK guest7"),
    "join refused": ("#tea", ":srv 474 alice #tea :Cannot join channel (+b)"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_such_an_event_marks_its_window(tea: World, change: str) -> None:
    window, line = CHANGES[change]
    if change == "join refused":
        tea.feed(":alice!al@host.example PART #tea")
    buffer = tea.network.find(window) or tea.network.status
    elsewhere = tea.model.open(tea.network, "carol")
    tea.model.show(elsewhere)
    tea.model.focused = False
    tea.feed(line)
    assert buffer.unread.highlights == 1
    assert tea.model.unseen_mentions == 1
    assert f"{tea.model.window_number(buffer)}:" in tea.console.frame(0).picture()[-2]
    assert "(0)" not in tea.console.frame(0).picture()[-2]


def test_a_lost_connection_marks_the_server_window(tea: World) -> None:
    """While a window of another network is shown; on the same network the current window shows it."""
    other = ClientNetwork("other", ServerAddress("irc.other.example", 6667), "alice")
    tea.model.add_network(other)
    tea.model.show(other.status)
    tea.lose()
    assert tea.network.status.unread.highlights == 1


def test_a_marked_window_is_found_and_described(tea: World) -> None:
    """As the status line lists it, although there is no message in it."""
    tea.type("/window 1\n")
    tea.feed(":bob!b@h KICK #tea alice :enough")
    tea.type("/activity\n")
    assert tea.shown("")[-1] == "- 2:#tea, 1 highlight; last bob kicked you (enough). /join #tea to come back."
    tea.press("M-a")
    assert tea.model.current.name == "#tea"
    tea.type("/window 1\n")
    tea.feed(":carol!c@h JOIN #tea")
    tea.type("/activity\n")
    assert tea.shown("")[-1] == "- Nothing unread."


def test_lines_of_the_server_are_not_activity(world: World) -> None:
    """A message of the day is no reason for Alt-A to switch windows."""
    world.model.show(world.model.open(world.network, "#tea"))
    world.model.last = world.model.current
    world.connect()
    world.feed(":srv NOTICE * :*** Looking up your host", ":srv 001 alice :Welcome")
    world.feed(":srv 375 alice :- srv -", ":srv 372 alice :- Be kind", ":srv 376 alice :End")
    assert "* - Be kind" in world.shown("")
    assert " alice │ 2:#tea" in world.screen()
    world.press("M-a")
    assert world.model.current.name == "#tea"


def test_modes_of_others_mark_nothing(tea: World) -> None:
    buffer = tea.model.current
    tea.model.show(tea.network.status)
    tea.feed(":bob!b@h MODE #tea +v bob", ":bob!b@h MODE #tea +b *!*@spam.example", ":bob!b@h KICK #tea carol")
    assert buffer.unread.highlights == 0


def test_rejoining_resets_the_state_of_the_channel(tea: World) -> None:
    """State that a JOIN does not send again is outdated: RPL_TOPIC comes only "if a topic is set"."""
    tea.feed(
        ":srv 332 alice #tea :Tea at five",
        ":srv 324 alice #tea +nt",
        ":bob!b@h MODE #tea +k secret",
        "@+typing=active :bob!b@h TAGMSG #tea",
        ":bob!b@h KICK #tea alice",
    )
    buffer = tea.join(names="alice")
    assert (buffer.topic, buffer.modes, buffer.typing) == ("", "", {})
    assert list(buffer.members) == ["alice"]


def test_the_present_key_is_used(tea: World) -> None:
    tea.feed(":bob!b@h MODE #tea +k secret")
    assert tea.network.channels == {"#tea": "secret"}
    tea.feed(":bob!b@h MODE #tea -k *")
    assert tea.network.channels == {"#tea": ""}


def test_a_forwarded_channel_leaves_no_empty_window(tea: World) -> None:
    """`470 <nick> <channel> <other channel>`: the user is in the other channel."""
    tea.type("/join #overflow\n")
    tea.model.show(tea.model.open(tea.network, "#overflow"))
    tea.feed(":srv 470 alice #overflow ##overflow2 :Forwarding to another channel")
    tea.join("alice", "##overflow2")
    assert tea.network.find("#overflow") is None
    assert tea.model.current.name == "##overflow2"
    assert "#overflow" not in tea.network.channels


def test_joins_are_combined_into_few_lines() -> None:
    assert list(joining.lines({"#a": "", "#b": "kb", "#c": ""})) == [(["#b", "#a", "#c"], ["kb"])]
    assert list(joining.lines({})) == []
    many = {f"#channel-with-a-long-name-{number}": "" for number in range(100)}
    found = list(joining.lines(many))
    assert [name for names, _ in found for name in names] == list(many)
    assert all(len(",".join(names)) <= 504 for names, _ in found)
    assert len(found) < 8
    assert [len(names) for names, _ in joining.lines(many, most=30)] == [17, 17, 17, 17, 17, 15]
    assert [len(names) for names, _ in joining.lines(dict.fromkeys("abcde", ""), most=2)] == [2, 2, 1]


def test_the_servers_limit_of_channels_per_line(world: World) -> None:
    world.network.want("#two")
    world.connect()
    world.feed(":srv 001 alice :Hi", ":srv 005 alice TARGMAX=NAMES:1,JOIN:1,WHOIS: :are supported")
    world.sent()
    world.feed(":srv 422 alice :No MOTD")
    assert world.sent() == ["JOIN #tea", "JOIN #two"]


def test_a_line_that_mentions_everybody_notifies_nobody(tea: World) -> None:
    tea.join("@alice bob carol dave eve")
    tea.feed(":bob!b@h PRIVMSG #tea :alice bob carol dave eve: hello all")
    tea.feed(":bob!b@h PRIVMSG #tea :alice, carol and dave: hello you")
    assert [line.highlight for line in list(tea.model.current.lines)[-2:]] == [False, True]


def test_a_private_conversation_shows_that_the_user_is_back(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG alice :hi", ":bob!b@h QUIT :bye", ":bob!b@h JOIN #tea")
    assert tea.shown("bob") == ["bob: hi", "* bob quit (bye)", "* bob is back"]
    tea.feed(":bob!b@h PART #tea", ":bob!b@h JOIN #tea")
    assert len(tea.shown("bob")) == 3


def test_a_nick_with_a_space_is_refused(tea: World) -> None:
    tea.type("/nick a b\n")
    assert tea.sent() == []
    assert tea.shown()[-1].startswith("! 'a b' can't be a nickname")


def test_the_notify_list_follows_a_nick_change(tea: World) -> None:
    tea.type("/notify bob\n")
    tea.feed(":srv 303 alice :bob")
    tea.feed(":bob!b@h NICK robert")
    assert "- bob is now known as robert." in tea.shown()
    tea.feed(":robert!b@h NICK bob")
    assert tea.shown()[-1] == "- bob is online."


def test_another_encoding_is_reported_once(tea: World) -> None:
    for _ in range(3):
        tea.console.on_network(tea.network, Recoded(parse(":bob!b@h PRIVMSG #tea :café")), tea.now)
    assert tea.shown()[-4:] == [
        "bob: café",
        "- bob uses an encoding other than UTF-8; it is read as Windows-1252.",
        "bob: café",
        "bob: café",
    ]


def test_reconnecting_to_log_in_is_shown_once(world: World) -> None:
    """A second device reconnects with a password to share the nick: neither "logged in" nor "You joined" is shown
    twice.
    """
    world.connect()
    world.feed(
        ":srv CAP * LS :sasl=PLAIN",
        ":srv 433 * alice :Nickname is in use",
        ":srv 001 alice_ :Hi",
        ":srv 422 alice_ :No MOTD",
    )
    world.feed(":alice_!a@h JOIN #tea", ":srv 366 alice_ #tea :End")
    world.network.login.password_typed = True
    world.network.caps.held |= caps.SASL
    world.feed(":srv 900 alice_ alice_!a@h alice :You are now logged in", ":srv 433 alice_ alice :Nickname is in use")
    assert world.network.login.reconnecting
    world.lose("to come back")
    world.connect()
    world.feed(
        ":srv 900 alice alice!a@h alice :You are now logged in",
        ":srv 001 alice :Hi",
        ":srv 422 alice :No MOTD",
        ":alice!a@h JOIN #tea",
        ":srv BATCH +h chathistory #tea",
        "@batch=h;time=2026-09-21T14:00:00.000Z :alice_!a@h QUIT :Changing the nickname back to alice",
        ":srv BATCH -h",
    )
    lines = [line for window in ("", "#tea") for line in world.shown(window)]
    assert sum("logged in" in line for line in lines) == 1
    assert lines.count("* You joined") == 1
    assert not any("quit" in line for line in lines)


def test_a_channel_can_be_joined_before_the_connection_is_established(world: World) -> None:
    """Like messages, a /join is not lost: the window opens, and messages typed there wait."""
    world.network.unwant("#tea")
    world.type("/join #cake,#jam key\n")
    assert world.model.current.name == "#jam"
    world.type("hello\n")
    world.connect()
    world.feed(":srv 001 alice :Hi")
    world.sent()
    world.feed(":srv 422 alice :No MOTD")
    assert world.sent() == ["JOIN #cake,#jam key"]
    world.feed(":alice!a@h JOIN #jam", ":srv 366 alice #jam :End")
    assert world.sent() == ["PRIVMSG #jam :hello"]
