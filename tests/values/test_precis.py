"""PRECIS and lookalikes: the functions below the casemapping `precis` (see test_names.py)."""

import pytest

from greenchat.values.precis import fold, is_nick, skeleton


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("", False),
        ("alice", True),
        ("1alice", False),
        ("alice bob", False),
        ("ålice", True),
        ("дима", True),
        ("१२", True),  # digits of other scripts may stand first
        ("\u0301alice", False),  # a combining accent has nothing to combine with
        ("alice\u0301", True),
        ("ａlice", True),  # UsernameCaseMapped: "Fullwidth and halfwidth code points MUST be mapped"
        ("☃", False),
        ("a\u200bb", False),
        ("alice\n", False),
    ],
)
def test_nicks(name: str, allowed: bool) -> None:
    assert is_nick(name) is allowed


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("", ""),
        ("Alice[]", "alice[]"),
        ("ÅSA", "åsa"),
        ("A\u030asa", "åsa"),
        ("ＡＢ", "ab"),
        ("ДИМА", "дима"),
        ("#☃ Ä", "#☃ ä"),  # PRECIS forbids it: lower-cased only
    ],
)
def test_folded(name: str, folded: str) -> None:
    assert fold(name) == folded


@pytest.mark.parametrize(
    ("name", "look"), [("", ""), ("Alice", "alice"), ("аlice", "alice"), ("Нi", "hi"), ("l1|", "l1|")]
)
def test_skeletons(name: str, look: str) -> None:
    assert skeleton(name) == look
