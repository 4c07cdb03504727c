"""Cloaks: what they reveal of an address, and what they hide."""

import re
from itertools import combinations

import pytest

from greenchat.chat.protection.cloaks import Cloaks
from greenchat.config.settings import CLOAK_LENGTH, Cloak


def cloaks(secret: bytes = b"one", settings: Cloak | None = None) -> Cloaks:
    made = Cloaks(settings or Cloak())
    made.change_secret(secret)
    return made


def common(first: str, second: str) -> int:
    """Return how many parts two cloaks share, counted from the suffix."""
    parts = list(zip(first.split(".")[::-1], second.split(".")[::-1], strict=True))
    return next((count for count, (one, other) in enumerate(parts) if one != other), len(parts)) - 1


@pytest.mark.parametrize(
    ("first", "second", "networks"),
    [
        ("203.0.113.7", "203.0.113.7", 3),
        ("203.0.113.7", "203.0.113.8", 2),  # a /24
        ("203.0.113.7", "203.0.112.7", 1),  # a /16
        ("203.0.113.7", "203.1.113.7", 0),
        ("2001:db8:1:2::1", "2001:0db8:0001:0002:0:0:0:1", 3),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::1", 2),  # a /64
        ("2001:db8:1:2::1", "2001:db8:1:3::1", 1),  # a /48
        ("2001:db8:1:2::1", "2001:db8:2:2::1", 0),
        ("203.0.113.7", "::ffff:203.0.113.7", 3),
        ("0.0.0.1", "::2", 0),
        ("fe80::1%eth0", "fe80::1%eth1", 3),
    ],
)
def test_cloaks_of_one_netblock_end_alike(first: str, second: str, networks: int) -> None:
    """So that a ban can match a netblock."""
    assert common(cloaks().host(first), cloaks().host(second)) == networks


def test_the_shape() -> None:
    cloak = cloaks().host("203.0.113.7")
    assert re.fullmatch(r"[a-z2-7]{6}\.[a-z2-7]{6}\.[a-z2-7]{6}\.cloaked", cloak)
    assert len(cloak) == CLOAK_LENGTH + len("cloaked")
    assert cloaks(settings=Cloak(suffix="a.b")).host("203.0.113.7") == cloak.removesuffix("cloaked") + "a.b"


def test_only_the_secret_decides() -> None:
    """With another secret no part is the same; no two addresses of a netblock share their first part."""
    one, two = cloaks(b"one"), cloaks(b"two")
    for address in "203.0.113.7", "2001:db8::1":
        assert not set(one.host(address).split(".")[:3]) & set(two.host(address).split(".")[:3])
    first_parts = [one.host(f"203.0.113.{last}").split(".")[0] for last in range(256)]
    assert all(a != b for a, b in combinations(first_parts, 2))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "0::1", "::ffff:127.0.0.1", "greenchat.local", ""])
def test_loopback_and_names_are_not_cloaked(host: str) -> None:
    assert cloaks().host(host) == host


def test_switched_off() -> None:
    off = cloaks(settings=Cloak(enabled=False))
    assert off.host("203.0.113.7") == "203.0.113.7"
    assert off.source("a!b@203.0.113.7") == "a!b@203.0.113.7"


@pytest.mark.parametrize("source", ["", "greenchat.local", "a!b@127.0.0.1", "a!b@x.y.z.cloaked", "a@b!c@example.org"])
def test_a_source_without_an_address_is_kept(source: str) -> None:
    assert cloaks().source(source) == source


def test_a_suffix_that_could_be_part_of_an_address() -> None:
    made = cloaks(settings=Cloak(suffix="beef"))
    assert made.source("a!b@2001:db8::beef") == "a!b@" + made.host("2001:db8::beef")


def test_a_source_of_before_there_were_cloaks() -> None:
    assert cloaks().source("a!b@203.0.113.7") == "a!b@" + cloaks().host("203.0.113.7")
