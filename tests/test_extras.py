"""A server without optional libraries names them in one line."""

import subprocess
import sys
from pathlib import Path

from greenchat import extras
from tests.patience import PATIENCE
from tests.server.process import ROOT

_RUN = """
import sys
sys.modules["confusable_homoglyphs"] = None
from greenchat.server.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_precis_without_its_libraries(tmp_path: Path) -> None:
    arguments = ["--data", str(tmp_path), "--listen", "127.0.0.1:0"]
    ended = subprocess.run(
        [sys.executable, "-c", _RUN, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("greenchat-server: the casemapping 'precis' needs more packages: ")
    assert line.endswith(f"{sys.executable} -m pip install precis-i18n confusable-homoglyphs")


def test_files_without_their_library(tmp_path: Path) -> None:
    file = tmp_path / "greenchat.toml"
    file.write_text("[files]\nenabled = true\n")
    arguments = ["--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0", "--config", str(file)]
    code = _RUN.replace("confusable_homoglyphs", "PIL")
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line == f"greenchat-server: files need one more package: {sys.executable} -m pip install pillow"


def test_the_named_packages_are_those_of_setup_py() -> None:
    setup = (ROOT / "setup.py").read_text()
    wanted = (*extras.TLS, *extras.PROXY, *extras.SPELLING, *extras.UNICODE, *extras.PLOT, *extras.JWT, *extras.FILES)
    for package in wanted:
        assert f'"{package}>=' in setup
