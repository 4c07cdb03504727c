"""The table of capabilities."""

from greenchat.protocol import caps
from greenchat.protocol.caps import CAPABILITIES


def test_every_row_has_a_bit_below_those_of_the_dialects() -> None:
    bits = [capability.bit for capability in CAPABILITIES.values()]
    assert len(set(bits)) == len(bits)
    assert all(bit.bit_count() == 1 and bit < min(caps.PLAIN, caps.TILDE) for bit in bits)


def test_names_are_in_the_order_of_the_table() -> None:
    assert caps.names(0) == []
    assert caps.names(caps.SERVER_TIME | caps.BATCH) == ["batch", "server-time"]
    assert caps.names(-1) == list(CAPABILITIES)


def test_every_name_is_valid_and_every_row_links_its_specification() -> None:
    """Capability names "MUST NOT start with a hyphen"."""
    for name, capability in CAPABILITIES.items():
        assert name == capability.name
        assert not set(name) & set(" =,")
        assert not name.startswith("-")
        is_vendors = "/" in name and not name.startswith("draft/")
        ratified = "https://ircv3.net/specs/extensions/"
        proposed = "https://github.com/ircv3/ircv3-specifications/pull/"
        links = "https://" if is_vendors else (ratified, proposed) if name.startswith("draft/") else ratified
        assert capability.spec.startswith(links)


def test_capabilities_that_change_bytes_belong_to_a_kind() -> None:
    for bit in caps.SERVER_TIME, caps.MESSAGE_TAGS, caps.ACCOUNT_TAG, caps.EXTENDED_JOIN, caps.AWAY_NOTIFY:
        assert bit & caps.WIRE
    assert not caps.ECHO_MESSAGE & caps.WIRE
