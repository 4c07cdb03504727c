"""`greenchat-bench cluster` on a small scale, and its tables."""

from pathlib import Path

import pytest

from greenchat.bench import node_loss, node_processes
from greenchat.bench.main import main
from greenchat.bench.reader import Reader
from greenchat.bench.scenarios import cluster
from greenchat.bench.scenarios.cluster import report, report_faults
from greenchat.bench.transcript import ViolationError
from tests.server.nodes.nats import NEEDED


def _nodes_and_engine(parent: int) -> list[tuple[int, bool]]:
    """As `node_processes.processes`, without the process that the nodes are forked from: it is the first child."""
    first, *_ = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [each for each in node_processes.processes(parent) if each[0] != int(first)]


@pytest.fixture(autouse=True)
def _forked_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "children", _nodes_and_engine)
    monkeypatch.setattr(node_loss, "processes", _nodes_and_engine)


@NEEDED
def test_a_process_and_two_nodes_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cluster", "--nodes", "0,2", "--clients", "8", "--rooms", "2", "--seconds", "0.2"]) == 0
    output = capsys.readouterr().out
    assert output.count("a single process  ") == 4, "two tables, in two parts each"
    assert output.count("2 nodes") == 4
    assert max(map(len, output.splitlines())) <= 80


@NEEDED
def test_all_clients_are_compared_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def detach(reader: Reader) -> None:
        raise ViolationError(f"{reader} is read line by line, which takes longer than what is measured")

    monkeypatch.setattr(Reader, "detach", detach)
    assert main(["cluster", "--nodes", "2", "--clients", "8", "--rooms", "2", "--seconds", "0.2"]) == 0


@pytest.mark.long
@NEEDED
def test_a_load_and_a_kill_are_measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cluster, "_CROWD", 10)
    monkeypatch.setattr(node_loss, "_AFTERWARDS", 0.2)
    words = ["--nodes", "2", "--load", "--kill", "--clients", "8", "--rooms", "1", "--seconds", "0.2"]
    assert main(["cluster", *words]) == 0
    output = capsys.readouterr().out
    assert output.count("p50 beside") == 2
    assert output.count("silence before") == 1
    assert max(map(len, output.splitlines())) <= 80


def test_tables_of_a_load_and_a_kill() -> None:
    load = {"rate": 1000.0, "busy": 0.5, "waited": 0.25, "alone": 0.001, "p50": 0.002, "p95": 0.0035}
    rows = report_faults("load", [load]).split()
    begin = rows.index("1")
    assert rows[begin : begin + 4] == ["1", "1,000", "50%", "25%"]
    assert rows[begin + 4 : begin + 10] == ["1.0", "ms", "2.0", "ms", "3.5", "ms"]
    rows = report_faults("kill", [{"lost": 1001.0, "before": 0.01, "then": 0.02, "later": 0.3}]).split()
    begin = rows.index("1001")
    assert rows[begin - 1 : begin + 7] == ["1", "1001", "0.01", "s", "0.02", "s", "0.30", "s"]


def test_a_load_needs_two_nodes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cluster", "--nodes", "0,1", "--load"]) == 2
    assert "--load and --kill need at least two nodes" in capsys.readouterr().err


def test_the_table_compares_with_the_first_row() -> None:
    figures = {"busiest": 1e6, "cpu": 1e-6, "engine": 0.0, "delay": 1e-3}
    rows = report({0: [figures], 3: [{**figures, "busiest": 2e6}, {**figures, "busiest": 3e6, "engine": 2e-6}]})
    assert [line.split()[2:5] for line in rows.splitlines()[2:3]] == [["process", "1,000,000", "1.00"]]
    assert [line.split()[2:4] for line in rows.splitlines()[3:4]] == [["2,000,000", "2.00"]], "the median"


@pytest.mark.parametrize("words", ["", "one", "1,", "17", "1,2,x", "-1"])
def test_numbers_of_nodes(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["cluster", f"--nodes={words}"])
    assert "is not a list of numbers from 0 to 16, like 1,2,3" in capsys.readouterr().err
