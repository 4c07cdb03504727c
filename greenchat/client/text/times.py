"""Times as text, in the machine's time zone."""

import time
from functools import lru_cache

QUARTER = 15 * 60_000  # milliseconds: in every zone a day begins at a quarter of an hour


def milliseconds() -> int:
    """Return the present time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def clock(milliseconds: int, form: str = "%H:%M") -> str:
    """Return a time as `20:05`. form: as `strftime` has it."""
    return time.strftime(form, time.localtime(milliseconds / 1000))


def date(milliseconds: int) -> str:
    """Return a date as `Friday, 20 November 2026`."""
    return _date_of_quarter(milliseconds // QUARTER)


@lru_cache(maxsize=256)
def _date_of_quarter(quarter: int) -> str:
    return time.strftime("%A, %-d %B %Y", time.localtime(quarter * QUARTER / 1000))


def date_and_time(seconds: str) -> str:
    """Return `20 Nov 2026, 20:05` for a server's text of seconds since the epoch; "" for anything else."""
    try:
        return time.strftime("%-d %b %Y, %H:%M", time.localtime(int(seconds)))
    except (ValueError, OverflowError, OSError):
        return ""


def timestamp(milliseconds: int) -> str:
    """Return a time as `2026-11-20T20:05:00.000Z`, the format of https://ircv3.net/specs/extensions/server-time."""
    seconds, rest = divmod(milliseconds, 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:03}Z"


def duration(seconds: int) -> str:
    """Return a duration as `45 s`, `12 min`, `3 h 20 min`, `2 days 4 h`."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes == 0:
        return f"{seconds} s"
    if hours == 0:
        return f"{minutes} min"
    if days == 0:
        return f"{hours} h {minutes % 60} min"
    return f"{days} day{'s' if days > 1 else ''} {hours % 24} h"
