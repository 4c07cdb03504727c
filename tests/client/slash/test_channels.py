"""Commands for channels: /join, /part, /mode, /kick and the like."""

import pytest

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
        ("/exemptlist", ["MODE #tea +e"]),
        ("/invitelist #cake", ["MODE #cake +I"]),
        ("/p see you", ["PART #tea :see you"]),
        ("/op bob carol", ["MODE #tea +oo bob carol"]),
        ("/deop #cake bob", ["MODE #cake -o bob"]),
        ("/voice bob", ["MODE #tea +v bob"]),
        ("/mode", ["MODE #tea"]),
        ("/mode +i", ["MODE #tea +i"]),
        ("/mode alice +i", ["MODE alice +i"]),
    ],
)
def test_lines_sent(tea: World, typed: str, sent: list[str]) -> None:
    tea.type(typed + "\n")
    assert tea.sent() == sent


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("/kick #tea", "! Name a nick: /kick nick [why]"),
        ("/kickban #tea", "! Name a nick: /kickban nick [why]"),
        ("/quiet bob", "! This server has no quiets. With /mode +m only voiced members can speak."),
        ("/names", "- 3 in #tea: @alice +carol bob"),
    ],
)
def test_lines_shown(tea: World, typed: str, shown: str) -> None:
    tea.type(typed + "\n")
    assert tea.shown()[-1] == shown
    assert tea.sent() == []


def test_a_ban_uses_the_known_host(tea: World) -> None:
    tea.feed(":mallory!m@bad.example JOIN #tea")
    tea.type("/ban mallory\n/kb mallory spam\n")
    assert tea.sent() == ["MODE #tea +b *!*@bad.example", "MODE #tea +b *!*@bad.example", "KICK #tea mallory :spam"]


def test_mute_where_the_server_supports_it(tea: World) -> None:
    tea.feed(":srv 005 alice CHANMODES=beIq,k,l,imnst :are supported")
    tea.type("/quiet bob\n/unquiet bob\n")
    assert tea.sent() == ["MODE #tea +q bob!*@*", "MODE #tea -q bob!*@*"]


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
