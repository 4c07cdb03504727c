"""Limits on the number and rate of connections."""

import pytest

from greenchat.config.options import Connections
from greenchat.server.net.connection_limits import ConnectionLimits, RefusedError
from greenchat.values.addresses import network

FAR = "192.0.2.7"
PLENTY = 1000


def enter(limits: ConnectionLimits, host: str = FAR, now: int = 0, capacity: int = PLENTY, **given: object) -> str:
    options = Connections(**{"per_address": 0, "per_minute": 0, **given})  # type: ignore[arg-type]  # fields of any type
    try:
        limits.enter(host, options, capacity=capacity, now=now)
    except RefusedError as error:
        return str(error)
    return ""


def test_connections_per_address() -> None:
    limits = ConnectionLimits()
    assert [enter(limits, per_address=2) for _ in range(3)] == [
        "",
        "",
        "Too many connections from your address: at most 2 at once",
    ]
    assert enter(limits, "192.0.2.8", per_address=2) == ""
    limits.leave(FAR)
    assert enter(limits, per_address=2) == ""


def test_connections_per_minute_and_address() -> None:
    limits = ConnectionLimits()
    answers = []
    for now in (0, 30_000, 59_999, 60_000, 89_999, 90_000):
        answers.append(enter(limits, now=now, per_minute=2))
        if not answers[-1]:
            limits.leave(FAR)
    reason = "Too many connections from your address: at most 2 a minute"
    assert answers == ["", "", reason, "", reason, ""]


@pytest.mark.parametrize(("form", "other"), [("192.0.2.{}", "192.0.3.1"), ("2001:db8:1:{}::1", "2001:db8:2::1")])
def test_connections_per_minute_and_netblock(form: str, other: str) -> None:
    limits = ConnectionLimits()
    reason = "Too many connections from your network: at most 3 a minute"
    assert [enter(limits, form.format(number), per_network=3) for number in range(1, 5)] == ["", "", "", reason]
    assert enter(limits, other, per_network=3) == ""
    assert enter(limits, form.format(5), now=60_000, per_network=3) == ""


def test_connections_in_total() -> None:
    limits = ConnectionLimits()
    assert [enter(limits, f"192.0.2.{number}", most=2) for number in range(3)] == [
        "",
        "",
        "This server is full (2 connections)",
    ]
    assert enter(limits, "127.0.0.1", most=2) == "This server is full (2 connections)"
    assert enter(limits, capacity=3) == ""
    assert enter(limits, capacity=3) == "This server is full (3 connections)"


def test_a_cancelled_connection_is_not_counted() -> None:
    limits = ConnectionLimits()
    options = Connections(per_address=1, per_minute=1, per_network=1)
    for _ in range(3):
        limits.enter(FAR, options, capacity=PLENTY, now=0)
        limits.undo_count(FAR, options)
    assert limits.open == 3
    limits.count(FAR, options, 0)
    with pytest.raises(RefusedError, match="your address: at most 1 at once") as refused:
        limits.count(FAR, options, 0)
    assert refused.value.status == 429
    for _ in range(3):
        limits.leave("")
    assert limits.open == 0


def test_zero_switches_a_limit_off() -> None:
    limits = ConnectionLimits()
    assert {enter(limits, now=1) for _ in range(500)} == {""}
    assert limits.open == 500


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_exempt_addresses(host: str) -> None:
    limits = ConnectionLimits()
    assert {enter(limits, host, per_address=1, per_minute=1) for _ in range(5)} == {""}
    assert enter(limits, FAR, per_address=1, exempt=()) == ""
    assert enter(limits, FAR, per_address=1, exempt=()) != ""
    assert enter(limits, FAR, per_address=1, exempt=(network("192.0.2.0/24"),)) == ""


def test_a_whole_ipv6_netblock_is_counted_as_one() -> None:
    limits = ConnectionLimits()
    assert enter(limits, "2001:db8:1:1::1", per_address=1) == ""
    assert enter(limits, "2001:db8:1:1:ffff::2", per_address=1) != ""
    assert enter(limits, "2001:db8:1:2::1", per_address=1) == ""
    assert enter(limits, "fe80::1%eth0", per_address=1) == ""


def test_an_ipv4_mapped_address_is_the_same_address() -> None:
    limits = ConnectionLimits()
    assert enter(limits, FAR, per_address=1) == ""
    assert enter(limits, "::ffff:" + FAR, per_address=1) != ""


def test_old_addresses_are_forgotten() -> None:
    limits = ConnectionLimits()
    for number in range(100):
        host = f"198.51.100.{number}"
        enter(limits, host, per_minute=5)
        limits.leave(host)
    limits.forget_old(60_000)
    assert limits.open == 0
    assert not limits._recent
    assert not limits._by_netblock


@pytest.mark.parametrize("jump", [3_600_000, 365 * 86_400_000])
def test_a_clock_that_jumps_locks_out_nobody(jump: int) -> None:
    """After a jump back a minute is a minute of the new time; after a jump forward the minute is over."""
    for way in -jump, jump:
        limits = ConnectionLimits()
        now = 2 * jump
        assert enter(limits, now=now, per_minute=1) == ""
        assert enter(limits, now=now, per_minute=1) != ""
        assert enter(limits, now=now + way, per_minute=1) == ""
        assert enter(limits, now=now + way, per_minute=1) != ""
