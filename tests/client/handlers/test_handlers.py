"""What each message from a server changes, line by line."""

import tracemalloc

import pytest

from greenchat.client.handlers.registry import NAMED
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.effects import Reconnect
from greenchat.client.state.model import ClientNetwork, LinkState
from greenchat.client.text.style import Size
from greenchat.protocol import caps
from tests.client.world import World


def test_registration_begins_with_cap(world: World) -> None:
    world.connect()
    assert world.sent() == ["CAP LS 302", "NICK alice", "USER alice 0 * alice"]


def test_known_capabilities_are_requested_once_all_are_listed(world: World) -> None:
    world.connect()
    world.sent()
    # "all but the last reply MUST have a parameter containing only an asterisk"
    world.feed(":srv CAP * LS * :multi-prefix sasl=PLAIN")
    assert world.sent() == []
    world.feed(":srv CAP * LS :draft/new server-time echo-message")
    assert world.sent() == ["CAP REQ :echo-message multi-prefix server-time"]
    world.feed(":srv CAP * ACK :server-time echo-message multi-prefix")
    assert world.sent() == ["CAP END"]
    assert world.network.caps.held == caps.SERVER_TIME | caps.ECHO_MESSAGE | caps.MULTI_PREFIX


@pytest.mark.parametrize("answer", [":srv CAP * LS :", ":srv CAP * LS :draft/only-new"])
def test_without_known_capabilities_negotiation_ends(world: World, answer: str) -> None:
    world.connect()
    world.sent()
    world.feed(answer)
    assert world.sent() == ["CAP END"]


def test_a_refused_request_ends_negotiation(world: World) -> None:
    world.connect()
    world.feed(":srv CAP * LS :batch")
    world.sent()
    world.feed(":srv CAP * NAK :batch")
    assert world.sent() == ["CAP END"]
    assert world.network.caps.held == 0


def test_new_and_removed_capabilities(tea: World) -> None:
    tea.feed(":srv CAP alice NEW :away-notify chghost=x")
    assert tea.sent() == ["CAP REQ :away-notify chghost"]
    tea.feed(":srv CAP alice ACK :away-notify chghost")
    assert tea.sent() == []
    tea.feed(":srv CAP alice DEL :chghost")
    assert tea.network.caps.held == caps.AWAY_NOTIFY


def test_a_server_without_cap(world: World) -> None:
    world.connect()
    world.sent()
    world.feed(":srv 421 alice CAP :Unknown command", ":srv 001 alice :Welcome", ":srv 376 alice :End of MOTD")
    assert world.network.link.state is LinkState.ONLINE
    assert world.sent() == ["JOIN #tea"]


def test_another_nick_is_tried_until_one_is_free(world: World) -> None:
    world.connect()
    world.sent()
    world.feed(":srv 433 * alice :Nickname is already in use")
    assert world.sent() == ["NICK alice_"]
    world.feed(":srv 433 * alice_ :Nickname is already in use", ":srv 001 alice__ :Welcome")
    assert world.sent() == ["NICK alice__"]
    assert world.network.nicks.current == "alice__"


def test_a_refused_nick_change_is_reported(tea: World) -> None:
    tea.feed(":srv 433 alice bob :Nickname is already in use")
    assert tea.sent() == []
    assert tea.shown()[-1] == "! The nickname bob was refused: Nickname is already in use"


def test_ping_is_answered(tea: World) -> None:
    tea.feed("PING :some token")
    assert tea.sent() == ["PONG :some token"]


def test_joining_shows_the_channel_and_its_members(tea: World) -> None:
    buffer = tea.model.current
    assert buffer.name == "#tea"
    assert [member.prefixes + member.nick for member in buffer.ranked_members] == ["@alice", "+carol", "bob"]


