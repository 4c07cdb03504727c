"""Slash commands: what they send, what they show, and their errors."""

import pytest

from greenchat.client.slash import TABLE, registry
from greenchat.client.slash.guide import groups
from greenchat.client.state.effects import Connect, Disconnect, Quit, SaveSettings
from tests.client.world import World


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("/join #cake", ["JOIN #cake"]),
        ("/j cake", ["JOIN #cake"]),
        ("/join #a,#b key", ["JOIN #a,#b key"]),
        ("/part", ["PART #tea"]),
        ("/part see you", ["PART #tea :see you"]),
        ("/part #cake see you", ["PART #cake :see you"]),
        ("/topic", ["TOPIC :#tea"]),
        ("/topic Tea at five", ["TOPIC #tea :Tea at five"]),
        ("/t #cake More", ["TOPIC #cake :More"]),
        ("/names #cake", ["NAMES #cake"]),
        ("/list", ["LIST"]),
        ("/invite dave", ["INVITE dave #tea"]),
        ("/kick bob", ["KICK #tea :bob"]),
        ("/k bob not nice", ["KICK #tea bob :not nice"]),
        ("/ban bob", ["MODE #tea +b bob!*@*"]),
        ("/ban *!*@spam.example", ["MODE #tea +b *!*@spam.example"]),
        ("/unban bob", ["MODE #tea -b bob!*@*"]),
        ("/b", ["MODE #tea +b"]),
        ("/kb bob not nice", ["MODE #tea +b bob!*@*", "KICK #tea bob :not nice"]),
        ("/kickban #cake bob", ["MODE #cake +b bob!*@*", "KICK #cake :bob"]),
        ("/hop bob", ["MODE #tea +h bob"]),
        ("/umode +i", ["MODE alice +i"]),
        ("/m bob hello", ["PRIVMSG bob :hello"]),
        ("/wii bob", ["WHOIS bob bob"]),
        ("/ww bob", ["WHOWAS bob"]),
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
        ("/exemptlist", ["MODE #tea +e"]),
        ("/invitelist #cake", ["MODE #cake +I"]),
        ("/p see you", ["PART #tea :see you"]),
        ("/squery Alis help me", ["SQUERY Alis :help me"]),
        ("/date", ["TIME"]),
        ("/ping bob", ["PRIVMSG bob :\x01PING 1790000000000\x01"]),
        ("/kill bob much spam", ["KILL bob :much spam"]),
        ("/knock #cake let me in", ["KNOCK #cake :let me in"]),
        ("/wallops going down", ["WALLOPS :going down"]),
        ("/userhost bob carol", ["USERHOST bob carol"]),
        ("/op bob carol", ["MODE #tea +oo bob carol"]),
        ("/deop #cake bob", ["MODE #cake -o bob"]),
        ("/voice bob", ["MODE #tea +v bob"]),
        ("/mode", ["MODE #tea"]),
        ("/mode +i", ["MODE #tea +i"]),
        ("/mode alice +i", ["MODE alice +i"]),
        ("/msg bob hello there", ["PRIVMSG bob :hello there"]),
        ("/q bob", []),
        ("/me waves", ["PRIVMSG #tea :\x01ACTION waves\x01"]),
        ("/notice bob hello", ["NOTICE bob :hello"]),
        ("/ctcp bob version", ["PRIVMSG bob :\x01VERSION\x01"]),
        ("/say /quit is a command", ["PRIVMSG #tea :/quit is a command"]),
        ("//quit is a command", ["PRIVMSG #tea :/quit is a command"]),
        ("/nick ada", ["NICK ada"]),
        ("/whois bob", ["WHOIS bob bob"]),
        ("/whois", ["WHOIS alice alice"]),
        ("/who", ["WHO #tea"]),
        ("/away lunch", ["AWAY :lunch"]),
        ("/back", ["AWAY"]),
        ("/accept bob -carol", ["ACCEPT bob,-carol"]),
        ("/accept", ["ACCEPT *"]),
        ("/raw whois bob", ["WHOIS bob"]),
        ("/quit bye", ["QUIT :bye"]),
        ("/NICK ada", ["NICK ada"]),
        ("/whow bob", ["WHOWAS bob"]),
        ("/ ", []),
    ],
)
def test_lines_sent(tea: World, typed: str, sent: list[str]) -> None:
    tea.type(typed + "\n")
    assert tea.sent() == sent


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("/fly", "! There is no command /fly. /help all lists them."),
        ("/wind", "! /wind could be /window, /windows"),
        ("/window 7", "! There is no window 7. /windows lists them."),
        ("/window nowhere", "! There is no window nowhere. /windows lists them."),
        ("/kick #tea", "! Name a nick: /kick nick [why]"),
        ("/raw :onlysource", "! a message needs a command"),
        ("/connect", "! Already connected. Use /reconnect to connect again."),
        ("/kickban #tea", "! Name a nick: /kickban nick [why]"),
        ("/wall help", "! This server can't do that."),
        ("/msg , hello", "! Nobody has written to you yet."),
        ("/msg bob,carol", "! Usage: /msg bob,carol text"),
        ("/msg bob,NickServ identify secret", "! It may contain a password: send it to NickServ alone."),
        ("/echo a /note", "- a /note"),
        ("/toggle bell", "- bell = off"),
        ("/toggle theme", "! theme can't be switched on and off. /set all lists them."),
        ("/unset bell", "- bell = on"),
        ("/dehighlight cake", "! cake is not a highlight. /highlight lists them."),
        ("/9", "! There is no window 9. /windows lists them."),
        ("/window move 0", "! Give a number: /window move 1 to 999"),
        ("/quiet bob", "! This server has no quiets. With /mode +m only voiced members can speak."),
        ("/kill bob", "! Usage: /kill nick why"),
        ("/oper ada secret", "! Leave the password out: greenchat asks for it and hides it. /oper name"),
        ("/lastlog nowhere", "- No line matches. Ctrl-F and then Tab searches all windows and the server."),
        ("/highlight cake", "- highlight.words = cake"),
        ("/names", "- 3 in #tea: @alice +carol bob"),
        ("/windows", "- 2: #tea"),
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


