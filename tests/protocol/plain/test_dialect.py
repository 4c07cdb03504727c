"""The whole reading side: from the first byte to the messages."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.message import Message, parse
from greenchat.protocol.plain import Dialect, Family, Leave, NotPlain, PlainOptions, PromptTime, Run, Tell, Write
from greenchat.protocol.plain.dialect import Event
from greenchat.protocol.plain.slash import COMMANDS

NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]{0,31}")


def legal(nick: str) -> bool:
    return NICK.fullmatch(nick) is not None


def dialect(prompt: PromptTime = PromptTime.GRACE, *, irc: bool = True) -> Dialect:
    return Dialect(PlainOptions(legal, prompt=prompt, irc=irc), 0)


def lines(events: list[Event]) -> list[str]:
    """Return the events as text: messages as lines of IRC."""
    shown = []
    for event in events:
        match event:
            case Run(message):
                shown.append(message.format())
            case Tell(text):
                shown.append("* " + text)
            case _:
                shown.append(repr(event))
    return shown


def member(first: bytes = b"alice", family: Family = Family.RAW) -> Dialect:
    """Return a dialect whose user is registered."""
    made = dialect()
    if family is Family.RAW:
        made.tick(400)
    events = made.receive(first + b"\n" if family is Family.LINE else first, 1000)
    assert made.family is family
    assert isinstance(events[0], Run)
    made.welcomed(events[0].message.params[0], 1000)
    return made


def test_prompted() -> None:
    made = dialect()
    assert made.start(0) == []
    assert made.deadline == 400
    assert made.tick(400) == [Write(b"NICK")]
    assert lines(made.receive(b"alice", 5000)) == ["NICK alice", "USER alice 0 * alice"]
    assert made.family is Family.RAW
    assert made.style.hold_until == 5500
    assert not made.style.ascii
    assert lines(made.welcomed("alice", 5001)) == ["JOIN #lobby"]
    assert not made.deadline
    assert lines(made.receive(b"alice: hi", 6000)) == ["PRIVMSG #lobby :hi"]
    assert made.end(7000) == []


def test_tilde() -> None:
    made = dialect()
    assert lines(made.receive(b"Big Bob", 5)) == ["NICK Big_Bob", "USER Big_Bob 0 * :Big Bob"]
    assert made.family is Family.TILDE
    assert made.style.hold_until <= 5
    assert lines(made.welcomed("Big_Bob", 6)) == ["JOIN #lobby", "* You are Big_Bob."]
    assert lines(made.receive(b"Big Bob:hi", 6)) == ["PRIVMSG #lobby :hi"]


def test_line_with_all_at_once() -> None:
    made = dialect()
    assert lines(made.receive(b"alice\nhi\nho", 5)) == ["NICK alice", "USER alice 0 * alice"]
    assert lines(made.welcomed("alice", 5)) == ["JOIN #lobby", "PRIVMSG #lobby :hi"]
    assert lines(made.end(6)) == ["PRIVMSG #lobby :ho"]


def test_text_before_the_name() -> None:
    made = dialect()
    assert made.receive(b"alice: early", 5) == [Write(b"NICK")]
    assert lines(made.receive(b"alice", 20)) == ["NICK alice", "USER alice 0 * alice"]
    assert made.style.ascii
    assert lines(made.welcomed("alice", 20)) == ["JOIN #lobby", "PRIVMSG #lobby :early"]
    assert not made.style.newline


def test_answer_with_a_text() -> None:
    made = dialect()
    made.tick(400)
    assert lines(made.receive("Zoë: hi".encode(), 1000)) == ["NICK Zo_", "USER Zo_ 0 * Zoë"]
    assert lines(made.welcomed("Zo_", 1000)) == ["JOIN #lobby", "* You are Zo_.", "PRIVMSG #lobby :hi"]


def test_irc() -> None:
    assert dialect().receive(b"CAP LS\r\n", 5) == [NotPlain(b"CAP LS\r\n")]
    made = dialect()
    made.tick(400)
    # "end the prompt's line with `\r\n`, continue as IRC"
    assert made.receive(b"CAP LS\r\n", 500) == [Write(b"\r\n"), NotPlain(b"CAP LS\r\n")]


@pytest.mark.parametrize(
    ("prompt", "first", "family"),
    [
        (PromptTime.NOW, [Write(b"NICK")], Family.RAW),
        (PromptTime.NEVER, [], Family.TILDE),
    ],
)
def test_pinned(prompt: PromptTime, first: list[Event], family: Family) -> None:
    made = dialect(prompt, irc=False)
    assert made.start(0) == first
    assert lines(made.receive(b"NICK bob", 5)) == ["NICK NICK_bob", "USER NICK_bob 0 * :NICK bob"]
    assert made.family is family


def test_a_prompt_that_is_never_answered() -> None:
    made = dialect()
    made.tick(400)
    assert made.deadline == 600_000
    assert made.tick(599_999) == []
    assert made.tick(600_000) == [Leave("no name came")]


class TestNames:
    def test_a_taken_name(self) -> None:
        made = dialect()
        made.receive(b"alice", 5)
        assert lines(made.refused()) == ["NICK alice_2"]
        assert lines(made.refused()) == ["NICK alice_3"]
        assert lines(made.welcomed("alice_3", 5)) == [
            "JOIN #lobby",
            "* The name alice is taken, so you are alice_3.",
        ]
        # "of any name it has claimed (as typed, as assigned ...)"
        assert lines(made.receive(b"alice: hi", 6)) == ["PRIVMSG #lobby :hi"]
        assert lines(made.receive(b"alice_3: hi", 6)) == ["PRIVMSG #lobby :hi"]
        # a name that was only tried belongs to another user
        assert lines(made.receive(b"alice_2: hi", 6)) == ["PRIVMSG #lobby :alice_2: hi"]

    def test_several_clients_with_the_same_name(self) -> None:
        made = dialect()
        made.receive(b"bot", 5)
        tried = [line for _ in range(99) for line in lines(made.refused())]
        assert len(set(tried)) == 99
        assert made.refused() == [Leave("No free name")]

    @pytest.mark.parametrize("typed", [b"\n", b"   \n", b"\r\n"])
    def test_an_empty_name_becomes_a_guest(self, typed: bytes) -> None:
        made = dialect()
        assert lines(made.receive(typed, 5)) == ["NICK guest1", "USER guest1 0 * guest1"]
        assert lines(made.refused()) == ["NICK guest2"]
        assert lines(made.welcomed("guest2", 5)) == ["JOIN #lobby", "* You are guest2."]
        assert lines(made.receive(b": hi\n", 6)) == ["PRIVMSG #lobby :: hi"]

    def test_a_reserved_name(self) -> None:
        made = dialect()
        made.receive(b"Global\n", 5)
        assert lines(made.refused(taken=False)) == ["NICK guest1"]
        assert lines(made.refused()) == ["NICK guest2"]
        assert lines(made.welcomed("guest2", 5)) == [
            "JOIN #lobby",
            "* The name Global is reserved on this server, so you are guest2.",
        ]

    def test_a_file_is_not_a_name(self) -> None:
        assert dialect().receive(b"PK\3\4" + bytes(20), 5) == [
            Write(b"Goodbye: that was not text\n"),
            Leave("that was not text"),
        ]

    def test_hostile_names(self) -> None:
        made = dialect()
        assert lines(made.receive(b"\x1b]0;x\x07\x00\n", 5)) == ["NICK _]0_x__", "USER _]0_x__ 0 * ^[]0;x^G^@"]
        assert all(ord(letter) >= 32 for line in lines(made.welcomed("_]0_x__", 5)) for letter in line)

    def test_a_huge_name(self) -> None:
        made = dialect()
        assert made.receive(b"x" * 1_000_000, 5) == [Leave("a name without an end")]
        made = dialect()
        assert made.receive(b"x" * 16_000, 5) == []
        name, user = lines(made.tick(65))
        assert name == "NICK " + "x" * 32
        assert len(user) < 250


class TestSlash:
    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("/me waves  at all", ["PRIVMSG #lobby :\x01ACTION waves  at all\x01"]),
            ("/me", ["* Usage: /me TEXT"]),
            ("/msg bob hello there", ["PRIVMSG bob :hello there"]),
            ("/msg bob: hi", ["PRIVMSG bob :hi"]),
            ("/msg bob", ["* Usage: /msg NAME TEXT"]),
            ("/msg #other hi", ["PRIVMSG other :hi"]),
            ("/msg :: hi", ["* Usage: /msg NAME TEXT"]),
            ("/who", ["NAMES #lobby"]),
            ("/WHO", ["NAMES #lobby"]),
            ("/join dev", ["JOIN #dev"]),
            ("/join #dev key", ["JOIN #dev key"]),
            ("/join #", ["* Usage: /join ROOM"]),
            ("/list", ["LIST"]),
            ("/topic", ["TOPIC :#lobby"]),
            ("/topic be kind", ["TOPIC #lobby :be kind"]),
            ("/names", ["NAMES #lobby"]),
            ("/quit", ["QUIT"]),
            ("/quit see you", ["QUIT :see you"]),
            ("/nick Big Al", ["NICK Big_Al"]),
            ("/nick", ["* Usage: /nick NAME"]),
            (
                "/frob x",
                [
                    "* There is no command /frob. /help lists the commands; begin with // to send a line that begins"
                    " with /."
                ],
            ),
            ("/usr/bin is full", ["PRIVMSG #lobby :/usr/bin is full"]),
            ("/ 2", ["PRIVMSG #lobby :/ 2"]),
            ("/o/", ["PRIVMSG #lobby :/o/"]),
            ("//me is a command", ["PRIVMSG #lobby :/me is a command"]),
            (" /me", ["PRIVMSG #lobby : /me"]),
            ("\x01ACTION x\x01", ["PRIVMSG #lobby :^AACTION x^A"]),
            ("/me \x01x", ["PRIVMSG #lobby :\x01ACTION ^Ax\x01"]),
            ("/msg \x1b[2J \x07", ["PRIVMSG ^[[2J :^G"]),
            ("/quit \x00", ["QUIT :^@"]),
        ],
    )
    @pytest.mark.parametrize("family", [Family.RAW, Family.LINE])
    def test_commands(self, typed: str, expected: list[str], family: Family) -> None:
        made = member(family=family)
        line = f"alice: {typed}" if family is Family.RAW else typed + "\n"
        assert lines(made.receive(line.encode(), 2000)) == expected

    def test_help_names_every_command(self) -> None:
        shown = lines(member().receive(b"/help", 2000))
        assert [line.split()[1] for line in shown] == [f"/{name}" for name in COMMANDS]

    def test_a_new_name_is_stripped_once_it_is_accepted(self) -> None:
        made = member()
        made.receive(b"alice: /nick Big Al", 2000)
        assert lines(made.receive(b"Big Al: hi", 2000)) == ["PRIVMSG #lobby :Big Al: hi"]
        made.known_as("Big_Al")
        for prefix in (b"Big Al", b"Big_Al", b"alice"):
            assert lines(made.receive(prefix + b": hi", 2000)) == ["PRIVMSG #lobby :hi"]

    def test_a_refused_name_is_not_stripped(self) -> None:
        made = member()
        made.receive(b"alice: /nick bob", 2000)
        made.known_as("alice")
        assert lines(made.receive(b"bob: hi", 2000)) == ["PRIVMSG #lobby :bob: hi"]


def test_long_texts_are_split_into_messages_that_fit_irc() -> None:
    made = member(family=Family.LINE)
    long_text = "ä€👍 " * 300
    events = made.receive(long_text.encode() + b"\n", 2000)
    texts = []
    for event in events:
        assert isinstance(event, Run)
        target, text = event.message.params
        texts.append(text)
        longest = Message("PRIVMSG", (target, text), f"{'n' * 32}!{'u' * 18}@{'h' * 64}").format()
        assert len(longest.encode()) <= 510
    assert "".join(texts) == long_text
    assert len(events) < 15


def test_input_before_the_welcome_waits_within_a_limit() -> None:
    made = dialect()
    made.receive(b"alice\n", 5)
    assert made.receive(b"one\ntwo\n", 6) == []
    assert made.receive(b"x" * 70_000, 7) == [Leave("Excess Flood")]
    made = dialect()
    made.receive(b"alice\n", 5)
    made.receive(b"one\ntw", 6)
    made.receive(b"o\n", 6)
    assert lines(made.welcomed("alice", 7)) == ["JOIN #lobby", "PRIVMSG #lobby :one", "PRIVMSG #lobby :two"]


@given(
    st.lists(st.tuples(st.integers(0, 600), st.binary(min_size=1, max_size=80)), max_size=30),
    st.sampled_from(PromptTime),
)
def test_any_bytes_are_harmless(chunks: list[tuple[int, bytes]], prompt: PromptTime) -> None:
    """The output could always have come from an IRC client, and the prompt is written at most once."""
    made = dialect(prompt, irc=prompt is PromptTime.GRACE)
    now = prompts = 0
    events = made.start(now)
    for gap, chunk in [*chunks, (0, b"")]:
        now += gap
        if made.deadline is not None and made.deadline <= now:
            events += made.tick(now)
        events += made.receive(chunk, now) if chunk else made.end(now)
        while events:
            event = events.pop(0)
            match event:
                case Write(data):
                    assert data in (b"NICK", b"\r\n")
                    prompts += data == b"NICK"
                case Run(message):
                    line = message.format()
                    assert len(line.encode()) <= 400
                    assert parse(line) == message
                    if message.command == "USER":
                        events += made.welcomed(f"known{now}", now)
                    elif message.command == "NICK":
                        assert legal(message.params[0])
                case Tell(text):
                    assert text.strip()
                case NotPlain() | Leave():
                    return
    assert prompts <= 1


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=10))
def test_irc_is_passed_on_however_it_is_split(pieces: list[bytes]) -> None:
    data = b"CAP LS 302\r\n" + b"".join(pieces)
    made = dialect()
    seen = 0
    for end in range(1, len(data) + 1):
        events = made.receive(data[seen:end], end)
        seen = end
        if events:
            assert events == [NotPlain(b"CAP LS 302\r\n")]
            return
    raise AssertionError("it was never seen")


def protected(first: bytes) -> tuple[Dialect, list[str]]:
    """Return a dialect of a server with a password, after its first bytes."""
    made = Dialect(PlainOptions(legal, password=True, timeout=5000), 0)
    made.tick(400)
    return made, lines(made.receive(first, 1000))


ASK = "* This server asks for a password. Type it now:"


def test_the_password_is_asked_for_before_the_name_is_used() -> None:
    made, events = protected(b"alice")
    assert events == [ASK]
    assert lines(made.receive(b"alice: sesame", 2000)) == ["PASS sesame", "NICK alice", "USER alice 0 * alice"]
    assert not made.asks_password
    assert lines(made.welcomed("alice", 2001)) == ["JOIN #lobby"]


def test_text_before_the_question_is_not_the_password() -> None:
    made, events = protected(b"alice: hi")
    assert events == [ASK]
    made.receive(b"alice: sesame", 2000)
    assert lines(made.welcomed("alice", 2001)) == ["JOIN #lobby", "PRIVMSG #lobby :hi"]


def test_name_password_and_text_in_one_chunk() -> None:
    made, events = protected(b"alice\nsesame\nhi\nho\n")
    assert events == ["PASS sesame", "NICK alice", "USER alice 0 * alice"]
    assert lines(made.welcomed("alice", 2001)) == ["JOIN #lobby", "PRIVMSG #lobby :hi", "PRIVMSG #lobby :ho"]


def test_the_question_for_the_password_times_out() -> None:
    made, _ = protected(b"alice")
    assert made.deadline == 6000
    assert made.tick(5999) == []
    assert made.tick(6000) == [Leave("no password came")]
