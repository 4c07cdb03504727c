"""The programs in bin/ from their first moment on."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE

BIN = Path(__file__).parents[1] / "bin"
# A module that each of them imports early.
EARLY = {"greenchat": "queue", "greenchat-server": "argparse", "greenchat-bench": "argparse"}
# A module in its place, whose import takes for ever.
SLOW = """
import signal
print("importing", flush=True)
while True:
    signal.pause()
"""


@pytest.mark.parametrize("program", EARLY)
def test_ctrl_c_during_the_imports_is_one_line(tmp_path: Path, program: str) -> None:
    (tmp_path / f"{EARLY[program]}.py").write_text(SLOW)
    process = subprocess.Popen(
        [sys.executable, BIN / program],
        env={"PYTHONPATH": f"{tmp_path}:{BIN.parent}", "HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert (process.returncode, errors) == (130, f"{program}: interrupted\n")


@pytest.mark.parametrize("program", EARLY)
def test_a_python_without_greenchat_gets_a_helpful_line(program: str) -> None:
    """-I and -S: neither this folder nor installed packages are found, as when the script is started directly."""
    ended = subprocess.run(
        [sys.executable, "-I", "-S", BIN / program, "--version"], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"{program}: {sys.executable} has no package greenchat: install greenchat for it")
    assert len(ended.stderr.splitlines()) == 1