def test_without_a_connection_commands_fail_with_a_reason(tea: World) -> None:
    tea.lose()
    tea.type("/names #cake\n")
    assert tea.shown()[-1] == "! Not connected. Use /connect to try now."
    tea.type("/connect\n")
    assert list(tea.model.effects) == [Connect(tea.network)]


def test_leaving(tea: World) -> None:
    tea.type("/disconnect\n")
    assert list(tea.model.effects) == [Disconnect(tea.network)]
    tea.type("/quit\n")
    assert tea.model.effects[-1] == Quit()


def test_closing_a_channel_parts_it(tea: World) -> None:
    tea.type("/close\n")
    assert tea.sent() == ["PART #tea"]
    assert tea.network.channels == {}
    assert tea.model.current is tea.network.status
    tea.type("/close\n")
    assert tea.shown("")[-1].startswith("! This window can't be closed.")


def test_windows_by_number_name_and_key(tea: World) -> None:
    tea.join(channel="#cake")
    for step, name in [("/win 1", "net"), ("/buffer cake", "#cake"), ("/win prev", "#tea"), ("/window next", "#cake")]:
        tea.type(step + "\n")
        assert tea.model.current.name == name
    for key, name in [("C-n", "net"), ("M-2", "#tea"), ("M-Right", "#cake"), ("C-p", "#tea"), ("M-9", "#tea")]:
        tea.press(key)
        assert tea.model.current.name == name


def test_window_commands_of_irssi(tea: World) -> None:
    tea.join(channel="#cake")
    for step, name in [("/1", "net"), ("/wg #cake", "#cake"), ("/window last", "net"), ("/win goto 3", "#cake")]:
        tea.type(step + "\n")
        assert tea.model.current.name == name, step
    tea.type("/window move 1\n")
    assert [buffer.name for buffer in tea.model.buffers] == ["#cake", "#tea", "net"]
    tea.join(channel="#jam")
    assert [buffer.name for buffer in tea.model.buffers] == ["#cake", "#tea", "net", "#jam"]


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


def test_away_and_back_by_one_word(tea: World) -> None:
    tea.type("/away\n")
    assert tea.sent() == ["AWAY :away"]
    tea.feed(":srv 306 alice :You have been marked as being away")
    tea.type("/away\n")
    assert tea.sent() == ["AWAY"]
    tea.type("/away -all lunch\n")
    assert tea.sent() == ["AWAY :lunch"]


