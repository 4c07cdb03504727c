"""Entries of the log."""

import pytest

from greenchat.chat.acts import CommandAct, SpeechAct, StepAct
from greenchat.server.nodes import entries

ACTS = (
    CommandAct(7, 1000, "TOPIC", ("#a", 'a "topic", with é and \n'), {"label": "x"}),
    StepAct(0, 1000, "node.lost", (3, 60_000)),
    SpeechAct(7, 1000, "PRIVMSG", "#a", ("one", "two"), (1, 2, 3)),
)


def test_an_entry_is_decoded_to_its_acts() -> None:
    entry = entries.unpack(entries.pack("token", 5, [entries.text(act) for act in ACTS], applied=3, cpu=700))
    assert (entry.token, entry.count, entry.applied, entry.cpu) == ("token", 5, 3, 700)
    assert tuple(entries.acts_of(entry)) == ACTS
    assert tuple(entries.acts_of(entries.unpack(entries.pack("token", 6, [])))) == ()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not an entry"),
        (b"\xff", "not an entry"),
        (b"[]", "not an entry"),
        (b'{"v": 1}', "entries of version 1"),
        (b'{"v": 2, "token": "t", "count": 1, "acts": []}', "version 2"),
        (b'{"v": 1, "token": "t", "count": 1, "applied": 0, "cpu": 0, "acts": [["fly"]]}', "not an act of version"),
        (b'{"v": 1, "token": "t", "count": 1, "applied": 0, "cpu": 0, "acts": ["run"]}', "not an act of version"),
    ],
)
def test_invalid_entries_are_refused(data: bytes, says: str) -> None:
    with pytest.raises(entries.EntryError, match=says):
        tuple(entries.acts_of(entries.unpack(data)))
