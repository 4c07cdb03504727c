"""Line mode (--plain): lines instead of a screen."""

import pytest

from greenchat.client.irc import unsent
from greenchat.client.irc.strangers import MOST_WINDOWS
from greenchat.client.line_mode import PATIENCE_SECONDS, LineInput, PlainScreen
from greenchat.client.state.events import LineEntered
from greenchat.client.state.model import LinkState
from greenchat.client.state.questions import Prompt
from tests.client.world import World


def test_input_is_split_into_lines() -> None:
    lines = LineInput()
    assert lines.feed(b"one\r\ntwo\nthr") == [LineEntered("one"), LineEntered("two")]
    assert lines.feed(b"ee\n\n") == [LineEntered("three"), LineEntered("")]
    assert lines.feed(b"end") == []
    assert lines.flush() == [LineEntered("end")]
    assert lines.flush() == []


def test_events_are_printed_once(tea: World, capfd: pytest.CaptureFixture[str]) -> None:
    screen = PlainScreen(tea.console)
    screen.paint(tea.console.frame(0))
    capfd.readouterr()
    tea.feed(
        ":bob!b@h PRIVMSG #tea :\x02hello\x02 \x1b[2J",
        ":bob!b@h PRIVMSG #tea :\x01ACTION waves\x01",
        ":bob!b@h PRIVMSG alice :psst",
        ":dave!d@h JOIN #tea",
        ":srv 482 alice #tea :You're not an operator",
        ":srv 372 alice :- asked for",
        ":srv 001 alice :Welcome again",
        ":srv 372 alice :- message of the day",
        ":srv 376 alice :End of it",
    )
    tea.console.on_terminal(LineEntered("what I say"), tea.now)
    for _ in range(2):
        screen.paint(tea.console.frame(0))
    assert capfd.readouterr().out.splitlines() == [
        "14:13 net Welcome again",
        "14:13 bob: hello ␛[2J",
        "14:13 * bob waves",
        "14:13 dave joined",
        "14:13 ! #tea: only channel operators (@) can do that",
        "14:13 - asked for",
        "14:13 bob bob: psst",
    ]
    tea.console.on_terminal(LineEntered("/window bob"), tea.now)
    screen.paint(tea.console.frame(0))
    assert capfd.readouterr().out.splitlines() == ["-- now in bob"]