def test_away_survives_a_reconnect(tea: World) -> None:
    tea.type("/away lunch\n")
    tea.feed(":srv 306 alice :You have been marked as being away")
    assert "alice (away)" in tea.screen()[-2]
    tea.lose()
    tea.come_in()
    assert "alice (away)" not in tea.screen()[-2]
    assert tea.sent()[-1] == "AWAY :lunch"
    tea.lose()
    # "If the capability has been negotiated, servers MUST accept the `AWAY` command before connection registration has
    # completed."
    tea.connect()
    tea.feed(":srv CAP * LS :draft/pre-away", ":srv CAP * ACK :draft/pre-away", ":srv 306 alice :You are away")
    assert tea.sent()[-2:] == ["AWAY :lunch", "CAP END"]
    tea.feed(":srv 001 alice :Welcome", ":srv 422 alice :No MOTD")
    assert not any(line.startswith("AWAY") for line in tea.sent())
    tea.type("/back\n")
    tea.feed(":srv 305 alice :You are back")
    tea.sent()
    tea.lose()
    tea.come_in()
    assert not any(line.startswith("AWAY") for line in tea.sent())


def test_removing_highlight_words(tea: World) -> None:
    tea.type("/hl cake\n/hl tea\n/dhl cake\n")
    assert tea.shown()[-1] == "- highlight.words = tea"


def test_each_window_keeps_its_unsent_line(tea: World) -> None:
    tea.type("half a thou")
    tea.press("M-1")
    assert tea.console.editor.text == ""
    tea.type("/he")
    tea.press("M-2")
    assert tea.console.editor.line.picture() == "half a thou|"


def test_missed_mentions(tea: World) -> None:
    tea.type("/activity\n/mentions\n")
    assert tea.shown()[-2:] == ["- Nothing unread.", "- There are no highlights yet."]
    tea.press("M-1")
    tea.feed(":bob!b@h PRIVMSG #tea :alice: tea?", ":bob!b@h PRIVMSG #tea :\x01ACTION yawns\x01", ":eve!e@h JOIN #tea")
    tea.type("/activity\n/mentions\n")
    assert tea.shown("")[-2:] == [
        "- 2:#tea, 2 unread, 1 highlight; last * bob yawns",
        "- 14:13 #tea bob: alice: tea?",
    ]


def output(tea: World, line: str) -> list[str]:
    """Return the lines that the user reads after entering this."""
    before = len(tea.shown())
    tea.type(f"{line}\n")
    return tea.shown()[before:]


def test_help_lists_and_explains_every_command(tea: World) -> None:
    everything = "\n".join(output(tea, "/help all"))
    for name, row in TABLE.items():
        assert f"/{name}" in everything
        assert row.summary.endswith((".", "?")), name
        assert row.example.startswith(f"/{name}"), name
        explained = output(tea, f"/help /{name}")
        assert f"-   {row.summary}" in explained
        assert f"-   for example: {row.example}" in explained


def test_the_basic_help_fits_on_one_screen() -> None:
    world = World(24, 80)
    world.welcome()
    world.join()
    world.type("/help\n")
    screen = "\n".join(world.screen())
    assert "Type a message and press Enter to send it." in screen
    for wanted in (
        "/join #tea: Join a channel\n",
        "/quit",
        "More: /help join",
        "Tab completes, PgUp scrolls up",
    ):
        assert wanted in screen


def test_help_by_group(tea: World) -> None:
    listed = output(tea, "/help channels")
    assert any(line.startswith("- /kick [#channel] nick [why]: ") for line in listed)
    assert not any(line.startswith("- /msg") for line in listed)
    assert {group for group in groups() if len(output(tea, f"/help {group}")) < 3} == set()


def test_help_shows_the_actual_keys(tea: World) -> None:
    tea.type("/bind F5 search\n")
    keys = output(tea, "/help keys")
    assert "- search: Ctrl-F, F5" in keys
    assert "- windows panel: Alt-Shift-B" in keys
    assert "- scroll to start: Alt-<, Ctrl-Home" in keys


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("b", "bob: |"),
        ("hello ca", "hello carol |"),
        ("@b", "@bob |"),
        ("/jo", "/join |"),
        ("/se", "/set |"),  # frequent commands come before /servlist
        ("/m", "/msg |"),
        ("/split #", "/split #tea |"),
        ("/dcc g", "/dcc get |"),
        ("/dcc get b", "/dcc get bob |"),
        ("/dcc get bob c", "/dcc get bob cake.jpg |"),
        ("/bouncer set x na", "/bouncer set x name |"),
        ("join #t", "join #tea |"),
        ("/set be", "/set bell |"),
        ("/set bell o", "/set bell on |"),
        ("/help kickb", "/help kickban |"),
        ("/help peo", "/help people |"),
        ("/win #", "/win #tea |"),
        ("zz", "zz|"),
        ("hello ", "hello |"),
        ("BO", "bob: |"),
    ],
)
def test_tab_completes(tea: World, typed: str, completed: str) -> None:
    tea.feed(":bob!b@h PRIVMSG alice :\x01DCC SEND cake.jpg 2130706433 5000 1234\x01")
    tea.type(typed)
    tea.press("Tab")
    assert tea.console.editor.line.picture() == completed


