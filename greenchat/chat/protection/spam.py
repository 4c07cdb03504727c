"""The score of the spam filter: pure functions, without any action.

Each suspicious property of a line gives points; the sum of a user's points within a window is the score.
`commands/messages/spam_filter` acts on it.
"""

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

_LINK = re.compile(r"https?://|www\.[a-z0-9-]+\.[a-z]{2,}", re.IGNORECASE)
_HOST = re.compile(r"(?:https?://|(?=www\.))([a-z0-9.-]+\.[a-z]{2,})", re.IGNORECASE)
_WORD = re.compile(r"[^\s,:;!?()<>@]+")
_SHOUT_LETTERS = 16  # shorter lines in capitals are greetings or abbreviations
_SHOUT_SHARE = 0.8
_NAMED = 5  # mentioned members that make a line a mass highlight
_LONGEST_SEARCH = 2000  # characters of a line that are matched
_REMEMBERED = 20  # texts of one user
_SAYING = 12  # characters: shorter lines are common greetings
_SHARED = 2  # other users with links to the same host that are not suspicious
LATELY = 10_000  # ms for counting recent lines
_MARKS, _SPEAKERS = 1000, 100  # of a wave

_PATTERN, _LINK_POINTS, _REPEAT, _SHOUT, _NAMES, _FAST = 10, 4, 3, 1, 6, 2


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of checking a line.

    points: of the line, by itself and with earlier ones; reasons: for people. score: the user's.
    """

    points: int
    reasons: tuple[str, ...]
    score: int


@dataclass(slots=True)
class Suspect:
    """The recent messages of one user. scores: time (ms) and points; texts: time and text, see `plain`.

    Times in the future do not count: the clock was set back.
    """

    scores: deque[tuple[int, int]] = field(default_factory=deque)
    texts: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def score(self, now: int, window: int) -> int:
        """Return the points within the window (ms)."""
        while self.scores and not now - window < self.scores[0][0] <= now:
            self.scores.popleft()
        return sum(points for _, points in self.scores)

    def same(self, text: str, now: int, window: int) -> int:
        """Return how often the same text was sent within the window."""
        return sum(sent == text and now - window < time <= now for time, sent in self.texts)

    def count_recent(self, now: int, within: int) -> int:
        """Return the number of lines within so many ms."""
        return sum(now - within < time <= now for time, _ in self.texts)


class NewcomerTexts:
    """The latest lines of newcomers, so that one text from many of them is noticed. Bounded."""

    __slots__ = ("_texts",)

    def __init__(self) -> None:
        self._texts: dict[str, dict[str, int]] = {}  # by text, or by the host of a link: user -> time (ms)

    def dump(self, since: int) -> list[list[Any]]:
        """Return the lines since a time (ms) as a JSON value."""
        recent: list[list[Any]] = [
            [mark, [[speaker, time] for speaker, time in speakers.items() if time > since]]
            for mark, speakers in self._texts.items()
        ]
        return [each for each in recent if each[1]]

    def load(self, stored: Iterable[Sequence[Any]]) -> None:
        """Load `dump`'s output."""
        self._texts = {mark: dict(speakers) for mark, speakers in stored}

    def others(self, text: str, speaker: str, now: int, window: int) -> int:
        """Note a line; return how many others sent the same, or linked to the same host, within the window (ms).

        A few links to one host do not count: some hosts are popular.
        """
        same = plain(text)
        most = self._others(same, speaker, now, window) if len(same) >= _SAYING else 0
        for host in {host.casefold() for host in _HOST.findall(text)}:
            most = max(most, self._others(f"//{host}", speaker, now, window) - _SHARED)
        return most

    def _others(self, mark: str, speaker: str, now: int, window: int) -> int:
        speakers = {each: time for each, time in self._texts.pop(mark, {}).items() if now - window < time <= now}
        count = len(speakers.keys() - {speaker})
        speakers[speaker] = now
        self._texts[mark] = speakers  # the latest is last
        while len(self._texts) > _MARKS or len(speakers) > _SPEAKERS:
            if len(speakers) > _SPEAKERS:
                del speakers[next(iter(speakers))]
            else:
                del self._texts[next(iter(self._texts))]
        return count


def compiled(patterns: Sequence[str]) -> tuple[re.Pattern[str], ...]:
    """Return the compiled patterns of the configuration."""
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


def plain(text: str) -> str:
    """Return a text without case, digits and spaces, which spammers vary."""
    return re.sub(r"[\s\d]+", "", text.casefold())


def judge(
    suspect: Suspect,
    text: str,
    *,
    now: int,
    window: int,
    is_new: bool,
    members: frozenset[str],
    patterns: Sequence[re.Pattern[str]],
    others: int = 0,
) -> Finding:
    """Judge a line, and remember it.

    now, window: ms. is_new: its user connected recently and has no account. members: folded nicks of the readers.
    others: newcomers who sent the same, see `NewcomerTexts`.
    """
    reasons: dict[str, int] = {}
    for pattern in patterns:
        if pattern.search(text[:_LONGEST_SEARCH]):
            reasons[f"matches {pattern.pattern}"] = _PATTERN
            break
    if is_new and _LINK.search(text):
        reasons["a link from a newcomer"] = _LINK_POINTS
    same = plain(text)
    repeated = suspect.same(same, now, window) if same else 0
    if repeated:
        reasons[f"said {repeated + 1} times"] = _REPEAT * repeated
    if others:
        reasons[f"as {others} other newcomer{'s' * (others != 1)}"] = _REPEAT * others
    letters = [letter for letter in text if letter.isalpha()]
    if len(letters) >= _SHOUT_LETTERS and sum(map(str.isupper, letters)) >= _SHOUT_SHARE * len(letters):
        reasons["capitals"] = _SHOUT
    named = len({word for word in map(str.casefold, _WORD.findall(text)) if word in members})
    if named >= _NAMED:
        reasons[f"names {named} people"] = _NAMES
    fast = suspect.count_recent(now, LATELY)
    if fast >= 8:
        reasons[f"{fast + 1} lines in 10 seconds"] = _FAST
    points = sum(reasons.values())
    suspect.texts.append((now, same))
    if points:
        suspect.scores.append((now, points))
    return Finding(points, tuple(reasons), suspect.score(now, window))
