"""Messages and notices: the window of each, and the answers to some."""

import pytest

from greenchat.client.state.address import ServerAddress
from greenchat.client.state.model import ClientNetwork
from greenchat.protocol import caps
from tests.client.world import World


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (":bob!b@h PRIVMSG #tea :hello", "bob: hello"),
        (":carol!c@h PRIVMSG #TEA :hello", "+carol: hello"),
        (":dave/discord!relay@srv PRIVMSG #tea :hello", "dave/discord: hello"),
        (":bob!b@h NOTICE #tea :note", "bob: note"),
        (":bob!b@h PRIVMSG #tea :\x01ACTION waves\x01", "bob: waves"),
        (":bob!b@h PRIVMSG #tea :\x01ACTION waves", "bob: waves"),
        (":bob!b@h INVITE dave #tea", "* bob invited dave"),
        (":srv 301 alice bob :lunch", "- bob is away: lunch"),
        # "an away message of `*`" is sent for an always-on user without a connection
        (":srv 301 alice bob :*", "- bob is away"),
        (":srv 401 alice dave :No such nick/channel", "! dave: no such nick"),
        (":srv 402 alice dave :No such server", "! dave: no such nick"),  # the answer to WHOIS dave dave
        (":srv 402 alice irc.example :No such server", "! There is no server irc.example"),
        (":srv 404 alice #tea :Cannot send to channel", "! #tea: Cannot send to channel"),
        (":srv FAIL JOIN LIMIT #x :Too many", "! JOIN #x: Too many"),
        (":srv NOTE * HELLO :Be nice", "- Be nice"),
    ],
)
def test_lines_shown(tea: World, line: str, shown: str) -> None:
    tea.feed(line)
    assert tea.shown()[-1] == shown


@pytest.mark.parametrize("numeric", ["401", "402"])
def test_a_missing_nick_is_reported_in_the_window_of_the_command(tea: World, numeric: str) -> None:
    tea.feed(":bob!b@h PRIVMSG alice :hi")
    tea.type("/whois bob\n")
    tea.feed(f":srv {numeric} alice bob :No such nick or server")
    assert tea.shown()[-1] == "! bob: no such nick"
    assert tea.shown("bob")[-1] == "bob: hi"


def test_private_messages_open_a_window_in_the_background(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG alice :psst")
    assert tea.model.current.name == "#tea"
    assert tea.shown("bob") == ["bob: psst"]
    buffer = tea.network.find("bob")
    assert buffer
    assert (buffer.unread.count, buffer.unread.highlights) == (1, 1)


def test_the_title_of_a_private_conversation(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG alice :psst")
    topics = []
    for line in (
        ":bob!b@h PRIVMSG alice :this server does not tell",
        "@account=robert :bob!b@h PRIVMSG alice :it is me",
        ":bob!b@h NOTICE alice :beep",
        "@account=eve :eve!e@h PRIVMSG #tea :hm",
        ":bob!x@h PRIVMSG alice :it is me, too",
    ):
        tea.feed(line)
        tea.network.caps.held |= caps.ACCOUNT_TAG
        buffer = tea.network.find("bob")
        topics.append(buffer.topic if buffer else None)
    assert topics == ["", *["logged in as robert"] * 3, "not logged in"]


def test_server_notices_are_shown_in_the_server_window(tea: World) -> None:
    tea.feed(":srv NOTICE * :*** Looking up", "NOTICE alice :no source")
    assert tea.shown("")[-2:] == ["srv: *** Looking up", ": no source"]


def test_server_announcements_are_shown_in_the_current_window(tea: World) -> None:
    tea.feed(":srv NOTICE alice :restart in five minutes", ":srv NOTICE alice :*** bob connected")
    assert tea.shown()[-1] == "srv: restart in five minutes"
    assert tea.shown("")[-1] == "srv: *** bob connected"


def test_announcements_of_another_network_mark_its_window(tea: World) -> None:
    other = ClientNetwork("other", ServerAddress("irc.other", 9090), "alice")
    tea.model.add_network(other)
    tea.model.show(other.status)
    marked = []
    for text in ("*** bob connected", "restart in five minutes"):
        tea.feed(f":srv NOTICE alice :{text}")
        assert tea.shown("")[-1] == f"srv: {text}"
        marked.append(tea.network.status.unread.highlights)
    assert marked == [0, 1]


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("alice: hi", True),
        ("hi Alice!", True),
        ("@alice", True),
        ("malice", False),
        ("alice_ is somebody else", False),
        ("alice's cup", True),
        ("", False),
    ],
)
def test_mentions_of_our_nick(tea: World, text: str, called: bool) -> None:
    tea.feed(f":bob!b@h PRIVMSG #tea :{text}")
    assert tea.model.current.lines[-1].highlight is called


def test_server_time_is_shown(tea: World) -> None:
    tea.feed(
        "@time=2026-09-21T12:00:00.500Z :bob!b@h PRIVMSG #tea :earlier", "@time=nonsense :bob!b@h PRIVMSG #tea :now"
    )
    earlier, now = list(tea.model.current.lines)[-2:]
    assert now.time == tea.now
    assert tea.now - earlier.time == (2 * 3600 + 13 * 60 + 20) * 1000 - 500


def test_ctcp_requests_are_answered(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG alice :\x01PING 123\x01", ":bob!b@h PRIVMSG alice :\x01FINGER\x01")
    assert tea.sent() == ["NOTICE bob :\x01PING 123\x01"]
    assert tea.network.find("bob") is None


def test_answers_to_a_flood_of_ctcp_requests_are_limited(tea: World) -> None:
    tea.feed(*[":bob!b@h PRIVMSG alice :\x01VERSION\x01"] * 50)
    assert len(tea.sent()) == 3
