"""Message ids: a number that is unique, ordered and contains its own time; on the wire 13 letters and digits.

The number is `milliseconds since the Unix epoch << 20 | counter`, so ids are in the order of their creation, the
history needs neither a column for the time nor an index of ids, and any id or time is a position in every conversation,
even if the message itself is deleted. The text form is base 32 (RFC 4648's extended hex alphabet in lower case, which
Python's `int` reads) with leading zeros: 13 characters that sort like the numbers.

Ids can be guessed, so every query by id must check whether the user may read the conversation.

Source of the wire form: https://ircv3.net/specs/extensions/message-ids
"""

import re
from collections.abc import Sequence

COUNTER_BITS = 20
LAST_ID = (1 << 63) - 1
"""The largest id; every real one is smaller."""

_ALPHABET = "0123456789abcdefghijklmnopqrstuv"
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_TEXT = re.compile(f"[0-7][{_ALPHABET}]{{12}}", re.ASCII)


class MessageIds:
    """Creates ids, each larger than all previous ones.

    Start it with the last id that the store holds. If the clock is set back, ids continue from the last one until the
    clock has caught up.
    """

    __slots__ = ("last",)

    def __init__(self, last: int = 0) -> None:
        self.last = last

    def next(self, now: int) -> int:
        """Return a new id for something that happens `now` (milliseconds since the epoch)."""
        self.last = max(now << COUNTER_BITS, self.last + 1)
        return self.last

    def few(self, now: int, count: int) -> Sequence[int]:
        """Return `count` consecutive new ids."""
        first = now << COUNTER_BITS
        if first <= self.last:
            first = self.last + 1
        if count == 1:
            self.last = first
            return (first,)  # takes less time than a range
        self.last = first + count - 1
        return range(first, first + count)


def format_msgid(number: int) -> str:
    """Return the id in the form of a `msgid` tag."""
    pairs = _PAIRS
    return (
        _ALPHABET[number >> 60]
        + pairs[number >> 50 & 1023]
        + pairs[number >> 40 & 1023]
        + pairs[number >> 30 & 1023]
        + pairs[number >> 20 & 1023]
        + pairs[number >> 10 & 1023]
        + pairs[number & 1023]
    )


def parse_msgid(text: str) -> int | None:
    """Return the number of a `msgid` tag's value; None if we never gave out such an id."""
    return int(text, 32) if _TEXT.fullmatch(text) else None


def time_of(number: int) -> int:
    """Return the time of the message with this id, in milliseconds since the epoch."""
    return number >> COUNTER_BITS


def msgid_time(text: str) -> int:
    """Return the time of an id in text form. Raises ValueError if it is not a number at all."""
    return int(text, 32) >> COUNTER_BITS


def first_id(time: int) -> int:
    """Return the smallest id that a message sent at `time` (milliseconds since the epoch) can have."""
    return min(max(time, 0) << COUNTER_BITS, LAST_ID)