def test_userhost_in_names_and_multi_prefix(world: World) -> None:
    world.welcome("multi-prefix userhost-in-names")
    buffer = world.join("@+alice!al@host.example bob!b@else.example")
    bob = buffer.member("BOB")
    assert bob
    assert (bob.user, bob.host) == ("b", "else.example")
    assert [member.prefixes for member in buffer.ranked_members] == ["@+", ""]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (":bob!b@h PRIVMSG #tea :hello", "bob: hello"),
        (":carol!c@h PRIVMSG #TEA :hello", "+carol: hello"),
        (":dave/discord!relay@srv PRIVMSG #tea :hello", "dave/discord: hello"),
        (":bob!b@h NOTICE #tea :note", "bob: note"),
        (":bob!b@h PRIVMSG #tea :\x01ACTION waves\x01", "bob: waves"),
        (":bob!b@h PRIVMSG #tea :\x01ACTION waves", "bob: waves"),
        (":dave!d@h JOIN #tea", "* dave joined"),
        (":dave!d@h JOIN #tea dave :Dave D.", "* dave joined"),
        (":bob!b@h PART #tea", "* bob left"),
        (":bob!b@h PART #tea :tired", "* bob left (tired)"),
        (":bob!b@h QUIT :gone", "* bob quit (gone)"),
        (":bob!b@h QUIT :Quit: see you", "* bob quit (see you)"),
        (":bob!b@h QUIT :Quit: ", "* bob quit"),
        (":alice!a@h KICK #tea bob :enough", "* alice kicked bob (enough)"),
        (":bob!b@h KICK #tea alice :enough", "! bob kicked you (enough). /join #tea to come back."),
        (":bob!b@h NICK robert", "* bob is now known as robert"),
        (":alice!a@h NICK alicia", "* You are now known as alicia"),
        (":bob!b@h TOPIC #tea :Tea at five", "* bob set the topic: Tea at five"),
        (":bob!b@h TOPIC #tea :", "* bob removed the topic"),
        (":srv 332 alice #tea :Tea at five", "- Topic: Tea at five"),
        (":srv 333 alice #tea bob!b@h 1790000000", "- set by bob on 21 Sep 2026, 14:13"),
        (":bob!b@h MODE #tea +o carol", "* bob set mode +o carol"),
        (":bob!b@h INVITE dave #tea", "* bob invited dave"),
        (":srv 301 alice bob :lunch", "- bob is away: lunch"),
        # "an away message of `*`" is sent for an always-on user without a connection
        (":srv 301 alice bob :*", "- bob is away"),
        (":srv 401 alice dave :No such nick/channel", "! dave: no such nick"),
        (":srv 402 alice dave :No such server", "! dave: no such nick"),  # the answer to WHOIS dave dave
        (":srv 402 alice irc.example :No such server", "! There is no server irc.example"),
        (":srv 379 alice bob :is using modes +i", "- bob is using modes +i"),
        (":srv 221 alice +", "- You have no modes."),
        (":srv 221 alice +iw", "- Your modes: +iw"),
        (":srv 311 alice bob b h * :Bob B.", "- bob is Bob B. (b@h)"),
        (
            ":srv 317 alice bob 5400 1790000000 :idle",
            "- bob was last active 1 h 30 min ago, online since 21 Sep 2026, 14:13",
        ),
        (":srv 760 alice bob display-name * :Bobby Tables", "- bob is also known as Bobby Tables"),
        (":srv 760 alice bob pronouns * he/him", "- bob's pronouns are he/him"),
        (":srv 760 alice bob homepage * http://example.org", "- bob's homepage is http://example.org"),
        (":srv 319 alice bob :@#tea #x ", "- bob is in @#tea #x"),
        (":srv 352 alice #tea b h srv bob G :0 Bob B.", "- bob (Bob B.) b@h, away"),
        (":srv 322 alice #x 3 :All of x", "- #x (3): All of x"),
        (":srv 404 alice #tea :Cannot send to channel", "! #tea: Cannot send to channel"),
        (":srv 482 alice #tea :You're not channel operator", "! #tea: only channel operators (@) can do that"),
        (":srv 421 alice FLY :Unknown command", "! This server does not know FLY"),
        (":srv 338 alice bob 192.0.2.1 :is actually using host", "- bob is connecting from 192.0.2.1"),
        (":srv 671 alice bob :is using a secure connection", "- bob is using a secure connection"),
        (
            ":srv 367 alice #tea *!*@x carol!c@h 1790000000",
            "- Banned from #tea: *!*@x (by carol on 21 Sep 2026, 14:13)",
        ),
        (":srv 367 alice #tea *!*@x", "- Banned from #tea: *!*@x"),
        (":srv 348 alice #tea *!*@x", "- Exempt from bans in #tea: *!*@x"),
        (":srv 728 alice #tea q *!*@x carol", "- Muted in #tea: *!*@x (by carol)"),
        (":srv 368 alice #tea :End", "- Nobody is banned from #tea."),
        (":srv 351 alice best-1.0 irc.example :x=y", "- irc.example runs best-1.0 x=y"),
        (":srv 443 alice bob #tea :is already on channel", "! bob is already in #tea"),
        (":srv 443 alice", "! "),  # against the specification
        (":srv 798 alice one two :three of them", "- one two: three of them"),
        (":srv 798 alice bob :has a hat", "- bob has a hat"),
        (":srv FAIL JOIN LIMIT #x :Too many", "! JOIN #x: Too many"),
        (":srv NOTE * HELLO :Be nice", "- Be nice"),
    ],
)
def test_lines_shown(tea: World, line: str, shown: str) -> None:
    tea.feed(line)
    assert tea.shown()[-1] == shown


