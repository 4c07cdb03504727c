"""Counters kept beside the work."""

from greenchat.server.net.meter import LongestDuration


def test_the_longest_of_the_last_minutes() -> None:
    longest = LongestDuration()
    assert longest.value(1000.0) == 0.0
    longest.observe(0.2, 1000.0)
    longest.observe(0.1, 1001.0)
    assert longest.value(1059.0) == 0.2
    longest.observe(0.05, 1061.0)
    assert longest.value(1061.0) == 0.2  # of the previous minute
    longest.observe(0.01, 1121.5)
    assert longest.value(1121.5) == 0.05
    assert longest.value(1300.0) == 0.0  # long after the last one
