"""Clicks, by what is under the pointer."""

import pytest

from greenchat.client.state.effects import OpenLink
from greenchat.client.state.events import Clicked, Resized, Wheeled
from greenchat.client.text.style import Size
from tests.client.world import World


def click(world: World, row: int, column: int) -> None:
    world.console.on_terminal(Clicked(row, column), world.now)


@pytest.mark.parametrize(
    ("text", "column", "cursor"),
    [
        ("hello", 0, 0),  # on the prompt: the beginning
        ("hello", 7, 0),
        ("hello", 9, 2),
        ("hello", 12, 5),
        ("hello", 50, 5),  # after the text: the end
        ("日本語", 7, 0),
        ("日本語", 8, 0),  # the right half of a wide letter
        ("日本語", 9, 1),
        ("a👩\u200d💻b", 10, 4),  # after four code points that are one grapheme
        ("", 20, 0),
    ],
)
def test_a_click_in_the_input_line_moves_the_cursor(tea: World, text: str, column: int, cursor: int) -> None:
    tea.paste(text)
    click(tea, 9, column)
    assert (tea.console.editor.text, tea.console.editor.line.cursor) == (text, cursor)


def test_a_click_in_a_line_longer_than_the_screen(tea: World) -> None:
    tea.paste("0123456789" * 10)
    shown = tea.screen()[-1]
    for column in (7, 20, 52):
        click(tea, 9, column)
        assert tea.console.editor.line.after[:1] == shown[column]
        tea.press("End")


def test_a_click_in_a_text_of_several_lines(tea: World) -> None:
    tea.type("one")
    tea.press("M-Enter")
    tea.type("two three")
    click(tea, 8, 8)
    assert tea.console.editor.line.picture() == "o|ne\ntwo three"
    click(tea, 9, 11)
    assert tea.console.editor.line.picture() == "one\ntwo |three"
    tea.type("!")
    assert tea.console.editor.text == "one\ntwo !three"


def test_a_click_on_a_link_opens_it(tea: World) -> None:
    """While the terminal reports the mouse to the client it opens no links itself."""
    tea.feed(":bob!b@h PRIVMSG #tea :see https://tea.example/green, it is good")
    row = next(number for number, text in enumerate(tea.screen()) if "https" in text)
    column = tea.screen()[row].index("https")
    tea.model.effects.clear()
    click(tea, row, column - 2)
    assert not tea.model.effects
    click(tea, row, column + 5)
    assert list(tea.model.effects) == [OpenLink("https://tea.example/green")]
    assert "Opening https://tea.example/green" in tea.bar()
    click(tea, row, column + len("https://tea.example/green"))
    assert len(tea.model.effects) == 1


def test_a_link_in_the_topic_is_not_one_of_a_message(tea: World) -> None:
    click(tea, 0, 3)
    assert not tea.model.effects


def crowded() -> World:
    world = World(10, 100)
    world.welcome()
    world.join("@alice " + " ".join(f"p{number:02}" for number in range(20)))
    return world


def people(world: World) -> list[str]:
    return [row.partition("│")[2].rpartition("│")[2].strip() for row in world.screen()[1:8]]


def test_the_nick_list_scrolls() -> None:
    """By F11 and F12 as in WeeChat, and by the wheel."""
    world = crowded()
    assert people(world) == ["@alice", "p00", "p01", "p02", "p03", "p04", "+15 more"]
    world.press("F12")
    assert people(world) == ["+5 above", "p04", "p05", "p06", "p07", "p08", "+11 more"]
    world.console.on_terminal(Wheeled("WheelDown", 3, 90), world.now)
    assert people(world) == ["+8 above", "p07", "p08", "p09", "p10", "p11", "+8 more"]
    world.press("F12", "F12", "F12")
    assert people(world) == ["+15 above", "p14", "p15", "p16", "p17", "p18", "p19"]
    world.press("F11")
    world.console.on_terminal(Wheeled("WheelUp", 3, 90), world.now)
    world.press("F11", "F11")
    assert people(world)[0] == "@alice"


def test_a_click_takes_the_nick_under_it() -> None:
    world = crowded()
    click(world, 2, 90)
    assert world.console.editor.text == "p00: "
    click(world, 7, 90)  # the row that counts the rest
    assert world.console.editor.text == "p00: "
    world.press("C-u", "F12")
    click(world, 1, 90)
    assert world.console.editor.text == ""
    click(world, 3, 90)
    assert world.console.editor.text == "p05: "


@pytest.mark.parametrize("rows", [6, 7, 12, 22, 23, 24, 25, 26, 29])
def test_every_nick_of_the_list_can_be_reached(rows: int) -> None:
    world = crowded()
    world.console.on_terminal(Resized(Size(rows, 100)), world.now)
    seen: set[str] = set()
    for _ in range(30):
        seen |= {world.console.view.nick_at(row, 90) for row in range(rows)}
        world.console.view.scroll_nicks(1)
    assert len(seen - {""}) == 21


def test_another_window_has_its_own_nick_list() -> None:
    world = crowded()
    world.press("F12")
    world.join("alice bob", "#cake")
    world.type("/window #cake\n")
    assert people(world)[:2] == ["alice", "bob"]


def test_a_click_on_the_status_line_switches_windows(tea: World) -> None:
    for name in ("#dev", "#日本"):
        tea.feed(f":alice!a@h JOIN {name}", f":bob!b@h PRIVMSG {name} :hello")
    row = next(number for number, text in enumerate(tea.screen()) if "#dev(1)" in text)
    text = tea.screen()[row]
    click(tea, row, text.index("#dev(1)"))
    assert tea.model.current.name == "#dev"
    click(tea, row, 0)
    assert tea.model.current.name == "#dev", "no window is at the start of the row"
    text = tea.screen()[row]
    click(tea, row, text.index("#日本(1)") + 2)
    assert tea.model.current.name == "#日本"


def test_a_click_on_the_status_line_hits_what_is_drawn() -> None:
    """A countdown moves what follows it, and a nick may look like a window."""
    world = World(10, 110)
    world.welcome()
    tea = world.join()
    world.feed(":alice!a@h JOIN #dev", ":bob!b@h PRIVMSG #dev :hello")
    world.network.nicks.current = "1:net"
    dev = world.network.find("#dev")
    world.lose()
    world.network.link.lost_at, world.network.link.retry_at = 1000.0, 1009.0
    status = world.console.frame(1002.0, world.now).picture()[-2]
    assert "next try in 7 s" in status
    named = range(status.index("3:#dev"), status.index("3:#dev(1)") + len("3:#dev(1)"))
    for column in range(len(status)):
        click(world, 8, column)
        assert world.model.current is (dev if column in named else tea), status[column:]
        if column in named:
            world.model.show(tea)
            world.feed(":bob!b@h PRIVMSG #dev :hello")
        world.console.frame(1002.0, world.now)
        assert dev
        dev.unread.count = 1
