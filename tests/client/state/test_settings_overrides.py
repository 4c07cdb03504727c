"""Settings known from other clients, which take effect at once; and settings for single windows and users."""

from pathlib import Path

import pytest

from greenchat.client.state.settings import OVERRIDES, TABLE, ClientSettings, format_value, load, save
from greenchat.client.text.cells import row_width
from greenchat.client.text.style import Size
from tests.client.world import World


def test_times_and_columns_change_at_once(tea: World) -> None:
    tea.console.size = Size(10, 80)
    tea.feed(":bob!b@h PRIVMSG #tea :hello")
    assert tea.screen()[-3] == "14:13          bob │ hello"
    tea.type("/set time.format %H.%M.%S\n/set nick.columns 6\n/clear\n")
    tea.console.restyle()
    tea.feed(":bob!b@h PRIVMSG #tea :again")
    assert tea.screen()[-3] == "14.13.20    bob │ again"


def test_the_nick_list_can_be_moved_and_resized(tea: World) -> None:
    tea.console.size = Size(10, 100)
    assert tea.screen()[1].endswith("│@alice")
    tea.type("/set list.side left\n/set list.columns 20\n")
    assert tea.screen()[1].startswith("@alice              │")
    layout = tea.console.view.layout
    assert (layout.nicks, layout.first_of_nicks) == (20, 0)
    assert tea.console.view.nick_at(1, 3) == "alice"


@pytest.mark.parametrize("windows", ["left", "right"])
@pytest.mark.parametrize("people", ["left", "right"])
def test_the_lists_can_be_on_either_side(tea: World, windows: str, people: str) -> None:
    """And clicks hit what is drawn there."""
    tea.join("alice dave", "#dev")
    tea.console.size = Size(10, 130)
    tea.type(f"/window 2\n/set windows.side {windows}\n/set list.side {people}\n")
    rows = tea.screen()[1:-2]
    assert max(row_width(row) for row in tea.console.frame(0.0).rows[1:-2]) <= 130
    row = next(number for number, text in enumerate(rows, 1) if "3  #dev" in text)
    column = rows[row - 1].index("3  #dev")
    assert (column == 0) is (windows == "left")
    row_of_bob = next(number for number, text in enumerate(rows, 1) if "│ bob" in f"│{text}")
    column_of_bob = f"│{rows[row_of_bob - 1]}".index("│ bob") + 1
    assert (column_of_bob < 40) is (people == "left")
    view = tea.console.view
    assert (view.nick_at(row_of_bob, column_of_bob), view.nick_at(row, column)) == ("bob", "")
    assert view.window_at(row, column) is tea.network.find("#dev")
    assert view.window_at(row, 65) is tea.model.current


def test_nicks_can_be_without_colours(tea: World) -> None:
    theme = tea.console.view.theme
    assert theme.nick("bob").foreground is not None
    tea.type("/set nick.colours off\n")
    tea.console.restyle()
    assert tea.console.view.theme.nick("bob").foreground is None


def test_configured_texts_are_used(tea: World) -> None:
    tea.type("/set text.part Off\n/set text.away at lunch\n/set text.quit Bye now\n/away\n/part\n/quit\n")
    assert tea.sent() == ["AWAY :at lunch", "PART #tea :Off", "QUIT :Bye now"]


def test_the_answer_to_version_can_be_set(tea: World) -> None:
    tea.type("/set ctcp.version a pencil\n")
    tea.feed(":bob!b@h PRIVMSG alice :\x01VERSION\x01")
    assert tea.sent() == ["NOTICE bob :\x01VERSION a pencil\x01"]
    tea.type("/set ctcp.answers off\n")
    tea.feed(":bob!b@h PRIVMSG alice :\x01VERSION\x01")
    assert tea.sent() == []


def test_the_real_name_is_sent(world: World) -> None:
    world.model.settings.set("realname", "Ada L.")
    world.connect()
    assert "USER alice 0 * :Ada L." in world.sent()


def test_set_shows_what_differs_from_the_defaults(tea: World) -> None:
    tea.type("/set\n")
    assert tea.shown()[-1].startswith("- All settings have their defaults. /set all")
    tea.type("/set bell off\n/set\n")
    assert tea.shown()[-2].startswith("- bell = off: ")
    tea.type("/set bell\n")
    assert tea.shown()[-1].endswith("; default: on")
    tea.type("/set all\n")
    assert sum(line.startswith("- ") for line in tea.shown()) > len(TABLE)


