"""Split screens: several windows at once."""

import pytest

from greenchat import __version__
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.events import Clicked, Focused, Resized, Wheeled
from greenchat.client.state.model import ClientNetwork
from greenchat.client.text.cells import row_width
from greenchat.client.text.style import Size
from tests.client.world import World


@pytest.fixture
def split(tea: World) -> World:
    """Make #tea with #cake above it, on a screen of 14 rows."""
    tea.join(channel="#cake")
    tea.type("/window 2\n/topic Tea at five\n")
    tea.console.on_terminal(Resized(Size(14, 60)), tea.now)
    tea.feed(":bob!b@h PRIVMSG #cake :sugar?", ":bob!b@h PRIVMSG #tea :milk?", ":bob!b@h TOPIC #tea :Tea at five")
    tea.type("/split #cake\n")
    return tea


def test_two_windows_with_their_topics_and_messages(split: World) -> None:
    assert split.screen() == [
        " #cake",
        "",
        "",
        "14:13            · │ You joined",
        "14:13          bob │ sugar?",
        " #tea: Tea at five",
        "",
        "",
        "",
        "14:13            · │ You joined",
        "14:13          bob │ milk?",
        "14:13            · │ bob set the topic: Tea at five",
        " alice │ 2:#tea (3)",
        "[#tea]",
    ]


def test_the_key_switches_to_the_other_without_moving_anything(split: World) -> None:
    split.press("M-o")
    assert (split.screen()[0], split.screen()[5], split.screen()[-1]) == (" #cake", " #tea: Tea at five", "[#cake]")
    split.type("yes\n")
    assert split.sent()[-1] == "PRIVMSG #cake :yes"
    assert "14:13       @alice │ yes" in split.screen()[1:5]
    split.press("M-2")  # by its number, too
    assert (split.screen()[0], split.screen()[5], split.screen()[-1]) == (" #cake", " #tea: Tea at five", "[#tea]")


def test_the_current_window_stands_out(split: World) -> None:
    """The name of the current window is bold, unless it is the only one."""

    def bold() -> list[str]:
        return [span.text for row in split.console.frame(0.0).rows for span in row if span.style.bold]

    assert " #tea: " in bold()
    assert " #cake" not in bold()
    split.type("/unsplit\n")
    assert " #tea: " not in bold()


def test_a_hidden_window_replaces_the_current_one(split: World) -> None:
    split.press("M-o")
    split.press("M-1")
    assert (split.screen()[0], split.screen()[5]) == (
        " net (irc.example:9090), greenchat " + __version__,
        " #tea: Tea at five",
    )
    split.press("M-3")
    assert (split.screen()[0], split.screen()[5]) == (" #cake", " #tea: Tea at five")


def test_with_three_windows_the_key_cycles(split: World) -> None:
    split.join(channel="#jam")
    split.console.on_terminal(Resized(Size(30, 60)), split.now)
    split.type("/split #jam\n")
    assert [row.split(":")[0] for row in split.screen() if row.startswith(" #")] == [" #cake", " #jam", " #tea"]
    visited = []
    for _ in range(4):
        split.press("F7")
        visited.append(split.model.current.name)
    assert visited == ["#cake", "#jam", "#tea", "#cake"]
    assert [row.split(":")[0] for row in split.screen() if row.startswith(" #")] == [" #cake", " #jam", " #tea"]
    assert sum(row.startswith(" #") for row in split.screen()) == 3


def test_small_terminals_and_copy_mode_show_one_window(split: World) -> None:
    for rows, shown in ((11, 1), (12, 1), (13, 2), (14, 2), (5, 1)):
        split.console.on_terminal(Resized(Size(rows, 60)), split.now)
        screen = split.screen()
        assert len(screen) == rows
        assert sum(row.startswith((" #tea", " #cake")) for row in screen) == shown, rows
    split.console.on_terminal(Resized(Size(14, 60)), split.now)
    split.press("M-c")
    assert sum(row.startswith((" #tea", " #cake")) for row in split.screen()) == 1


