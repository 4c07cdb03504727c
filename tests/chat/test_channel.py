"""The channels that forward to one. https://modern.ircdocs.horse/ has no forward mode; ours is +f, as in Solanum."""

from greenchat.chat.channel import Channel, forwarding_to
from greenchat.protocol.casemap import rfc1459_fold


def test_a_forward_is_to_a_name_and_a_life() -> None:
    """Two channels that version 0.1.0 stored in the same moment may have the same life."""
    one, two = (Channel(name, created=1, life=7) for name in ("#One", "#two"))
    reborn = Channel("#one", created=2, life=8)
    first = Channel("#first", created=1, life=3, forward="#one", forward_life=7)
    second = Channel("#second", created=1, life=4, forward="#TWO", forward_life=7)
    channels = [one, two, first, second]
    assert forwarding_to(one, channels, rfc1459_fold) == [first]
    assert forwarding_to(two, channels, rfc1459_fold) == [second]
    assert forwarding_to(reborn, channels, rfc1459_fold) == []
