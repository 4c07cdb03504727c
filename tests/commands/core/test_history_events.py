"""The parts of a message that the history stores: client-only tags are bounded."""

import pytest

from greenchat.commands.core.history_events import size_of, to_event
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.message import Message
from greenchat.protocol.tags import CLIENT_ID

_LONG = "x" * 4000


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        ({"+a": "b"}, {"+a": "b"}),
        ({"+typing": "active", "+a": "b"}, {"+a": "b"}),
        ({"+a": _LONG}, {}),
        ({"+a": "x" * 500, "+b": "y" * 500}, {"+a": "x" * 500}),
        ({"+a": "x" * 500, "+draft/reply": "id", CLIENT_ID: "7"}, {"+draft/reply": "id", CLIENT_ID: "7"}),
        ({f"+{number}": "" for number in range(2000)}, {f"+{number}": "" for number in range(155)}),
        ({"+a": "ü" * 300}, {}),  # bytes are counted, not characters
    ],
)
def test_tags_in_the_history_are_bounded(tags: dict[str, str], kept: dict[str, str]) -> None:
    message = Message("PRIVMSG", ("#lobby", "hi"), "alice!u@h", tags)
    event = to_event(Envelope(message, time=1, msgid=1), "#lobby")
    assert dict(event.tags) == kept
    assert size_of(event) < 600
