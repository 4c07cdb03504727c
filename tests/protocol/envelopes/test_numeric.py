"""A numeric for many clients equals the one made for each."""

import pytest

from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.envelopes.numeric import Addressed
from greenchat.protocol.message import Message

WEB = caps.WEBSOCKET_TEXT
KINDS = (0, caps.SERVER_TIME, caps.SERVER_TIME | caps.MESSAGE_TAGS, caps.PLAIN, WEB, WEB | caps.SERVER_TIME)


@pytest.mark.parametrize(
    "params",
    [("alice", "status", "*", "here"), ("*", "x", "*", " 761 * "), ("alice", "status"), ("a", "b", "*", "é" * 240)],
)
@pytest.mark.parametrize("nick", ["bob", "*", "é", "n" * 30, "n" * 60])
def test_it_equals_one_for_each(params: tuple[str, ...], nick: str) -> None:
    many = Addressed("761", *params, source="irc.example")
    for kind in KINDS * 2:
        one = Envelope(Message("761", (nick, *params), "irc.example"), time=1000)
        assert many.encode(kind, nick, 1000) == one.encode(kind)
        assert many.addressed_to(nick, 1000).encode(kind) == one.encode(kind)
