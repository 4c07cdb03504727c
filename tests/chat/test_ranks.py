"""Ranks: properties that hold for all of them. For the privileges of each see test_member_modes.py of the commands."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.chat import ranks

MODES = ["".join(letters) for size in range(6) for letters in combinations(ranks.LETTERS, size)]


@given(st.sampled_from(MODES), st.sampled_from(ranks.LETTERS), st.booleans())
def test_modes_stay_in_order(modes: str, letter: str, on: bool) -> None:
    changed = ranks.with_mode(modes, letter, on)
    assert changed in MODES
    assert (letter in changed) is on
    assert set(changed) - {letter} == set(modes) - {letter}


@given(st.sampled_from(MODES), st.sampled_from(ranks.LETTERS))
def test_a_rank_includes_the_lower_ones(modes: str, letter: str) -> None:
    if ranks.is_at_least(modes, letter):
        assert all(ranks.is_at_least(modes, lower) for lower in ranks.LETTERS[ranks.LETTERS.index(letter) :])


@given(st.sampled_from(MODES), st.sampled_from(MODES))
def test_nobody_acts_on_a_higher_rank(modes: str, other: str) -> None:
    if other and not ranks.is_at_least(modes, other[0]):
        assert not ranks.may_act_on(modes, other)


@pytest.mark.parametrize("modes", ["", "v"])
def test_members_without_privileges(modes: str) -> None:
    assert not any(ranks.may_grant(modes, letter) for letter in ranks.LETTERS)
    assert not ranks.may_act_on(modes, "")
