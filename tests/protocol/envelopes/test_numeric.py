"""A numeric for many gives the bytes that one for each would give."""

import pytest

from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.envelopes.numeric import Addressed
from greenchat.protocol.message import Message

KINDS = (0, caps.SERVER_TIME, caps.SERVER_TIME | caps.MESSAGE_TAGS)


@pytest.mark.parametrize(
    "params",
    [("alice", "status", "*", "here"), ("*", "x", "*", " 761 * "), ("alice", "status"), ("a", "b", "*", "é" * 240)],
)
@pytest.mark.parametrize("nick", ["bob", "*", "é", "n" * 30, "n" * 60])
def test_as_one_for_each(params: tuple[str, ...], nick: str) -> None:
    many = Addressed("761", *params, source="irc.example", time=1000)
    for kind in KINDS * 2:
        one = Envelope(Message("761", (nick, *params), "irc.example"), time=1000)
        assert many.encode(kind, nick) == one.encode(kind)
        assert many.addressed_to(nick).encode(kind) == one.encode(kind)
