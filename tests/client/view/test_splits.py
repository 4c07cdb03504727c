"""Several windows on the screen at once."""

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
    """#tea with #cake above it, on a screen of 14 rows."""
    tea.join(channel="#cake")
    tea.type("/window 2\n/topic Tea at five\n")
    tea.console.on_terminal(Resized(Size(14, 60)), tea.now)
    tea.feed(":bob!b@h PRIVMSG #cake :sugar?", ":bob!b@h PRIVMSG #tea :milk?", ":bob!b@h TOPIC #tea :Tea at five")
    tea.type("/split #cake\n")
    return tea


def test_two_windows_each_with_its_topic_and_talk(split: World) -> None:
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


def test_the_key_goes_to_the_other_and_nothing_moves(split: World) -> None:
    split.press("M-o")
    assert (split.screen()[0], split.screen()[5], split.screen()[-1]) == (" #cake", " #tea: Tea at five", "[#cake]")
    split.type("yes\n")
    assert split.sent()[-1] == "PRIVMSG #cake :yes"
    assert "14:13       @alice │ yes" in split.screen()[1:5]
    split.press("M-2")  # by its number, too
    assert (split.screen()[0], split.screen()[5], split.screen()[-1]) == (" #cake", " #tea: Tea at five", "[#tea]")


def test_the_window_that_the_user_is_in_stands_out(split: World) -> None:
    """Its name is bold; alone it needs not be."""

    def bold() -> list[str]:
        return [span.text for row in split.console.frame(0.0).rows for span in row if span.style.bold]

    assert " #tea: " in bold()
    assert " #cake" not in bold()
    split.type("/unsplit\n")
    assert " #tea: " not in bold()


def test_a_window_that_is_not_shown_takes_the_place_of_the_current_one(split: World) -> None:
    split.press("M-o")
    split.press("M-1")
    assert (split.screen()[0], split.screen()[5]) == (
        " net (irc.example:9090), greenchat " + __version__,
        " #tea: Tea at five",
    )
    split.press("M-3")
    assert (split.screen()[0], split.screen()[5]) == (" #cake", " #tea: Tea at five")


def test_with_three_the_key_goes_round(split: World) -> None:
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


def test_small_terminals_and_copy_mode_show_one(split: World) -> None:
    for rows, shown in ((11, 1), (12, 1), (13, 2), (14, 2), (5, 1)):
        split.console.on_terminal(Resized(Size(rows, 60)), split.now)
        screen = split.screen()
        assert len(screen) == rows
        assert sum(row.startswith((" #tea", " #cake")) for row in screen) == shown, rows
    split.console.on_terminal(Resized(Size(14, 60)), split.now)
    split.press("M-c")
    assert sum(row.startswith((" #tea", " #cake")) for row in split.screen()) == 1


def test_panels_stand_beside_all_and_are_clicked_where_they_are(split: World) -> None:
    split.console.on_terminal(Resized(Size(14, 130)), split.now)
    screen = split.screen()
    assert [row[:8].rstrip() for row in screen[1:4]] == ["1 net", "2  #tea", "3  #cake"]
    row = next(number for number, text in enumerate(screen) if text.endswith("│ bob"))
    split.console.on_terminal(Clicked(row, 125), split.now)
    assert split.console.editor.text == "bob: "


def test_scrolling_moves_the_current_one_only(split: World) -> None:
    split.feed(*[f":bob!b@h PRIVMSG #tea :{number}" for number in range(30)])
    split.feed(*[f":bob!b@h PRIVMSG #cake :{number}" for number in range(30)])
    above = split.screen()[:5]
    split.press("PgUp")
    assert split.screen()[:5] == above
    assert "more below" in split.screen()[-2]


def test_narrow_terminals_show_one(split: World) -> None:
    for columns, shown in ((39, 1), (40, 2)):
        split.console.on_terminal(Resized(Size(14, columns)), split.now)
        assert sum(row.startswith((" #tea", " #cake")) for row in split.screen()) == shown, columns


def test_a_click_goes_to_the_window(split: World) -> None:
    for row, name in ((0, "#cake"), (4, "#cake"), (11, "#tea"), (5, "#tea"), (2, "#cake")):
        split.console.on_terminal(Clicked(row, 20), split.now)
        assert split.model.current.name == name, row
        split.type(name)  # each keeps its draft
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


def test_the_wheel_scrolls_the_window_that_it_is_over(split: World) -> None:
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


def test_what_is_on_the_screen_is_read(split: World) -> None:
    cake = split.network.find("#cake")
    assert cake
    split.feed(":bob!b@h PRIVMSG #cake :alice: sugar?")
    assert (cake.unread.count, cake.unread.highlights, split.model.calls) == (0, 0, 0)
    assert "── new" not in "".join(split.screen())
    split.console.on_terminal(Focused(focused=False), split.now)
    split.feed(":bob!b@h PRIVMSG #cake :alice?")
    assert (cake.unread.count, split.model.calls) == (0, 1)
    split.console.on_terminal(Focused(focused=True), split.now)
    split.console.on_terminal(Resized(Size(10, 60)), split.now)  # no room for it
    split.feed(":bob!b@h PRIVMSG #cake :alice!")
    assert (cake.unread.count, cake.unread.highlights) == (1, 1)
    split.console.on_terminal(Resized(Size(14, 60)), split.now)
    assert (cake.unread.count, cake.unread.highlights) == (0, 0)
    assert "── new" in split.screen()[3]
    split.type("/unsplit\n")
    split.feed(":bob!b@h PRIVMSG #cake :more")
    assert cake.unread.count == 1


