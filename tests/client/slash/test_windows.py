"""Commands for windows: switching, closing, searching, leaving."""

import pytest

from greenchat.client.state.effects import Disconnect, Quit
from tests.client.world import World


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("//quit is a command", ["PRIVMSG #tea :/quit is a command"]),
        ("/raw whois bob", ["WHOIS bob"]),
        ("/quit bye", ["QUIT :bye"]),
    ],
)
def test_lines_sent(tea: World, typed: str, sent: list[str]) -> None:
    tea.type(typed + "\n")
    assert tea.sent() == sent


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("/raw :onlysource", "! a message needs a command"),
        ("/lastlog nowhere", "- No line matches. Ctrl-F and then Tab searches all windows and the server."),
        ("/windows", "- 2: #tea"),
    ],
)
def test_lines_shown(tea: World, typed: str, shown: str) -> None:
    tea.type(typed + "\n")
    assert tea.shown()[-1] == shown
    assert tea.sent() == []


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


def test_lastlog(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG #tea :the Cake is ready", ":bob!b@h PRIVMSG #tea :and tea")
    tea.type("/lastlog cake\n")
    assert tea.shown()[-1] == "- 14:13 bob: the Cake is ready"
