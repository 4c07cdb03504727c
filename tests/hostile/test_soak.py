"""A few seconds of the soak; `python -m tests.hostile.soak` makes it an hour."""

from pathlib import Path

from tests.hostile import soak

_OF_THREADS = 8  # greenlets of threads for slow work, which are started when there is some


def test_nothing_stays_of_those_who_came(tmp_path: Path) -> None:
    first, *_, last = soak.run(tmp_path, 6.0, 0.5, lambda _: None)
    assert last.sockets <= first.sockets
    assert last.greenlets <= first.greenlets + _OF_THREADS
    assert last.resident < first.resident + 60 * 1024  # KiB
