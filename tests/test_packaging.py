"""The wheel and the sdist: they are complete, install in a fresh environment, and are reproducible."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from greenchat import __version__

ROOT = Path(__file__).parents[1]
PROGRAMS = ("greenchat", "greenchat-server", "greenchat-bench")
EPOCH = "1700000000"  # seconds; https://reproducible-builds.org/specs/source-date-epoch/
PATIENCE = 300.0  # seconds

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout: nothing says what is source")


def built(source: Path, folder: Path, *kinds: str) -> list[Path]:
    """Build from a copy of the sources, as a packager does. kinds: "--wheel", "--sdist"."""
    subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--no-isolation",
            "--skip-dependency-check",
            *kinds,
            "--outdir",
            str(folder),
            str(source),
        ],
        env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH},
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    )
    return sorted(folder.iterdir(), key=lambda file: file.suffix, reverse=True)


def copied(folder: Path) -> Path:
    """Copy what git knows of the checkout to a folder, so that building leaves nothing in the checkout."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
            (folder / name).chmod((ROOT / name).stat().st_mode & 0o777)
    return folder


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the wheel and the sdist, in this order."""
    return built(copied(tmp_path_factory.mktemp("source")), tmp_path_factory.mktemp("dist"), "--wheel", "--sdist")


def test_the_wheel_is_complete(packages: list[Path]) -> None:
    with zipfile.ZipFile(packages[0]) as wheel:
        names = wheel.namelist()
    data = f"greenchat-{__version__}.data"
    for name in (
        "greenchat/py.typed",
        "greenchat/__main__.py",
        "greenchat/web/index.html",
        "greenchat/server/tools/templates/greenchat.service",
        *(f"{data}/scripts/{program}" for program in PROGRAMS),
        *(f"{data}/data/share/man/man1/{program}.1" for program in PROGRAMS),
    ):
        assert name in names
    assert not [name for name in names if name.startswith("tests")]


def test_the_same_sources_make_the_same_wheel(packages: list[Path], tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (again,) = built(copied(tmp_path / "source"), tmp_path / "dist", "--wheel")
    assert again.name == packages[0].name
    assert again.read_bytes() == packages[0].read_bytes()


@pytest.mark.parametrize("number", [0, 1], ids=["wheel", "sdist"])
def test_it_installs_in_a_fresh_environment(packages: list[Path], number: int, tmp_path: Path) -> None:
    """The dependencies are those of the tests' environment, not fetched again; what is not run is not compiled."""
    place = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)  # nor its old setuptools
    inside = next(place.glob("lib/python*/site-packages"))
    (inside / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = place / "bin/python"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    options = ("--quiet", "--no-compile", "--no-index", "--no-deps", "--no-build-isolation", "--force-reinstall")
    command = [str(python), "-m", "pip", "install", *options, str(packages[number])]
    subprocess.run(command, env=env, check=True, capture_output=True, timeout=PATIENCE)
    programs = [[str(place / "bin" / program)] for program in PROGRAMS]
    for words in (*programs, [str(python), "-m", "greenchat"]):
        messages = subprocess.run(
            [*words, "--version"], cwd=tmp_path, env=env, capture_output=True, text=True, check=True, timeout=PATIENCE
        )
        assert __version__ in messages.stdout


def test_the_sdist_can_be_built(packages: list[Path]) -> None:
    with tarfile.open(packages[1]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"setup.py", "README.md", "LICENSE", "bin/greenchat", "greenchat/web/index.html"} <= names


@pytest.mark.parametrize("command", ["install", "bdist_wheel", "egg_info"])
def test_an_installation_is_compiled_where_requested(command: str, tmp_path: Path) -> None:
    """pip before 23.1 runs `setup.py install` where there is no package wheel, and gives it no build requirements."""
    (tmp_path / "mypyc").mkdir()
    (tmp_path / "mypyc/__init__.py").touch()
    (tmp_path / "mypyc/build.py").write_text(
        "def mypycify(words, **_):\n    print('compiled:', words[-1])\n    return []\n", encoding="utf-8"
    )
    there = tmp_path / "mypy-1.20.0.dist-info/METADATA"
    there.parent.mkdir()
    there.write_text("Metadata-Version: 2.1\nName: mypy\nVersion: 1.20.0\n", encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "setup.py", command, "--help"],
        cwd=ROOT,
        env={**os.environ, "GREENCHAT_COMPILE": "1", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ("compiled: greenchat/" in ended.stdout) is (command != "egg_info")
