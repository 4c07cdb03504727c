"""What all programs do alike with their command line."""

import sys
from pathlib import Path

import pytest

from greenchat.cli import called


def test_a_program_is_called_as_it_can_be_called_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its path where the one that runs was called so, as in the README; by its name where that is enough."""
    program = tmp_path / "greenchat"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "greenchat-server")])
    monkeypatch.setenv("PATH", "/nowhere")
    assert called("greenchat") == str(program)
    assert called("greenchat-bench") == "greenchat-bench"  # it is nowhere: the name is all that can be told
    monkeypatch.setenv("PATH", str(tmp_path))
    assert called("greenchat") == "greenchat"
