"""When two names are the same: https://modern.ircdocs.horse/#casemapping-parameter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.casemap import CASEMAPPINGS

SAME = [
    # "the characters a to z to be considered the lower-case equivalents of the characters A to Z only"
    ("ascii", "", "", True),
    ("ascii", "Dan", "dAN", True),
    ("ascii", "[]\\~", "{}|^", False),
    ("ascii", "ÄRGER", "ärger", False),
    ("ascii", "\u0130", "i\u0307", False),
    # "with the addition of the characters '{', '}', '|', and '^'"
    ("rfc1459", "Dan[]\\~", "dAN{}|^", True),
    ("rfc1459", "É", "é", False),
    # "in rfc1459-strict, '^' and '~' are not casefolded"
    ("rfc1459-strict", "[]\\", "{}|", True),
    ("rfc1459-strict", "~", "^", False),
]


@pytest.mark.parametrize(("mapping", "one", "other", "same"), SAME)
def test_the_same(mapping: str, one: str, other: str, same: bool) -> None:
    fold = CASEMAPPINGS[mapping]
    assert (fold(one) == fold(other)) is same


@pytest.mark.parametrize("mapping", ["ascii", "rfc1459", "rfc1459-strict"])
@given(name=st.text())
def test_folding_twice_changes_nothing(mapping: str, name: str) -> None:
    fold = CASEMAPPINGS[mapping]
    assert fold(fold(name)) == fold(name)