@pytest.mark.parametrize("name", [row.name for row in TABLE.values() if row.example])
def test_the_examples_are_valid(name: str) -> None:
    settings = ClientSettings()
    settings.set(name, TABLE[name].example)
    assert format_value(settings.get(name)) == TABLE[name].example


@pytest.mark.parametrize("where", ["#tea", "net/#tea", "net/*", "*", "#TEA"])
def test_muting_a_window(tea: World, where: str) -> None:
    tea.type(f"/override {where} mute\n")
    buffer = tea.model.current
    tea.press("M-1")
    tea.feed(":bob!b@h PRIVMSG #tea :alice: hello")
    assert (buffer.unread.count, buffer.unread.highlights, tea.model.unseen_mentions) == (0, 0, 0)
    tea.type(f"/override {where}\n")
    tea.feed(":bob!b@h PRIVMSG #tea :alice: hello")
    assert (buffer.unread.count, buffer.unread.highlights) == (1, 1)


def test_notifications_of_a_window(tea: World) -> None:
    buffer = tea.model.current
    tea.type("/override #tea notify\n")
    tea.press("M-1")
    tea.feed(":bob!b@h PRIVMSG #tea :hello")
    assert buffer.unread.highlights == 1
    tea.type("/override #tea no-highlight\n")
    tea.feed(":bob!b@h PRIVMSG #tea :alice: hello")
    assert (buffer.unread.count, buffer.unread.highlights) == (2, 1)


def test_hiding_joins(tea: World) -> None:
    tea.type("/override #tea hide-joins\n")
    before = len(tea.shown())
    tea.feed(":eve!e@h JOIN #tea", ":eve!e@h PART #tea")
    assert len(tea.shown()) == before
    tea.type("/override #tea nonsense\n")
    assert tea.shown()[-1].startswith("! There is no nonsense. mute: ")


def test_counting_events_as_activity(tea: World) -> None:
    buffer = tea.model.current
    tea.press("M-1")
    tea.feed(":eve!e@h JOIN #tea")
    assert buffer.unread.count == 0
    tea.type("/set activity.events on\n")
    tea.feed(":fay!f@h JOIN #tea")
    assert buffer.unread.count == 1


@pytest.mark.parametrize(
    ("entry", "line", "read"),
    [
        ("bob", "PRIVMSG #tea :hi", False),
        ("bob messages", "PRIVMSG #tea :hi", False),
        ("bob messages", "NOTICE #tea :hi", True),
        ("bob notices", "NOTICE #tea :hi", False),
        ("bob actions", "PRIVMSG #tea :\x01ACTION waves\x01", False),
        ("bob actions", "PRIVMSG #tea :hi", True),
        ("bob #cake", "PRIVMSG #tea :hi", True),
        ("bob #TEA", "PRIVMSG #tea :hi", False),
        ("bob joins", "PART #tea", False),
        ("bob", "PART #tea", True),
        ("bob joins #cake", "PART #tea", True),
    ],
)
def test_ignoring_by_kind_and_channel(tea: World, entry: str, line: str, read: bool) -> None:
    tea.type(f"/ignore {entry}\n")
    before = len(tea.shown())
    tea.feed(f":bob!b@h {line}")
    assert (len(tea.shown()) > before) is read
    tea.type("/unignore bob\n")
    assert tea.model.settings.ignored == []


def test_an_unknown_kind_is_refused(tea: World) -> None:
    tea.type("/ignore bob nonsense\n")
    assert tea.shown()[-1].startswith("! nonsense is neither a kind nor a channel.")


def test_overrides_are_saved(tmp_path: Path) -> None:
    settings = ClientSettings(overrides={"libera/#tea": ["mute", "hide-joins"]})
    save(settings, tmp_path / "client.toml")
    assert load(tmp_path / "client.toml").overrides == settings.overrides
    assert settings.override("Libera", "#Tea") == {"mute", "hide-joins"}
    assert settings.override("oftc", "#tea") == frozenset()
    assert set(OVERRIDES) == {"mute", "notify", "no-highlight", "hide-joins"}
