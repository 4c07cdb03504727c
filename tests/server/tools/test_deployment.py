"""Files for running the server as a service: the programs that read them accept them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from greenchat import __version__
from greenchat.server.tools.deployment import closed_to_others, hidden_from_service
from tests.server.forked import run


def printed(home: Path, *words: str) -> str:
    ended = run(home, *words)
    assert ended.returncode == 0
    assert (
        not ended.stderr or "the service can't start this" in ended.stderr
    )  # of the place of this checkout, for example
    assert "@" not in ended.stdout.replace("@system-service", "").replace("~@privileged", "")
    return ended.stdout


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze here")
def test_systemd_accepts_the_unit_and_finds_it_safe(tmp_path: Path) -> None:
    unit = tmp_path / "greenchat-test.service"
    unit.write_text(printed(tmp_path, "print-unit", "--listen", ":6667"))
    checked = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout[-200:]  # an exposure of 2.0 of 10 at most


def test_a_unit_has_the_listeners(tmp_path: Path) -> None:
    text = printed(tmp_path, "print-unit", "--listen", ":9090", "--listen", "[::1]:667")
    assert "--listen :9090 --listen '[::1]:667'" in text
    assert "AmbientCapabilities=CAP_NET_BIND_SERVICE\n" in text
    assert "AmbientCapabilities=\n" in printed(tmp_path, "print-unit")
    (tmp_path / "x.toml").write_text("")
    assert f"--config {tmp_path}/x.toml\n" in printed(tmp_path, "print-unit", "--config", str(tmp_path / "x.toml"))


def test_a_unit_may_open_privileged_ports_of_its_configuration(tmp_path: Path) -> None:
    """capabilities(7): CAP_NET_BIND_SERVICE: "Bind a socket to Internet domain privileged ports (port numbers less than
    1024)".
    """
    file = tmp_path / "x.toml"
    file.write_text("[[listen]]\naddress = ':9090'\n[[listen]]\naddress = ':80'\n")
    text = printed(tmp_path, "print-unit", "--config", str(file))
    assert "AmbientCapabilities=CAP_NET_BIND_SERVICE\n" in text
    text = printed(tmp_path, "print-unit", "--config", str(file), "--listen", ":6667")
    assert f"--config {file} --listen :6667\n" in text
    assert "AmbientCapabilities=\n" in text


def test_a_unit_that_cannot_enter_the_programs_folder_is_warned_of(
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


def test_a_unit_that_cannot_see_its_program_is_warned_of(tmp_path: Path) -> None:
    """systemd.exec(5), PrivateTmp=: "a new file system namespace ... and mounts private /tmp/ and /var/tmp/"."""
    assert hidden_from_service(Path("/tmp/venv/bin/greenchat-server"))
    assert not hidden_from_service(Path("/opt/tmp/greenchat-server"))
    config = Path("/tmp/greenchat-that-is-not-there.toml")
    ended = run(tmp_path, "print-unit", "--listen", ":9090", "--config", str(config), "--data", str(tmp_path))
    assert f"move {config} elsewhere" in ended.stderr
    assert "--data is ignored: a service stores its data in /var/lib/greenchat\n" in ended.stderr
    assert "StateDirectory=greenchat\n" in ended.stdout


def test_a_socket_for_activation(tmp_path: Path) -> None:
    """systemd.socket(5): a single number is "read as port number to listen on", others are "v.w.x.y:z" and "[x]:y"."""

    def streams(*words: str) -> list[str]:
        lines = printed(tmp_path, "print-unit", "--socket", *words).splitlines()
        return [line for line in lines if line.startswith("ListenStream=")]

    file = tmp_path / "x.toml"
    file.write_text("listen = [{address = '[::1]:6667'}]")
    assert streams() == ["ListenStream=9090"]
    assert streams("--listen", ":667", "--listen", "127.0.0.1:6697") == [
        "ListenStream=667",
        "ListenStream=127.0.0.1:6697",
    ]
    assert streams("--config", str(file)) == ["ListenStream=[::1]:6667"]
    refused = run(tmp_path, "print-unit", "--socket", "--listen", "localhost:6667")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("greenchat-server: systemd needs an IP address for a socket: replace localhost")


def test_a_container_runs_this_version_without_root(tmp_path: Path) -> None:
    text = printed(tmp_path, "print-dockerfile")
    assert f"greenchat=={__version__}" in text
    assert "\nUSER greenchat\n" in text
    assert "HEALTHCHECK" in text


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("print-compose", ("build: .", "read_only: true", "greenchat:/data")),
        # a browser's Origin has the port, so the Host that it is compared with must have it, too
        (
            "print-nginx",
            ("Host $http_host;", "X-Forwarded-For $remote_addr;", "Upgrade $http_upgrade;", "proxy_protocol on"),
        ),
        ("print-caddy", ("reverse_proxy 127.0.0.1:9090", "flush_interval -1")),
    ],
)
def test_the_other_files(tmp_path: Path, name: str, needed: tuple[str, ...]) -> None:
    text = printed(tmp_path, name)
    assert [each for each in ("9090", *needed) if each not in text] == []
