from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.server.nodes.talkers import check


def talker(*messages: tuple[str, str]) -> Any:
    def nothing(*_: object) -> None:
        """Do nothing: the connection has ended."""

    return SimpleNamespace(
        nick="al", received=[*messages], echoed=[*messages], is_lost=False, end=nothing, read_on=nothing
    )


def test_a_failed_check_shows_the_end_of_the_log_of_each_node(tmp_path: Path) -> None:
    logs = [tmp_path / "errors-1.txt", tmp_path / "errors-2.txt", tmp_path / "errors-3.txt"]
    logs[0].write_text("\n".join(f"line {number}" for number in range(1, 101)), encoding="utf-8")
    logs[1].write_text("a bug in an act of the log\n", encoding="utf-8")
    nodes: Any = SimpleNamespace(nodes=[SimpleNamespace(errors=log) for log in logs])
    with pytest.raises(AssertionError, match="heard the same") as raised:
        check(nodes, talker(("1", "al 1"), ("2", "al 2")), talker(("1", "al 1"), ("2", "al 3")))
    (note,) = raised.value.__notes__
    lines = note.splitlines()
    assert "errors-1: line 100" in lines
    assert "errors-1: line 70" not in lines
    assert "errors-2: a bug in an act of the log" in lines
    assert "errors-3: has no log" in lines
