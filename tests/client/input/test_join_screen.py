"""The join screen: server, nick, and one of the server's channels."""

import pytest

from greenchat.client.input.join_screen import NICK, SERVER, InitialFields
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.effects import Connect, Quit, StartServer
from greenchat.client.state.model import LinkState
from greenchat.client.text.style import Size
from tests.client.world import World

LIST = (
    ":srv 321 alice Channel :Users Name",
    ":srv 322 alice #tea 12 :Green or black?",
    ":srv 322 alice #coffee 3 :",
    ":srv 322 alice #teapots 40 :",
    ":srv 323 alice :End of LIST",
)


@pytest.fixture
def chosen() -> list[str]:
    """Return what was chosen."""
    return []


@pytest.fixture
def first(chosen: list[str]) -> World:
    """Make a client that was started without a destination."""
    world = World(12, 60)
    world.network.channels.clear()
    world.network.show_on_join.clear()
    world.console.ask_where(InitialFields("localhost:9090", "alice"), SERVER, lambda name, _: chosen.append(name))
    return world


def test_enter_accepts_the_suggestion(first: World, chosen: list[str]) -> None:
    assert first.screen() == [
        " greenchat: where do you want to chat?",
        "",
        "  Server     localhost:9090",
        "  Nickname   alice",
        "  Channel    #lobby",
        "",
        "  irc.libera.chat  Libera.Chat",
        "  irc.oftc.net     OFTC",
        "  irc.hackint.org  hackint",
        "  irc.efnet.org    EFnet",
        "  irc.rizon.net    Rizon",
        " Enter goes on, Up and Down choose, F1 helps, Esc leaves",
    ]
    first.press("Enter", "Enter")
    assert list(first.model.effects) == [Connect(first.network)]
    assert "  Connecting to localhost:9090 ..." in first.screen()
    first.welcome()
    first.feed(*LIST)
    assert first.screen()[6:] == [
        "  3 channels here. Choose one, or type a name:",
        "> #teapots   40",
        "  #tea       12  Green or black?",
        "  #coffee     3",
        "",
        " Enter joins, Up and Down choose, F1 helps, Esc leaves",
    ]
    first.press("Enter")
    assert chosen == ["#teapots"]
    assert first.sent() == ["JOIN #teapots"]
    assert first.screen()[0] == " #teapots"


def test_typing_replaces_the_suggestion(first: World) -> None:
    first.type("ircs://irc.example/tea\nada\n")
    network = first.network
    assert (network.address, network.nicks.current, network.nicks.wanted) == (
        ServerAddress("irc.example", 6697, tls=True),
        "ada",
        "ada",
    )
    assert first.screen()[4] == "  Channel    #tea"


def test_a_suggestion_can_be_edited(first: World) -> None:
    first.press("Backspace")
    first.type("1")
    assert first.screen()[2] == "  Server     localhost:9091"


def test_channels_are_fetched_once_and_filtered_while_typing(first: World) -> None:
    first.press("Enter", "Enter")
    first.welcome()
    first.feed(*LIST)
    first.type("tea")
    assert [row.split()[0] for row in first.screen()[7:9]] == ["#teapots", "#tea"]
    first.press("Down", "Down")
    assert first.screen()[4] == "  Channel    #tea"
    assert first.screen()[8].startswith("> #tea ")
    assert not any("LIST" in line for line in first.sent())


def test_the_channels_are_fetched_again_on_a_new_connection(first: World) -> None:
    """A login may reconnect, and make this client one more device of the account."""
    first.press("Enter", "Enter")
    first.welcome()
    first.feed(*LIST[:2])
    first.lose()
    assert "  Loading channels ..." not in first.screen()
    first.come_in()
    assert "  Loading channels ..." in first.screen()
    assert "LIST" in first.sent()
    first.feed(*LIST)
    assert "  3 channels here. Choose one, or type a name:" in first.screen()


def test_the_fetched_list_is_not_shown_as_an_answer(first: World) -> None:
    first.press("Enter", "Enter")
    first.welcome()
    first.feed(*LIST)
    assert not any("#coffee" in line for line in first.shown(""))


def test_lobby_is_suggested_if_it_exists(first: World) -> None:
    first.press("Enter", "Enter")
    first.welcome()
    first.feed(*LIST[:-1], ":srv 322 alice #lobby 1 :", LIST[-1])
    assert first.screen()[4] == "  Channel    #lobby"


def test_a_channel_chosen_before_the_welcome_is_joined_afterwards(first: World) -> None:
    first.press("Enter", "Enter", "Enter")
    assert first.screen()[0] == " #lobby"
    first.come_in()
    assert first.sent()[-1] == "JOIN #lobby"


