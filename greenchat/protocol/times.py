"""Times on the wire: `YYYY-MM-DDThh:mm:ss.sssZ`, from and to milliseconds since the epoch; and in words, for people.

https://ircv3.net/specs/extensions/server-time
"""

import re
from datetime import UTC, datetime
from functools import lru_cache

_FORM = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def format_time(milliseconds: int) -> str:
    """Return the time in the form of a `time` tag."""
    return f"{_format_second(milliseconds // 1000)}.{milliseconds % 1000:03}Z"


@lru_cache(8)
def _format_second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def parse_time(text: str) -> int:
    """Return the time of a `time` tag. Times before the epoch are negative. Raises ValueError."""
    match = _FORM.fullmatch(text)
    if not match:
        raise ValueError(f"not a time: {text!r}")
    year, month, day, hour, minute, second, millisecond = map(int, match.groups())
    # A leap second is the same moment as the first of the next minute.
    moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    if second > 60:
        raise ValueError(f"not a time: {text!r}")
    since = moment - _EPOCH
    return (since.days * 86400 + since.seconds + (second == 60)) * 1000 + millisecond


def in_words(milliseconds: int) -> str:
    """Return a time for people to read, in UTC."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%a %b %d %Y at %H:%M:%S UTC}"


def elapsed(since: int, now: int) -> int:
    """Return the full seconds between two times in ms, 0 if the clock was set back in between."""
    return max(0, now - since) // 1000