def test_a_login_is_shown_once(tea: World) -> None:
    before = tea.shown()
    tea.feed(":srv MODE alice +r", ":srv 900 alice alice!a@h alice :You are now logged in as alice")
    assert tea.shown() == [*before, "- You are logged in as alice."]
    assert tea.shown("")[-1] == "* Mode of alice: +r"


def test_a_host_is_shown_once(tea: World) -> None:
    before = len(tea.shown())
    tea.feed(
        ":srv 311 alice alice ~a 127.0.0.1 * :Alice",
        ":srv 378 alice alice :is connecting from ~a@127.0.0.1 127.0.0.1",
        ":srv 338 alice alice ~a@127.0.0.1 127.0.0.1 :Actual user@host, Actual IP",
        ":srv 311 alice bob ~b cloak.example * :Bob",
        ":srv 378 alice bob :is connecting from ~b@192.0.2.1 192.0.2.1",
        ":srv 338 alice bob ~b@192.0.2.1 192.0.2.1 :Actual user@host, Actual IP",
    )
    assert tea.shown()[before:] == [
        "- alice is Alice (~a@127.0.0.1)",
        "- bob is Bob (~b@cloak.example)",
        "- bob is connecting from ~b@192.0.2.1 192.0.2.1",
    ]


@pytest.mark.parametrize("numeric", ["401", "402"])
def test_a_missing_nick_is_reported_in_the_window_of_the_command(tea: World, numeric: str) -> None:
    tea.feed(":bob!b@h PRIVMSG alice :hi")
    tea.type("/whois bob\n")
    tea.feed(f":srv {numeric} alice bob :No such nick or server")
    assert tea.shown()[-1] == "! bob: no such nick"
    assert tea.shown("bob")[-1] == "bob: hi"


def test_the_welcome_is_shown_in_plain_words(world: World) -> None:
    world.connect()
    world.feed(
        ":srv 001 alice :Welcome",
        ":srv 004 alice srv best-1.0 iow biklmnst bkloveI",
        ":srv 005 alice NICKLEN=30 :are supported by this server",
        ":srv 042 alice 0AAA :your unique ID",
        ":srv 251 alice :There are 1 users and 2 invisible on 1 servers",
        ":srv 252 alice 2 :operator(s) online",
        ":srv 254 alice 7 :channels formed",
        ":srv 265 alice 3 9 :Current local users 3, max 9",
        ":srv 376 alice :End of MOTD",
    )
    assert world.shown("") == [
        "- Welcome",
        "* Your number on this server is 0AAA",
        "* People here: 3",
        "* Operators here: 2",
        "* Channels: 7",
        "* Current local users 3, max 9",
    ]


