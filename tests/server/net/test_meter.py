"""What is counted beside the work."""

from greenchat.server.net.meter import Longest


def test_the_longest_of_lately() -> None:
    longest = Longest()
    assert longest.lately(1000.0) == 0.0
    longest.observe(0.2, 1000.0)
    longest.observe(0.1, 1001.0)
    assert longest.lately(1059.0) == 0.2
    longest.observe(0.05, 1061.0)
    assert longest.lately(1061.0) == 0.2  # of the minute before
    longest.observe(0.01, 1121.5)
    assert longest.lately(1121.5) == 0.05
    assert longest.lately(1300.0) == 0.0  # long after
