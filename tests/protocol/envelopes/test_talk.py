"""Several messages encoded at once equal each of them."""

from itertools import chain, combinations

import pytest

from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.envelopes.talk import Talk, TalkHead
from greenchat.protocol.message import Message
from greenchat.protocol.msgid import time_of

BITS = (caps.SERVER_TIME, caps.MESSAGE_TAGS, caps.ACCOUNT_TAG, caps.BATCH, caps.PLAIN, caps.TILDE)
KINDS = [sum(chosen) for chosen in chain.from_iterable(combinations(BITS, size) for size in range(len(BITS) + 1))]
TEXTS = ["one", "\x01ACTION zwei\x01", "\u00e9t\u00e9"]


@pytest.mark.parametrize("first", [5 << 20, (6 << 20) - 1], ids=["in one millisecond", "in two"])
@pytest.mark.parametrize("bot", [True, False])
@pytest.mark.parametrize("account", ["", "al;ice"])
def test_the_bytes_equal_those_of_an_envelope(account: str, bot: bool, first: int) -> None:
    source, ids = "alice!u@host", range(first, first + 3)
    head = TalkHead(source, "PRIVMSG", "#a", account, bot)
    talk = Talk(head, ids, TEXTS, head.lines([text.encode() for text in TEXTS]))
    for kind in KINDS:
        wanted = [
            Envelope(
                Message("PRIVMSG", ("#a", text), source), time=time_of(number), msgid=number, account=account, bot=bot
            ).encode(kind)
            for number, text in zip(ids, TEXTS, strict=True)
        ]
        assert talk.encode(kind) == wanted
        assert {*map(id, talk.encode(kind))} <= {*map(id, talk.encodings)}


def test_texts_that_fit_after_a_head() -> None:
    head = TalkHead("alice!u@host", "NOTICE", "#a", "", False)
    (line,) = head.lines([b"x" * head.room])
    assert len(line) == 512
