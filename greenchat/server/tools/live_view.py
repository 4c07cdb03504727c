"""The screen of `greenchat-server top`: two successive answers of `status` become rows of text. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from greenchat.server.tools.running import duration, size

Status = Mapping[str, Any]
_BAR = 20  # columns


def rows(before: Status, now: Status, seconds: float, height: int, width: int, *, keys: str = "q ends") -> list[str]:
    """Return the rows of the screen, each cut to its width. seconds: between the two answers. keys: their help."""
    left = _figures(before, now, seconds)
    lists = _lists(before, now, seconds)
    rows = [_title(now) + (f"   ({keys})" if keys else ""), "", *left, "", *lists]
    return [row[:width] for row in rows[:height]]


def _title(now: Status) -> str:
    return f"greenchat {now['version']} on {', '.join(now['listening'])}, up {duration(now['uptime'])}"


def _figures(before: Status, now: Status, seconds: float) -> list[str]:
    def rate(name: str) -> float:
        return max(0.0, float(now[name] - before[name])) / seconds if seconds > 0 else 0.0

    busy = min(1.0, rate("cpu"))
    bar = "#" * round(busy * _BAR)
    return [
        f"users {now['users']:>8}   connected {now['present']:>6}   channels {now['channels']:>6}",
        f"links {now['connections']:>8}   coming in {now['unregistered']:>6}   operators {now['operators']:>5}",
        f"lines in  {rate('received'):>10.1f}/s   out {rate('sent'):>10.1f}/s",
        f"CPU    [{bar:<{_BAR}}] {busy:>4.0%}   memory {size(now['memory']):>10}",
        f"sendq  {size(now['sendq']):>10}   database {size(now['store']):>10}"
        f"   longest turn {now['longest_turn'] * 1000:>6.1f} ms",
    ]


def _lists(before: Status, now: Status, seconds: float) -> list[str]:
    """Return the busiest commands and the largest channels, side by side."""
    earlier = dict(before["commands"])
    rates = sorted(
        ((count - earlier.get(name, 0)) / seconds if seconds > 0 else 0.0, name) for name, count in now["commands"]
    )[::-1]
    commands = [f"{name:<16} {rate:>8.1f}/s" for rate, name in rates]
    rooms = [f"{name:<24} {count:>6}" for name, count in now["rooms"]]
    return [f"{'COMMANDS':<30}CHANNELS", *_side_by_side(commands, rooms)]


def _side_by_side(left: Sequence[str], right: Sequence[str]) -> list[str]:
    count = max(len(left), len(right))
    pairs = zip([*left, *[""] * (count - len(left))], [*right, *[""] * (count - len(right))], strict=True)
    return [f"{first:<30}{second}".rstrip() for first, second in pairs]
