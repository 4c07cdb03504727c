"""Commands of irssi and WeeChat users: each works, or says clearly what to use instead."""

import ast
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from greenchat.client.slash import TABLE, equivalents
from greenchat.client.slash.registry import ALIASES, SlashError, find
from greenchat.client.state.bindings import KEYS, PRESETS, as_key, is_key
from greenchat.client.state.effects import Connect, Reconnect, ReloadSettings
from greenchat.client.state.setting_table import TABLE as SETTINGS
from greenchat.commands.catalog import COMMANDS
from tests.client.world import World

# `/help` and the aliases that a new configuration has, irssi 1.4.
IRSSI = """accept action admin alias away ban beep bind cat cd channel clear completion connect ctcp cycle dcc dehilight
deop devoice die disconnect echo eval exec flushbuffer format hash help hilight ignore info invite ircnet ison join kick
kickban kill knock knockout lastlog layout links list load log lusers map me mircdcc mode motd msg names nctcp netsplit
network nick note notice notify op oper part ping query quit quote rawlog recode reconnect rehash reload restart
rmreconns rmrejoins rping save sb scrollback script server servlist set silence squery squit stats statusbar time toggle
topic trace ts unalias unban unignore unload unnotify unquery unsilence upgrade uping uptime userhost ver version voice
wait wall wallops who whois whowas window
atag addallchans addchan back bans bye c calc chat date dehighlight describe dhl exemptlist exit goto highlight hl host
invitelist j k kb kn last leave m mub n nmsg p q reset run sbar say signoff sv t ub umode unset w wc wg wi wii wjoin wl
wn wquery ww"""
# `/help` and the same of WeeChat 3.8.
WEECHAT = """allbuf away bar buffer color command cursor debug eval filter help history hotlist input item key layout
mouse mute pipe plugin print proxy quit reload repeat save secure set sys toggle unset upgrade uptime
version wait window alias unalias buflist charset exec fifo fset action admin allchan allpv allserv auth
autojoin ban connect ctcp cycle dcc dehalfop deop devoice die disconnect halfop ignore info invite ison
join kick kickban kill knock links list lusers map me mode motd msg names nick notice notify op oper part
ping query quiet quote rehash remove restart sajoin samode sanick sapart saquit server service servlist
setname squery squit stats summon time topic trace unban unquiet userhost users version voice wallchops
wallops who whois whowas logger relay script python perl lua ruby spell trigger typing xfer aj anick beep
bye c chat cl close exit ig j k kb leave m mub n q redraw say signoff t ub umode v w wi wii wm ww
aaway cap msgbuf pong"""
# Of popular scripts.
SCRIPTS = "ghost go iset recover regain release nickserv chanserv"


@pytest.mark.parametrize("name", sorted({*IRSSI.split(), *WEECHAT.split(), *SCRIPTS.split()}))
def test_every_command_of_irssi_and_weechat_exists_or_names_a_replacement(name: str) -> None:
    if instead := equivalents.instead(name):
        with pytest.raises(SlashError, match=re.escape(instead)):
            find(name)
    else:
        assert find(name)


@pytest.mark.parametrize("name", sorted(name for name, row in COMMANDS.items() if row.right or name == "REPORT"))
def test_every_command_of_server_operators_exists_or_says_how_to_send_it(name: str) -> None:
    """Operators read their names in the server's HELP, and type them here."""
    if name.lower() in TABLE or name.lower() in ALIASES:
        return
    with pytest.raises(SlashError, match="/kick" if name == "REMOVE" else f"/raw {name}"):
        find(name)


def test_existing_commands_have_no_replacement() -> None:
    assert equivalents.COMMANDS.keys().isdisjoint(TABLE)


@pytest.mark.parametrize(
    "instead",
    sorted(
        {text for table in (equivalents.COMMANDS, equivalents.WINDOWS, equivalents.SWITCHES) for text in table.values()}
        | {*equivalents.WORDS.values(), *equivalents.FAMILIES.values()}
    ),
)
def test_every_replacement_exists(instead: str) -> None:
    """A named command must exist, and so must the setting of a /set."""
    words = instead.replace(",", " ").replace(";", " ").replace(":", " ").split()
    for word, following in pairwise((*words, "")):
        if word.startswith("/") and word[1:2].isalpha() and word != "/raw":
            assert find(word[1:]).name in TABLE, word
        if word == "/set" and following != "all" and following != "NAME":
            assert following in SETTINGS, following


def test_no_text_is_written_twice() -> None:
    """Otherwise one of them would be forgotten in a change."""
    code = ast.parse(Path(equivalents.__file__).read_text(encoding="utf-8"))
    texts = Counter(
        node.value
        for table in (each for each in ast.walk(code) if isinstance(each, ast.Dict))
        for node in table.values
        if isinstance(node, ast.Constant) and "/" in str(node.value)
    )
    assert [text for text, count in texts.items() if count > 1] == []


