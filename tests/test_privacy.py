"""Files that our programs write are for their user only, whatever the umask; a wider mode is narrowed, with a
warning.
"""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from greenchat.privacy import narrow
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server import forked
from tests.server.process import SCRIPT, environment

_WIDE = ("sh", "-c", 'umask 000; exec "$@"', "sh")


@contextmanager
def _wide_umask() -> Iterator[None]:
    """Let what is started in the block have the umask 000."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """Return the modes of all files and folders in it that others could use."""
    found = [folder, *folder.rglob("*")]
    return {str(path): oct(path.stat().st_mode) for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077}


def test_no_command_writes_files_that_others_can_use(tmp_path: Path) -> None:
    """Each runs under umask 000, in a folder that does not exist yet."""
    here = tmp_path / "here"
    here.mkdir(mode=0o700)
    data = ("--data", str(here / "data"))
    for command in (
        ["adduser", "zed", *data],
        ["backup", str(here / "copy"), *data],
        ["restore", str(here / "copy"), *data],
        ["compact", *data],
        ["check", *data],
    ):
        with _wide_umask():
            done = forked.run(here, *command, stdin="open-door-7\n")
        assert done.returncode == 0, done.stderr
        assert modes(here) == {}, command
    with open(here / "exported", "wb") as out:
        os.fchmod(out.fileno(), 0o644)
        command = [*_WIDE, sys.executable, *SCRIPT, "export", *data]
        done2 = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, env=environment(here), check=True)
    assert b"warning: the output file was readable by others" in done2.stderr
    with _wide_umask():
        assert forked.run(here, "import", str(here / "exported"), *data).returncode == 0
    assert modes(here) == {}


def test_wider_modes_are_narrowed_with_a_warning(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with (
        forked.started(tmp_path, "--listen", "127.0.0.1:0", "--data", str(data), "--tls") as server,
        Client(server.target, "alice") as alice,
    ):
        alice.run("JOIN #x", "PRIVMSG #x :hello")
        alice.close()
        assert server.end() == 0
    assert modes(data) == {}
    wide = [data, *data.iterdir()]
    assert data / "tls" in wide
    for path in wide:
        path.chmod(0o755 if path.is_dir() else 0o644)
    checked = forked.run(tmp_path, "check", "--data", str(data))
    assert checked.returncode == 0
    for path in wide:
        assert f"warning: {path} was accessible to others" in checked.stderr
    assert modes(data).keys() <= {str(path) for path in (data / "tls").iterdir()}  # nobody can open them


def test_files_of_others_are_not_changed(tmp_path: Path) -> None:
    for name in ("greenchat.db", "other"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)  # whatever the umask
    (tmp_path / "greenchat.link").symlink_to(tmp_path / "other")
    tmp_path.chmod(0o755)
    assert len(narrow(tmp_path, lambda name: name.startswith("greenchat."))) == 1
    assert stat.S_IMODE((tmp_path / "other").stat().st_mode) == 0o644
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "greenchat.db").stat().st_mode) == 0o600


@pytest.mark.parametrize(("mode", "warns"), [(0o644, True), (0o640, False), (0o600, False)])
def test_a_configuration_with_a_plain_password_that_all_can_read(tmp_path: Path, mode: int, warns: bool) -> None:
    file = tmp_path / "server.toml"
    file.write_text("password = 'clear-as-day'\n[email]\npassword = 'mail'\nsender = 'a@example.org'\n")
    file.chmod(mode)
    arguments = ("--config", str(file), "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"))
    with forked.started(tmp_path, *arguments) as server:
        assert server.end() == 0
        log = server.errors.read_text()
    assert ("all users of this machine can read password in" in log) == warns
    assert ("all users of this machine can read email.password in" in log) == warns


def test_the_client_writes_for_its_user_only(tmp_path: Path) -> None:
    home = {**environment(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "c")}
    program = str(Path(SCRIPT[0]).with_name("greenchat"))
    ended = subprocess.run(
        [*_WIDE, sys.executable, program, "--plain", "--nick", "zed", "127.0.0.1:1"],
        env=home,
        input="/quit\n",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (tmp_path / "state/greenchat").is_dir(), ended.stderr
    assert [path for path in modes(tmp_path / "state") if "greenchat" in path] == []
