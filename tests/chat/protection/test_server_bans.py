"""Server bans, and their durations."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.chat.protection.server_bans import BanTarget, ServerBan, ServerBans, TargetError, parse_target
from greenchat.protocol.casemap import ascii_fold
from greenchat.values.masks import mask_fold


def ban(text: str, until: int = 0) -> ServerBan:
    return ServerBan(parse_target(text), "root", 0, until, "so")


def bans(*texts: str) -> ServerBans:
    made = ServerBans(ascii_fold, mask_fold("ascii"))
    for text in texts:
        made.put(ban(text))
    return made


@pytest.mark.parametrize(
    ("text", "kind", "target"),
    [
        ("192.0.2.1", "address", "192.0.2.1"),
        ("192.0.2.77/24", "address", "192.0.2.0/24"),
        ("192.0.2.1/32", "address", "192.0.2.1"),
        ("2001:DB8::/32", "address", "2001:db8::/32"),
        ("0::1", "address", "::1"),
        ("::ffff:192.0.2.1", "address", "192.0.2.1"),
        ("*@192.0.2.1", "address", "192.0.2.1"),
        ("*!*@192.0.2.0/24", "address", "192.0.2.0/24"),
        ("bad!*@192.0.2.1", "mask", "bad!*@192.0.2.1"),
        ("*@*.example.org", "mask", "*!*@*.example.org"),
        ("bad*!", "mask", "bad*!*@*"),
        ("!u", "mask", "*!u@*"),
        ("*.example.org", "mask", "*!*@*.example.org"),
        ("alice", "account", "alice"),
    ],
)
def test_targets(text: str, kind: str, target: str) -> None:
    assert parse_target(text) == BanTarget(kind, target)


@pytest.mark.parametrize("text", ["", "a b", ":x", "192.0.2.0/33", "x" * 201, "*@a b"])
def test_invalid_targets(text: str) -> None:
    with pytest.raises(TargetError):
        parse_target(text)


def test_the_narrowest_ban_on_an_address_is_found() -> None:
    made = bans("192.0.0.0/8", "192.0.2.0/24", "192.0.2.7", "2001:db8::/32", "0.0.0.0/1")
    for host, text in {
        "192.0.2.7": "192.0.2.7",
        "192.0.2.8": "192.0.2.0/24",
        "192.9.9.9": "192.0.0.0/8",
        "10.0.0.1": "0.0.0.0/1",
        "2001:db8::7": "2001:db8::/32",
        "::ffff:192.0.2.7": "192.0.2.7",
    }.items():
        found = made.of_address(host, 0)
        assert found
        assert found.target.text == text
    assert made.of_address("203.0.113.1", 0) is None
    assert made.of_address("2001:db9::1", 0) is None
    assert made.of_address("no address", 0) is None


@given(st.ip_addresses(v=4), st.ip_addresses(v=4), st.integers(0, 32))
def test_a_netblock_matches_its_addresses(one: object, other: object, length: int) -> None:
    shares = int(one) >> (32 - length) == int(other) >> (32 - length)  # type: ignore[call-overload]  # an address is one
    assert (bans(f"{one}/{length}").of_address(str(other), 0) is not None) is shares


def test_accounts_and_masks_are_found_in_any_case() -> None:
    made = bans("bad*!*@*.example.org")
    made.put(replace(next(iter(bans("Alice"))), account_id="=1"))
    assert made.get(parse_target("aLICE"))
    assert made.of_account("=1", 0)
    assert not made.of_account("=2", 0)  # a later account of the name
    assert not made.of_account("", 0)
    assert made.of_masks("BADDY", "u", ("1.2.3.4", "a.Example.org"), 0)
    assert not made.of_masks("good", "u", ("a.example.org",), 0)


def test_an_expired_ban_no_longer_counts_and_is_removed() -> None:
    made = bans("192.0.2.0/24")
    for text in "192.0.2.1", "alice", "bad!*@*":
        made.put(ban(text, until=1000))
    assert made.of_address("192.0.2.1", 999) == ban("192.0.2.1", 1000)
    assert made.of_address("192.0.2.1", 1000) == ban("192.0.2.0/24")
    assert made.of_account("alice", 1000) is None
    assert made.of_masks("bad", "u", ("h",), 1000) is None
    assert made.expire(999) == []
    assert {gone.target.text for gone in made.expire(1000)} == {"192.0.2.1", "alice", "bad!*@*"}
    assert [left.target.text for left in made] == ["192.0.2.0/24"]


def test_one_ban_per_target_which_survives_the_store() -> None:
    made = bans("192.0.2.9/24", "192.0.2.0/24", "Alice", "alice", "A!b@c", "a!B@C")
    assert len(made) == 3
    assert all(ServerBan.from_document(one.document()) == one for one in made)
    for text in "192.0.2.0/24", "ALICE", "a!b@c":
        assert made.drop(parse_target(text))
        assert made.drop(parse_target(text)) is None
    assert not made
    assert made.of_address("192.0.2.1", 0) is None
