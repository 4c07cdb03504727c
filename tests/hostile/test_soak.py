"""A few seconds of the soak; .ci/run makes it two minutes, and by hand it lasts an hour."""

from pathlib import Path

import pytest

from tests.hostile import soak


@pytest.mark.long
def test_no_resources_are_left(tmp_path: Path) -> None:
    samples = soak.run(tmp_path, 6.0, 0.5, lambda _: None)
    assert max(sample.sockets for sample in samples) > samples[-1].sockets