def test_accept_list_and_caller_id(tea: World) -> None:
    tea.feed(
        ":srv 718 alice bob ~bob@x :is writing to you, and you have user mode +g",
        ":srv 716 alice carol :is in +g mode",
        ":srv 717 alice carol :has been told",
        ":srv 281 alice bob carol",
        ":srv 282 alice :End of /ACCEPT list",
    )
    assert [line[2:] for line in tea.shown()[-5:]] == [
        "bob (~bob@x) wrote to you, but your mode +g blocked it. /accept bob allows it.",
        "carol did not get that: carol accepts messages only from some people (mode +g)",
        "carol was told that you wrote",
        "You accept messages from bob, carol",
        "With mode +g only these people can write to you in private. /accept nick adds one",
    ]


def test_the_end_of_a_list_with_entries_is_not_shown(tea: World) -> None:
    tea.feed(":srv 367 alice #tea *!*@x", ":srv 368 alice #tea :End")
    assert tea.shown()[-1] == "- Banned from #tea: *!*@x"


@pytest.mark.parametrize(
    ("line", "members"),
    [
        (":dave!d@h JOIN #tea", "@alice +carol bob dave"),
        (":bob!b@h PART #tea", "@alice +carol"),
        (":bob!b@h QUIT", "@alice +carol"),
        (":alice!a@h KICK #tea carol", "@alice bob"),
        (":carol!c@h NICK zoe", "@alice +zoe bob"),
        (":alice!a@h MODE #tea +o-v carol carol", "@alice @carol bob"),
        (":alice!a@h MODE #tea +klo key 5 bob", "@alice @bob +carol"),
        (":alice!a@h MODE #tea -o+b alice *!*@x", "+carol alice bob"),
        (":alice!a@h PART #tea", ""),
    ],
)
def test_membership_changes(tea: World, line: str, members: str) -> None:
    buffer = tea.model.current
    tea.feed(line)
    assert " ".join(member.prefixes + member.nick for member in buffer.ranked_members) == members


def test_notifications_change_members_without_a_line(tea: World) -> None:
    before = tea.shown()
    tea.feed(
        ":bob!b@h AWAY :lunch",
        ":bob!b@h ACCOUNT bobby",
        ":bob!b@h CHGHOST new.user new.host",
        ":bob!b@h SETNAME :Robert",
    )
    bob = tea.model.current.member("bob")
    assert bob
    assert (bob.away, bob.account, bob.user, bob.host, bob.realname) == (
        True,
        "bobby",
        "new.user",
        "new.host",
        "Robert",
    )
    assert tea.shown() == before


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