def test_panels_beside_all_windows_can_be_clicked(split: World) -> None:
    split.console.on_terminal(Resized(Size(14, 130)), split.now)
    screen = split.screen()
    assert [row[:8].rstrip() for row in screen[1:4]] == ["1 net", "2  #tea", "3  #cake"]
    row = next(number for number, text in enumerate(screen) if text.endswith("│ bob"))
    split.console.on_terminal(Clicked(row, 125), split.now)
    assert split.console.editor.text == "bob: "


def test_scrolling_moves_the_current_window_only(split: World) -> None:
    split.feed(*[f":bob!b@h PRIVMSG #tea :{number}" for number in range(30)])
    split.feed(*[f":bob!b@h PRIVMSG #cake :{number}" for number in range(30)])
    above = split.screen()[:5]
    split.press("PgUp")
    assert split.screen()[:5] == above
    assert "more below" in split.screen()[-2]


def test_narrow_terminals_show_one_window(split: World) -> None:
    for columns, shown in ((39, 1), (40, 2)):
        split.console.on_terminal(Resized(Size(14, columns)), split.now)
        assert sum(row.startswith((" #tea", " #cake")) for row in split.screen()) == shown, columns


def test_a_click_switches_to_the_window(split: World) -> None:
    for row, name in ((0, "#cake"), (4, "#cake"), (11, "#tea"), (5, "#tea"), (2, "#cake")):
        split.console.on_terminal(Clicked(row, 20), split.now)
        assert split.model.current.name == name, row
        split.type(name)  # each keeps its unsent line
    assert split.console.editor.text == "#cake#cake#cake"
    split.console.on_terminal(Clicked(12, 20), split.now)
    split.console.on_terminal(Clicked(13, 20), split.now)
    assert split.model.current.name == "#cake"


def test_a_click_finds_the_window_without_bars(split: World) -> None:
    split.model.settings.set("show.topic", "off")
    split.console.on_terminal(Resized(Size(13, 130)), split.now)
    screen = split.screen()
    assert "#tea: Tea at five" in screen[4]
    for row, name in ((3, "#cake"), (4, "#tea"), (3, "#cake")):
        split.console.on_terminal(Clicked(row, 50), split.now)
        assert split.model.current.name == name, row
    split.console.on_terminal(Clicked(0, 2), split.now)
    assert split.model.current is split.network.status


def test_the_wheel_scrolls_the_window_under_it(split: World) -> None:
    for name in ("#tea", "#cake"):
        split.feed(*[f":bob!b@h PRIVMSG {name} :{number}" for number in range(30)])
    before = split.screen()
    split.console.on_terminal(Wheeled("WheelUp", 3, 5), split.now)
    assert split.screen()[5:] == before[5:]
    assert [row[-2:] for row in split.screen()[1:5]] == ["23", "24", "25", "26"]
    split.console.on_terminal(Wheeled("WheelDown", 3, 5), split.now)
    assert split.screen() == before
    split.console.on_terminal(Wheeled("WheelUp", 8, 5), split.now)
    assert split.screen()[:6] == before[:6]
    assert split.screen()[11].endswith("26")


def test_all_windows_on_the_screen_are_read(split: World) -> None:
    cake = split.network.find("#cake")
    assert cake
    split.feed(":bob!b@h PRIVMSG #cake :alice: sugar?")
    assert (cake.unread.count, cake.unread.highlights, split.model.unseen_mentions) == (0, 0, 0)
    assert "── new" not in "".join(split.screen())
    split.console.on_terminal(Focused(focused=False), split.now)
    split.feed(":bob!b@h PRIVMSG #cake :alice?")
    assert (cake.unread.count, split.model.unseen_mentions) == (0, 1)
    split.console.on_terminal(Focused(focused=True), split.now)
    split.console.on_terminal(Resized(Size(10, 60)), split.now)  # there is no room for it
    split.feed(":bob!b@h PRIVMSG #cake :alice!")
    assert (cake.unread.count, cake.unread.highlights) == (1, 1)
    split.console.on_terminal(Resized(Size(14, 60)), split.now)
    assert (cake.unread.count, cake.unread.highlights) == (0, 0)
    assert "── new" in split.screen()[3]
    split.type("/unsplit\n")
    split.feed(":bob!b@h PRIVMSG #cake :more")
    assert cake.unread.count == 1


