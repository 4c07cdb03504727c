"""RPL_NAMREPLY, cached in pieces. https://modern.ircdocs.horse/#rplnamreply-353"""

from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.caps import SERVER_TIME
from greenchat.protocol.envelopes.names_reply import NamesLines, NamesReply
from greenchat.protocol.message import Message, parse

SERVER = "irc.example.org"
NICK = "n" * 32
_NAME = st.text("abc\u00e9\U0001f409", min_size=20, max_size=30)


def reply_of(lines: NamesLines, channel: str = "#channel") -> NamesReply:
    return NamesReply(lines.wire(), Message("353", (NICK, "=", channel, ""), SERVER), time=0)


@given(
    st.lists(
        st.tuples(st.sampled_from(["add", "remove", "replace"]), st.integers(0, 30), _NAME), min_size=30, max_size=120
    ),
    st.sampled_from(["#c", "#" + "\u00e9" * 60]),
)
def test_lines_contain_each_member_once(steps: list[tuple[str, int, str]], channel: str) -> None:
    """After any changes: each member once, and no line of more than 512 bytes."""
    lines = NamesLines(SERVER, channel, nick_bytes=len(NICK))
    there: dict[int, str] = {}
    for step, key, name in steps:
        if step == "remove":
            if there.pop(key, None) is not None:
                lines.remove(key)
        else:
            (lines.replace if key in there else lines.add)(key, name)
            there[key] = name
    data = reply_of(lines, channel).encode(0)
    wire = data.split(b"\r\n")
    assert wire.pop() == b""
    assert all(len(line) <= 510 for line in wire)
    messages = [parse(line.decode()) for line in wire]
    assert sorted(name for message in messages for name in message.params[3].split()) == sorted(there.values())
    assert all(message.source == SERVER and message.params[:3] == (NICK, "=", channel) for message in messages)


def test_gaps_are_filled() -> None:
    lines = NamesLines(SERVER, "#c", nick_bytes=32)
    for number in range(1000):
        lines.add(number, f"name{number:04}")
    full = len(lines.texts())
    for number in range(1000):
        if number % 10:
            lines.remove(number)
    assert len(lines.texts()) <= full // 4
    assert " ".join(lines.texts()).split() == [f"name{number:04}" for number in range(0, 1000, 10)]


def test_each_line_has_the_tags() -> None:
    lines = NamesLines(SERVER, "#channel", nick_bytes=32)
    for number in range(100):
        lines.add(number, f"name{number}")
    for reply in reply_of(lines).in_batch("ref"), reply_of(lines).labeled("x"):
        assert all(line.startswith(b"@time=1970-") for line in reply.encode(SERVER_TIME).splitlines())
        assert len(reply.encode(SERVER_TIME).splitlines()) == len(lines.texts()) > 1


def test_no_members() -> None:
    assert reply_of(NamesLines(SERVER, "#channel", nick_bytes=32)).encode(0) == b""