def test_the_server_hears_what_was_read(world: World) -> None:
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


def test_unsplit_and_windows_that_go(split: World) -> None:
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
def aside(tea: World) -> World:
    """#tea with #cake to its right, on a screen of 10 rows and 79 columns."""
    tea.join(channel="#cake")
    tea.type("/window 2\n")
    tea.console.on_terminal(Resized(Size(10, 79)), tea.now)
    tea.feed(":bob!b@h PRIVMSG #cake :sugar?", ":bob!b@h PRIVMSG #tea :milk?", ":bob!b@h TOPIC #tea :Tea at five")
    tea.type("/vsplit #cake\n")
    return tea


def test_two_windows_side_by_side(aside: World) -> None:
    assert aside.screen() == [
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


def test_all_columns_look_alike_where_one_could_be_wider(aside: World) -> None:
    """From 40 columns on a line has its time: of 80 with a rule between, 39 and 40 would be left."""
    aside.console.on_terminal(Resized(Size(10, 80)), aside.now)
    assert [pane.area.columns for pane in aside.console.view.layout.panes] == [39, 39]
    assert not any("14:13" in row for row in aside.screen())


def test_a_click_goes_to_the_one_beside(aside: World) -> None:
    for row, column, name in ((3, 40, "#cake"), (0, 38, "#tea"), (0, 78, "#cake"), (7, 39, "#tea"), (7, 79, "#cake")):
        aside.console.on_terminal(Clicked(row, column), aside.now)
        assert aside.model.current.name == name, (row, column)


def test_the_wheel_scrolls_the_one_beside(aside: World) -> None:
    aside.feed(*[f":bob!b@h PRIVMSG #cake :{number}" for number in range(30)])
    aside.console.on_terminal(Wheeled("WheelUp", 3, 60), aside.now)
    assert [row[-2:] for row in aside.screen()[1:8]] == [str(number) for number in range(20, 27)]
    assert aside.model.current.name == "#tea"
    assert aside.model.current.anchor is None


def test_columns_of_windows_above_each_other(aside: World) -> None:
    aside.join(channel="#jam")
    aside.console.on_terminal(Resized(Size(20, 110)), aside.now)
    aside.press("M-N")
    aside.type("/window #cake\n/split #jam\n/window #tea\n/split right net\n")
    assert [[pane.buffer.name for pane in column] for column in aside.console.view.layout.columns] == [
        ["#tea"],
        ["net"],
        ["#jam", "#cake"],
    ]
    assert aside.screen()[0].split()[:5] == "#tea: Tea at five net".split()
    assert aside.screen()[0].endswith("#jam")
    assert all(len(row) <= 110 for row in aside.screen())
    visited = []
    for _ in range(4):
        aside.press("F7")
        visited.append(aside.model.current.name)
    assert visited == ["net", "#jam", "#cake", "#tea"]


@pytest.mark.parametrize(("columns", "shown"), [(79, 2), (73, 2), (72, 1), (40, 1), (8, 1)])
def test_where_columns_have_no_room_one_is_shown(aside: World, columns: int, shown: int) -> None:
    aside.console.on_terminal(Resized(Size(10, columns)), aside.now)
    assert len(aside.console.view.layout.panes) == shown
    assert aside.model.current in [pane.buffer for pane in aside.console.view.layout.panes]


def test_a_window_moves_where_it_is_split_to(aside: World) -> None:
    aside.console.on_terminal(Resized(Size(20, 79)), aside.now)
    aside.type("/split #cake\n")
    assert [[window.name for window in column] for column in aside.model.splits.columns] == [["#cake", "#tea"]]
    aside.type("/close #cake\n")
    assert [[window.name for window in column] for column in aside.model.splits.columns] == [["#tea"]]


def test_the_window_that_the_user_is_in_can_not_be_taken_off(aside: World) -> None:
    aside.type("/unsplit #tea\n")
    assert aside.shown()[-1] == "! You are in this window already. Alt-O goes to another one."
    assert len(aside.model.others_shown) == 1


@pytest.mark.parametrize("columns", range(8, 140, 7))
def test_no_row_is_wider_than_the_terminal(aside: World, columns: int) -> None:
    for rows in (3, 5, 9, 12, 30):
        aside.console.on_terminal(Resized(Size(rows, columns)), aside.now)
        frame = aside.console.frame(0.0)
        assert len(frame.rows) == rows
        assert all(row_width(row) <= columns for row in frame.rows)


def test_windows_are_named_with_their_networks_where_there_are_several(tea: World) -> None:
    """Two networks may have a #tea each, and both may be on the screen."""
    other = ClientNetwork("other", ServerAddress("irc.other.example", 6667), "alice")
    tea.model.add_network(other)
    tea.model.show(tea.model.open(other, "#tea"))
    assert tea.screen()[0] == " #tea on other"
    tea.model.remove_network(other)
    assert tea.screen()[0] == " #tea"


def test_a_window_stands_behind_that_of_its_network(tea: World) -> None:
    """Also where the number of one of another network has become free: it would seem to belong to that."""
    other = ClientNetwork("other", ServerAddress("irc.other.example", 6667), "alice")
    tea.model.add_network(other)
    tea.model.close(tea.model.buffers[1])
    assert tea.model.open(other, "#cake").number == 4
    assert tea.model.open(tea.network, "#tea").number == 2
    assert [buffer.name for buffer in tea.model.buffers] == ["net", "#tea", "other", "#cake"]
