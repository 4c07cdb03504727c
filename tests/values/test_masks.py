"""Masks with `*` and `?`. https://modern.ircdocs.horse/#wildcard-expressions"""

from fnmatch import fnmatchcase
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.values.masks import compile_mask, glob, mask_fold


@pytest.mark.parametrize(
    ("mask", "text", "matches"),
    [
        ("", "", True),
        ("", "a", False),
        ("a", "a", True),
        ("a", "ab", False),
        ("*", "", True),
        ("*", "anything", True),
        ("?", "", False),
        ("?", "a", True),
        ("a?c", "abc", True),
        ("a*c", "ac", True),
        ("a*c", "abcabc", True),
        ("a*c", "abcab", False),
        ("*!*@127.0.0.*", "bob!~b@127.0.0.1", True),
        ("*.example.org", "host.example.org", True),
        ("a.c", "abc", False),
        ("[a]*", "[a]b", True),
        ("**a**", "bab", True),
    ],
)
def test_masks(mask: str, text: str, matches: bool) -> None:
    assert bool(compile_mask(mask).match(text)) is matches


@given(st.text("ab*?", max_size=8), st.text("ab\n", max_size=8))
def test_they_match_as_in_the_shell(mask: str, text: str) -> None:
    assert bool(compile_mask(mask).match(text)) is fnmatchcase(text, mask)


def test_a_malicious_mask_takes_no_time() -> None:
    """A mask for which a naive matcher needs longer than the age of the universe takes one pass."""
    begin = thread_time()
    assert not compile_mask("*a" * 60 + "*b").match("a" * 500)
    assert thread_time() - begin < 1


@pytest.mark.parametrize(
    ("mask", "text"), [("ALICE!*@*", "alice!~a@h"), ("über!*", "Über!~u@h"), ("#ГОРОД*", "#город")]
)
def test_matching_ignores_case(mask: str, text: str) -> None:
    assert glob(mask, text)
    assert glob(mask.swapcase(), text)
    assert not glob(mask, "x" + text)


@pytest.mark.parametrize(
    ("casemapping", "same"), [("ascii", ""), ("rfc1459-strict", "[{]}\\|"), ("rfc1459", "[{]}\\|~^"), ("precis", "")]
)
def test_the_casemapping_decides_which_brackets_are_equal(casemapping: str, same: str) -> None:
    """rfc1459: "{}|^" are "considered to be the lower case equivalents of the characters []\\~", RFC 1459, 2.2."""
    fold = mask_fold(casemapping)
    for upper, lower in "[{", "]}", "\\|", "~^":
        for mask, text in (upper, lower), (lower, upper):
            assert glob(f"*{mask}!*", f"A{text}!x", fold) is (upper in same)
    assert glob("É?", "éß", fold)


def test_an_index_returns_all_matching_masks_and_few_others() -> None:
    from greenchat.values.masks import MaskIndex, compile_mask

    masks = ["*!*@*.example.org", "bad*!*@*", "*", "?x?!*@*", "a*b*c*!*", "*!*@192.0.2.1", "*spam*", "**", ""]
    masks += [f"*n{number}!*@*" for number in range(500)]
    index = MaskIndex()
    for mask in masks:
        index.add(mask, mask)
    for text in ["bad1!u@h.example.org", "axb!u@192.0.2.1", "n17!spam@h", "n17!u@h", "", "ab", "a1b2c3!u@h"]:
        found = index.candidates(text)
        matching = [mask for mask in masks if compile_mask(mask).match(text)]
        assert [mask for mask in found if mask in matching] == matching
        assert len(found) < 30
    for mask in masks:
        index.remove(mask)
        index.remove(mask)
    assert index.candidates("bad1!u@h.example.org") == []
