"""RPL_ISUPPORT's tokens: https://modern.ircdocs.horse/#rplisupport-005."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.isupport import format_tokens, parse_tokens

TOKENS: list[tuple[dict[str, str | None], list[str]]] = [
    ({}, []),
    ({"SAFELIST": None}, ["SAFELIST"]),
    ({"EXCEPTS": ""}, ["EXCEPTS="]),
    ({"NICKLEN": "32", "PREFIX": "(ov)@+"}, ["NICKLEN=32", "PREFIX=(ov)@+"]),
    # "The value MAY contain escape sequences: \x20 for the space character, \x5C for the backslash, \x3D for the equal"
    ({"NETWORK": "Example Network"}, [r"NETWORK=Example\x20Network"]),
    ({"NETWORK": "a=b\\c"}, [r"NETWORK=a\x3Db\x5Cc"]),
    ({"NETWORK": "Grün"}, [r"NETWORK=Gr\xC3\xBCn"]),
]


@pytest.mark.parametrize(("tokens", "words"), TOKENS)
def test_format(tokens: dict[str, str | None], words: list[str]) -> None:
    assert format_tokens(tokens) == words


PARSED: list[tuple[list[str], dict[str, str | None]]] = [
    ([], {}),
    ([""], {}),
    (["=x"], {}),
    (["SAFELIST", "NICKLEN=32"], {"SAFELIST": "", "NICKLEN": "32"}),
    (["-NICKLEN"], {"NICKLEN": None}),
    ([r"NETWORK=Example\x20Network\x3d"], {"NETWORK": "Example Network="}),
    ([r"NETWORK=a\xZZ\x"], {"NETWORK": r"a\xZZ\x"}),
    (["A=b=c"], {"A": "b=c"}),
]


@pytest.mark.parametrize(("words", "tokens"), PARSED)
def test_parse(words: list[str], tokens: dict[str, str | None]) -> None:
    assert parse_tokens(words) == tokens


@given(st.dictionaries(st.from_regex(r"[A-Z]{1,20}", fullmatch=True), st.text(st.characters(max_codepoint=127))))
def test_values_are_read_back(tokens: dict[str, str | None]) -> None:
    assert parse_tokens(format_tokens(tokens)) == tokens


@given(st.text())
def test_a_value_is_ascii_without_spaces_and_equals_signs(value: str) -> None:
    (token,) = format_tokens({"NETWORK": value})
    shown = token.removeprefix("NETWORK=")
    assert shown.isascii()
    assert not set(shown) & set(" =\r\n\0")
