"""The figures of a run: names, units, formats, and whether less or more of each is better."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

WIDTH = 80  # columns of the narrowest terminal that is common
_BETWEEN = "  "

Figures = Mapping[str, float]  # name in FIGURES -> value in its base unit (seconds, bytes, per second)


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _microseconds(value: float) -> str:
    return f"{value * 1e6:.3g} us" if value < 1e-5 else f"{value * 1e6:.1f} us"


def _milliseconds(value: float) -> str:
    return f"{value * 1e3:.2f} ms" if value < 0.1 else f"{value * 1e3:,.0f} ms"


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


def _kibibytes(value: float) -> str:
    return f"{value / 1024:.1f} KiB"


def _mebibytes(value: float) -> str:
    return f"{value / 1024 / 1024:.0f} MiB"


def _percent(value: float) -> str:
    return f"{value * 100:.0f} %" if value >= 0.1 else f"{value * 100:.2g} %"


@dataclass(frozen=True, slots=True)
class Figure:
    """The presentation of a figure. ratio: worth comparing between servers."""

    label: str
    write: Callable[[float], str]
    ratio: bool = False


FIGURES: dict[str, Figure] = {
    "clients": Figure("clients", _count),
    "register_rate": Figure("registered/s", _count),
    "join_rate": Figure("joined/s", _count),
    "retries": Figure("retries", _count),
    "comings_and_goings": Figure("came or went", _count),
    "duration": Figure("done in", _seconds, ratio=True),
    "messages_per_second": Figure("messages/s", _count),
    "deliveries_per_second": Figure("deliveries/s", _count, ratio=True),
    "cpu_per_delivery": Figure("CPU/delivery", _microseconds, ratio=True),
    "cpu_per_delivery_in_all": Figure("CPU with later work", _microseconds, ratio=True),
    "cpu_per_join": Figure("CPU/join", _microseconds, ratio=True),
    "delay_p50": Figure("p50", _milliseconds, ratio=True),
    "delay_p99": Figure("p99", _milliseconds, ratio=True),
    "delay_all": Figure("p50 to all", _milliseconds, ratio=True),
    "delay_max": Figure("max", _milliseconds),
    "delay_fault": Figure("max by the server", _milliseconds),
    "memory": Figure("memory", _mebibytes),
    "told": Figure("told at the end", _count),
    "stopping": Figure("SIGTERM to end", _seconds),
    "delay_p50_without": Figure("p50 without", _milliseconds),
    "delay_ratio": Figure("with/without", lambda value: f"{value:.2f}"),
    "memory_per_client": Figure("memory/client", _kibibytes, ratio=True),
    "pings": Figure("pings answered", _count),
    "cpu_share": Figure("server's core", _percent),
    "own_share": Figure("bench's core", _percent),
    "kept_waiting": Figure("kept waiting", _percent),
}


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value that this share of the ordered values lies at or below; NaN of none.

    ordered: ascending; share: 0 to 1.
    """
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(values: Iterable[float]) -> float:
    """Return the middle value (the mean of the two middle ones), without NaN; NaN of none."""
    ordered = sorted(value for value in values if not math.isnan(value))
    if not ordered:
        return math.nan
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def combine(rounds: Sequence[Figures]) -> dict[str, float]:
    """Return the median of each figure over all rounds."""
    names = [name for name in FIGURES if any(name in figures for figures in rounds)]
    return {name: median(figures[name] for figures in rounds if name in figures) for name in names}


def ratios(ours: Sequence[Figures], theirs: Sequence[Figures]) -> dict[str, float]:
    """Return our figures divided by theirs: medians of the rounds' ratios, since a disturbance affects both of a
    round.
    """
    result = {}
    for name, figure in FIGURES.items():
        pairs = [
            (our[name], their[name]) for our, their in zip(ours, theirs, strict=True) if name in our and name in their
        ]
        if figure.ratio and pairs:
            result[name] = median(our / their if their else math.nan for our, their in pairs)
    return result


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as aligned text; the first row is the head, the first column is aligned left.

    Columns that do not fit on a terminal are below, in a table with the same first column.
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    parts = [_part(rows, widths, columns) for columns in _columns(widths)]
    return "\n\n".join(parts)


def _columns(widths: Sequence[int]) -> list[list[int]]:
    """Return groups of columns that fit side by side: the first column, and at least one other."""
    parts: list[list[int]] = []
    room = 0
    for column in range(1, len(widths)):
        room -= len(_BETWEEN) + widths[column]
        if room < 0 or not parts:
            parts.append([0])
            room = WIDTH - widths[0] - len(_BETWEEN) - widths[column]
        parts[-1].append(column)
    return parts or [[0]]


def _part(rows: Sequence[Sequence[str]], widths: Sequence[int], columns: Sequence[int]) -> str:
    def line(row: Sequence[str]) -> str:
        cells = [row[column].rjust(widths[column]) for column in columns]
        cells[0] = row[0].ljust(widths[0])
        return _BETWEEN.join(cells).rstrip()

    rule = _BETWEEN.join("-" * widths[column] for column in columns)
    return "\n".join([line(rows[0]), rule, *map(line, rows[1:])])


def figures_table(named: Sequence[tuple[str, Figures]]) -> str:
    """Return a table with one row per server and one column per figure."""
    columns = [name for name in FIGURES if any(name in figures for _, figures in named)]
    rows = [["", *(FIGURES[name].label for name in columns)]]
    for title, figures in named:
        cells = [figures.get(name, math.nan) for name in columns]
        rows.append(
            [title, *("-" if math.isnan(v) else FIGURES[n].write(v) for n, v in zip(columns, cells, strict=True))]
        )
    return table(rows)


def ratios_table(named: Sequence[tuple[str, Mapping[str, float]]]) -> str:
    """Return a table with one row per pair of servers and one column per figure."""
    columns = [name for name in FIGURES if any(name in figures for _, figures in named)]
    rows = [["", *(FIGURES[name].label for name in columns)]]
    for title, figures in named:
        cells = [figures.get(name, math.nan) for name in columns]
        rows.append([title, *("-" if math.isnan(value) else f"{value:.2f} x" for value in cells)])
    return table(rows)
