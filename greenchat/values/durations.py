"""Durations in the form that operators write: `90`, `30m`, `1w2d`, `forever`."""

import re

_UNITS = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:\d{1,9}[ywdhms])+|\d{1,9}", re.ASCII)
_FOREVER = ("0", "forever", "permanent")
_LONGEST = 100 * _UNITS["y"]


def parse_duration(text: str, unit: str = "s") -> int | None:
    """Return the seconds of a duration, 0 for ever, or None if the text is none. unit: of a number alone."""
    text = text.lower()
    if text in _FOREVER:
        return 0
    if not _DURATION.fullmatch(text):
        return None
    if text.isdigit():
        text += unit
    seconds = sum(int(count) * _UNITS[letter] for count, letter in re.findall(r"(\d+)([a-z])", text))
    return min(seconds, _LONGEST) or None


def format_duration(seconds: int) -> str:
    """Return the seconds as `1d2h`; "forever" for 0."""
    if seconds <= 0:
        return "forever"
    parts = []
    for letter, size in _UNITS.items():
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{letter}")
    return "".join(parts)
