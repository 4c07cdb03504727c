"""Token buckets, and counted attempts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.chat.protection.throttle import Attempts, TokenBucket

MINUTE = 60_000


def test_a_bucket_allows_a_burst_and_then_a_rate() -> None:
    bucket = TokenBucket(rate=10, burst=3)
    assert [bucket.take(0) for _ in range(5)] == [-200, -100, 0, 100, 200]
    assert bucket.take(10_000) == -200


def test_a_bucket_of_rate_zero_never_waits() -> None:
    bucket = TokenBucket(rate=0, burst=1)
    assert all(bucket.take(0) <= 0 for _ in range(1000))


@given(st.lists(st.floats(0, 1000), max_size=50), st.integers(1, 5), st.integers(1, 20))
def test_waiting_the_returned_time_keeps_within_rate_and_burst(pauses: list[float], rate: int, burst: int) -> None:
    bucket = TokenBucket(rate, burst)
    now = 0.0
    taken = []
    for pause in pauses:
        now += pause
        now += max(0.0, bucket.take(now))
        taken.append(now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            allowed = burst + rate * (taken[last] - taken[first]) / 1000
            assert last - first + 1 <= allowed + 1.001


def test_attempts_are_counted_per_key_and_forgotten() -> None:
    attempts = Attempts(limit=2, window=MINUTE)
    assert attempts.wait("a", 0) == 0
    attempts.count("a", 0)
    assert attempts.wait("a", 1) == 0
    attempts.count("a", 1000)
    assert attempts.wait("a", 1000) == MINUTE - 1000
    assert attempts.wait("b", 1000) == 0
    assert attempts.wait("a", MINUTE - 1) == 1
    assert attempts.wait("a", MINUTE) == 0
    attempts.count("a", MINUTE)
    assert attempts.wait("a", MINUTE) == 1000


def test_success_resets_the_count() -> None:
    attempts = Attempts(limit=1, window=MINUTE)
    attempts.count("a", 0)
    attempts.succeeded("a")
    assert attempts.wait("a", 0) == 0
    attempts.succeeded("nobody")


def test_a_limit_of_zero_switches_it_off() -> None:
    attempts = Attempts(limit=0, window=MINUTE)
    for _ in range(100):
        attempts.count("a", 0)
    assert attempts.wait("a", 0) == 0


def test_a_limit_may_change() -> None:
    attempts = Attempts(limit=1, window=MINUTE)
    attempts.count("a", 0)
    attempts.limit = 2
    assert attempts.wait("a", 0) == 0
    attempts.count("a", 1)
    assert attempts.wait("a", 1) == MINUTE - 1
    attempts.count("b", 0)
    attempts.count("b", 0)
    attempts.limit = 1
    assert attempts.wait("b", 0) == MINUTE


def test_unfinished_attempts_count_until_they_end() -> None:
    attempts = Attempts(limit=2, window=MINUTE)
    attempts.begin("a")
    assert attempts.has_room("a", 0)
    attempts.begin("a")
    assert not attempts.has_room("a", 0)
    assert attempts.has_room("b", 0)
    assert attempts.wait("a", 0) == 0  # nothing has failed
    attempts.end("a")
    assert attempts.has_room("a", 0)
    attempts.count("a", 0)
    assert not attempts.has_room("a", 0)
    attempts.end("a")
    assert attempts.has_room("a", 0)
    attempts.count("a", 0)
    assert not attempts.has_room("a", 0)
    assert attempts.has_room("a", MINUTE)
    assert not attempts._under_way
    attempts.limit = 0
    assert attempts.has_room("a", 0)


def test_old_failures_take_no_memory() -> None:
    attempts = Attempts(limit=3, window=MINUTE)
    for number in range(50):
        attempts.count(str(number), 0)
    attempts.forget_old(MINUTE)
    assert not attempts._failures


@pytest.mark.parametrize("jump", [60 * MINUTE, 365 * 24 * 60 * MINUTE])
def test_a_clock_that_jumps_locks_out_nobody(jump: int) -> None:
    """After a jump back a throttled client need not wait until the old time comes again; after a jump forward the
    failure is long ago.
    """
    attempts = Attempts(limit=2, window=MINUTE)
    for way in -jump, jump:
        now = 2 * jump
        for _ in range(2):
            attempts.count("a", now)
        assert attempts.wait("a", now) == MINUTE
        assert attempts.wait("a", now + way) == 0
        attempts.count("a", now + way)
        attempts.count("a", now + way)
        assert attempts.wait("a", now + way) == MINUTE
        attempts.succeeded("a")


def test_a_newcomer_earns_the_burst() -> None:
    bucket = TokenBucket(10, 20, first=5, now=1000.0)
    assert [bucket.take(1000.0) <= 0 for _ in range(6)] == [True] * 5 + [False]
    bucket = TokenBucket(10, 20, first=5, now=1000.0)
    later = 1000.0 + 1500  # ms, which allow 15 more
    assert [bucket.take(later) <= 0 for _ in range(21)] == [True] * 20 + [False]
    bucket = TokenBucket(10, 20, first=5, now=1000.0)
    bucket.fill()
    assert [bucket.take(1000.0) <= 0 for _ in range(21)] == [True] * 20 + [False]


@pytest.mark.parametrize(("nodes", "most"), [(1, 10), (2, 11), (3, 12), (4, 13), (12, 21)])
def test_nodes_that_only_hear_of_failures_share_the_limit(nodes: int, most: int) -> None:
    """However the attempts fall on the nodes, there are no more than the limit, plus the last one on each node."""
    here = [Attempts(limit=10, window=MINUTE) for _ in range(nodes)]
    tried = 0
    while any(each.has_room("a", 0, nodes=nodes) for each in here):
        under_way = []
        for each in here:
            while each.has_room("a", 0, nodes=nodes):
                each.begin("a")
                under_way.append(each)
        tried += len(under_way)
        for attempts in under_way:
            attempts.end("a")
            for each in here:
                each.count("a", 0)
    assert tried <= most