def test_settings_of_others_are_mapped_to_ours() -> None:
    assert set(equivalents.SETTINGS.values()) <= SETTINGS.keys()
    world = joined()
    world.type("/set autolog on\n")
    assert world.shown()[-1] == "! There is no setting autolog. Use log.files. /set all lists them."


def joined() -> World:
    world = World(24, 100)
    world.welcome()
    world.join()
    world.join("@alice dave", "#dev")
    tea = world.network.find("#tea")
    assert tea
    world.model.show(tea)
    world.feed(":bob!b@h.example PRIVMSG #tea :hello alice", ":dave!d@h PRIVMSG alice :psst")
    return world


@pytest.mark.parametrize(
    ("line", "window"),
    [
        ("/window next", "#dev"),
        ("/buffer +1", "#dev"),
        ("/buffer -1", "net"),
        ("/window goto #dev", "#dev"),
        ("/window goto active", "dave"),
        ("/buffer jump smart", "dave"),
        ("/window refnum 1", "net"),
        ("/buffer *dev", "#dev"),
        ("/2", "#tea"),
        ("/wg 1", "net"),
    ],
)
def test_switching_windows(line: str, window: str) -> None:
    world = joined()
    world.type(f"{line}\n")
    assert world.model.current.name == window


def test_window_numbers_and_splits_by_their_commands() -> None:
    world = joined()
    world.type("/window number 7\n")
    assert world.model.current.number == 7
    world.type("/window move left\n")
    assert world.model.current.number == 6
    world.type("/window splitv 30\n")
    assert len(world.model.splits.columns) == 2
    before = world.model.current
    world.type("/window right\n")
    assert world.model.current is not before
    world.type("/window left\n/window merge\n")
    assert world.model.splits.windows == [before]
    world.type("/buffer notify none\n")
    assert world.model.settings.overrides == {"#tea": ["mute"]}
    world.type("/window size 10\n")
    assert "Splits have equal sizes" in world.shown()[-1]


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ("/join -nowhere #x", ""),
        ("/msg -nowhere bob hi", ""),
        ("/notice -nowhere bob hi", ""),
        ("/ban -time 60 bob", ""),
        ("/kick -foo bob", ""),
        ("/list -yes", "LIST"),
        ("/topic -delete", "TOPIC #tea :"),
        ("/op -yes *", "MODE #tea +o *"),
        ("/mode -o bob", "MODE -o bob"),
        ("/accept -bob", "ACCEPT -bob"),
    ],
)
def test_a_switch_is_never_taken_for_a_channel_or_nick(line: str, sent: str) -> None:
    world = joined()
    world.sent()
    world.type(f"{line}\n")
    assert world.sent() == ([sent.replace("MODE -o", "MODE #tea -o")] if sent else [])
    if not sent:
        assert world.shown()[-1].startswith("! /")


def test_a_switch_selects_the_network() -> None:
    world = joined()
    world.type("/connect -tls irc.other.example 6698\n")
    other = world.model.networks[1]
    assert (str(other.address), other.address.tls, other.name) == ("irc.other.example:6698", True, "irc.other.example")
    world.type("/connect -4 irc.third.example\n")
    assert str(world.model.networks[2].address).startswith("irc.third.example:")
    world.type("/window 2\n/join -irc.other.example #far\n")
    window = other.find("#far")
    assert window
    assert world.model.current is window
    world.type("/2\n/join -server irc.other.example #further\n")
    assert other.find("#further")
    assert world.network.find("#far") is None


def test_network_commands_of_other_clients() -> None:
    world = joined()
    world.type("/server add libera irc.libera.chat/6697 -tls\n/network add -nick ada -auto oftc ircs://irc.oftc.net\n")
    world.type("/server add -auto -net two irc.two.example 6667\n")
    assert world.shown()[-1] == "- two is saved. /connect two connects; so does every start."
    saved = world.model.settings.networks
    assert {name: each.addresses for name, each in saved.items()} == {
        "libera": ["ircs://irc.libera.chat:6697"],
        "oftc": ["ircs://irc.oftc.net"],
        "two": ["irc.two.example:6667"],
    }
    assert (saved["oftc"].nick, saved["oftc"].autoconnect, saved["two"].autoconnect) == ("ada", True, True)
    world.model.effects.clear()
    world.type("/server connect libera\n")
    assert [type(each) for each in world.model.effects] == [Connect]
    world.type("/network add oftc irc.oftc.net:6667\n")
    assert (saved["oftc"].addresses, saved["oftc"].nick) == (["irc.oftc.net:6667"], "ada"), (
        "the other settings of the network stay"
    )
    world.type("/network add nowhere\n")
    assert "nowhere" not in saved
    world.type("/server remove libera\n")
    assert list(saved) == ["oftc", "two"]
    world.type("/server purge\n")
    assert len(world.model.networks) == 2, "purge is a subcommand, no address"


