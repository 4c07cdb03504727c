"""Every hint and every question can be read whole, however narrow the terminal is."""

import re
from collections.abc import Callable

import pytest

from greenchat.client.input.join_screen import CHANNEL, HELP, NICK, SERVER, InitialFields, JoinScreen
from greenchat.client.irc import login, offer_server, trust
from greenchat.client.state.events import Clicked
from greenchat.client.state.saved_networks import SavedNetwork
from greenchat.client.text.style import Size
from greenchat.client.view import join_view
from greenchat.client.view.theme import DARK
from tests.client.world import World

WIDTHS = (80, 60, 40)
LONG = "#a-channel-with-quite-a-long-name"


def search(world: World) -> None:
    world.press("C-f")


def search_in_vain(world: World) -> None:
    world.press("C-f")
    world.type("xyzzy")


def search_server(world: World) -> None:
    world.press("C-f", "Tab", "Tab")


def history(world: World) -> None:
    world.press("C-r")


def history_in_vain(world: World) -> None:
    world.press("C-r")
    world.type("xyzzy")


def paste(world: World) -> None:
    world.paste("one\ntwo\nthree\nfour")


def cursor(world: World) -> None:
    world.feed("@msgid=1 :bob!b@h PRIVMSG #tea :see https://cake.example/a and https://cake.example/b")
    world.press("C-Up")


def reaction(world: World) -> None:
    cursor(world)
    world.press("e")


def links(world: World) -> None:
    cursor(world)
    world.press("o")


def redaction(world: World) -> None:
    cursor(world)
    world.press("d")


def quitting(world: World) -> None:
    world.press("C-c")


def copying(world: World) -> None:
    world.press("M-c")


def prefix(world: World) -> None:
    world.press("M-k")


def password(world: World) -> None:
    login.ask_password(world.model, world.network, "a-rather-long-account-name")


def new_password(world: World) -> None:
    login.ask_new_password(world.model, world.network, "a-rather-long-account-name", "")


def key(world: World) -> None:
    world.feed(f":srv 475 alice {LONG} :Cannot join channel (+k)")


def registered_only(world: World) -> None:
    world.feed(f":srv 477 alice {LONG} :Cannot join channel (+R)")


def certificate(world: World) -> None:
    trust.ask(world.model, world.network, "ab" * 32, "self-signed certificate", world.now)


def changed_certificate(world: World) -> None:
    world.network.login.pin = "cd" * 32
    certificate(world)


def server(world: World) -> None:
    world.lose()
    offer_server.ask(world.model, world.network, world.now)


def nickname(world: World) -> None:
    world.network.nicks.refused = ("alice", "Nickname is already in use")
    login.after_welcome(world.model, world.network, world.now)


def misunderstood(world: World) -> None:
    nickname(world)
    world.console.ask(world.now)
    world.type("perhaps\n")


def account_password(world: World) -> None:
    world.network.saved = SavedNetwork("home", account="a-rather-long-account-name/a-network")
    login.account_required(world.model, world.network, world.now)


def server_password(world: World) -> None:
    login.password_required(world.model, world.network, world.now)


def opening(world: World) -> None:
    link = "https://tea.example/a/rather/long/path/to/something/that/somebody/wants/to/be/read"
    world.feed(f":bob!b@h PRIVMSG #tea {link}")
    row = next(number for number, text in enumerate(world.screen()) if "https" in text)
    world.console.on_terminal(Clicked(row, world.screen()[row].index("https") + 1), world.now)


STATES: tuple[Callable[[World], None], ...] = (
    search,
    search_in_vain,
    search_server,
    history,
    history_in_vain,
    paste,
    cursor,
    reaction,
    links,
    redaction,
    quitting,
    copying,
    prefix,
    password,
    new_password,
    key,
    registered_only,
    certificate,
    changed_certificate,
    server,
    nickname,
    misunderstood,
    account_password,
    server_password,
    opening,
)


