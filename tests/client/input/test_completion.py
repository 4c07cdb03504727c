"""Tab completes commands, nicks, channels and settings."""

import pytest

from tests.client.world import World


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
