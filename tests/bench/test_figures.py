"""Statistics and tables."""

import math

import pytest

from greenchat.bench.figures import (
    FIGURES,
    WIDTH,
    combine,
    figures_table,
    median,
    quantile,
    ratios,
    ratios_table,
    table,
)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([7.0], 0.5, 7.0),
        ([1.0, 2.0], 0.5, 1.0),
        ([1.0, 2.0, 3.0], 0.5, 2.0),
        ([float(n) for n in range(1, 101)], 0.99, 99.0),
        ([float(n) for n in range(1, 101)], 1.0, 100.0),
        ([1.0, 2.0], 0.0, 1.0),
    ],
)
def test_quantile(values: list[float], share: float, expected: float) -> None:
    assert quantile(values, share) == expected


@pytest.mark.parametrize(
    ("values", "expected"), [([3.0, 1.0, 2.0], 2.0), ([1.0, 2.0], 1.5), ([math.nan, 4.0], 4.0), ([5.0], 5.0)]
)
def test_median(values: list[float], expected: float) -> None:
    assert median(values) == expected


def test_the_median_of_nothing() -> None:
    assert math.isnan(quantile([], 0.5))
    assert math.isnan(median([]))


def test_combine_takes_the_median_of_each_figure() -> None:
    rounds = [
        {"clients": 10.0, "duration": 1.0},
        {"clients": 10.0, "duration": 9.0},
        {"clients": 10.0, "duration": 2.0},
    ]
    assert combine(rounds) == {"clients": 10.0, "duration": 2.0}


def test_ratios_are_taken_per_round() -> None:
    """A round in which everything took twice as long does not change them."""
    ours = [{"duration": 1.0, "clients": 5.0}, {"duration": 2.0, "clients": 5.0}, {"duration": 1.0, "clients": 5.0}]
    theirs = [{"duration": 4.0}, {"duration": 8.0}, {"duration": 5.0}]
    assert ratios(ours, theirs) == {"duration": 0.25}


def test_a_ratio_to_zero() -> None:
    assert math.isnan(ratios([{"duration": 1.0}], [{"duration": 0.0}])["duration"])


def test_tables() -> None:
    assert table([["", "a", "long"], ["name", "100", "2"]]).splitlines() == [
        "        a  long",
        "----  ---  ----",
        "name  100     2",
    ]
    shown = figures_table(
        [
            ("ours", {"clients": 1000, "cpu_per_delivery": 1.1e-7, "delay_p50": 0.0042, "memory_per_client": 10240}),
            ("theirs", {"clients": 1000, "cpu_per_delivery": 1.234e-5, "delay_p50": 1.5}),
        ]
    ).splitlines()
    assert shown[0].split("  ")[-1] == "memory/client"
    assert [cell.strip() for cell in shown[2].split("  ") if cell] == [
        "ours",
        "1,000",
        "0.11 us",
        "4.20 ms",
        "10.0 KiB",
    ]
    assert [cell.strip() for cell in shown[3].split("  ") if cell] == ["theirs", "1,000", "12.3 us", "1,500 ms", "-"]
    assert "0.25 x" in ratios_table([("ours / theirs", {"duration": 0.25})])


def test_a_table_fits_a_terminal() -> None:
    """Columns without room are printed below, with the same row names."""
    figures = dict.fromkeys(FIGURES, 123456.0)
    shown = figures_table([("greenchat, WebSocket", figures), ("inspircd", figures)])
    assert max(map(len, shown.splitlines())) <= WIDTH == 80
    parts = [part.splitlines() for part in shown.split("\n\n")]
    heads = "  ".join(part[0].strip() for part in parts)
    assert [word.strip() for word in heads.split("  ") if word] == [figure.label for figure in FIGURES.values()]
    assert {part[2].partition("  ")[0] for part in parts} == {"greenchat, WebSocket"}


def test_a_column_wider_than_the_terminal_is_printed_all_the_same() -> None:
    assert table([["", "x" * 90, "y"], ["a", "1", "2"]]).count("\n\n") == 1
