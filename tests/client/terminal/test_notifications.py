"""Desktop notifications by terminal."""

import pytest

from greenchat.client.state.events import Focused
from greenchat.client.terminal.notifications import send, sequence
from tests.client.world import World


@pytest.mark.parametrize(
    ("environment", "sent"),
    [
        ({}, ""),
        ({"TERM": "xterm-256color"}, ""),
        ({"TERM": "foot"}, "\x1b]777;notify;bob in #a,b;hi; you\x1b\\"),
        ({"TERM": "rxvt-unicode-256color"}, "\x1b]777;notify;bob in #a,b;hi; you\x1b\\"),
        ({"TERM_PROGRAM": "WezTerm", "TERM": "xterm"}, "\x1b]9;bob in #a;b: hi; you\x1b\\"),
        (
            {"TERM": "xterm-kitty"},
            "\x1b]99;i=greenchat:d=0;bob in #a;b\x1b\\\x1b]99;i=greenchat:p=body;hi; you\x1b\\",
        ),
    ],
)
def test_the_sequence_of_each_terminal(environment: dict[str, str], sent: str) -> None:
    assert sequence(environment, "bob in #a;b", "hi; \x02you") == sent


def test_message_texts_cannot_contain_control_sequences() -> None:
    sent = sequence({"TERM": "foot"}, "a\x1b\\", "\x07\x9c\x1b]0;x\x07\ny")
    body = sent.removeprefix("\x1b]").removesuffix("\x1b\\")
    assert body.isprintable()


def test_without_a_desktop_no_program_is_started() -> None:
    send({"PATH": ""}, "bob", "hi")


def test_a_mention_is_shown_while_the_window_is_unfocused(tea: World) -> None:
    tea.console.on_terminal(Focused(False), tea.now)
    tea.feed(":bob!b@h PRIVMSG #tea :alice: hi")
    tea.feed(":carol!c@h PRIVMSG #tea :hi all")
    assert tea.model.notification == ("bob in #tea", "alice: hi")


def test_every_private_message_notifies(tea: World) -> None:
    tea.feed(":carol!c@h PRIVMSG alice :psst")
    assert tea.model.notification == ("carol", "psst")


def test_no_notification_while_focused(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG #tea :alice: hi")
    assert tea.model.notification is None
