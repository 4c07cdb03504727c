"""What clients without TLS can't show; the rest stands in tests/commands/channels/test_join.py and test_speaking.py."""

import pytest

from greenchat.chat import policy
from greenchat.chat.channel import Channel
from greenchat.protocol.numerics import Numeric
from tests.chat.persons import person


@pytest.mark.parametrize("secure", [True, False])
def test_tls_only(secure: bool) -> None:
    """+z as InspIRCd has it: all connections of a user count, and no invitation opens this door."""
    bob = person("bob")
    bob.sessions[0].secure = secure
    channel = Channel("#a", created=0, flags={"z"}, invited={bob: None})
    refusal = policy.may_join(bob, channel, "")
    assert refusal == (None if secure else policy.Refusal(Numeric.ERR_SECUREONLYCHAN))
