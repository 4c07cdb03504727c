"""Searching, and the guard on pasting."""

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


def found(world: World) -> str:
    """The line in the middle of the screen, where a match is brought."""
    return next(row.partition("│ ")[2] for row in world.screen()[1:-2] if "cake" in row)


def test_searching_as_you_type_from_new_to_old_and_back(talk: World) -> None:
    talk.press("C-f")
    talk.type("CAK")
    assert input_row(talk) == "search: CAK"
    assert found(talk) == "cake 35"
    talk.press("C-f", "Up")
    assert found(talk) == "cake 15"
    talk.press("Down")
    assert found(talk) == "cake 25"
    talk.press("Enter")
    assert input_row(talk) == "[#tea]"
    assert found(talk) == "cake 25"
    assert "more below" in talk.bar()


def test_what_is_found_is_marked(talk: World) -> None:
    talk.press("C-f")
    talk.type("ake")
    spans = [span for row in talk.console.frame(0.0).rows for span in row if span.style.reverse]
    assert {span.text for span in spans} == {"ake"}


@pytest.mark.parametrize("key", ["Escape", "C-g", "C-c"])
def test_giving_up_goes_back_to_where_it_began(talk: World, key: str) -> None:
    talk.type("draft")
    talk.press("PgUp")
    before = talk.screen()
    talk.press("C-f")
    talk.type("cake 5")
    assert talk.screen() != before
    talk.press(key)
    assert talk.screen() == before


def test_nothing_found_is_said(talk: World) -> None:
    talk.press("C-f")
    talk.type("cakex")
    assert "nothing found" in talk.bar()
    talk.press("Backspace")
    assert found(talk) == "cake 35"


def test_each_letter_narrows_what_was_found(talk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In windows with thousands of lines nobody waits for each letter again."""
    looked: list[int] = []

    def counted(buffer: Buffer, number: int) -> str:
        looked.append(number)
        return searchable(buffer, number)

    monkeypatch.setattr(input_modes, "searchable", counted)
    talk.press("C-f")
    talk.type("cake ")
    talk.press("Up")
    assert found(talk) == "cake 25"
    looked.clear()
    talk.type("2")
    assert (found(talk), len(looked)) == ("cake 25", 1)
    talk.type("x")
    looked.clear()
    talk.type("yz")
    assert looked == []
    talk.press("Backspace", "Backspace", "Backspace")
    assert found(talk) == "cake 25"


def test_all_windows_can_be_searched(talk: World) -> None:
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


def test_a_key_that_means_something_else_ends_the_search(talk: World) -> None:
    talk.press("C-f")
    talk.type("cake")
    talk.press("M-1")
    assert talk.model.current.name == "net"
    assert input_row(talk) == "[net]"


def test_history_search(tea: World) -> None:
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


def test_a_history_without_it_says_so(tea: World) -> None:
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


def test_a_short_paste_asks_nothing(tea: World) -> None:
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
def test_a_long_paste_asks_first(tea: World, answer: str, sent: list[str], line: str) -> None:
    tea.paste("one\ntwo\nthree\n")
    assert input_row(tea) == "Paste 3 lines?"
    tea.press("x", "Up")
    assert tea.sent() == []
    tea.press(answer)
    assert tea.sent() == sent
    assert tea.console.editor.text == line


def test_the_server_is_searched_where_it_can() -> None:
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
