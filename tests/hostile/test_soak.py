"""A few seconds of the soak; .ci/run makes it two minutes, and by hand it lasts an hour."""

from pathlib import Path

from tests.hostile import soak


def test_nothing_stays_of_those_who_came(tmp_path: Path) -> None:
    samples = soak.run(tmp_path, 6.0, 0.5, lambda _: None)
    assert max(sample.sockets for sample in samples) > samples[-1].sockets