def words(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
@pytest.mark.parametrize("columns", WIDTHS)
def test_a_hint_is_whole(columns: int, state: Callable[[World], None]) -> None:
    world = World(24, columns)
    world.welcome("message-tags batch draft/message-redaction soju.im/search labeled-response")
    world.join()
    state(world)
    world.console.ask(world.now)
    hint = world.console._hint()
    assert hint
    assert words(hint) in words(world.bar())
    prompt = world.console._mode.prompt if world.console._mode else ""
    assert words(prompt) in words("\n".join(world.screen()))  # in the input line or in the hint


def test_without_room_a_key_shows_the_hint(tea: World) -> None:
    tea.console.size = Size(6, 30)
    cursor(tea)
    assert tea.bar().endswith("… F1")
    hint = tea.console._hint()
    tea.press("Escape")
    login.ask_password(tea.model, tea.network, "alice")
    tea.console.ask(tea.now)
    hint = tea.console._hint()
    tea.press("F1")
    assert tea.shown()[-1] == f"- {hint}"
    assert tea.console.asked  # the question stays


def test_without_a_hint_the_key_shows_the_possible_actions(tea: World) -> None:
    tea.press("F1")
    assert any("More: /help join" in line for line in tea.shown())


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("field", [SERVER, NICK, CHANNEL])
def test_the_join_screen_can_be_read_whole(columns: int, field: str) -> None:
    world = World(24, columns)
    screen = JoinScreen(world.model, InitialFields("localhost:9090", "alice"), lambda _name, _now: None, start=field)
    for helped in (False, True):
        shown = words("\n".join(join_view.render(screen, Size(24, columns), DARK).picture()))
        assert words(screen.hint) in shown
        assert words(HELP) in shown or not helped
        screen.key("F1", 0)


def test_help_can_be_typed_on_the_join_screen(world: World) -> None:
    world.console.ask_where(InitialFields("localhost:9090", "alice"), SERVER, lambda _name, _now: None)
    world.console.size = Size(24, 80)
    world.type("/help\n")
    assert words(HELP) in words("\n".join(world.screen()))


def test_mentions_come_first_on_the_status_line(tea: World) -> None:
    """With thirty windows those with mentions are shown, then private conversations, then a few others, and the number
    of the rest.
    """
    tea.console.size = Size(24, 80)
    for number in range(30):
        tea.join(channel=f"#room{number}")
        tea.feed(f":bob!b@h PRIVMSG #room{number} :hello")
    tea.feed(":carol!c@h PRIVMSG alice :psst", ":bob!b@h PRIVMSG #room29 :alice: tea?")
    tea.network.link.lag = 2500
    tea.feed("@+typing=active :bob!b@h TAGMSG #tea")
    bar = tea.console.frame(0.0, tea.now).picture()[-2]
    assert re.search(r"32:#room29\(2\) 33:carol\(1\) \+29 ", bar)
    assert bar.endswith("bob is typing │ lag 2.5 s")
    assert len(bar) <= 80


@pytest.mark.parametrize("connected", [True, False])
@pytest.mark.parametrize("columns", [200, 80, 60, 40, 30, 24])
def test_every_window_with_a_mention_is_shown_or_counted(tea: World, columns: int, connected: bool) -> None:
    tea.console.size = Size(24, columns)
    for number in range(12):
        tea.join(channel=f"#room{number}")
        tea.feed(f":bob!b@h PRIVMSG #room{number} :alice: hello")
    if not connected:
        tea.lose()
    bar = tea.screen()[-2]
    shown = len(re.findall(r"#room\d+\(1\)", bar)) if columns >= 60 else len(re.findall(r"(?<= )\d+(?= |$)", bar))
    count = re.search(r"\+(\d+)", bar)
    assert shown + int(count[1] if count else 0) == 12
    assert len(bar) <= columns


def test_windows_keep_their_numbers(tea: World) -> None:
    for name in ("#one", "#two", "#three"):
        tea.join(channel=name)
    tea.model.show(tea.model.open(tea.network, "#one"))
    tea.type("/close\n")
    assert [(buffer.number, buffer.name) for buffer in tea.model.buffers] == [
        (1, "net"),
        (2, "#tea"),
        (4, "#two"),
        (5, "#three"),
    ]
    tea.press("M-5")
    assert tea.model.current.name == "#three"
    tea.press("M-3")
    assert tea.model.current.name == "#three"
    tea.feed(":bob!b@h PRIVMSG alice :hi")
    assert tea.model.buffers[2].name == "bob"  # the first free number


def test_a_mention_of_another_day_has_a_date(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG #tea :alice: today")
    tea.now += 86_400_000
    tea.feed(":bob!b@h PRIVMSG #tea :alice: tomorrow")
    tea.type("/mentions\n")
    assert tea.shown()[-2:] == [
        "- 21 Sep 2026, 14:13 #tea bob: alice: today",
        "- 14:13 #tea bob: alice: tomorrow",
    ]
