"""Message ids: a number that is unique, ordered and contains its own time; on the wire 13 letters and digits.

The number is `milliseconds since the Unix epoch << 20 | counter`, so ids compare in the order in which they were given
out, the history needs neither a column for the time nor an index over ids, and any id or time is a position in every
conversation, even if the message itself is gone. The text form is base 32 (RFC 4648's extended hex alphabet in lower
case, which Python's `int` reads) with leading zeros: 13 characters that sort like the numbers.

Ids can be guessed. Whatever answers a question about one first checks whether the asker may read there.

Source of the wire form: https://ircv3.net/specs/extensions/message-ids
"""

import re

COUNTER_BITS = 20
LAST_ID = (1 << 63) - 1
"""The largest id; every real one is smaller."""

_ALPHABET = "0123456789abcdefghijklmnopqrstuv"
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_TEXT = re.compile(f"[0-7][{_ALPHABET}]{{12}}", re.ASCII)


class MessageIds:
    """Gives out ids, each larger than all before it.

    Start it with the last id that the store holds. A clock that is set back doesn't set the ids back: they continue
    from the last one until the clock has caught up.
    """

    __slots__ = ("last",)

    def __init__(self, last: int = 0) -> None:
        self.last = last

    def next(self, now: int) -> int:
        """Return a new id for something that happens `now` (milliseconds since the epoch)."""
        self.last = max(now << COUNTER_BITS, self.last + 1)
        return self.last

    def few(self, now: int, count: int) -> range:
        """Return so many new ids in a row."""
        first = now << COUNTER_BITS
        if first <= self.last:
            first = self.last + 1
        end = first + count
        self.last = end - 1
        return range(first, end)


def format_msgid(number: int) -> str:
    """Return the id as it stands in a `msgid` tag."""
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