def test_reconnect() -> None:
    world = joined()
    world.model.effects.clear()
    world.type("/reconnect\n")
    assert [type(each) for each in world.model.effects] == [Reconnect]


def test_several_commands_in_an_alias() -> None:
    world = joined()
    world.type("/alias hi /join #$1; /msg bob I go to $1\n")
    world.sent()
    world.type("/hi cakes ; /quit\n")
    assert world.sent() == ["JOIN #cakes", "PRIVMSG bob :I go to cakes"], "the rest of the line is text"
    world.type("/alias add x echo hello\n/x\n/alias del x\n/x\n")
    assert world.model.settings.aliases.keys() == {"hi"}


def test_ignore_commands_of_other_clients() -> None:
    world = joined()
    world.type("/ignore -channels #tea bob JOINS PARTS\n/ignore add carol\n/ignore list\n/ignore dave MSGS\n")
    assert world.model.settings.ignored == ["bob joins #tea", "carol", "dave messages"]
    world.type("/unignore 1\n/ignore del dave\n")
    assert world.model.settings.ignored == ["carol"]


def test_highlights_and_lastlog_with_switches() -> None:
    world = joined()
    world.type("/hilight -word cake\n/hilight -regexp c.ke\n/hilight -regexp (\n")
    assert world.model.settings.values == {"highlight.words": ["cake"], "highlight.patterns": ["c.ke"]}
    assert world.shown()[-1].startswith("! highlight.patterns")
    world.type("/hilight\n")
    assert world.shown()[-2:] == ["- highlight.words = cake", "- highlight.patterns = c.ke"]
    world.type("/dehilight c.ke\n")
    assert world.model.settings.get("highlight.patterns") == []
    world.type("/hilight -mask bob!*@*\n")
    assert "/override bob notify" in world.shown()[-1]
    world.type("/lastlog -hilight\n")
    assert world.shown()[-1].endswith("bob: hello alice")
    world.type("/lastlog -regexp h.llo\n")
    assert world.shown()[-1].endswith("bob: hello alice")
    world.type("/lastlog -regexp (\n")
    assert world.shown()[-1].startswith("! Not a valid regular expression")


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("^X", "C-x"),
        ("ctrl-x", "C-x"),
        ("Ctrl-X", "C-x"),
        ("meta-x", "M-x"),
        ("^[x", "M-x"),
        ("meta-ctrl-x", "M-C-x"),
        ("pageup", "PgUp"),
        ("ctrl-left", "C-Left"),
        ("f5", "F5"),
        ("C-c,b", "C-c,b"),
        (",", ","),
        ("M-X", "M-X"),
    ],
)
def test_key_names_of_other_clients(typed: str, key: str) -> None:
    assert as_key(typed) == key
    assert is_key(key)


def test_all_keys_of_the_tables_are_valid() -> None:
    assert [key for table in (KEYS, *PRESETS.values()) for key in table if as_key(key) != key or not is_key(key)] == []


def test_binding_and_unbinding() -> None:
    world = joined()
    world.type("/bind ^X /who\n/key bind meta-x /whois bob\n/bind nokey /who\n")
    assert world.model.settings.bindings == {"C-x": "/who", "M-x": "/whois bob"}
    assert world.shown()[-1].startswith("! There is no key nokey")
    world.type("/bind -delete\n/bind -delete ^X\n/key reset meta-x\n")
    assert world.model.settings.bindings == {"C-x": ""}


def test_a_single_slash_does_not_list_a_hundred_commands() -> None:
    world = joined()
    world.type("/ foo\n")
    assert world.shown()[-1] == "! Put no space behind the slash: /join #tea. See /help."


def test_reload_reads_the_settings_again() -> None:
    world = joined()
    world.model.effects.clear()
    world.type("/reload\n")
    assert [type(each) for each in world.model.effects] == [ReloadSettings]


