"""The spam filter's points: what looks like spam, and what does not."""

import pytest

from greenchat.chat.protection.spam import Suspect, compiled, judge, plain

CROWD = frozenset("ann bea cat dan eve fay".split())
PATTERNS = compiled(["buy (cheap|now)", r"free\s+coins"])


def points(*texts: str, is_new: bool = False, step: int = 2000) -> list[int]:
    suspect = Suspect()
    found = []
    for number, text in enumerate(texts):
        judged = judge(suspect, text, now=number * step, window=60_000, is_new=is_new, members=CROWD, patterns=PATTERNS)
        found.append(judged.points)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello everybody",
        "OMG",
        "look: https://example.org/a",
        "ann, bea: lunch?",
        "WTF IS THIS",
        "I said: buy some bread",
        "Привет всем, как дела сегодня вечером",
    ],
)
def test_ordinary_lines_are_nothing(text: str) -> None:
    assert points(text) == [0]


@pytest.mark.parametrize(
    ("text", "is_new", "expected"),
    [
        ("BUY CHEAP WATCHES", False, 10 + 0),
        ("get FREE   coins here", False, 10),
        ("see http://spam.example", True, 4),
        ("see www.spam.example", True, 4),
        ("THIS IS VERY VERY IMPORTANT", False, 1),
        ("ann bea cat dan eve: look", False, 6),
        ("Ann, @Bea, cat: dan! (eve) fay", False, 6),
    ],
)
def test_what_is_suspicious(text: str, is_new: bool, expected: int) -> None:
    assert points(text, is_new=is_new) == [expected]


def test_the_same_again_and_again_weighs_more_each_time() -> None:
    assert points("come to #x", "Come  to #X", "come to #x 7", "something else") == [0, 3, 6, 0]


def test_what_was_said_long_ago_is_forgotten() -> None:
    assert points("hi there", "hi there", step=61_000) == [0, 0]


def test_many_lines_in_a_moment() -> None:
    assert points(*(f"word{chr(97 + number)}" for number in range(10)), step=100)[-1] == 2


def test_a_score_is_of_the_window() -> None:
    suspect = Suspect()
    judged = [
        judge(suspect, "buy now", now=now, window=60_000, is_new=False, members=CROWD, patterns=PATTERNS).score
        for now in (0, 1000, 70_000)
    ]
    assert judged == [10, 23, 10]


def test_variations_are_the_same() -> None:
    assert plain("Come to  #Chan 123!") == plain("come TO #chan 9!")
