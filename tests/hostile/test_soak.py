"""A few seconds of the soak; `python -m tests.hostile.soak` makes it an hour."""

from pathlib import Path

from tests.hostile import soak


def test_nothing_stays_of_those_who_came(tmp_path: Path) -> None:
    samples = soak.run(tmp_path, 4.0, 0.5)
    assert samples[-1].sockets <= samples[0].sockets
    assert samples[-1].resident < samples[0].resident + 60 * 1024  # KiB
