"""Messages of several lines: https://ircv3.net/specs/extensions/multiline"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.client.input.editor import Editor, InputLine
from greenchat.client.irc.multiline import parts, pieces
from greenchat.protocol import caps
from greenchat.protocol.multiline import join_parts
from tests.client.world import World

CAPS = "echo-message labeled-response batch message-tags server-time"


@pytest.fixture
def world() -> World:
    """Make a client in #tea, on a server that accepts messages of 100 bytes in 4 lines."""
    world = World()
    world.connect()
    world.feed(f":srv CAP * LS :{CAPS} draft/multiline=max-bytes=100,max-lines=4,odd")
    world.feed(f":srv CAP * ACK :{CAPS} draft/multiline", ":srv 001 alice :Welcome", ":srv 422 alice :No MOTD")
    world.join()
    return world


def compose(world: World, *lines: str) -> None:
    for number, line in enumerate(lines):
        if number:
            world.press("M-Enter")
        world.type(line)


def test_lines_typed_together_are_one_message(world: World) -> None:
    compose(world, "hello", "", "you  there")
    world.press("Enter")
    assert world.sent() == [
        "@label=gc1 BATCH +gc1 draft/multiline #tea",
        "@batch=gc1 PRIVMSG #tea :hello",
        "@batch=gc1 PRIVMSG #tea :",
        "@batch=gc1 PRIVMSG #tea :you  there",
        "BATCH -gc1",
    ]
    world.feed(
        "@label=gc1;msgid=m1 :alice!al@h BATCH +x draft/multiline #tea",
        "@batch=x :alice!al@h PRIVMSG #tea hello",
        "@batch=x :alice!al@h PRIVMSG #tea :",
        "@batch=x :alice!al@h PRIVMSG #tea :you  there",
    )
    assert world.shown()[-1] == "* You joined"  # "wait until the full batch has been received"
    world.feed("BATCH -x")
    assert world.model.current.waiting == []
    assert world.model.current.lines[-1].text == "hello\n\nyou  there"
    assert world.model.current.lines[-1].id == "m1"
    assert [row.partition("│ ")[2] for row in world.screen()[-5:-2]] == ["hello", "", "you  there"]


def test_a_long_line_stays_one_message(world: World) -> None:
    world.network.caps.offered["draft/multiline"] = "max-bytes=4096,max-lines=32"
    text = ("word " * 150).strip()
    world.paste(text)
    world.press("Enter")
    first, *lines, last = world.sent()
    assert (first, last) == ("@label=gc1 BATCH +gc1 draft/multiline #tea", "BATCH -gc1")
    assert lines[0].startswith("@batch=gc1 PRIVMSG")
    # "leave the space character at the end of the line"
    assert all(line.startswith("@batch=gc1;draft/multiline-concat PRIVMSG #tea") for line in lines[1:])
    assert "".join(line.partition(":")[2] for line in lines) == text


@pytest.mark.parametrize("length", [1, 2047, 2048, 2049, 2500, 4000, 4096])
def test_a_line_that_fits_gets_no_line_break(length: int) -> None:
    network = World().network
    network.caps.held = caps.MULTILINE | caps.BATCH | caps.MESSAGE_TAGS
    network.caps.offered["draft/multiline"] = "max-bytes=4096,max-lines=32"
    text = ("word " * 1000)[: length - 1] + "x"
    assert pieces(text, 400, network, together=True) == [text]


@given(st.text(alphabet="ab é👩\u200d💻\n ", max_size=400), st.integers(16, 40), st.integers(40, 90), st.integers(2, 5))
def test_line_breaks_are_neither_added_nor_lost(text: str, room: int, most_bytes: int, most_lines: int) -> None:
    """A message has exactly the line breaks that were typed."""
    network = World().network
    network.caps.held = caps.MULTILINE | caps.BATCH | caps.MESSAGE_TAGS
    network.caps.offered["draft/multiline"] = f"max-bytes={most_bytes},max-lines={most_lines}"
    found = pieces(text, room, network, together=True)
    rest = text
    for piece in found:
        assert piece in rest
        rest = rest[rest.index(piece) + len(piece) :]
        assert len(piece.encode()) <= most_bytes
        assert len(parts(piece, room)) <= most_lines
    assert "".join("".join(found).split()) == "".join(text.split())


def test_a_text_beyond_the_limits_becomes_several_messages(world: World) -> None:
    compose(world, *"abcdef")
    world.press("Enter")
    assert [line for line in world.sent() if "BATCH -" not in line] == [
        "@label=gc1 BATCH +gc1 draft/multiline #tea",
        *[f"@batch=gc1 PRIVMSG #tea :{letter}" for letter in "abcd"],
        "@label=gc2 BATCH +gc2 draft/multiline #tea",
        *[f"@batch=gc2 PRIVMSG #tea :{letter}" for letter in "ef"],
    ]


