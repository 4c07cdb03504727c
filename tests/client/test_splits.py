"""Several windows on the screen at once."""

import pytest

from greenchat.client.events import Clicked, Resized
from greenchat.client.style import Size
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
        " alice │ 2:#tea (3) │ 3:#cake(1)",
        "[#tea]",
    ]


def test_the_key_goes_to_the_other_and_they_change_places(split: World) -> None:
    split.press("M-o")
    assert (split.screen()[0], split.screen()[5]) == (" #tea: Tea at five", " #cake")
    split.type("yes\n")
    assert split.sent()[-1] == "PRIVMSG #cake :yes"
    assert "14:13       @alice │ yes" in split.screen()[6:12]
    split.press("M-2")  # by its number, too
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
    assert sum(row.startswith(" #") for row in split.screen()) == 3


def test_small_terminals_and_copy_mode_show_one(split: World) -> None:
    for rows, shown in ((11, 1), (12, 1), (13, 2), (14, 2), (3, 1)):
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


def test_unsplit_and_windows_that_go(split: World) -> None:
    split.type("/unsplit\n")
    assert split.screen()[0] == " #tea: Tea at five"
    split.type("/split #tea\n")
    assert split.shown()[-1] == "! This window is shown already. Name another one: /split #channel"
    split.type("/split #cake\n/close #cake\n")
    assert split.screen()[0] == " #tea: Tea at five"
    split.press("M-o")
    assert split.model.current.name == "#tea"
    split.type("/split net\n/unsplit net\n")
    assert split.model.others_shown == []
