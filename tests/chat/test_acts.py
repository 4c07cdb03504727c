"""Acts as JSON, and invalid ones."""

import json

import pytest

from greenchat.chat.acts import Act, ActError, CommandAct, SpeechAct, StepAct, decode, encode

ACTS: list[Act] = [
    CommandAct(7, 1_700_000_000_000, "JOIN", ("#a,#b", "key")),
    CommandAct(7, 5, "PRIVMSG", ("#a", ""), {"+draft/reply": "x", "label": ""}),
    CommandAct(7, 5, "QUIT", ()),
    StepAct(0, 5, "bans.expire", ()),
    SpeechAct(4, 5, "NOTICE", "#a", ("one", "\x01two"), (3, 1, 0)),
    StepAct(3, 5, "sasl.login", ("b5", "ab"), ("192.0.2.1", "alice", "")),
    StepAct(3, 5, "enter", ({"nick": "alice", "secure": True, "caps": 1 << 40, "pending": {}},)),
]


@pytest.mark.parametrize("act", ACTS, ids=str)
def test_an_act_is_read_back_from_json(act: Act) -> None:
    assert decode(json.loads(json.dumps(encode(act)))) == act


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        ["run"],
        ["run", 1, 2, 3, []],
        ["run", 1, 2, "A", [3]],
        ["other", 1, 2, "x", []],
        ["say", 1, 2, "A", "b", [], [1, 2]],
        {"run": 1},
        "",
    ],
)
def test_invalid_acts_are_refused(stored: object) -> None:
    with pytest.raises(ActError, match="not an act"):
        decode(stored)
