"""The scores of the spam filter."""

import pytest

from greenchat.chat.protection.spam import NewcomerTexts, Suspect, compiled, judge, plain

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
def test_ordinary_messages_score_nothing(text: str) -> None:
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
def test_suspicious_messages(text: str, is_new: bool, expected: int) -> None:
    assert points(text, is_new=is_new) == [expected]


def test_repetitions_score_more_each_time() -> None:
    assert points("come to #x", "Come  to #X", "come to #x 7", "something else") == [0, 3, 6, 0]


def test_old_messages_are_forgotten() -> None:
    assert points("hi there", "hi there", step=61_000) == [0, 0]


def test_many_messages_at_once() -> None:
    assert points(*(f"word{chr(97 + number)}" for number in range(10)), step=100)[-1] == 2


def test_a_score_is_of_the_window() -> None:
    suspect = Suspect()
    judged = [
        judge(suspect, "buy now", now=now, window=60_000, is_new=False, members=CROWD, patterns=PATTERNS).score
        for now in (0, 1000, 70_000)
    ]
    assert judged == [10, 23, 10]


def waves(*texts: tuple[str, str], step: int = 1000) -> list[int]:
    wave = NewcomerTexts()
    return [wave.others(text, who, number * step, 60_000) for number, (who, text) in enumerate(texts)]


def test_one_text_of_many_users() -> None:
    text = "come to our channel"
    assert waves(("a", text), ("b", text + " 7"), ("a", text), ("c", text.upper())) == [0, 1, 1, 2]


def test_one_link_of_many_users_in_different_texts() -> None:
    texts = (
        "look http://spam.example/a",
        "so cheap: https://SPAM.example/?x=b",
        "c http://spam.example",
        "http://spam.example/d",
    )
    assert waves(*((str(number), text) for number, text in enumerate(texts))) == [0, 0, 0, 1]


def test_a_greeting_of_many_users_is_no_wave() -> None:
    assert waves(*((who, "hi all!") for who in "abcdefgh")) == [0] * 8


def test_a_wave_ends() -> None:
    assert waves(("a", "come to our channel"), ("b", "come to our channel"), step=61_000) == [0, 0]


def test_the_memory_of_waves_is_bounded() -> None:
    wave = NewcomerTexts()
    for number in range(5000):
        wave.others("come to our channel", str(number), 0, 60_000)
        wave.others("".join(chr(97 + int(digit)) for digit in f"{number:020}"), "a", 0, 60_000)
    assert wave.others("come to our channel", "x", 0, 60_000) == 100
    assert len(wave._texts) <= 1000


def test_variations_count_as_the_same_text() -> None:
    assert plain("Come to  #Chan 123!") == plain("come TO #chan 9!")
