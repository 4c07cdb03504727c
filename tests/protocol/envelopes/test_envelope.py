"""One message, encoded once for each kind of client."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.framing import BODY_LIMIT
from greenchat.protocol.message import Message, parse
from greenchat.protocol.times import format_time

NOON = 1_700_000_000_007
TIME = "time=2023-11-14T22:13:20.007Z"
HELLO = Message("PRIVMSG", ("#a", "hi"), "alice!~a@host", {"+typing": "done", "+x": "; "})
BODY = ":alice!~a@host PRIVMSG #a :hi\r\n"


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (999, "1970-01-01T00:00:00.999Z"),
        (NOON, "2023-11-14T22:13:20.007Z"),
        (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
    ],
)
def test_time(milliseconds: int, text: str) -> None:
    """server-time: "YYYY-MM-DDThh:mm:ss.sssZ"."""
    assert format_time(milliseconds) == text


def all_capabilities(message: Message = HELLO) -> Envelope:
    return Envelope(message, time=NOON, msgid=1, account="Ann Lee", bot=True, batch="b1", label="l;1")


KINDS = [
    (0, ""),
    (caps.ECHO_MESSAGE | caps.AWAY_NOTIFY, ""),
    (caps.SERVER_TIME, f"@{TIME} "),
    (caps.ACCOUNT_TAG, r"@account=Ann\sLee "),
    (caps.BATCH, "@batch=b1 "),
    (caps.LABELED_RESPONSE, r"@label=l\:1 "),
    (caps.MESSAGE_TAGS, r"@msgid=0000000000001;bot;+typing=done;+x=\:\s "),
    (
        caps.WIRE,
        # "Any server-sent tags attached to messages MUST be included before client-only tags"
        rf"@{TIME};msgid=0000000000001;bot;account=Ann\sLee;batch=b1;label=l\:1;+typing=done;+x=\:\s ",
    ),
]


@pytest.mark.parametrize(("kind", "tags"), KINDS)
def test_each_kind_gets_the_tags_of_its_capabilities(kind: int, tags: str) -> None:
    assert all_capabilities().encode(kind) == (tags + BODY).encode()


@pytest.mark.parametrize("kind", [kind for kind, _ in KINDS if kind])
def test_a_plain_message_has_the_time_as_its_only_tag(kind: int) -> None:
    expected = (f"@{TIME} " if kind & caps.SERVER_TIME else "") + BODY
    assert Envelope(HELLO._replace(tags={}), time=NOON).encode(kind) == expected.encode()


def test_it_is_encoded_once_for_kinds_that_get_the_same() -> None:
    envelope = Envelope(HELLO._replace(tags={}), time=NOON)
    first = envelope.encode(0)
    assert envelope.encode(0) is first
    assert envelope.encode(caps.BATCH | caps.AWAY_NOTIFY | caps.MESSAGE_TAGS) is first
    assert envelope.encode(caps.SERVER_TIME) is not first
    assert len(envelope.encodings) == 2


def test_a_kind_without_the_needed_capability_gets_nothing() -> None:
    """ "Servers MUST NOT deliver TAGMSG to clients that haven't negotiated the message tags capability"."""
    needs = caps.MESSAGE_TAGS | caps.ACCOUNT_TAG
    envelope = Envelope(Message("TAGMSG", ("#a",), "alice"), time=NOON, needs=needs)
    assert envelope.encode(0) == envelope.encode(caps.MESSAGE_TAGS) == envelope.encode(caps.ACCOUNT_TAG) == b""
    assert envelope.encode(needs) == b":alice TAGMSG #a\r\n"


def test_extended_join() -> None:
    join = Envelope(Message("JOIN", ("#a",), "alice"), time=NOON, extended=("#a", "*", "Alice Liddell"))
    assert join.encode(0) == b":alice JOIN #a\r\n"
    assert join.encode(caps.EXTENDED_JOIN) == b":alice JOIN #a * :Alice Liddell\r\n"


def test_in_a_batch_and_labeled() -> None:
    labeled = all_capabilities().labeled("l2")
    assert parse(labeled.encode(caps.WIRE).decode().rstrip()).tags["label"] == "l2"
    batched = labeled.in_batch("b2")
    tags = parse(batched.encode(caps.WIRE).decode().rstrip()).tags
    assert tags["batch"] == "b2"
    assert "label" not in tags  # "The start of the batch MUST be tagged with the label tag", and it alone
    assert tags["msgid"] == "0000000000001"


def test_a_text_that_fits_is_not_cut() -> None:
    room = BODY_LIMIT - len(BODY) + len("hi")
    fitting = Envelope(HELLO._replace(params=("#a", "x" * room)), time=NOON)
    assert fitting.fits
    assert len(fitting.encode(0)) == BODY_LIMIT
    longer = Envelope(HELLO._replace(params=("#a", "x" * (room + 1))), time=NOON)
    assert not longer.fits
    assert longer.encode(0) == fitting.encode(0)


texts = st.text(st.characters(exclude_characters="\0\r\n ", exclude_categories=["Cs"]), min_size=1, max_size=600)


@given(st.lists(texts.filter(lambda text: text[0] != ":"), min_size=1, max_size=12), st.sampled_from([0, caps.WIRE]))
def test_no_line_exceeds_512_bytes_or_ends_within_a_character(params: list[str], kind: int) -> None:
    message = Message("353", tuple(params), "irc.example.com")
    data = Envelope(message, time=NOON, extended=tuple(params)).encode(kind)
    body = data.partition(b" ")[2] if data.startswith(b"@") else data
    assert len(body) <= BODY_LIMIT
    back = parse(data.decode().removesuffix("\r\n"))
    assert len(back.params) == len(params)
    assert all(whole.startswith(part) or part == "*" for whole, part in zip(params, back.params, strict=True))