def test_tab_suggests_recent_speakers_first_and_cycles(tea: World) -> None:
    tea.feed(":bert!b@h JOIN #tea", ":bob!b@h PRIVMSG #tea :x", ":bert!b@h PRIVMSG #tea :y")
    tea.type("b")
    pictures = []
    for key in ("Tab", "Tab", "Tab", "S-Tab"):
        tea.press(key)
        pictures.append(tea.console.editor.line.picture())
    assert pictures == ["bert: |", "bob: |", "bert: |", "bob: |"]
    tea.feed(":bob!b@h PRIVMSG #tea :z")
    tea.press("C-u")
    tea.type("b")
    tea.press("Tab")
    assert tea.console.editor.line.picture() == "bob: |"


def test_ctrl_c_clears_the_line_and_asks_before_quitting(tea: World) -> None:
    tea.type("oops")
    tea.press("C-c")
    assert tea.console.editor.text == ""
    tea.press("C-c")
    assert tea.screen()[-2].startswith(" Press Ctrl-C again")
    tea.press("x", "C-u", "C-c")
    assert not tea.model.effects
    tea.press("C-c")
    assert list(tea.model.effects) == [Quit()]


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


def test_a_ban_uses_the_known_host(tea: World) -> None:
    tea.feed(":mallory!m@bad.example JOIN #tea")
    tea.type("/ban mallory\n/kb mallory spam\n")
    assert tea.sent() == ["MODE #tea +b *!*@bad.example", "MODE #tea +b *!*@bad.example", "KICK #tea mallory :spam"]


def test_mute_where_the_server_supports_it(tea: World) -> None:
    tea.feed(":srv 005 alice CHANMODES=beIq,k,l,imnst :are supported")
    tea.type("/quiet bob\n/unquiet bob\n")
    assert tea.sent() == ["MODE #tea +q bob!*@*", "MODE #tea -q bob!*@*"]


def test_pinging_a_user(tea: World) -> None:
    tea.type("/ping bob\n")
    tea.now += 250
    tea.feed(f":bob!b@h NOTICE alice :\x01PING {tea.now - 250}\x01", ":bob!b@h NOTICE alice :\x01PING soon\x01")
    assert tea.shown()[-2:] == ["- bob answers after 0.25 s", "- bob answers PING: soon"]


def test_oper_asks_for_the_password(tea: World) -> None:
    tea.type("/oper ada\nsecret\n")
    assert tea.sent() == ["OPER ada secret"]
    assert "secret" not in "\n".join(tea.screen())