def test_the_read_marks_are_sent(world: World) -> None:
    world.welcome("draft/read-marker message-tags server-time")
    world.join(channel="#cake")
    world.join()
    world.console.on_terminal(Resized(Size(14, 60)), world.now)
    world.type("/window #tea\n/split #cake\n")
    world.feed("@msgid=1;time=2026-09-21T14:13:21.000Z :bob!b@h PRIVMSG #cake :sugar?")
    world.sent()
    world.type("/unsplit\n")
    assert world.sent() == ["MARKREAD #cake timestamp=2026-09-21T14:13:21.000Z"]


def test_windows_by_their_numbers(split: World) -> None:
    split.type("/unsplit\n/split 3\n")
    assert split.model.others_shown == [split.network.find("#cake")]
    split.type("/unsplit 3\n/split 9\n")
    assert split.model.others_shown == []
    assert split.shown()[-1] == "! There is no window 9. /windows lists them."
    split.type("/split #nowhere\n")
    assert split.shown()[-1] == "! There is no window #nowhere. /join #nowhere opens it."


def test_unsplit_and_closed_windows(split: World) -> None:
    split.type("/unsplit\n")
    assert split.screen()[0] == " #tea: Tea at five"
    split.type("/split #tea\n")
    assert split.shown()[-1] == "! This window is already shown. Name another one: /split #channel"
    split.type("/split #cake\n/close #cake\n")
    assert split.screen()[0] == " #tea: Tea at five"
    split.press("M-o")
    assert split.model.current.name == "#tea"
    split.type("/split net\n/unsplit net\n")
    assert split.model.others_shown == []


@pytest.fixture
def side_by_side(tea: World) -> World:
    """Make #tea with #cake to its right, on a screen of 10 rows and 79 columns."""
    tea.join(channel="#cake")
    tea.type("/window 2\n")
    tea.console.on_terminal(Resized(Size(10, 79)), tea.now)
    tea.feed(":bob!b@h PRIVMSG #cake :sugar?", ":bob!b@h PRIVMSG #tea :milk?", ":bob!b@h TOPIC #tea :Tea at five")
    tea.type("/vsplit #cake\n")
    return tea


def test_two_windows_side_by_side(side_by_side: World) -> None:
    assert side_by_side.screen() == [
        " #tea: Tea at five                       #cake",
        "                                       │",
        "                                       │",
        "                                       │",
        "                                       │",
        "· You joined                           │",
        "bob milk?                              │· You joined",
        "· bob set the topic: Tea at five       │bob sugar?",
        " alice │ 2:#tea (3)",
        "[#tea]",
    ]


def test_all_columns_have_the_same_layout(side_by_side: World) -> None:
    """From 40 columns on a line has its time: of 80 columns with a line between, 39 and 40 would remain."""
    side_by_side.console.on_terminal(Resized(Size(10, 80)), side_by_side.now)
    assert [pane.area.columns for pane in side_by_side.console.view.layout.panes] == [39, 39]
    assert not any("14:13" in row for row in side_by_side.screen())


def test_a_click_switches_to_the_window_beside(side_by_side: World) -> None:
    for row, column, name in ((3, 40, "#cake"), (0, 38, "#tea"), (0, 78, "#cake"), (7, 39, "#tea"), (7, 79, "#cake")):
        side_by_side.console.on_terminal(Clicked(row, column), side_by_side.now)
        assert side_by_side.model.current.name == name, (row, column)


