"""The screen in pictures: a function of the model, the input line and the size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.client.input.editor import InputLine
from greenchat.client.state.events import Focused, Resized
from greenchat.client.text.cells import row_width, width
from greenchat.client.text.style import Size
from greenchat.client.view.bars import FrameContext
from greenchat.client.view.frame import render
from tests.client.world import NOON, World


def test_a_conversation() -> None:
    world = World(rows=12, columns=60)
    world.welcome()
    world.join()
    world.feed(
        ":srv 332 alice #tea :Tea at five",
        ":bob!b@h PRIVMSG #tea :hello alice, this is a line that is too long for the screen",
        ":carol!c@h PRIVMSG #tea :\x01ACTION pours \x02tea\x02\x01",
        ":bob!b@h NOTICE #tea :careful, hot",
        ":dave!d@h JOIN #tea",
    )
    world.type("thanks\n")
    world.sent()
    world.type("and cake")
    assert world.screen() == [
        " #tea: Tea at five",
        "",
        "14:13            · │ You joined",
        "14:13            ─ │ Topic: Tea at five",
        "14:13          bob │ hello alice, this is a line that is too",
        "                   │ long for the screen",
        "14:13            * │ carol pours tea",
        "14:13        -bob- │ careful, hot",
        "14:13            · │ dave joined",
        "14:13       @alice │ thanks",
        " alice │ 2:#tea (4)",
        "[#tea] and cake",
    ]


def test_the_smallest_screen_shows_nick_and_text(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG #tea :two words and more of them", ":carol!c@h PRIVMSG #tea :hi")
    tea.console.size = Size(5, 20)
    tea.type("a line that is longer")
    assert tea.screen() == [
        " #tea",
        " more of them",
        "+carol hi",
        " 2:#tea",
        "> hat is longer",
    ]


def test_activity_in_other_windows_is_counted(tea: World) -> None:
    tea.join(channel="#cake")
    tea.feed(":bob!b@h PRIVMSG #cake :one", ":bob!b@h PRIVMSG #cake :two", ":bob!b@h PRIVMSG alice :psst")
    assert tea.screen()[-2] == " alice │ 2:#tea (3) │ 4:bob(1) 3:#cake(2)"
    tea.press("M-a")
    assert tea.model.current.name == "bob"
    tea.press("M-a")
    assert tea.model.current.name == "#cake"
    assert tea.screen()[-2] == " alice │ 3:#cake (3)"


def test_the_status_line_shows_the_state_of_the_connection(tea: World) -> None:
    tea.lose()
    tea.network.link.retry_at = 5.0
    tea.type("hello?\n")
    tea.network.link.lost_at = -12.0
    assert tea.screen()[-2].startswith(" lost 12 s ago, next try in 5 s, 1 line waiting │ alice")
    tea.network.link.missed_since = 0  # it was never connected
    assert tea.screen()[-2].startswith(" disconnected, next try in 5 s, 1 line waiting │ alice")
    tea.network.link.retry_at = None
    assert tea.screen()[-2].startswith(" not connected, 1 line waiting")


def test_bars_can_be_hidden(tea: World) -> None:
    tea.console.on_terminal(Resized(Size(5, 60)), tea.now)
    tea.feed(*(f":bob!b@h PRIVMSG #tea :{number}" for number in range(9)))
    assert [row[-1:] for row in tea.screen()] == ["a", "7", "8", ")", "]"]
    tea.model.settings.set("show.topic", "off")
    assert [row[-1:] for row in tea.screen()] == ["6", "7", "8", ")", "]"]
    tea.model.settings.set("show.status", "off")
    assert [row[-1:] for row in tea.screen()] == ["5", "6", "7", "8", "]"]
    tea.press("C-c")
    assert tea.screen()[3] == " Press Ctrl-C again to leave greenchat."  # there is no other place for it
    tea.press("C-l")
    assert tea.screen()[3].endswith("8")


def test_few_rows_are_used_for_messages(tea: World) -> None:
    tea.feed(*(f":bob!b@h PRIVMSG #tea :{number}" for number in range(9)))
    pictures = {5: ["a", "7", "8", ")", "]"], 4: ["7", "8", ")", "]"], 3: ["7", "8", "]"]}
    for rows, ends in pictures.items():
        tea.console.on_terminal(Resized(Size(rows, 60)), tea.now)
        assert [row[-1:] for row in tea.screen()] == ends


def test_dates_separate_days(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG #tea :late")
    tea.now += 86_400_000
    tea.feed(":bob!b@h PRIVMSG #tea :early")
    assert tea.screen()[-5:-2] == [
        "14:13          bob │ late",
        "── Tuesday, 22 September 2026 ──────────────────────────────",
        "14:13          bob │ early",
    ]


def test_a_line_marks_the_first_unread_message(tea: World) -> None:
    tea.press("M-1")
    tea.feed(":bob!b@h PRIVMSG #tea :while you were away")
    tea.press("M-2")
    assert tea.screen()[-4:-2] == ["── new " + "─" * 53, "14:13          bob │ while you were away"]


NEW = "── new " + "─" * 53


def test_own_messages_are_not_unread(tea: World) -> None:
    tea.press("M-1", "M-2")
    tea.feed(":alice!al@h PRIVMSG #tea :I am back")
    assert NEW not in tea.screen()
    tea.press("M-1")
    tea.feed(":alice!al@h PRIVMSG #tea :said on my phone", ":bob!b@h PRIVMSG #tea :oh")
    tea.press("M-2")
    assert tea.screen()[-5:-2] == ["14:13       @alice │ said on my phone", NEW, "14:13          bob │ oh"]
    tea.feed(":alice!al@h PRIVMSG #tea :who speaks has read")
    assert NEW not in tea.screen()


def test_messages_in_the_shown_window_are_not_unread(tea: World) -> None:
    tea.press("M-1", "M-2")
    tea.feed(":dora!d@h JOIN #tea", ":bob!b@h PRIVMSG #tea :seen as it comes")
    assert NEW not in tea.screen()
    tea.console.on_terminal(Focused(False), tea.now)
    tea.feed(":dora!d@h PART #tea", ":bob!b@h PRIVMSG #tea :while you looked at your mails")
    tea.console.on_terminal(Focused(True), tea.now)
    assert tea.screen()[-4:-2] == [NEW, "14:13          bob │ while you looked at your mails"]
    tea.feed(":bob!b@h PRIVMSG #tea :and more")
    assert tea.screen()[-5] == NEW


def test_clear_leaves_an_empty_screen_to_scroll_back_from(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG #tea :before")
    before = tea.screen()
    tea.type("/clear\n")
    assert tea.screen()[1:-2] == [""] * 7
    tea.feed(":bob!b@h PRIVMSG #tea :behind")
    assert tea.screen()[1:-2] == [""] * 6 + ["14:13          bob │ behind"]
    tea.press("C-f", "b", "e", "f")
    assert "14:13          bob │ before" in tea.screen()
    tea.press("Escape")
    assert tea.screen()[1:-2] == [""] * 6 + ["14:13          bob │ behind"]
    tea.press("PgUp")
    assert tea.screen()[2:-3] == before[3:-2]
    assert tea.screen()[-3] == "14:13          bob │ behind"


def numbered(world: World, count: int) -> None:
    for number in range(count):
        world.feed(f":bob!b@h PRIVMSG #tea :{number}")


def history(world: World) -> list[str]:
    return [row.partition("│ ")[2] for row in world.screen()[1:-2]]


def test_scrolling_by_pages_and_back(tea: World) -> None:
    numbered(tea, 20)
    assert history(tea) == ["13", "14", "15", "16", "17", "18", "19"]
    tea.press("PgUp")
    assert history(tea) == ["8", "9", "10", "11", "12", "13", "14"]
    assert "5 more below" in tea.screen()[-2]
    tea.feed(":bob!b@h PRIVMSG #tea :20")
    assert history(tea) == ["8", "9", "10", "11", "12", "13", "14"]
    tea.press("PgDn")
    assert history(tea)[-1] == "19"
    tea.press("PgDn")
    assert history(tea)[-1] == "20"
    assert tea.model.current.anchor is None


def test_end_goes_to_the_newest_line_with_an_empty_input_line(tea: World) -> None:
    numbered(tea, 20)
    tea.press("PgUp", "PgUp", "x", "Home", "End")
    assert "more below" in tea.screen()[-2]
    tea.press("Backspace", "End")
    assert history(tea)[-1] == "19"
    assert "more below" not in tea.screen()[-2]


def test_scrolling_ends_with_the_first_line_on_top(tea: World) -> None:
    numbered(tea, 20)
    for _ in range(9):
        tea.press("PgUp")
    assert history(tea)[0] == "You joined"
    top = history(tea)
    tea.press("M->", "M-<")
    assert history(tea) == top


def test_a_short_history_does_not_scroll(tea: World) -> None:
    tea.press("PgUp")
    assert tea.model.current.anchor is None


def test_sending_a_message_scrolls_to_the_newest(tea: World) -> None:
    numbered(tea, 20)
    tea.press("PgUp")
    tea.type("me\n")
    assert history(tea)[-1] == "me"


def test_resizing_keeps_the_position(tea: World) -> None:
    numbered(tea, 40)
    tea.press("PgUp", "PgUp")
    last = history(tea)[-1]
    for size in (Size(30, 30), Size(6, 80), Size(10, 60)):
        tea.console.size = size
        assert tea.screen()[-3].split()[-1] == last


def test_a_long_input_line_shows_the_cursor(tea: World) -> None:
    tea.type("word " * 30 + "end")
    frame = tea.console.frame(0.0)
    assert frame.picture()[-1].endswith("word end")
    assert frame.cursor
    assert frame.cursor.column == width(frame.picture()[-1])
    tea.press("Home")
    frame = tea.console.frame(0.0)
    assert frame.picture()[-1].startswith("[#tea] word word")
    assert frame.cursor
    assert frame.cursor.column == 7


sizes = st.builds(Size, st.integers(1, 30), st.integers(1, 100))
lines = st.text(alphabet="ab é日本👩\u200d💻🇩🇪\u0301\x02\x034,5\x1b\t\u202e", max_size=80)


@given(sizes, st.lists(lines, max_size=8), lines, st.lists(st.sampled_from(["PgUp", "PgDn", "M-<", "M->"]), max_size=6))
def test_every_frame_fits_the_screen(size: Size, texts: list[str], typed: str, keys: list[str]) -> None:
    world = World()
    world.welcome()
    buffer = world.join()
    buffer.topic = typed
    world.console.size = size
    for text in texts:
        if text:
            world.feed(f":bob!b@h PRIVMSG #tea :{text}")
    world.press(*keys)
    for cursor in {0, len(typed) // 2, len(typed)}:
        frame = render(world.model, InputLine(typed, cursor), size, FrameContext())
        rows, columns = max(size.rows, 3), max(size.columns, 8)
        assert len(frame.rows) == rows
        assert all(row_width(row) <= columns for row in frame.rows), frame.picture()
        assert all(span.text.isprintable() or "\u200d" in span.text for row in frame.rows for span in row)
        assert frame.cursor
        assert frame.cursor.row == rows - 1
        assert frame.cursor.column < columns


@pytest.mark.parametrize("columns", [20, 45, 60, 120])
def test_texts_are_aligned_for_nicks_of_any_length(columns: int) -> None:
    world = World(rows=10, columns=columns)
    world.welcome()
    world.join()
    for nick in ("x", "an-extraordinarily-long-nickname"):
        world.feed(f":{nick}!u@h PRIVMSG #tea :text")
    starts = {row.index("text") for row in world.screen() if "text" in row}
    assert len(starts) == 1 or columns < 40
    assert world.now == NOON


def test_joins_and_parts_are_combined_into_one_line(tea: World) -> None:
    tea.feed(
        ":ann!a@h JOIN #tea",
        ":ben!b@h JOIN #tea",
        ":carol!c@h QUIT :bye",
        ":ann!a@h PART #tea",
        ":carol!c@h JOIN #tea",
        ":bob!b@h PRIVMSG #tea :hi",
        ":bob!b@h PART #tea",
        ":ben!b@h PART #tea :tired",
    )
    assert history(tea)[2:] == [
        "ann came and went; ben joined; carol",
        "left and came back",
        "hi",
        "bob left",  # he has spoken recently, so his QUIT is a line of its own
        "ben left (tired)",
    ]


def test_many_joins_are_counted(tea: World) -> None:
    tea.feed(*[f":p{number}!u@h JOIN #tea" for number in range(100)])
    assert history(tea)[-2:] == ["p0, p1, p2, p3, p4, p5, p6 and 93", "others joined"]


@given(st.lists(st.sampled_from(["join", "part", "say", "day", "PgUp", "PgDn", "M-<", "M-1", "M-2"]), max_size=40))
def test_scrolling_shows_every_row(steps: list[str]) -> None:
    world = World(rows=8)
    world.welcome()
    world.join()
    for step in steps:
        if step == "day":
            world.now += 86_400_000
        elif step == "say":
            world.feed(":bob!b@h PRIVMSG #tea :x")
        elif step in ("join", "part"):
            world.feed(f":dave!d@h {step.upper()} #tea")
        else:
            world.press(step)
        assert world.screen()[-3] != ""


def test_panels_are_shown_where_there_is_room() -> None:
    world = World(rows=8, columns=120)
    world.welcome()
    world.join()
    world.join(channel="#cake")
    world.feed(":bob!b@h PRIVMSG #cake :hi", ":srv 353 alice = #tea :@alice +carol bob eve", ":srv 366 alice #tea :End")
    columns = [[part.rstrip() for part in (row[:18], row[19:103], row[104:])] for row in world.screen()[1:-2]]
    assert columns == [
        ["1 net", "", "@alice"],
        ["2  #tea", "", "+carol"],
        ["3  #cake 1", "", " bob"],
        ["", "", " eve"],
        ["", "14:13            · │ You joined", ""],
    ]
    world.console.size = Size(8, 80)
    assert "│@alice" not in world.screen()[1]
    world.press("M-N", "M-B")
    assert world.screen()[1].startswith("1 net")
    assert world.screen()[1].endswith("│@alice")
    world.press("M-N", "M-B")
    assert world.screen()[1] == ""
    world.press("M-N", "M-B")
    world.console.size = Size(8, 40)
    assert world.screen()[1] == ""


def test_panels_count_what_does_not_fit() -> None:
    world = World(rows=7, columns=100)
    world.welcome()
    world.join("@alice a b c d e f")
    assert [row.rpartition("│")[2] for row in world.screen()[1:-2]] == ["@alice", " a", " b", " +4 more"]


def test_a_text_of_several_lines_has_several_rows(tea: World) -> None:
    tea.type("one")
    tea.press("M-Enter")
    tea.type("two")
    assert tea.screen()[-2:] == ["[#tea] one", "       two"]
    tea.press("Up", "Home")
    frame = tea.console.frame(0.0)
    assert frame.cursor == (8, 7)
    tea.press("Down", "End")
    assert tea.console.editor.line.picture() == "one\ntwo|"
    tea.press("Enter")
    assert tea.sent() == ["PRIVMSG #tea :one", "PRIVMSG #tea :two"]