def test_lastlog(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG #tea :the Cake is ready", ":bob!b@h PRIVMSG #tea :and tea")
    tea.type("/lastlog cake\n")
    assert tea.shown()[-1] == "- 14:13 bob: the Cake is ready"


def test_tab_completes_channels_of_the_server(tea: World) -> None:
    tea.type("/join #")
    tea.press("Tab")
    assert tea.sent() == ["LIST"]
    tea.feed(":srv 322 alice #cake 3 :", ":srv 322 alice #coffee 12 :", ":srv 323 alice :End of LIST")
    tea.press("C-u")
    tea.type("/join #c")
    tea.press("Tab")
    assert tea.console.editor.line.picture() == "/join #coffee |"
    tea.press("Tab")
    assert tea.console.editor.line.picture() == "/join #cake |"
    assert tea.sent() == []


@pytest.mark.parametrize(
    ("typed", "expected"), [("/set bell", "bell = "), ("/nonsense", "There is no command /nonsense")]
)
def test_an_answer_is_noticed_while_scrolled_back(tea: World, typed: str, expected: str) -> None:
    tea.feed(*(f":bob!b@h PRIVMSG #tea :line {number}" for number in range(40)))
    tea.press("PgUp", "PgUp")
    assert "more below" in tea.screen()[-2]
    tea.type(f"{typed}\n")
    assert any(expected in row for row in tea.screen())


def test_the_mouse_setting_is_saved(tea: World) -> None:
    for typed, wanted in (
        ("/mouse on", True),
        ("/mouse toggle", False),
        ("/set mouse on", True),
        ("/mouse off", False),
    ):
        tea.model.effects.clear()
        tea.type(f"{typed}\n")
        assert tea.model.settings.get("mouse") is wanted, typed
        assert [each for each in tea.model.effects if isinstance(each, SaveSettings)], typed


@pytest.mark.parametrize("typed", ["/set proxy", "/network set home proxy"])
def test_the_password_of_a_proxy_is_saved_and_not_shown(tea: World, typed: str) -> None:
    tea.type("/network add home chat.example.org\n")
    tea.type(f"{typed} socks5://ann:open-sesame@127.0.0.1:9050\n")
    settings = tea.model.settings
    assert "open-sesame" in f"{settings.get('proxy')} {settings.networks['home'].proxy}"
    for asked in "/set", "/set proxy", "/network show home":
        tea.type(f"{asked}\n")
    shown = "\n".join(tea.shown())
    assert "socks5://ann:***@127.0.0.1:9050" in shown
    assert "open-sesame" not in shown


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/hlep", "/help"),
        ("/jion #tea", "/join"),
        ("/quti", "/quit"),
        ("/whoi5 bob", "/whois"),
        ("/nikc ada", "/nick"),
        ("/ste", "/set or /stats?"),
        ("/mgs bob", "/ms or /msg?"),
        ("/whoos", "/whois, /who or /whowas?"),
    ],
)
def test_a_mistyped_command_gets_suggestions(tea: World, typed: str, meant: str) -> None:
    tea.type(f"{typed}\n")
    assert f"Did you mean {meant}" in tea.shown()[-1]
    assert tea.shown()[-1].endswith("/help all lists them.")
    assert tea.sent() == []


def test_a_long_pasted_word_is_compared_with_no_command(tea: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing a word of five thousand letters took two seconds."""

    def mistakes(typed: str, meant: str) -> int:
        raise AssertionError((typed, meant))

    monkeypatch.setattr(registry, "_edit_distance", mistakes)
    with pytest.raises(registry.SlashError, match="There is no command"):
        registry.find("9j" + "A" * 5000)


def test_unlike_commands_are_not_suggested(tea: World) -> None:
    tea.type("/xyzzy\n")
    assert tea.shown()[-1] == "! There is no command /xyzzy. /help all lists them."


def test_messages_typed_after_join_go_to_that_channel(tea: World) -> None:
    """The server's answer takes time; users continue typing before it arrives."""
    tea.type("/join #cake\nhello cake\n")
    assert tea.sent() == ["JOIN #cake"]
    assert tea.screen()[0] == " #cake"
    tea.join("alice dave", "#cake")
    assert tea.network.find("#cake") is tea.model.current
    tea.type("again\n")
    tea.feed(":alice!al@host.example PONG srv :said-2")
    assert tea.shown("#cake")[-2:] == ["alice: hello cake", "alice: again"]
    assert "alice: hello cake" not in tea.shown("#tea")


def test_switching_windows_before_the_channel_opens_keeps_the_focus(tea: World) -> None:
    tea.type("/join #cake\n")
    tea.type("/window #tea\n")
    tea.join("alice dave", "#cake")
    assert tea.model.current.name == "#tea"


@pytest.mark.parametrize(
    "answer",
    ["473 alice #cake :Cannot join channel (+i)", "403 alice #cake :No such channel", "405 alice #cake :Too many"],
)
def test_messages_typed_for_a_closed_channel_stay_in_its_window(tea: World, answer: str) -> None:
    tea.type("/join #cake\nhello cake\n")
    tea.feed(f":srv {answer}")
    cake = tea.network.find("#cake")
    assert cake
    assert [waiting.text for waiting in cake.waiting] == ["hello cake"]
    assert tea.shown("#cake")[-1].startswith("! #cake")
    tea.type("more\n")
    assert tea.shown("#cake")[-1] == "! You are not in #cake. Use /join #cake."
    assert tea.sent() == ["JOIN #cake"]


def test_a_channel_is_not_a_network(tea: World) -> None:
    tea.type("/connect #cake\n")
    assert tea.shown()[-1] == "! #cake is a channel: /join #cake"