def test_the_wheel_scrolls_the_window_beside(side_by_side: World) -> None:
    side_by_side.feed(*[f":bob!b@h PRIVMSG #cake :{number}" for number in range(30)])
    side_by_side.console.on_terminal(Wheeled("WheelUp", 3, 60), side_by_side.now)
    assert [row[-2:] for row in side_by_side.screen()[1:8]] == [str(number) for number in range(20, 27)]
    assert side_by_side.model.current.name == "#tea"
    assert side_by_side.model.current.anchor is None


def test_columns_with_several_windows(side_by_side: World) -> None:
    side_by_side.join(channel="#jam")
    side_by_side.console.on_terminal(Resized(Size(20, 110)), side_by_side.now)
    side_by_side.press("M-N")
    side_by_side.type("/window #cake\n/split #jam\n/window #tea\n/split right net\n")
    assert [[pane.buffer.name for pane in column] for column in side_by_side.console.view.layout.columns] == [
        ["#tea"],
        ["net"],
        ["#jam", "#cake"],
    ]
    assert side_by_side.screen()[0].split()[:5] == "#tea: Tea at five net".split()
    assert side_by_side.screen()[0].endswith("#jam")
    assert all(len(row) <= 110 for row in side_by_side.screen())
    visited = []
    for _ in range(4):
        side_by_side.press("F7")
        visited.append(side_by_side.model.current.name)
    assert visited == ["net", "#jam", "#cake", "#tea"]


@pytest.mark.parametrize(("columns", "shown"), [(79, 2), (73, 2), (72, 1), (40, 1), (8, 1)])
def test_without_room_for_columns_one_window_is_shown(side_by_side: World, columns: int, shown: int) -> None:
    side_by_side.console.on_terminal(Resized(Size(10, columns)), side_by_side.now)
    assert len(side_by_side.console.view.layout.panes) == shown
    assert side_by_side.model.current in [pane.buffer for pane in side_by_side.console.view.layout.panes]


def test_a_split_moves_a_window_that_is_already_shown(side_by_side: World) -> None:
    side_by_side.console.on_terminal(Resized(Size(20, 79)), side_by_side.now)
    side_by_side.type("/split #cake\n")
    assert [[window.name for window in column] for column in side_by_side.model.splits.columns] == [["#cake", "#tea"]]
    side_by_side.type("/close #cake\n")
    assert [[window.name for window in column] for column in side_by_side.model.splits.columns] == [["#tea"]]


def test_the_current_window_cannot_be_hidden(side_by_side: World) -> None:
    side_by_side.type("/unsplit #tea\n")
    assert side_by_side.shown()[-1] == "! You are in this window already. Alt-O goes to another one."
    assert len(side_by_side.model.others_shown) == 1


@pytest.mark.parametrize("columns", range(8, 140, 7))
def test_no_row_is_wider_than_the_terminal(side_by_side: World, columns: int) -> None:
    for rows in (3, 5, 9, 12, 30):
        side_by_side.console.on_terminal(Resized(Size(rows, columns)), side_by_side.now)
        frame = side_by_side.console.frame(0.0)
        assert len(frame.rows) == rows
        assert all(row_width(row) <= columns for row in frame.rows)


def test_titles_have_the_network_where_there_are_several(tea: World) -> None:
    """Two networks may have a #tea each, and both may be on the screen."""
    other = ClientNetwork("other", ServerAddress("irc.other.example", 6667), "alice")
    tea.model.add_network(other)
    tea.model.show(tea.model.open(other, "#tea"))
    assert tea.screen()[0] == " #tea on other"
    tea.model.remove_network(other)
    assert tea.screen()[0] == " #tea"


def test_windows_are_grouped_after_their_network(tea: World) -> None:
    """Also where a number among another network's windows is free: the window would seem to belong to that network."""
    other = ClientNetwork("other", ServerAddress("irc.other.example", 6667), "alice")
    tea.model.add_network(other)
    tea.model.close(tea.model.buffers[1])
    assert tea.model.open(other, "#cake").number == 4
    assert tea.model.open(tea.network, "#tea").number == 2
    assert [buffer.name for buffer in tea.model.buffers] == ["net", "#tea", "other", "#cake"]