def test_a_private_conversation_follows_a_nick_change(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG alice :psst", ":bob!b@h NICK robert", ":robert!b@h PRIVMSG alice :me again")
    assert tea.shown("robert") == ["bob: psst", "* bob is now known as robert", "robert: me again"]


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


def test_history_is_inserted_in_order_and_once(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG #tea :live")
    for _ in range(2):
        tea.feed(
            ":srv BATCH +h chathistory #tea",
            "@batch=h;time=2026-09-20T12:00:00.000Z;msgid=1 :bob!b@h PRIVMSG #tea :alice: yesterday",
            "@batch=h;time=2026-09-20T12:01:00.000Z;msgid=2 :eve!e@h PART #tea",
            ":srv BATCH -h",
        )
    assert tea.shown() == ["bob: alice: yesterday", "* eve left", "* You joined", "bob: live"]
    assert "bob" in {member.nick for member in tea.model.current.members.values()}
    assert not tea.model.mentions


@pytest.mark.parametrize("kind", ["chathistory #tea", "draft/multiline #tea", "netsplit a b"])
def test_unfinished_batches_take_bounded_memory(tea: World, kind: str) -> None:
    for number in range(1000):
        tea.feed(f":srv BATCH +{number} {kind}")
    assert len(tea.network.batches) <= 100
    shown = tea.shown("")
    assert len([line for line in shown if "does not end them" in line]) == 1


@pytest.mark.parametrize("kind", ["chathistory", "draft/multiline"])
def test_one_unfinished_batch_takes_bounded_memory(tea: World, kind: str) -> None:
    tea.feed(f":srv BATCH +h {kind} #tea")
    tracemalloc.start()
    try:
        for number in range(4000):
            tea.feed(f"@batch=h :bob!b@h TAGMSG #tea :{number}" + "x" * 8000)
            if "h" not in tea.network.batches:
                tea.feed(f":srv BATCH +h {kind} #tea")
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 16 << 20
    tea.feed(":srv BATCH -h", ":bob!b@h PRIVMSG #tea :still here")
    assert tea.shown()[-1] == "bob: still here"
    assert len([line for line in tea.shown("") if "does not end them" in line]) == 1


def test_ctcp_requests_are_answered(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG alice :\x01PING 123\x01", ":bob!b@h PRIVMSG alice :\x01FINGER\x01")
    assert tea.sent() == ["NOTICE bob :\x01PING 123\x01"]
    assert tea.network.find("bob") is None


def test_answers_to_a_flood_of_ctcp_requests_are_limited(tea: World) -> None:
    tea.feed(*[":bob!b@h PRIVMSG alice :\x01VERSION\x01"] * 50)
    assert len(tea.sent()) == 3


def test_the_servers_casemapping_is_used(world: World) -> None:
    world.connect()
    world.feed(":srv 001 alice :hi", ":srv 005 alice CASEMAPPING=ascii :are supported")
    world.join(channel="#a[b]")
    assert world.network.find("#A[B]")
    assert world.network.find("#a{b}") is None


def test_a_lost_connection_is_shown_and_empties_the_channel(tea: World) -> None:
    tea.lose("the connection was cut")
    assert tea.shown()[-1] == "! Connection lost: the connection was cut"
    assert not tea.model.current.members
    assert tea.network.link.state is LinkState.OFFLINE


def test_a_disconnect_by_the_user_is_not_a_loss(tea: World) -> None:
    tea.type("/reconnect\n")
    (order,) = tea.model.effects
    assert isinstance(order, Reconnect)
    tea.lose(order.reason)
    assert tea.shown()[-1] == "- Disconnected: to reconnect"


def test_channels_are_joined_again_after_reconnecting(tea: World) -> None:
    tea.feed(":alice!al@h JOIN #extra", ":alice!al@h JOIN #left", ":alice!al@h PART #left")
    tea.lose()
    tea.connect()
    tea.feed(":srv 001 alice :Welcome")
    tea.sent()
    tea.feed(":srv 376 alice :End")
    assert tea.sent() == ["JOIN #tea,#extra"]


def test_rejoining_keeps_the_current_window(tea: World) -> None:
    tea.join(channel="#extra")
    tea.lose()
    tea.welcome()
    tea.join(channel="#extra")
    tea.join()
    assert tea.model.current.name == "#tea"


@pytest.mark.parametrize(
    "line", ["BATCH", "BATCH +x", "JOIN", "353", "PRIVMSG", "MODE", "CAP", "005", "433", "NICK", "KICK #tea"]
)
def test_messages_without_parameters_are_harmless(tea: World, line: str) -> None:
    tea.feed(line, ":srv " + line, ":bob!b@h " + line, ":alice!a@h " + line)
    tea.screen()


def test_empty_modes_are_not_shown(tea: World) -> None:
    before = tea.shown()
    tea.feed(":srv 379 alice bob :is using modes +")
    assert tea.shown() == before


def test_the_error_of_the_server_is_the_reason_of_the_loss(tea: World) -> None:
    tea.feed("ERROR :The server is shutting down")
    tea.lose("the server closed the connection")
    tea.lose("nothing answers on irc.example:9090")
    assert tea.shown()[-2:] == [
        "! Connection lost: The server is shutting down",
        "! Can't connect: nothing answers on irc.example:9090",
    ]


def test_a_local_server_is_offered_only_before_the_first_connection(world: World) -> None:
    world.network.link.offers_server = True
    world.console.size = Size(24, 80)
    world.lose("nothing answers on irc.example:9090")
    assert world.screen()[-2:] == [
        " yes: it ends when you leave; no: keep trying, and read the history meanwhile.",
        "yes/no?",
    ]
    world.welcome()
    assert world.screen()[-1] == "[net]"
    world.network.link.offers_server = True
    world.welcome()
    world.lose("it broke")
    world.lose("nothing answers on irc.example:9090")
    assert world.screen()[-1] == "[net]"


def test_failed_attempts_update_one_line(tea: World) -> None:
    before = len(tea.shown())
    tea.lose("the server closed the connection")
    for _ in range(3):
        tea.lose("nothing answers on irc.example:9090")
    assert tea.shown()[before:] == [
        "! Connection lost: the server closed the connection",
        "! Can't connect: nothing answers on irc.example:9090 (3 tries)",
    ]
    tea.welcome()
    tea.lose("it broke again")
    tea.lose("no answer")
    assert tea.shown()[-1] == "! Can't connect: no answer"


def test_a_user_who_is_typing_is_not_offered_a_server(tea: World) -> None:
    """Otherwise the line that is being typed would be taken for the answer."""
    tea.lose()
    tea.network.link.offers_server = True  # as when the first attempt found no server
    tea.welcome()
    tea.join()
    tea.type("half a ")
    tea.lose()
    tea.lose("nothing answers on irc.example:9090")
    tea.type("line\n")
    tea.welcome()
    tea.join()
    assert "Start a server" not in "".join(tea.shown())
    assert "@alice: half a line" in tea.shown()


def test_answers_to_the_user_are_shown_in_the_current_window(tea: World) -> None:
    tea.feed(":srv 376 alice :End of MOTD", ":bob!b@h PRIVMSG alice :psst")
    tea.press("M-3")
    tea.feed(
        ":alice!a@h MODE alice +i",
        ":srv 372 alice :- Welcome!",
        ":alice!a@h NICK ann",
    )
    assert tea.shown("bob")[1:] == ["- Mode of alice: +i", "- - Welcome!", "- You are now known as ann"]


def test_the_welcome_is_shown_in_the_server_window(tea: World) -> None:
    tea.feed(":srv 001 alice :Welcome", ":srv 372 alice :- Be kind", ":srv MODE alice +i", ":srv 376 alice :End")
    assert not any("Be kind" in line or "+i" in line for line in tea.shown())
    assert tea.shown("")[-2:] == ["* - Be kind", "* Mode of alice: +i"]


def test_an_upgrade_of_the_server_is_not_shown(world: World) -> None:
    """The client reconnects at once, resumes, and shows nothing of it in its channels."""
    world.welcome("greenchat/resume")
    world.feed(":srv RESUME secret")
    world.join()
    before = world.shown()
    world.feed("ERROR :The server was upgraded; connect again")
    (again,) = [effect for effect in world.model.effects if isinstance(effect, Reconnect)]
    assert again.network is world.network
    world.lose()
    world.connect()
    assert [line for line in world.sent() if not line.startswith("CAP")][:2] == ["RESUME secret", "NICK alice"]
    world.come_in()
    world.join()
    assert world.shown() == before
    world.lose()
    assert world.shown()[-1] == "! Connection lost: the connection was cut"


@pytest.mark.parametrize("command", sorted(NAMED))
@pytest.mark.parametrize("nick", ["alice", "bob"])
def test_a_message_without_nick_or_channel_changes_nothing(command: str, nick: str) -> None:
    """A server may send anything; RFC 2812, 2.3: "The final colon ... parameters" may be missing or empty."""
    world = World()
    world.welcome("message-tags")
    world.join()
    before = world.shown(), dict(world.network.buffers), world.network.nicks.current
    line = f":{nick}!u@h {command}"
    for count in range(NAMED[command]):
        world.feed(line + " #tea" * count, f"{line}{' #tea' * count} :")
    assert (world.shown(), dict(world.network.buffers), world.network.nicks.current) == before
