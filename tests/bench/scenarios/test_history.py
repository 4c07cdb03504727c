"""The history scenario on a small scale, with the real store and the real server."""

import json
from pathlib import Path

import pytest

from greenchat.bench.main import main
from greenchat.storage.benchmark import main as fill
from greenchat.storage.interface import HistorySpan, Query
from greenchat.storage.sqlite import SqliteStore


def test_figures_of_writing_and_reading(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "--rows", "3000", "--channels", "3", "--requests", "5", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["latest_lines"] == figures["common_word_in_channel_lines"] == 100
    assert 0 < figures["latest_p50"] <= figures["latest_p99"] <= figures["latest_max"]
    assert figures["turn_rows_per_second"] > 0
    assert 50 < figures["bytes_per_message"] < 500


def test_the_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert fill([str(tmp_path / "greenchat.db"), "--rows", "100", "--channels", "2"]) == 0
    assert main(["history", "--data", str(tmp_path), "--channels", "2", "--rows", "100", "--requests", "2"]) == 0
    assert "latest_p99" in capsys.readouterr().out


def test_generated_messages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "greenchat.db"
    assert fill([str(file), "--rows", "500", "--channels", "5", "--turn", "10"]) == 0
    assert json.loads(capsys.readouterr().out)["commit_p99"] > 0
    store = SqliteStore(file)
    events = [event for number in range(5) for event in store.read(f"#c{number}", HistorySpan(1000))]
    assert len({event.id for event in events}) == len(events) == 500
    word = events[0].params[1].split()[-1]
    assert events[0] in store.search(Query(["#c0"], 500, word))
    store.close()
