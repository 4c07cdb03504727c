"""Lines instead of a screen."""

import pytest

from greenchat.client.line_mode import LineInput, PlainScreen
from greenchat.client.state.events import Entered
from tests.client.world import World


def test_what_is_entered_is_cut_into_lines() -> None:
    lines = LineInput()
    assert lines.feed(b"one\r\ntwo\nthr") == [Entered("one"), Entered("two")]
    assert lines.feed(b"ee\n\n") == [Entered("three"), Entered("")]
    assert lines.feed(b"end") == []
    assert lines.flush() == [Entered("end")]
    assert lines.flush() == []


def test_what_happens_is_printed_once(tea: World, capfd: pytest.CaptureFixture[str]) -> None:
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
    tea.console.on_terminal(Entered("what I say"), tea.now)
    for _ in range(2):
        screen.paint(tea.console.frame(0))
    assert capfd.readouterr().out.splitlines() == [
        "14:13 net Welcome again",
        "14:13 bob: hello ␛[2J",
        "14:13 * bob waves",
        "14:13 dave joined",
        "14:13 ! #tea: only its operators (@) may do that",
        "14:13 - asked for",
        "14:13 bob bob: psst",
    ]
    tea.console.on_terminal(Entered("/window bob"), tea.now)
    screen.paint(tea.console.frame(0))
    assert capfd.readouterr().out.splitlines() == ["-- now in bob"]


def test_what_is_asked_is_printed_too(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    """Nobody can answer a question that is not seen: the answer would be said, or be taken for a password."""
    screen = PlainScreen(world.console)

    def enter(text: str) -> list[str]:
        world.console.on_terminal(Entered(text), world.now)
        screen.paint(world.console.frame(0))
        return capfd.readouterr().out.splitlines()

    world.connect()
    world.feed(":srv 433 * alice :Nickname is already in use", ":srv 001 alice_ :Welcome", ":srv 422 alice_ :No MOTD")
    for _ in range(2):
        screen.paint(world.console.frame(0))
    assert capfd.readouterr().out.splitlines()[-2:] == [
        "14:13 ! The name alice is in use.",
        "? login: it is mine; other: another name; wait: be alice_ until it is free. login/other/wait?",
    ]
    assert enter("what?") == [
        "? 'what?' is no answer. Type login, other or wait; Escape is wait. login/other/wait?",
    ]
    assert enter("login") == [
        "? It is not shown while you type. Enter takes it, Escape goes back. Password of alice:",
    ]
    assert enter("\x1b") == []
    assert world.console.asked == ""


def test_without_a_screen_no_channel_is_chosen_on_one(tea: World) -> None:
    """A list to choose from that nobody sees would keep all later questions back."""
    tea.model.draws = False
    tea.console.on_terminal(Entered("/join"), tea.now)
    assert tea.shown()[-1] == "- Which one? /list shows the channels, /join #tea goes into one."
    tea.console.on_terminal(Entered("/login"), tea.now)
    assert tea.console.asked.endswith("Password of alice:")
