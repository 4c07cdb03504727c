"""Names that are equal: https://modern.ircdocs.horse/#casemapping-parameter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.casemap import ANNOUNCED, CASEMAPPINGS

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
    # RFC 8265, section 3.3: "Map fullwidth and halfwidth code points to their decomposition mappings", "Apply Unicode
    # toLowerCase()", "Apply Unicode Normalization Form C"
    ("rfc7613", "ＡＬＩＣＥ", "alice", True),
    ("rfc7613", "ﾘｶ", "リカ", True),
    ("rfc7613", "ÄRGER", "a\u0308rger", True),
    ("rfc7613", "Straße", "STRASSE", False),
    ("rfc7613", "[]\\~", "{}|^", False),
]


@pytest.mark.parametrize(("mapping", "one", "other", "same"), SAME)
def test_equal_names(mapping: str, one: str, other: str, same: bool) -> None:
    fold = ANNOUNCED[mapping]
    assert (fold(one) == fold(other)) is same


@pytest.mark.parametrize("mapping", ["ascii", "rfc1459", "rfc1459-strict"])
@given(name=st.text())
def test_folding_twice_changes_nothing(mapping: str, name: str) -> None:
    fold = CASEMAPPINGS[mapping]
    assert fold(fold(name)) == fold(name)


@given(name=st.text())
def test_names_that_precis_allows_are_folded_as_on_the_server(name: str) -> None:
    precis = pytest.importorskip("greenchat.values.precis")
    if precis.is_nick(name):
        assert ANNOUNCED["rfc7613"](name) == precis.fold(name)
