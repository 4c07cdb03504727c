"""Modes that clients without TLS can't show in tests/commands/channels/test_join_part.py and test_speech_modes.py."""

import pytest

from greenchat.chat import policy
from greenchat.chat.channel import Channel
from greenchat.protocol.numerics import Numeric
from tests.chat.users import make_user


@pytest.mark.parametrize("secure", [True, False])
def test_tls_only(secure: bool) -> None:
    """+z as in InspIRCd: all connections of a user count, and no invitation overrides it."""
    bob = make_user("bob")
    bob.sessions[0].secure = secure
    channel = Channel("#a", created=0, flags={"z"}, invited={bob: None})
    refusal = policy.may_join(bob, channel, "")
    assert refusal == (None if secure else policy.Refusal(Numeric.ERR_SECUREONLYCHAN))
