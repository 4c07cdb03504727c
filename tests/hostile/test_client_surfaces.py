"""A hostile server and a client: what the server sends must not become a control sequence for the terminal, a file
outside the folder, or a line of the client's own.

Drawing is fuzzed by `python -m tests.hostile.fuzz client`; these tests are about what leaves the screen.
"""

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from greenchat.client.archive import export
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.lines import Line, LineKind
from greenchat.client.state.model import ClientNetwork, Model
from greenchat.client.terminal.notifications import sequence
from greenchat.client.text.cells import visible
from greenchat.client.text.links import encoded, links
from tests.client.world import World
from tests.hostile.fuzz_client import check_frame

_EVIL = [
    "\x1b[2J", "\x1b]0;title\x07", "\x1b]52;c;aGk=\x07", "\x9b31m", "\x9d0;x\x9c", "\r", "\n", "\x07", "\x08", "\0",
    "\x7f", "\u2028", "\u202e", "\u2066", "\x1bP$q\x1b\\", "\x1b\\", "../../", "~/", "-o", ";", "$(x)",
]  # fmt: skip
evil = st.lists(st.one_of(st.sampled_from(_EVIL), st.text(max_size=5)), max_size=6).map("".join)
_TERMINALS = [
    {"TERM": "foot"},
    {"TERM": "xterm-kitty"},
    {"TERM": "rxvt-unicode"},
    {"TERM_PROGRAM": "WezTerm"},
]


@pytest.mark.parametrize("terminal", _TERMINALS, ids=str)
@given(title=evil, text=evil)
def test_a_notification_is_one_control_sequence(terminal: dict[str, str], title: str, text: str) -> None:
    """The sequence ends where the client ends it."""
    sent = sequence(terminal, title, text)
    commands = re.findall(r"\x1b\](?:9|99|777);([^\x1b]*)\x1b\\", sent)
    assert sum(len(command) for command in commands) + sent.count("\x1b\\") * 2 < len(sent)
    assert "".join(re.split(r"\x1b\](?:9|99|777);[^\x1b]*\x1b\\", sent)) == ""
    assert not {letter for command in commands for letter in command if visible(letter) != letter}


@given(name=evil, nick=evil, text=evil)
@example(name="../../etc/passwd", nick="a\n", text="one\r\ntwo")
@example(name="..", nick="", text="")
def test_exported_files(name: str, nick: str, text: str) -> None:
    """A file in the chosen folder, with lines that can't be confused."""
    network = ClientNetwork("net", ServerAddress("irc.example", 6667), "alice")
    buffer = Model(network).open(network, name or "x")
    file = export.name(buffer)
    folder = Path("/exported")
    assert (folder / file).resolve().parent == folder
    assert not {letter for letter in file if visible(letter) != letter}
    first, *others = export.text_of(Line(0, LineKind.SAID, text, nick=nick)).split("\n")
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d <", first)
    assert all(line.startswith("    ") for line in others)
    assert not {letter for line in (first, *others) for letter in line if visible(letter) != letter}


@given(text=evil)
def test_a_link_is_printable_ascii(text: str) -> None:
    """A link is part of a control sequence, OSC 8, and an argument of the browser."""
    for link in links(f"see https://example.org/{text} and http://{text}x.example/"):
        assert re.fullmatch(r"[!-~]*", encoded(link))
        assert link.startswith(("https://", "http://"))


# Lines of a server; {} marks the place of the hostile text.
_LINES = [
    ":b{}!u{}@h{} JOIN #tea",
    ":b{}!u{}@h{} JOIN #tea acc{} :real{}",
    ":b{}!u{}@h{} PRIVMSG #tea :hi{}",
    ":b{}!u{}@h{} PRIVMSG alice :hi{}",
    ":b{}!u{}@h{} NOTICE #tea :hi{}",
    ":b{}!u{}@h{} TOPIC #tea :new{}",
    ":b{}!u{}@h{} NICK new{}",
    ":b{}!u{}@h{} PART #tea :bye{}",
    ":b{}!u{}@h{} QUIT :bye{}",
    ":b{}!u{}@h{} KICK #tea bob :why{}",
    ":b{}!u{}@h{} MODE #tea +k key{}",
    ":b{}!u{}@h{} INVITE alice #in{}",
    ":b{}!u{}@h{} AWAY :gone{}",
    ":b{}!u{}@h{} SETNAME :name{}",
    ":b{}!u{}@h{} CHGHOST u{} h{}",
    ":srv 332 alice #tea :topic{}",
    ":srv 353 alice = #tea :@a{} +b{}",
    ":srv 372 alice :{}",
    ":srv 311 alice b{} u{} h{} * :real{}",
    ":srv 319 alice b{} :@#x{}",
    ":srv 322 alice #list{} 5 :topic{}",
    ":srv 433 * al{} :taken{}",
    ":srv 474 alice #x :{}",
    ":srv FAIL JOIN CODE{} #x :why{}",
    ":srv NOTICE * :look{}",
    ":srv 999 alice a{} :b{}",
    "@time=2026-01-01T00:00:00{}Z :b!u@h PRIVMSG #tea :timed",
    "@msgid=m{} :b!u@h PRIVMSG #tea :kept",
    ":srv 005 alice NETWORK=net{} :are supported",
    ":srv 375 alice :{}",
    ":srv CAP alice NEW :cap{}",
    ":b{}!u{}@h{} PRIVMSG #tea :\x01ACTION waves{}\x01",
    ":b{}!u{}@h{} PRIVMSG #tea :\x01VERSION{}\x01",
    ":srv WALLOPS :all{}",
    ":srv ERROR :end{}",
    ":b!u@h JOIN #ch{}",
    ":srv KNOCK #x :{}",
]


@pytest.mark.parametrize("harm", _EVIL)
def test_every_line_of_a_server_is_drawn_harmlessly(harm: str) -> None:
    """Each part that others choose: names, topics, reasons, modes, texts of numerics, values of tags."""
    world = World(rows=20, columns=70)
    world.welcome("batch server-time message-tags draft/chathistory")
    world.join()
    word = harm.replace(" ", "").replace("\r", "").replace("\n", "").replace("\0", "") or "x"
    for line in _LINES:
        world.feed(line.replace("{}", word))
        check_frame(world.console.frame(0.0), 70)
    for buffer in list(world.network.buffers.values()):
        world.model.show(buffer)
        check_frame(world.console.frame(0.0), 70)
