"""The memory of messages by the ids that clients gave them."""

import pytest

from greenchat.chat.client_ids import SentIds


def test_an_id_belongs_to_an_account_and_a_target() -> None:
    sent_ids = SentIds()
    key = SentIds.key("alice", "#lobby", "1")
    assert key
    sent_ids.add(key, 7)
    assert sent_ids.get(key) == 7
    for other in ("bob", "#lobby", "1"), ("alice", "#other", "1"), ("alice", "#lobby", "2"):
        assert sent_ids.get(other) == 0
    sent_ids.drop(key)
    assert sent_ids.get(key) == 0
    sent_ids.drop(key)


@pytest.mark.parametrize(("text", "is_id"), [("", False), ("x", True), ("x" * 64, True), ("x" * 65, False)])
def test_valid_ids(text: str, is_id: bool) -> None:
    assert (SentIds.key("", "#lobby", text) is not None) == is_id


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenchat.chat.client_ids._MOST", 3)
    sent_ids = SentIds()
    for number in range(5):
        sent_ids.add(("", "#lobby", str(number)), 7)
    assert [number for number in range(5) if sent_ids.get(("", "#lobby", str(number)))] == [2, 3, 4]