def test_without_multiline_each_line_is_a_message(echoing: World) -> None:
    compose(echoing, "one", "", "two")
    echoing.press("Enter")
    assert echoing.sent() == ["@label=gc1 PRIVMSG #tea :one", "@label=gc2 PRIVMSG #tea :two"]


def test_lines_typed_while_offline_are_one_message_later(world: World) -> None:
    world.lose()
    compose(world, "one", "two")
    world.press("Enter")
    world.connect()
    world.feed(":srv CAP * LS :batch message-tags draft/multiline=max-bytes=100", ":srv CAP * ACK :batch message-tags")
    world.feed(":srv 001 alice :Welcome", ":srv 422 alice :No MOTD")
    world.feed(":srv CAP * ACK :draft/multiline")
    world.join()
    assert world.shown()[-1].endswith("alice: one\ntwo")


def test_a_refused_message_is_shown_whole(world: World) -> None:
    compose(world, "one", "two")
    world.press("Enter")
    world.feed("@label=gc1 :srv FAIL BATCH MULTILINE_MAX_LINES 1 :Too many lines")
    assert world.shown()[-1] == "! Not sent (Too many lines): one\ntwo"


def test_messages_of_others_are_joined(world: World) -> None:
    world.feed(
        "@msgid=m2 :bob!b@h BATCH +1 draft/multiline #tea",
        "@batch=1 :bob!b@h PRIVMSG #tea hello",
        "@batch=1 :bob!b@h PRIVMSG #tea :how is ",
        ":carol!c@h PRIVMSG #tea :meanwhile",
        "@batch=1;draft/multiline-concat :bob!b@h PRIVMSG #tea :everyone, alice?",
        "BATCH -1",
        ":bob!b@h BATCH +2 draft/multiline #tea",
        "BATCH -2",
        ":bob!b@h BATCH +3 draft/multiline",
        "@batch=3 :bob!b@h PRIVMSG #tea :lost",
        "BATCH -3",
        ":bob!b@h BATCH +4 draft/multiline #tea",
        "@batch=4 :bob!b@h NOTICE #tea :careful",
        "BATCH -4",
    )
    assert world.shown()[-3:] == ["+carol: meanwhile", "bob: hello\nhow is everyone, alice?", "bob: careful"]
    assert world.model.current.lines[-2].highlight


def test_messages_of_the_history_are_joined(world: World) -> None:
    world.feed(
        ":srv BATCH +h chathistory #tea",
        "@batch=h;msgid=old;time=2026-09-21T10:00:00.000Z :bob!b@h BATCH +m draft/multiline #tea",
        "@batch=m :bob!b@h PRIVMSG #tea one",
        "@batch=m :bob!b@h PRIVMSG #tea two",
        "BATCH -m",
        "BATCH -h",
    )
    assert world.shown()[0] == "bob: one\ntwo"


def test_a_paste_can_be_sent_as_one_message_or_as_lines(world: World) -> None:
    world.paste("a\nb\nc")
    assert "one message, s as lines" in world.bar()
    world.press("Enter")
    assert world.sent()[0].startswith("@label=gc1 BATCH")
    world.paste("a\nb\nc")
    world.press("s")
    assert world.sent() == [f"@label=gc{number} PRIVMSG #tea :{text}" for number, text in enumerate("abc", 2)]


@given(st.text(alphabet="ab é👩\u200d💻\n ", max_size=120), st.integers(16, 40))
def test_the_lines_contain_the_whole_text(text: str, room: int) -> None:
    found = parts(text, room)
    assert join_parts(found) == text
    assert all(len(part.text.encode()) <= room for part in found)
    assert all(part.text for part in found if part.joined)  # "MUST NOT send blank lines with the ... concat tag"


@pytest.mark.parametrize(
    ("command", "before", "after"),
    [
        ("kill to start", "one\ntw|o", "one\n|o"),
        ("kill to start", "one\n|two", "one|two"),
        ("kill to start", "|one", "|one"),
        ("kill to end", "o|ne\ntwo", "o|\ntwo"),
        ("kill to end", "one|\ntwo", "one|two"),
        ("kill to end", "one|", "one|"),
    ],
)
def test_a_long_text_is_split_within_the_line_limit(command: str, before: str, after: str) -> None:
    left, right = before.split("|")
    editor = Editor(InputLine(left + right, len(left)))
    editor.run(command)
    assert editor.line.picture() == after


def test_an_action_is_always_one_line(world: World) -> None:
    world.type("/me " + "waves " * 90 + "\n")
    sent = world.sent()
    assert len(sent) == 2
    assert all(line.partition(":")[2].startswith("\x01ACTION waves") and line.endswith("\x01") for line in sent)
