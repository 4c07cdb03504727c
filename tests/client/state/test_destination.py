"""Destinations as users write them."""

import pytest

from greenchat.client.state.destination import AddressError, parse_destination


@pytest.mark.parametrize(
    ("text", "place", "tls", "nick", "channels"),
    [
        ("", "localhost:9090", False, "", ("#lobby",)),
        ("example.org", "example.org:9090", False, "", ("#lobby",)),
        ("example.org:6667", "example.org:6667", False, "", ()),  # IRC's port: its servers have no lobby
        ("example.org:6697/#tea", "example.org:6697", True, "", ("#tea",)),  # IRC's port for TLS
        ("irc://example.org:6697", "example.org:6697", False, "", ()),
        ("ada@example.org", "example.org:9090", False, "ada", ("#lobby",)),
        ("ada@example.org:1/#tea", "example.org:1", False, "ada", ("#tea",)),
        ("ada@", "localhost:9090", False, "ada", ("#lobby",)),
        (":7000", "localhost:7000", False, "", ("#lobby",)),
        ("/#tea", "localhost:9090", False, "", ("#tea",)),
        ("#tea", "localhost:9090", False, "", ("#tea",)),
        ("#tea,#cake", "localhost:9090", False, "", ("#tea", "#cake")),
        ("&here", "localhost:9090", False, "", ("&here",)),
        ("libera", "irc.libera.chat:6697", True, "", ()),
        ("irc.oftc.net/#tea", "irc.oftc.net:6697", True, "", ("#tea",)),
        ("irc.oftc.net:6667", "irc.oftc.net:6667", False, "", ()),
        ("irc.oftc.net:7000", "irc.oftc.net:7000", False, "", ()),
        ("[::1]:9090/#tea,#cake", "[::1]:9090", False, "", ("#tea", "#cake")),
        ("::1", "[::1]:9090", False, "", ("#lobby",)),
        ("irc://example.org", "example.org:6667", False, "", ()),
        ("irc://ada@example.org/tea", "example.org:6667", False, "ada", ("#tea",)),
        ("ircs://example.org/#tea", "example.org:6697", True, "", ("#tea",)),
        ("IRCS://example.org:7000/%23tea", "example.org:7000", True, "", ("#tea",)),
    ],
)
def test_destinations(text: str, place: str, tls: bool, nick: str, channels: tuple[str, ...]) -> None:
    destination = parse_destination(text)
    assert str(destination.address) == place
    assert destination.address.tls is tls
    assert (destination.nick, destination.channels) == (nick, channels)


@pytest.mark.parametrize("text", ["http://x", "x:port", "x:0", "x:70000", "[::1", "[::1]x"])
def test_invalid_destinations(text: str) -> None:
    with pytest.raises(AddressError):
        parse_destination(text)
