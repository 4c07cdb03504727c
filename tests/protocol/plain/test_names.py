"""Making a nick of a typed name."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.plain import another_name, clean_name

NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]{0,31}")


def legal(nick: str) -> bool:
    return NICK.fullmatch(nick) is not None and nick.lower() != "nickserv"


@pytest.mark.parametrize(
    ("typed", "nick"),
    [
        ("", ""),
        (" \r\t ", ""),
        ("alice", "alice"),
        ("  alice ", "alice"),
        ("Big Bob", "Big_Bob"),
        ("Zoë", "Zo_"),
        ("日本", "__"),
        ("a~b:c@d!e#f", "a_b_c_d_e_f"),
        ("\x1b[31mred", "_[31mred"),
        ("007", "_007"),
        ("-dash", "_-dash"),
        ("x" * 40, "x" * 32),
        ("7" * 40, "_" + "7" * 31),
        ("NickServ", "_NickServ"),
        ("NICK", "NICK"),
    ],
)
def test_clean(typed: str, nick: str) -> None:
    assert clean_name(typed, legal, 32) == nick


def test_clean_uses_the_given_rule() -> None:
    assert clean_name("Zoë B", lambda nick: " " not in nick, 32) == "Zoë_B"


def test_clean_keeps_to_the_bytes_of_the_longest_nick() -> None:
    """64 bytes of UTF-8, so that names and their messages fit into a line of 512."""
    assert clean_name("名" * 30, bool, 32) == "名" * 21
    assert another_name("名" * 21, 2, 32) == "名" * 20 + "_2"


def test_clean_where_letters_must_not_be_mixed() -> None:
    def no_mixture(nick: str) -> bool:
        return not ("ë" in nick and "я" in nick)

    assert clean_name("Zoëя", no_mixture, 32) == "_Zo__"


@pytest.mark.parametrize(
    ("nick", "number", "other"),
    [
        ("alice", 2, "alice_2"),
        ("alice", 10, "alice_10"),
        ("x" * 32, 2, "x" * 30 + "_2"),
        ("x" * 31, 2, "x" * 30 + "_2"),
    ],
)
def test_another_name(nick: str, number: int, other: str) -> None:
    assert another_name(nick, number, 32) == other


@given(st.text(max_size=60))
def test_any_name_becomes_a_nick(typed: str) -> None:
    nick = clean_name(typed, legal, 32)
    assert legal(nick) if typed.strip() else nick == ""