def test_setname_where_the_server_supports_it() -> None:
    """https://ircv3.net/specs/extensions/setname: "SETNAME :<realname>"."""
    world = joined()
    world.sent()
    world.type("/setname Ada Lovelace\n")
    assert world.sent() == []
    assert world.shown()[-1].startswith("! This server can't change it on a running connection")
    again = World()
    again.welcome("setname")
    again.type("/setname Ada Lovelace\n")
    assert again.sent() == ["SETNAME :Ada Lovelace"]


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("/window spl", "/window splith "),
        ("/window #d", "/window #dev "),
        ("/server rem", "/server remove "),
        ("/server connect ho", "/server connect home "),
        ("/reconnect n", "/reconnect net "),
        ("/key unb", "/key unbind "),
    ],
)
def test_commands_of_others_are_completed(typed: str, completed: str) -> None:
    world = joined()
    world.type("/network add home irc.home.example\n")
    world.type(typed)
    world.press("Tab")
    assert world.console.editor.text == completed


def test_search_command() -> None:
    world = joined()
    world.type("/search hello\n")
    assert world.screen()[-1] == "search: hello"
    world.press("Escape")
    world.type("/find nowhere\n")
    assert "nothing found" in world.bar()
    world.press("Escape")
    world.model.has_screen = False  # a script reads lines, and has no keys
    world.type("/search hello\n")
    assert world.shown()[-1].endswith("bob: hello alice")


@pytest.mark.parametrize(
    ("typed", "service"),
    [
        ("/ns", "NickServ"),
        ("/nickserv", "NickServ"),
        ("/cs", "ChanServ"),
        ("/chanserv", "ChanServ"),
        ("/hs", "HostServ"),
        ("/hostserv", "HostServ"),
        ("/ms", "MemoServ"),
        ("/bs", "BotServ"),
        ("/botserv", "BotServ"),
        ("/os", "OperServ"),
        ("/histserv", "HistServ"),
    ],
)
def test_services_under_their_usual_names(typed: str, service: str) -> None:
    world = joined()
    world.sent()
    world.type(f"{typed} help\n")
    assert f"PRIVMSG {service} :help" in world.sent()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("/set irc.server.libera.autojoin #a", "/network set NAME channels"),
        ("/set irc.server_default.msg_quit bye", "Use text.quit"),
        ("/set irc.look.smart_filter on", "/override * hide-joins"),
        ("/set nick ada", "/nick changes your nickname"),
        ("/toggle autolog", "Use log.files"),
        ("/unset autolog", "Use log.files"),
        ("/server set libera x", "/network set NAME channels"),
        ("/log start", "/set log.files on"),
        ("/log open -targets #tea ~/x", "/set log.files on"),
        ("/kn bob", "/kickban bob"),
        ("/connect irc.example.org 6667 password nick", "greenchat asks for a password"),
        ("/network add -sasl_password secret libera irc.libera.chat", "Leave the password out"),
        ("/ping", "Name a nick: /ping nick"),
        ("/alias -hug", "No such alias."),
    ],
)
def test_unsupported_commands_are_explained(typed: str, expected: str) -> None:
    """And have no effect: no file of that name, no connection, no line."""
    world = joined()
    world.sent()
    world.model.effects.clear()
    world.type(f"{typed}\n")
    assert world.shown()[-1].startswith("! ")
    assert expected in world.shown()[-1]
    assert (world.sent(), list(world.model.effects), len(world.model.networks)) == ([], [], 1)


def test_networks_of_irssis_manual() -> None:
    world = joined()
    world.type("/server add -auto -network one -tls -tls_verify -port 6698 irc.one.example\n")
    world.type("/network add -sasl_mechanism PLAIN -sasl_username ada -ssl_verify two irc.two.example\n")
    saved = world.model.settings.networks
    assert (saved["one"].addresses, saved["one"].autoconnect) == (["ircs://irc.one.example:6698"], True)
    assert (saved["two"].addresses, saved["two"].account) == (["ircs://irc.two.example"], "ada")


def test_the_count_after_irssis_search_text() -> None:
    world = joined()
    world.feed(*(f":bob!b@h.example PRIVMSG #tea :cake number {number}" for number in range(5)))
    lines = len(world.shown())
    world.type("/lastlog cake 2\n")
    assert [line[-1] for line in world.shown()[lines:]] == ["3", "4"]
    lines = len(world.shown())
    world.type("/last 1\n")
    assert [line[-1] for line in world.shown()[lines:]] == ["1"], "the line is found"
    world.type("/last 3\n/last 30\n")
    assert len(world.shown()) == lines + 1 + 1 + 6


def test_joining_without_a_channel() -> None:
    world = joined()
    world.type("/join -window #here\n")
    assert world.model.current.name == "#here"
    world.type("/window #tea\n/join -noswitch #there\n")
    assert (world.model.current.name, world.sent()[-1]) == ("#tea", "JOIN #there")
    world.feed(":alice!al@h JOIN #there")
    assert world.model.current.name == "#tea"


def test_pinging_a_user() -> None:
    world = joined()
    world.type("/query dave\n/ping\n")
    assert world.sent()[-1].startswith("PRIVMSG dave :\x01PING ")
