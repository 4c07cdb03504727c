"""Parsing and formatting messages."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from greenchat.protocol.message import (
    NO_TAGS,
    Message,
    ParseError,
    escape_value,
    format_tags,
    is_pong,
    parse,
    parse_tags,
    presentable,
    split_source,
)

GOOD = [
    # from https://modern.ircdocs.horse/#message-format and #parameters
    (
        ":irc.example.com CAP LS * :multi-prefix sasl",
        Message("CAP", ("LS", "*", "multi-prefix sasl"), "irc.example.com"),
    ),
    (
        "@id=234AB :dan!d@localhost PRIVMSG #chan :Hey what's up!",
        Message("PRIVMSG", ("#chan", "Hey what's up!"), "dan!d@localhost", {"id": "234AB"}),
    ),
    ("CAP REQ :sasl", Message("CAP", ("REQ", "sasl"))),
    (":irc.example.com CAP * LIST :", Message("CAP", ("*", "LIST", ""), "irc.example.com")),
    (":dan!d@localhost PRIVMSG #chan Hey!", Message("PRIVMSG", ("#chan", "Hey!"), "dan!d@localhost")),
    (":dan!d@localhost PRIVMSG #chan ::-)", Message("PRIVMSG", ("#chan", ":-)"), "dan!d@localhost")),
    # corner cases
    ("PING", Message("PING")),
    ("ping", Message("PING")),
    ("001 alice", Message("001", ("alice",))),
    ("PING ", Message("PING")),
    ("PING :", Message("PING", ("",))),
    ("PING  :", Message("PING", ("",))),
    ("PING : ", Message("PING", (" ",))),
    ("  PING  a   b  ", Message("PING", ("a", "b"))),
    ("PING a :b  c ", Message("PING", ("a", "b  c "))),
    ("PING a:b c:d", Message("PING", ("a:b", "c:d"))),
    ("PING a :b :c", Message("PING", ("a", "b :c"))),
    ("PING a : :", Message("PING", ("a", " :"))),
    ("PING \ta", Message("PING", ("\ta",))),
    ("PING a\u00a0b", Message("PING", ("a\u00a0b",))),
    (":src PING", Message("PING", (), "src")),
    (":src  PING", Message("PING", (), "src")),
    (": PING", Message("PING", (), "")),
    ("@a PING", Message("PING", (), None, {"a": ""})),
    ("@a= PING", Message("PING", (), None, {"a": ""})),
    ("@ PING", Message("PING")),
    ("@; PING", Message("PING")),
    ("@=x PING", Message("PING")),
    ("@a=1;a=2 PING", Message("PING", (), None, {"a": "2"})),
    ("@a=b=c PING", Message("PING", (), None, {"a": "b=c"})),
    ("@a  :src  PING", Message("PING", (), "src", {"a": ""})),
    ("@+draft/reply=x;vendor.org/y=1 PING", Message("PING", (), None, {"+draft/reply": "x", "vendor.org/y": "1"})),
    ("@a\\b=c PING", Message("PING", (), None, {"a\\b": "c"})),
    ("MODE " + " ".join("abcdefghijklmnopqrst"), Message("MODE", tuple("abcdefghijklmnopqrst"))),
    ("MODE " + " ".join("abcdefghijklmno") + " :p q", Message("MODE", (*"abcdefghijklmno", "p q"))),
    ("PRIVMSG #a :\x01ACTION waves\x01", Message("PRIVMSG", ("#a", "\x01ACTION waves\x01"))),
    ("PRIVMSG #grün :Größe 👍", Message("PRIVMSG", ("#grün", "Größe 👍"))),
]

BAD = [
    "",
    " ",
    "     ",
    ":",
    ": ",
    ":src",
    ":src ",
    "@",
    "@a",
    "@a ",
    "@a :src",
    "@a :src ",
    " :",
    " :a",
    ":a :b",
    "@a :b :c",
]
ODD = ["é", "PRIV.MSG", "-", "NONEXISTENT_COMMAND", "PRIVMSG\tX", "²", "$%"]
BAD += ["@a @b x", "\0", "PING \0", "PING a\rb", "PING a\nb", "PING\r", "\n"]


@pytest.mark.parametrize(("line", "message"), GOOD)
def test_parse(line: str, message: Message) -> None:
    assert parse(line) == message


@pytest.mark.parametrize("command", ODD)
def test_an_unknown_command_is_parsed(command: str) -> None:
    """The reader of the message refuses it by its name, with the label that stands before it."""
    assert parse(f"@label=1 {command} x") == Message(command, ("x",), None, {"label": "1"})
    assert parse(Message(command, ("x",)).format()) == Message(command, ("x",))


@pytest.mark.parametrize("line", BAD)
def test_invalid_lines_are_refused(line: str) -> None:
    with pytest.raises(ParseError):
        parse(line)


ESCAPES = [
    # https://ircv3.net/specs/extensions/message-tags#escaping-values
    ("", ""),
    ("plain", "plain"),
    (r"raw+:=,escaped\:\s\\", "raw+:=,escaped; \\"),
    (r"\r\n", "\r\n"),
    ("test\\", "test"),  # "If a lone \ exists at the end of an escaped value ..., there SHOULD be no output character"
    (r"\b", "b"),  # "the invalid backslash SHOULD be dropped"
    (r"\\s", r"\s"),
    (r"\\\s", "\\ "),
    ("\\é", "é"),
]


@pytest.mark.parametrize(("escaped", "value"), ESCAPES)
def test_tag_values_are_unescaped(escaped: str, value: str) -> None:
    assert parse_tags("a=" + escaped) == {"a": value}


@given(st.text())
def test_escaped_values_are_read_back(value: str) -> None:
    assert parse_tags("a=" + escape_value(value)) == {"a": value}


def test_a_tag_without_value_has_no_equals_sign() -> None:
    """Servers "MAY normalise tag values by converting the empty form to the missing form"."""
    assert format_tags({"a": "", "b": "c", "+d": ""}) == "a;b=c;+d"


TEXT = [
    (Message("PRIVMSG", ("#a", "one")), "PRIVMSG #a :one"),
    (Message("JOIN", ("#a",), "alice!a@h"), ":alice!a@h JOIN #a"),
    (Message("PART", ("#a",), "alice!a@h"), ":alice!a@h PART #a"),
    (Message("PART", ("#a", "bye")), "PART #a :bye"),
    (Message("322", ("alice", "#a", "1", "topic")), "322 alice #a 1 :topic"),
    (Message("CAP", ("*", "LS", "")), "CAP * LS :"),
    (Message("PING", (":x",)), "PING ::x"),
    (Message("PING", ("x y",)), "PING :x y"),
    (Message("PING", (), "", {"a": " "}), r"@a=\s : PING"),
]


@pytest.mark.parametrize(("message", "line"), TEXT)
def test_format(message: Message, line: str) -> None:
    assert message.format() == line


UNFORMATTABLE = [
    Message(""),
    Message("A B"),
    Message("A\r\n"),
    Message("PING", ("", "a")),
    Message("PING", ("a b", "c")),
    Message("PING", (":a", "c")),
    Message("PING", ("a\r\nQUIT",)),
    Message("PING", ("a\nQUIT",)),
    Message("PING", ("a\0",)),
    Message("PING", (), "a b"),
    Message("PING", (), "a\r"),
    Message("PING", (), None, {"": "x"}),
    Message("PING", (), None, {"a b": "x"}),
    Message("PING", (), None, {"a;b": "x"}),
    Message("PING", (), None, {"a=b": "x"}),
    Message("PING", (), None, {"a\nb": "x"}),
    Message("PING", (), None, {"a": "x\0"}),
]


@pytest.mark.parametrize("message", UNFORMATTABLE)
def test_ambiguous_messages_are_not_formatted(message: Message) -> None:
    with pytest.raises(ValueError, match=r"."):
        message.format()


middle = st.text(st.characters(exclude_characters="\0\r\n ", exclude_categories=["Cs"]), min_size=1).filter(
    lambda word: word[0] != ":"
)
last = st.text(st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]))
commands = st.from_regex(r"[A-Z]{1,12}|[0-9]{3}", fullmatch=True)
parameters = st.builds(lambda words, end: (*words, *end), st.lists(middle, max_size=20), st.lists(last, max_size=1))
sources = st.none() | st.text(st.characters(exclude_characters="\0\r\n ", exclude_categories=["Cs"]))
names = st.text(st.characters(exclude_characters="\0\r\n ;=", exclude_categories=["Cs"]), min_size=1)
values = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
messages = st.builds(Message, commands, parameters, sources, st.dictionaries(names, values, max_size=5))


@given(messages)
def test_a_message_is_read_back_from_its_line(message: Message) -> None:
    assert parse(message.format()) == message


@given(messages)
def test_equal_messages_have_equal_hashes(message: Message) -> None:
    again = Message(message.command, message.params, message.source, dict(reversed(list(message.tags.items()))))
    assert message == again
    assert hash(message) == hash(again)


@given(st.text() | st.text("@:;= \\aP\0\r\n\t1é", max_size=30))
@example("@" + ";" * 5000)
@example("\x1c \x85 \u2028")
def test_any_line_is_a_message_or_a_parse_error(line: str) -> None:
    try:
        message = parse(line)
    except ParseError:
        return
    assert message.command != ""
    assert message.command == message.command.upper() or not message.command.isascii()


@given(st.text() | st.text("@:;= \\aP", max_size=30))
def test_a_parsed_message_can_be_sent_and_parsed_again(line: str) -> None:
    try:
        message = parse(line)
    except ParseError:
        return
    assert parse(message.format()) == message


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("", ("", "", "")),
        ("irc.example.com", ("irc.example.com", "", "")),
        ("dan!d@localhost", ("dan", "d", "localhost")),
        ("dan@localhost", ("dan", "", "localhost")),
        ("dan!d", ("dan", "d", "")),
        ("dan!d@a@b", ("dan", "d", "a@b")),
    ],
)
def test_split_source(source: str, parts: tuple[str, str, str]) -> None:
    """source ::= servername / ( nickname [ "!" user ] [ "@" host ] )."""
    assert split_source(source) == parts
    assert Message("PING", (), source).nick == parts[0]


@pytest.mark.parametrize(
    ("word", "shown"), [("", "*"), ("a", "a"), ("a b", "*"), (":a", "*"), ("a:b", "a:b"), (" ", "*")]
)
def test_presentable(word: str, shown: str) -> None:
    assert presentable(word) == shown


def test_the_tags_of_all_messages_are_immutable() -> None:
    with pytest.raises(TypeError):
        NO_TAGS["a"] = "b"  # type: ignore[index]  # that it is refused at run time too is what is tested


# "The <token> should be the same as the one in the PING message that triggered this PONG."
# https://modern.ircdocs.horse/#pong-message
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"", False),
        (b"PONG", False),
        (b"PONG :", False),
        (b"PONG :chat.example", True),
        (b"PONG chat.example", True),
        (b"PONG chat.example ", False),
        (b"PONG :other", False),
        (b"PONG a :chat.example", False),
    ],
)
def test_the_answer_to_a_ping(line: bytes, expected: bool) -> None:
    assert is_pong(line, "chat.example") is expected
