"""Files for whoever runs the server as a service: they are what the programs that read them take."""

import shutil
import subprocess
from pathlib import Path

import pytest

from greenchat import __version__
from greenchat.server.tools.deployment import closed_to_others
from tests.server.process import run


def printed(home: Path, *words: str) -> str:
    ended = run(home, *words)
    assert ended.returncode == 0
    assert not ended.stderr or "the service can't start this" in ended.stderr  # as this clone's place may be
    assert "@" not in ended.stdout.replace("@system-service", "").replace("~@privileged", "")
    return ended.stdout


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze here")
def test_systemd_takes_the_unit_and_finds_it_tight(tmp_path: Path) -> None:
    unit = tmp_path / "greenchat-test.service"
    text = printed(tmp_path, "print-unit", "--listen", ":6667")
    unit.write_text(text.replace("Documentation=man:greenchat-server(1)\n", ""))
    checked = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout[-200:]  # an exposure of 2.0 at most, of 10


def test_a_unit_says_where_to_listen(tmp_path: Path) -> None:
    text = printed(tmp_path, "print-unit", "--listen", ":9090", "--listen", "[::1]:667")
    assert "--listen :9090 --listen '[::1]:667'" in text
    assert "AmbientCapabilities=CAP_NET_BIND_SERVICE\n" in text
    assert "AmbientCapabilities=\n" in printed(tmp_path, "print-unit")
    (tmp_path / "x.toml").write_text("")
    assert f"--config {tmp_path}/x.toml\n" in printed(tmp_path, "print-unit", "--config", str(tmp_path / "x.toml"))


def test_a_unit_that_may_not_enter_the_folder_of_the_program_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """path_resolution(7): without "search permission on the current lookup directory, an EACCES error is returned"."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    program = home / "greenchat-server"
    program.touch()
    monkeypatch.setattr("sys.executable", "/bin/sh")
    closed = closed_to_others(program)
    assert closed
    assert closed in program.parents
    assert not closed.stat().st_mode & 0o001
    assert closed_to_others(Path("/bin/sh")) is None


def test_a_socket_for_activation(tmp_path: Path) -> None:
    assert "ListenStream=9090" in printed(tmp_path, "print-unit", "--socket")


def test_a_container_runs_this_version_and_not_as_root(tmp_path: Path) -> None:
    text = printed(tmp_path, "print-dockerfile")
    assert f"greenchat=={__version__}" in text
    assert "\nUSER greenchat\n" in text
    assert "HEALTHCHECK" in text


@pytest.mark.parametrize("name", ["print-compose", "print-nginx", "print-caddy"])
def test_the_others_are_printed(tmp_path: Path, name: str) -> None:
    assert "9090" in printed(tmp_path, name)
