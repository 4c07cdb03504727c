"""`kill -9` at random moments, a few times (`python -m tests.features.crash --kills 100` does it often), and a disk
that is full for a while.
"""

import random
import resource
import time
from pathlib import Path

from tests.features.crash import Server, run
from tests.features.crowd import Crowd
from tests.patience import PATIENCE


def test_repeated_kills_lose_nothing(tmp_path: Path) -> None:
    result = run(tmp_path, 5, random.Random())
    assert result.wrong == []
    assert result.messages > 50


def test_a_full_disk_loses_nothing_that_was_seen(tmp_path: Path) -> None:
    """The system lets the server's files grow no further for a while."""
    server = Server(tmp_path)
    crowd = Crowd(lambda: server.address, writers=3, readers=2)
    process = server.process.pid
    try:
        crowd.start()
        _wait(crowd, lambda: all(writer.seen for writer in crowd.writers))
        size = max(file.stat().st_size for file in tmp_path.iterdir())
        _, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (size + 100_000, hard))
        _wait(crowd, lambda: all(writer.refused > 3 for writer in crowd.writers))
        resource.prlimit(process, resource.RLIMIT_FSIZE, (hard, hard))
        confirmed = [len(writer.seen) for writer in crowd.writers]
        _wait(crowd, lambda: all(len(w.seen) > was + 10 for w, was in zip(crowd.writers, confirmed, strict=True)))
        assert crowd.wrong(crowd.finish()) == []
        assert [person.lost for person in crowd.people] == [0] * 5  # no connection was lost
    finally:
        server.stop()


def _wait(crowd: Crowd, condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, [(p.nick, len(p.seen), p.refused, p.error) for p in crowd.people]
        time.sleep(0.01)
