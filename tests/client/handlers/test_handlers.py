"""Connections that are made, lost and made again, and the offer of a local server."""

from greenchat.client.state.effects import Reconnect
from greenchat.client.state.model import LinkState
from greenchat.client.text.style import Size
from tests.client.world import World


def test_a_lost_connection_is_shown_and_empties_the_channel(tea: World) -> None:
    tea.lose("the connection was cut")
    assert tea.shown()[-1] == "! Connection lost: the connection was cut"
    assert not tea.model.current.members
    assert tea.network.link.state is LinkState.OFFLINE


def test_a_disconnect_by_the_user_is_not_a_loss(tea: World) -> None:
    tea.type("/reconnect\n")
    (order,) = tea.model.effects
    assert isinstance(order, Reconnect)
    tea.lose(order.reason)
    assert tea.shown()[-1] == "- Disconnected: to reconnect"


def test_channels_are_joined_again_after_reconnecting(tea: World) -> None:
    tea.feed(":alice!al@h JOIN #extra", ":alice!al@h JOIN #left", ":alice!al@h PART #left")
    tea.lose()
    tea.connect()
    tea.feed(":srv 001 alice :Welcome")
    tea.sent()
    tea.feed(":srv 376 alice :End")
    assert tea.sent() == ["JOIN #tea,#extra"]


def test_rejoining_keeps_the_current_window(tea: World) -> None:
    tea.join(channel="#extra")
    tea.lose()
    tea.welcome()
    tea.join(channel="#extra")
    tea.join()
    assert tea.model.current.name == "#tea"


def test_the_error_of_the_server_is_the_reason_of_the_loss(tea: World) -> None:
    tea.feed("ERROR :The server is shutting down")
    tea.lose("the server closed the connection")
    tea.lose("nothing answers on irc.example:9090")
    assert tea.shown()[-2:] == [
        "! Connection lost: The server is shutting down",
        "! Can't connect: nothing answers on irc.example:9090",
    ]


def test_a_local_server_is_offered_only_before_the_first_connection(world: World) -> None:
    world.network.link.offers_server = True
    world.console.size = Size(24, 80)
    world.lose("nothing answers on irc.example:9090")
    assert world.screen()[-2:] == [
        " yes: it ends when you leave; no: keep trying, and read the history meanwhile.",
        "yes/no?",
    ]
    world.welcome()
    assert world.screen()[-1] == "[net]"
    world.network.link.offers_server = True
    world.welcome()
    world.lose("it broke")
    world.lose("nothing answers on irc.example:9090")
    assert world.screen()[-1] == "[net]"


def test_failed_attempts_update_one_line(tea: World) -> None:
    before = len(tea.shown())
    tea.lose("the server closed the connection")
    for _ in range(3):
        tea.lose("nothing answers on irc.example:9090")
    assert tea.shown()[before:] == [
        "! Connection lost: the server closed the connection",
        "! Can't connect: nothing answers on irc.example:9090 (3 tries)",
    ]
    tea.welcome()
    tea.lose("it broke again")
    tea.lose("no answer")
    assert tea.shown()[-1] == "! Can't connect: no answer"


def test_a_user_who_is_typing_is_not_offered_a_server(tea: World) -> None:
    """Otherwise the line that is being typed would be taken for the answer."""
    tea.lose()
    tea.network.link.offers_server = True  # as when the first attempt found no server
    tea.welcome()
    tea.join()
    tea.type("half a ")
    tea.lose()
    tea.lose("nothing answers on irc.example:9090")
    tea.type("line\n")
    tea.welcome()
    tea.join()
    assert "Start a server" not in "".join(tea.shown())
    assert "@alice: half a line" in tea.shown()


def test_an_upgrade_of_the_server_is_not_shown(world: World) -> None:
    """The client reconnects at once, resumes, and shows nothing of it in its channels."""
    world.welcome("greenchat/resume")
    world.feed(":srv RESUME secret")
    world.join()
    before = world.shown()
    world.feed("ERROR :The server was upgraded; connect again")
    (again,) = [effect for effect in world.model.effects if isinstance(effect, Reconnect)]
    assert again.network is world.network
    world.lose()
    world.connect()
    assert [line for line in world.sent() if not line.startswith("CAP")][:2] == ["RESUME secret", "NICK alice"]
    world.come_in()
    world.join()
    assert world.shown() == before
    world.lose()
    assert world.shown()[-1] == "! Connection lost: the connection was cut"
