"""How often the housekeeping does what costs the same however little has come."""

import pytest

from greenchat.storage.housekeeping import Housekeeping
from greenchat.storage.interface import Erasure
from greenchat.storage.sqlite import SqliteStore
from tests.storage.talk import START, Talk


def test_while_much_is_said_the_log_is_moved_once_a_second(
    store: SqliteStore, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last pages of busy conversations are in it many times, and have to be moved once."""
    moved: list[int] = []
    move = Housekeeping.move_log

    def note(housekeeping: Housekeeping) -> None:
        moved.append(housekeeping.commits)
        move(housekeeping)

    def maintain(since: float) -> None:
        store._housekeeping._index_rests = 0.0
        monkeypatch.setattr("greenchat.storage.housekeeping._MOVE_EVERY", since)
        store.maintain(START)

    monkeypatch.setattr(Housekeeping, "move_log", note)
    store._housekeeping._learned = 1e9  # the index is not due
    said = talk.lines(1000)
    store.commit(said)
    maintain(1e9)
    assert moved == []
    assert not store.is_tidy(START)
    maintain(0.0)
    assert moved == [1]
    store.commit([Erasure("#lobby", said[0].id), *talk.lines(1000)])
    maintain(1e9)
    assert moved == [1, 2], "what was erased must not stay in it"
    store.commit(talk.lines(1000))
    maintain(0.0)
    assert moved == [1, 2, 3]
    store.commit(talk.lines(3))
    maintain(1e9)
    assert moved == [1, 2, 3, 4], "in a quiet moment it costs nobody anything"