@pytest.mark.parametrize("typed", ["#tea", "tea", "/join #tea", "/JOIN tea", "/j #tea key"])
def test_the_channel_may_be_typed_as_a_command(first: World, typed: str) -> None:
    first.press("Enter", "Enter")
    first.welcome()
    first.feed(*LIST)
    first.type(f"{typed}\n")
    assert first.sent()[-1] == "JOIN #tea"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("ftp://x\n", "ftp:// is not supported; use irc:// or ircs://"),
        ("\n two words\n", "'two words' can't be a nickname"),
        ("x:99999\n", "x:99999: 99999 is not a port"),
    ],
)
def test_invalid_input_is_reported(first: World, typed: str, expected: str) -> None:
    first.type(typed)
    assert expected in "\n".join(first.screen())
    assert not first.model.effects


def test_a_local_server_is_offered_where_none_runs(first: World) -> None:
    first.press("Enter", "Enter")
    first.model.effects.clear()
    first.network.link.retry_at = 1.0
    first.lose("nothing answers on localhost:9090")
    assert "  Can't connect: nothing answers on localhost:9090." in first.screen()
    assert first.bar().startswith(" Enter starts a server there, Ctrl-O opens the history, Esc leaves")
    assert first.network.link.retry_at != 1.0  # it waits for the user
    first.press("Enter")
    assert list(first.model.effects) == [StartServer(first.network)]


def test_the_saved_history_can_be_opened_after_a_failure(first: World) -> None:
    first.press("Enter", "Enter")
    first.model.effects.clear()
    first.lose("nothing answers on localhost:9090")
    first.press("C-o")
    assert list(first.model.effects) == [Connect(first.network)]  # the client keeps trying
    assert first.model.current.name == "#lobby"
    assert first.screen()[-1] == "[#lobby]"


def test_another_server_must_be_tried_before_opening_the_history(first: World) -> None:
    first.press("Enter", "Enter")
    first.model.effects.clear()
    first.lose("nothing answers on localhost:9090")
    first.type("irc.example")
    assert "Ctrl-O" not in first.screen()[-1]
    first.press("C-o")
    assert not first.model.effects


def test_another_server_can_be_entered_after_a_failure(first: World) -> None:
    first.type("irc.example\n\n")
    first.model.effects.clear()
    first.lose("no answer from irc.example:9090")
    assert "ircs://irc.example" in first.screen()[6] + first.screen()[7]
    first.type("ircs://irc.example\n\n")
    assert first.network.address == ServerAddress("irc.example", 6697, tls=True)
    assert list(first.model.effects) == [Connect(first.network)]


@pytest.mark.parametrize("key", ["Escape", "C-c"])
def test_the_join_screen_can_be_closed(first: World, key: str) -> None:
    first.press(key)
    assert list(first.model.effects) == [Quit()]


def test_only_missing_answers_are_asked_for(chosen: list[str]) -> None:
    world = World(5, 20)
    world.console.ask_where(InitialFields("localhost:9090", "", "#tea"), NICK, lambda name, _: chosen.append(name))
    assert world.screen() == [
        " where do you want …",
        "Server   localhost:9",
        "Nickname",
        "Channel  #tea",
        " Enter goes on, … F1",
    ]
    world.type("ada\n\n")
    assert chosen == ["#tea"]


@pytest.mark.parametrize("size", [Size(rows, columns) for rows in (1, 2, 3, 4, 5, 8, 40) for columns in (8, 20, 200)])
def test_every_size_can_be_drawn(first: World, size: Size) -> None:
    first.console.size = size
    for step in ("Enter", "Enter"):
        first.press(step)
        frame = first.console.frame(0.0)
        assert len(frame.rows) == size.rows
        assert all(len(row) <= size.columns for row in frame.picture())
    first.welcome()
    first.feed(*LIST)
    assert all(len(row) <= size.columns for row in first.screen())


def test_join_without_a_channel_opens_the_list(tea: World) -> None:
    tea.type("/join\n")
    assert tea.sent() == ["LIST"]
    tea.feed(*LIST)
    tea.type("coffee\n")
    assert tea.sent() == ["JOIN #coffee"]
    tea.type("/join\n")
    tea.press("Escape")
    assert not tea.model.effects
    assert tea.screen()[-1] == "[#coffee]"
    assert tea.network.link.state is LinkState.ONLINE


def test_a_question_of_the_server_is_shown_first(first: World) -> None:
    first.press("Enter", "Enter")
    first.connect()
    first.feed(":srv 433 * alice :In use", ":srv 001 alice_ :Welcome", ":srv 422 alice_ :No MOTD")
    assert "The name alice is in use." in first.screen()[-4]
    first.press("Escape")
    assert first.screen()[3] == "  Nickname   alice_"


def test_a_channel_is_refused_as_a_server(first: World) -> None:
    first.type("#tea\n")
    assert any("#tea is a channel. Name its server first." in row for row in first.screen())
    assert not first.model.effects


@pytest.mark.parametrize("key", ["Escape", "C-c"])
def test_escape_closes_the_help_first(first: World, key: str) -> None:
    first.press("F1")
    assert first.screen()[-1].endswith("Esc closes the help")
    first.press(key)
    assert first.screen()[-1].endswith("Esc leaves"), "the screen is still there"
    assert not first.model.effects
    first.press(key)
    assert Quit() in first.model.effects
