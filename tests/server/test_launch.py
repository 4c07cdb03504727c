"""The start of the server's processes."""

import gc
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from greenchat.server.main import main
from tests.server.forked import started


@pytest.fixture
def no_garbage() -> Iterator[None]:
    """Collect no garbage, as `bin/greenchat-server` until all is loaded."""
    gc.disable()
    yield
    gc.enable()


def test_a_server_collects_garbage(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(
        "import gc\ngc.disable()\nfrom greenchat.server.main import main\nmain()\nprint('collects:', gc.isenabled())\n"
    )
    arguments = ("--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"))
    with started(tmp_path, *arguments, script=(str(script),)) as server:
        assert server.end() == 0
        assert server.process.stdout
        assert server.process.stdout.read().endswith("collects: True\n")


@pytest.mark.usefixtures("no_garbage")
def test_a_supervisor_of_nodes_collects_garbage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    collects: list[bool] = []

    def run() -> int:
        collects.append(gc.isenabled())
        return 0

    monkeypatch.setattr("greenchat.server.nodes.supervisor.NodeSupervisor", lambda *_, **__: SimpleNamespace(run=run))
    assert main(["--nodes", "2", "--listen", "127.0.0.1:0", "--data", str(tmp_path)]) == 0
    assert collects == [True]


@pytest.mark.usefixtures("no_garbage")
def test_a_command_collects_garbage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["print-dashboard"]) == 0
    assert capsys.readouterr().out
    assert gc.isenabled()
