"""Searching, and the question before a long paste."""

import pytest

from greenchat.client.input import input_modes
from greenchat.client.input.input_modes import searchable
from greenchat.client.state.model import Buffer
from tests.client.world import World


def input_row(world: World) -> str:
    return world.screen()[-1]


def below(world: World) -> str:
    return [row.partition("│ ")[2] for row in world.screen()[1:-2]][3]


@pytest.fixture
def talk(tea: World) -> World:
    for number in range(40):
        tea.feed(f":bob!b@h PRIVMSG #tea :{'cake' if number % 10 == 5 else 'bread'} {number}")
    return tea


def match_in_sight(world: World) -> str:
    """Return the line that the search has brought to the middle of the screen."""
    return next(row.partition("│ ")[2] for row in world.screen()[1:-2] if "cake" in row)


def test_searching_while_typing_from_new_to_old_and_back(talk: World) -> None:
    talk.press("C-f")
    talk.type("CAK")
    assert input_row(talk) == "search: CAK"
    assert match_in_sight(talk) == "cake 35"
    talk.press("C-f", "Up")
    assert match_in_sight(talk) == "cake 15"
    talk.press("Down")
    assert match_in_sight(talk) == "cake 25"
    talk.press("Enter")
    assert input_row(talk) == "[#tea]"
    assert match_in_sight(talk) == "cake 25"
    assert "more below" in talk.bar()


def test_matches_are_marked(talk: World) -> None:
    talk.press("C-f")
    talk.type("ake")
    spans = [span for row in talk.console.frame(0.0).rows for span in row if span.style.reverse]
    assert {span.text for span in spans} == {"ake"}


@pytest.mark.parametrize("key", ["Escape", "C-g", "C-c"])
def test_cancelling_returns_to_the_start(talk: World, key: str) -> None:
    talk.type("draft")
    talk.press("PgUp")
    before = talk.screen()
    talk.press("C-f")
    talk.type("cake 5")
    assert talk.screen() != before
    talk.press(key)
    assert talk.screen() == before


def test_a_search_without_matches_says_so(talk: World) -> None:
    talk.press("C-f")
    talk.type("cakex")
    assert "nothing found" in talk.bar()
    talk.press("Backspace")
    assert match_in_sight(talk) == "cake 35"


def test_each_letter_searches_the_previous_matches_only(talk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In windows with thousands of lines typing must not be slow."""
    looked: list[int] = []

    def counted(buffer: Buffer, number: int) -> str:
        looked.append(number)
        return searchable(buffer, number)

    monkeypatch.setattr(input_modes, "searchable", counted)
    talk.press("C-f")
    talk.type("cake ")
    talk.press("Up")
    assert match_in_sight(talk) == "cake 25"
    looked.clear()
    talk.type("2")
    assert (match_in_sight(talk), len(looked)) == ("cake 25", 1)
    talk.type("x")
    looked.clear()
    talk.type("yz")
    assert looked == []
    talk.press("Backspace", "Backspace", "Backspace")
    assert match_in_sight(talk) == "cake 25"


def test_searching_all_windows(talk: World) -> None:
    talk.feed(":carol!c@h PRIVMSG alice :the recipe")
    talk.type("draft")
    talk.press("C-f")
    talk.type("recipe")
    assert "nothing found" in talk.bar()
    talk.press("Tab")
    assert talk.model.current.name == "carol"
    talk.press("Escape")
    assert talk.model.current.name == "#tea"
    assert input_row(talk) == "[#tea] draft"


def test_another_key_ends_the_search(talk: World) -> None:
    talk.press("C-f")
    talk.type("cake")
    talk.press("M-1")
    assert talk.model.current.name == "net"
    assert input_row(talk) == "[net]"


def test_searching_the_input_history(tea: World) -> None:
    tea.type("first cake\nbread\nsecond cake\n")
    tea.press("C-r")
    tea.type("cake")
    assert input_row(tea) == "history (cake): second cake"
    tea.press("C-r")
    assert input_row(tea) == "history (cake): first cake"
    tea.press("Home")
    assert tea.console.editor.line.picture() == "|first cake"
    tea.press("C-r", "x", "Escape")
    assert tea.console.editor.text == "first cake"


def test_an_input_history_without_match_says_so(tea: World) -> None:
    tea.type("first cake\nbread\n")
    tea.press("C-r")
    tea.type("tea")
    assert tea.bar().startswith(" Nothing found in what you typed.")
    tea.press("C-u")
    tea.type("cake")
    assert tea.bar().startswith(" Ctrl-R older.")
    tea.press("C-r")
    assert tea.bar().startswith(" Nothing older matches.")
    assert input_row(tea) == "history (cake): first cake"


def test_a_short_paste_is_not_asked_about(tea: World) -> None:
    tea.paste("one\ntwo\n")
    assert tea.screen()[-2:] == ["[#tea] one", "       two"]


@pytest.mark.parametrize(
    ("answer", "sent", "line"),
    [
        ("Enter", ["PRIVMSG #tea :one", "PRIVMSG #tea :two", "PRIVMSG #tea :three"], ""),
        ("s", ["PRIVMSG #tea :one", "PRIVMSG #tea :two", "PRIVMSG #tea :three"], ""),
        ("e", [], "one\ntwo\nthree"),
        ("c", [], ""),
        ("Escape", [], ""),
    ],
)
def test_a_long_paste_is_asked_about(tea: World, answer: str, sent: list[str], line: str) -> None:
    tea.paste("one\ntwo\nthree\n")
    assert input_row(tea) == "Paste 3 lines?"
    tea.press("x", "Up")
    assert tea.sent() == []
    tea.press(answer)
    assert tea.sent() == sent
    assert tea.console.editor.text == line


def test_searching_on_the_server() -> None:
    world = World()
    world.welcome("batch message-tags server-time soju.im/search")
    world.join()
    world.press("C-f", "Tab", "Tab")
    world.type("cake; now")
    assert "Enter searches the server's history" in world.bar()
    world.press("Enter")
    assert world.sent() == [r"SEARCH text=cake\:\snow;limit=30"]
    world.feed(
        ":srv BATCH +s soju.im/search",
        "@batch=s;msgid=x;time=2026-09-20T12:00:00.000Z :bob!b@h PRIVMSG #cake :cake; now!",
        "@batch=s;msgid=y;time=2026-09-20T12:01:00.000Z :bob!b@h PRIVMSG alice :the cake",
        ":srv BATCH -s",
    )
    assert world.shown()[-2].endswith("#cake bob: cake; now!")
    assert world.shown()[-1].endswith("bob: the cake")
    assert world.network.find("#cake") is None
    world.feed(":srv BATCH +t soju.im/search", ":srv BATCH -t")
    assert world.shown()[-1] == "- The server found no messages."