def test_questions_are_printed(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    """A question that is not seen can't be answered: the next line would be sent, or be taken for a password."""
    screen = PlainScreen(world.console)

    def enter(text: str) -> list[str]:
        world.console.on_terminal(LineEntered(text), world.now)
        screen.paint(world.console.frame(0))
        return capfd.readouterr().out.splitlines()

    world.connect()
    world.feed(":srv 433 * alice :Nickname is already in use", ":srv 001 alice_ :Welcome", ":srv 422 alice_ :No MOTD")
    for _ in range(2):
        screen.paint(world.console.frame(0))
    assert capfd.readouterr().out.splitlines()[-2:] == [
        "14:13 ! The name alice is in use.",
        "? login: it is my account; other: another name; wait: be alice_ until it is free. login/other/wait?",
    ]
    assert enter("what?") == [
        "? 'what?' is not an answer. Type login, other or wait; Escape is wait. login/other/wait?",
    ]
    assert enter("login") == [
        "? It stays hidden. Enter confirms, Escape goes back. Password of alice:",
    ]
    assert enter("\x1b") == []
    assert world.console.asked == ""


def test_no_list_of_channels_without_a_screen(tea: World) -> None:
    """A hidden list to choose from would block all later questions."""
    tea.model.has_screen = False
    tea.console.on_terminal(LineEntered("/join"), tea.now)
    assert tea.shown()[-1] == "- Name a channel: /join #tea. /list lists them."
    tea.console.on_terminal(LineEntered("/login"), tea.now)
    assert tea.console.asked.endswith("Password of alice:")


HISTORY = "message-tags batch server-time draft/chathistory echo-message labeled-response"


def page(*lines: str) -> list[str]:
    return [":srv BATCH +h chathistory #tea", *(f"@batch=h;{line}" for line in lines), ":srv BATCH -h"]


def printed(world: World, screen: PlainScreen, capfd: pytest.CaptureFixture[str]) -> list[str]:
    screen.paint(world.console.frame(0))
    return capfd.readouterr().out.splitlines()


def test_history_is_printed_once_with_dates(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    """History arrives before present lines: none is lost or printed twice."""
    world.welcome(HISTORY)
    world.join()
    screen = PlainScreen(world.console)
    printed(world, screen, capfd)
    world.feed(
        *page(
            "msgid=1;time=2026-09-20T12:00:00.000Z :bob!b@h PRIVMSG #tea :yesterday",
            "msgid=2;time=2026-09-20T12:01:00.000Z :alice!a@h PRIVMSG #tea :my own words",
        )
    )
    world.feed("@msgid=3 :bob!b@h PRIVMSG #tea :now")
    assert printed(world, screen, capfd) == [
        "-- Sunday, 20 September 2026",
        "12:00 bob: yesterday",
        "12:01 alice: my own words",
        "-- Monday, 21 September 2026",
        "14:13 You joined",
        "14:13 bob: now",
    ]
    assert printed(world, screen, capfd) == []


def test_own_messages_of_another_device_are_printed(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.welcome(HISTORY)
    world.join()
    world.feed(*page())
    screen = PlainScreen(world.console)
    printed(world, screen, capfd)
    world.console.on_terminal(LineEntered("typed here"), world.now)
    label = world.sent()[0].partition("label=")[2].partition(";")[0].partition(" ")[0]
    world.feed(
        f"@label={label};msgid=1 :alice!a@h PRIVMSG #tea :typed here",
        "@msgid=2 :alice!a@h PRIVMSG #tea :from the phone",
    )
    assert printed(world, screen, capfd) == ["14:13 alice: from the phone"]


def test_replies_and_reactions_are_printed(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.welcome(HISTORY)
    world.join()
    world.feed(*page())
    screen = PlainScreen(world.console)
    printed(world, screen, capfd)
    world.feed(
        "@msgid=1 :bob!b@h PRIVMSG #tea :tea?",
        "@msgid=2;+draft/reply=1 :carol!c@h PRIVMSG #tea :yes",
        "@+draft/reply=1;+draft/react=👍 :carol!c@h TAGMSG #tea",
    )
    assert printed(world, screen, capfd) == [
        "14:13 bob: tea?",
        "14:13 carol (reply to bob: tea?): yes",
        "carol reacts with 👍 to bob: tea?",
    ]
    assert printed(world, screen, capfd) == []


def test_a_join_is_printed_once(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.model.show(world.model.open(world.network, "#tea"))
    screen = PlainScreen(world.console)
    assert printed(world, screen, capfd) == ["-- #tea: joining; your lines wait until then"]
    world.welcome()
    world.join()
    assert "-- now in #tea" in printed(world, screen, capfd)
    world.feed(":bob!b@h KICK #tea alice :out")
    assert "-- #tea: no longer joined" in printed(world, screen, capfd)


def test_no_questions_after_the_end_of_the_input(tea: World) -> None:
    taken: list[str] = []
    tea.model.questions.append(Prompt("a word", lambda text, _: taken.append(text)))
    tea.console.ask(tea.now)
    assert [tea.console.asked != ""] == [True]
    tea.console.end_input(tea.now)
    assert tea.console.asked == ""
    tea.feed(":srv 475 alice #tea :Cannot join channel (+k)")
    assert (tea.console.asked, taken) == ("", [])


def test_what_a_script_waits_for(world: World) -> None:
    """For registration, and until its input is confirmed; not for what can no longer happen."""
    model = world.model
    world.network.link.state = LinkState.CONNECTING
    assert unsent.waits(model, 1.0)
    world.welcome("echo-message labeled-response batch")
    assert unsent.waits(model, 1.0)
    world.join()
    assert not unsent.waits(model, 1.0)
    assert unsent.outcome(model) == ""
    world.console.on_terminal(LineEntered("hello"), world.now)
    world.sent()
    assert unsent.waits(model, 1.0)
    assert not unsent.waits(model, unsent.PATIENCE_SECONDS)
    world.lose()
    assert unsent.waits(model, 1.0)
    assert unsent.outcome(model) == "1 line not sent: Connection lost: the connection was cut"


def test_a_script_does_not_wait_for_an_unreachable_server(world: World) -> None:
    world.lose("nothing answers on irc.example:9090")
    assert not unsent.waits(world.model, 0.0)
    assert unsent.outcome(world.model) == "Can't connect: nothing answers on irc.example:9090"


def test_a_script_does_not_wait_for_a_closed_channel(world: World) -> None:
    world.model.show(world.model.open(world.network, "#tea"))
    world.console.on_terminal(LineEntered("hello"), world.now)
    world.welcome()
    world.feed(":srv 473 alice #tea :Cannot join channel (+i)")
    world.sent()
    assert not unsent.waits(world.model, 0.0)
    assert unsent.outcome(world.model).startswith("1 line not sent: #tea is invite-only")


@pytest.mark.parametrize("caps", ["", "echo-message labeled-response batch"])
def test_a_refused_line_counts_as_not_sent(world: World, caps: str) -> None:
    """Also where the refusal was printed already, and nothing waits any more."""
    world.welcome(caps)
    world.join()
    world.console.on_terminal(LineEntered("/msg nobody hello"), world.now)
    label = "@label=gc1 " if caps else ""
    world.feed(f"{label}:srv 401 alice nobody :No such nick")
    world.sent()
    assert not unsent.waits(world.model, 0.0)
    assert unsent.outcome(world.model) == "1 line not sent: no such nick"


def test_missed_messages_are_printed_before_new_ones(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    """A new message arrives after reconnecting before the server has sent the missed ones."""
    world.welcome(HISTORY)
    world.join()
    world.feed(*page(), "@msgid=1 :bob!b@h PRIVMSG #tea :before", "@msgid=2 :bob!b@h PRIVMSG alice :psst")
    screen = PlainScreen(world.console, lambda: 0.0)
    printed(world, screen, capfd)
    world.lose()
    world.now += 60_000
    printed(world, screen, capfd)
    world.come_in(HISTORY)
    world.feed(":alice!al@host.example JOIN #tea", "@msgid=5 :bob!b@h PRIVMSG #tea :now")
    world.feed("@msgid=6 :bob!b@h PRIVMSG alice :still there?")
    output = printed(world, screen, capfd)
    assert [line for line in output if "now" in line or "there?" in line] == ["-- now in #tea"]
    world.feed(":srv 353 alice = #tea :@alice bob", ":srv 366 alice #tea :End")
    asked = [line for line in world.sent() if line.startswith("CHATHISTORY LATEST #tea")]
    assert asked == ["CHATHISTORY LATEST #tea timestamp=2026-09-21T14:13:19.999Z 100"]
    assert printed(world, screen, capfd) == []
    world.feed(*page("msgid=3;time=2026-09-21T14:13:40.000Z :bob!b@h PRIVMSG #tea :missed"))
    assert [line[6:] for line in printed(world, screen, capfd)] == ["bob: missed", "You joined", "bob: now"]


def test_continued_private_conversations_are_printed_in_order(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.welcome(HISTORY)
    world.join()
    screen = PlainScreen(world.console, lambda: 0.0)
    world.feed(*page(), "@msgid=2 :bob!b@h PRIVMSG alice :psst")
    world.lose()
    printed(world, screen, capfd)
    world.now += 60_000
    world.welcome(HISTORY)
    printed(world, screen, capfd)
    world.feed("@msgid=6 :bob!b@h PRIVMSG alice :still there?", "@msgid=7 :eve!e@h PRIVMSG alice :I am new")
    assert printed(world, screen, capfd) == []
    world.feed(
        ":srv BATCH +t draft/chathistory-targets", "@batch=t :srv CHATHISTORY TARGETS bob 2026-09-21T14:14:20.000Z"
    )
    world.feed(":srv BATCH -t")
    assert world.sent() == ["CHATHISTORY LATEST bob timestamp=2026-09-21T14:13:19.999Z 100"]
    assert printed(world, screen, capfd) == ["14:14 eve eve: I am new"]
    world.feed(
        ":srv BATCH +h chathistory bob",
        "@batch=h;msgid=4;time=2026-09-21T14:13:50.000Z :bob!b@h PRIVMSG alice :missed",
        ":srv BATCH -h",
    )
    assert printed(world, screen, capfd) == ["14:13 bob bob: missed", "14:14 bob bob: still there?"]


def test_lines_are_not_held_back_for_ever(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    """The server may never send the missed messages, and the program may end before it does."""
    clock = [0.0]
    world.welcome(HISTORY)
    world.join()
    screen = PlainScreen(world.console, lambda: clock[0])
    printed(world, screen, capfd)
    world.feed("@msgid=1 :bob!b@h PRIVMSG #tea :now")
    assert printed(world, screen, capfd) == []
    clock[0] = PATIENCE_SECONDS
    assert printed(world, screen, capfd) == ["14:13 You joined", "14:13 bob: now"]
    other = PlainScreen(world.console, lambda: 0.0)
    other.paint(world.console.frame(0))
    assert "bob: now" not in capfd.readouterr().out
    other.finish()
    assert "bob: now" in capfd.readouterr().out


def test_more_than_a_page_of_missed_messages_is_complete(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    """Without a screen nobody scrolls to a gap."""
    world.model.has_screen = False
    world.welcome(HISTORY)
    world.feed(":srv 005 alice CHATHISTORY=2 :are supported")
    world.join()
    screen = PlainScreen(world.console, lambda: 0.0)
    world.feed(*page(), "@msgid=1 :bob!b@h PRIVMSG #tea :before")
    world.lose()
    printed(world, screen, capfd)
    world.now += 60_000
    world.come_in(HISTORY)
    world.feed(":srv 005 alice CHATHISTORY=2 :are supported")
    world.join()

    def missed(*numbers: int) -> list[str]:
        return page(
            *(
                f"msgid=m{each};time=2026-09-21T14:13:{each + 40}.000Z :bob!b@h PRIVMSG #tea :m{each}"
                for each in numbers
            )
        )

    printed(world, screen, capfd)
    world.feed(*missed(3, 4))
    assert printed(world, screen, capfd) == []
    assert [line.split()[1] for line in world.sent()] == ["BETWEEN"]
    world.feed(*missed(1, 2))
    assert [line.split()[1] for line in world.sent()] == ["BETWEEN"]
    world.feed(*page())
    assert [line[6:] for line in printed(world, screen, capfd) if ": m" in line] == [f"bob: m{n}" for n in (1, 2, 3, 4)]


def test_messages_of_any_number_of_strangers_are_printed_once(tea: World, capfd: pytest.CaptureFixture[str]) -> None:
    """Windows that are not drawn need no limit: none is closed, which would print its lines again."""
    tea.model.has_screen = False
    screen = PlainScreen(tea.console)
    printed(tea, screen, capfd)
    printed_lines: list[str] = []
    for number in range(MOST_WINDOWS + 2):
        tea.feed(f":spam{number}!s@h PRIVMSG alice :buy")
        printed_lines += printed(tea, screen, capfd)
    assert printed_lines == [f"14:13 spam{number} spam{number}: buy" for number in range(MOST_WINDOWS + 2)]
