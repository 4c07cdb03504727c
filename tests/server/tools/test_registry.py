"""The shell commands of greenchat-server: their help, and mistakes in calling them."""

from pathlib import Path

import pytest

from greenchat.server.tools.registry import tools
from tests.server.forked import run


def test_help_names_every_command(tmp_path: Path) -> None:
    output = run(tmp_path, "--help").stdout
    for name, tool in tools().items():
        assert f"greenchat-server {name} " in output
        assert tool.summary in output


@pytest.mark.parametrize("name", tools())
def test_each_command_explains_itself(tmp_path: Path, name: str) -> None:
    ended = run(tmp_path, name, "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(f"usage: greenchat-server {name}")


def test_options_may_stand_on_both_sides_of_a_command(tmp_path: Path) -> None:
    for words in (["--data", str(tmp_path), "check"], ["check", "--data", str(tmp_path)]):
        assert f"there is no database {tmp_path}/greenchat.db" in run(tmp_path, *words).stderr


def test_the_value_of_an_option_is_not_a_command(tmp_path: Path) -> None:
    """A folder may be named like a command."""
    ended = run(tmp_path, "--data", str(tmp_path / "backup"), "check")
    assert "there is no database" in ended.stderr


def test_an_unknown_option_is_named(tmp_path: Path) -> None:
    ended = run(tmp_path, "--listen", ":1", "status")
    assert ended.stderr == "greenchat-server status: unrecognized arguments: --listen; see --help\n"
    assert ended.returncode == 2
