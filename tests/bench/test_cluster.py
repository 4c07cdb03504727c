"""`greenchat-bench cluster`: in small, and what its table says."""

import pytest

from greenchat.bench.main import main
from greenchat.bench.scenarios.cluster import report
from tests.server.nodes.nats import NEEDED


@NEEDED
def test_a_process_and_two_nodes_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cluster", "--nodes", "0,2", "--clients", "8", "--rooms", "2", "--seconds", "0.2"]) == 0
    told = capsys.readouterr().out
    assert told.count("a single process  ") == 4, "two tables, in two parts each"
    assert told.count("2 nodes") == 4
    assert max(map(len, told.splitlines())) <= 80


def test_the_table_compares_with_the_first_row() -> None:
    figures = {"busiest": 1e6, "cpu": 1e-6, "engine": 0.0, "delay": 1e-3}
    rows = report({0: [figures], 3: [{**figures, "busiest": 2e6}, {**figures, "busiest": 3e6, "engine": 2e-6}]})
    assert [line.split()[2:5] for line in rows.splitlines()[2:3]] == [["process", "1,000,000", "1.00"]]
    assert [line.split()[2:4] for line in rows.splitlines()[3:4]] == [["2,000,000", "2.00"]], "the median"


@pytest.mark.parametrize("words", ["", "one", "1,", "17", "1,2,x", "-1"])
def test_numbers_of_nodes(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["cluster", f"--nodes={words}"])
    assert "is no list of numbers from 0 to 16, like 1,2,3" in capsys.readouterr().err
