"""Decoding keys from the bytes of many terminals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.client.state.events import Clicked, Focused, KeyPressed, Pasted, TerminalEvent, Wheeled
from greenchat.client.terminal.key_decoder import Decoder


def names(events: list[TerminalEvent]) -> list[str]:
    return [event.key if isinstance(event, KeyPressed) else repr(event) for event in events]


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"", []),
        (b"a", ["a"]),
        ("é日👍".encode(), ["é", "日", "👍"]),
        (b"\r\n\t\x7f\x01", ["Enter", "Enter", "Tab", "Backspace", "C-a"]),
        (b"\x1b[A\x1b[B\x1b[C\x1b[D", ["Up", "Down", "Right", "Left"]),
        (b"\x1bOA\x1bOH\x1bOF", ["Up", "Home", "End"]),  # application mode
        (b"\x1b[1~\x1b[4~\x1b[5~\x1b[6~\x1b[3~", ["Home", "End", "PgUp", "PgDn", "Delete"]),
        (b"\x1b[7~\x1b[8~\x1bOc\x1b[7^", ["Home", "End", "C-Right", "C-Home"]),  # rxvt
        (b"\x1b[5$", ["S-PgUp"]),
        (b"\x1b[1;5C\x1b[1;3D\x1b[5;2~", ["C-Right", "M-Left", "S-PgUp"]),  # xterm
        (b"\x1b\x1b[D", ["M-Left"]),  # rxvt and others: Alt is an ESC before the key
        (b"\x1bb\x1b1\x1b\x7f\x1b\r", ["M-b", "M-1", "M-Backspace", "M-Enter"]),
        (b"\x1bOP\x1b[15~\x1b[[A", ["F1", "F5", "F1"]),
        (b"\x1b[Z", ["S-Tab"]),
        (b"\x1b[<64;3;4M\x1b[<65;3;4M", [repr(Wheeled("WheelUp", 3, 2)), repr(Wheeled("WheelDown", 3, 2))]),
        (b"\x1b[<0;3;4M\x1b[<0;3;4m\x1b[<2;3;4M\x1b[<;M", [repr(Clicked(3, 2))]),
        (b"\x1b[27;5;13~\x1b[97;5u", ["C-Enter", "C-a"]),
        (b"\x1b[I\x1b[O", [repr(Focused(True)), repr(Focused(False))]),
        (b"\x1b[200~two\r\nlines\x1b[A\x1b[201~x", [repr(Pasted("two\nlines\x1b[A")), "x"]),
        (b"\x1b[>0;10;1cx", ["x"]),  # the terminal's answer to another program's query
        (b"\xff\xfea", ["\ufffd", "\ufffd", "a"]),
    ],
)
def test_names_of_keys(data: bytes, keys: list[str]) -> None:
    assert names(Decoder().feed(data)) == keys


def test_an_escape_waits_for_what_follows() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x1b") == []
    assert decoder.undecided
    assert names(decoder.feed(b"[A")) == ["Up"]
    assert not decoder.undecided


@pytest.mark.parametrize(
    ("data", "keys"),
    [(b"\x1b", ["Escape"]), (b"\x1b\x1b", ["Escape", "Escape"]), (b"\x1b[", ["M-["]), (b"\x1bO", ["M-O"])],
)
def test_incomplete_sequences_become_keys(data: bytes, keys: list[str]) -> None:
    decoder = Decoder()
    found = decoder.feed(data)
    found += decoder.flush()
    assert names(found) == keys
    assert not decoder.undecided


def test_a_long_paste_is_not_an_escape_key() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x1b[200~some text") == []
    assert not decoder.undecided
    assert decoder.flush() == []
    assert decoder.feed(b" and more\x1b[201~") == [Pasted("some text and more")]


@given(
    st.lists(
        st.sampled_from([b"a", "é".encode(), b"\x1b[A", b"\x1b[1;5C", b"\x1b[200~x\x1b[201~", b"\x1bb", "👍".encode()])
    )
)
def test_any_pieces_give_the_same_keys(parts: list[bytes]) -> None:
    data = b"".join(parts)
    whole = Decoder().feed(data)
    decoder = Decoder()
    piecemeal = [event for index in range(len(data)) for event in decoder.feed(data[index : index + 1])]
    assert piecemeal == whole


@given(st.binary(max_size=60))
def test_random_bytes_are_harmless(data: bytes) -> None:
    decoder = Decoder()
    decoder.feed(data)
    decoder.flush()
    decoder.flush()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"one\x1b[106;5utwo", "one\ntwo"),
        (b"one\x1b[109;5u\x1b[106;5utwo", "one\ntwo"),
        (b"one\x1b[105;5utwo", "one\ttwo"),
        (b"one\x1b[27;5;106~two", "one\ntwo"),
        (b"one [106;5u two", "one [106;5u two"),
    ],
)
def test_a_paste_through_tmux_has_line_ends(data: bytes, text: str) -> None:
    """tmux with extended-keys encodes the line ends of a paste as keys."""
    assert Decoder().feed(b"\x1b[200~" + data + b"\x1b[201~") == [Pasted(text)]


@pytest.mark.parametrize(("data", "key"), [(b"\x1b[106;5u", "Enter"), (b"\x1b[105;5u", "Tab"), (b"\x1b[107;5u", "C-k")])
def test_keys_with_two_names_keep_the_old_one(data: bytes, key: str) -> None:
    assert Decoder().feed(data) == [KeyPressed(key)]
