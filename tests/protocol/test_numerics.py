"""The numerics as https://modern.ircdocs.horse/#numerics has them."""

import pytest

from greenchat.protocol.numerics import Numeric

KNOWN = [
    (Numeric.RPL_WELCOME, "001"),
    (Numeric.RPL_ISUPPORT, "005"),
    (Numeric.RPL_UMODEIS, "221"),
    (Numeric.RPL_AWAY, "301"),
    (Numeric.RPL_INVITELIST, "336"),
    (Numeric.RPL_INVEXLIST, "346"),
    (Numeric.RPL_NAMREPLY, "353"),
    (Numeric.ERR_NOSUCHNICK, "401"),
    (Numeric.ERR_INPUTTOOLONG, "417"),
    (Numeric.ERR_NEEDMOREPARAMS, "461"),
    (Numeric.ERR_INVALIDMODEPARAM, "696"),
    (Numeric.RPL_SASLMECHS, "908"),
]


@pytest.mark.parametrize(("numeric", "command"), KNOWN)
def test_code(numeric: Numeric, command: str) -> None:
    assert numeric.command == command


def test_no_two_numerics_share_a_code() -> None:
    """An IntEnum would silently make the second an alias of the first, with the text of the first."""
    assert len(Numeric.__members__) == len(list(Numeric))


def test_every_code_has_three_digits_and_every_error_without_other_parameters_a_text() -> None:
    said_by_handlers = {
        Numeric.ERR_UNKNOWNERROR,
        Numeric.ERR_NORECIPIENT,
        Numeric.ERR_INVALIDMODEPARAM,
        Numeric.ERR_METADATARATELIMIT,
    }
    for numeric in Numeric:
        assert len(numeric.command) == 3
        if numeric.name.startswith("ERR_") and numeric not in said_by_handlers:
            assert numeric.text
