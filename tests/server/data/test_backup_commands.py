"""`greenchat-server backup`, `restore`, `export` and `check`, with real processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.http_client import Http
from tests.irc import people
from tests.server.forked import run, started
from tests.server.process import SCRIPT, environment

ANYWHERE = ("--listen", "127.0.0.1:0")


def test_backup_change_and_restore(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    copy = tmp_path / "copy"
    with started(tmp_path, *ANYWHERE, *data) as server:
        with people(server.target, "alice", channel="#Lobby") as (alice,):
            alice.run("PRIVMSG #lobby :before")
            saved = run(tmp_path, "backup", str(copy), *data)
            assert saved.returncode == 0, saved.stderr
            assert str(copy) in saved.stdout
            alice.run("PRIVMSG #lobby :after")
        assert run(tmp_path, "check", *data).returncode == 0
        refused = run(tmp_path, "restore", str(copy), *data)
        assert refused.returncode == 2
        assert "another greenchat-server uses the data folder" in refused.stderr
        assert "waiting" not in refused.stderr  # the running server is not ending
        exported = [json.loads(line) for line in run(tmp_path, "export", "#LOBBY", *data).stdout.splitlines()]
        assert [line["command"] for line in exported[:3]] == ["JOIN", "PRIVMSG", "PRIVMSG"]
        assert exported[1]["params"] == ["#Lobby", "before"]
        assert set(exported[1]) == {"time", "msgid", "conversation", "command", "source", "params"}
    (tmp_path / "data" / "greenchat.db").write_bytes(b"rubbish")
    broken = run(tmp_path, *ANYWHERE, *data)
    assert broken.returncode == 2
    assert "is damaged" in broken.stderr
    assert "greenchat-server restore" in broken.stderr
    assert broken.stderr.count("\n") == 1
    restored = run(tmp_path, "restore", str(copy), *data)
    assert restored.returncode == 0, restored.stderr
    assert "replaced-1" in restored.stdout
    texts = [json.loads(line)["params"][-1] for line in run(tmp_path, "export", *data).stdout.splitlines()]
    assert texts == ["#Lobby", "before"]


def test_uploads_unknown_to_a_backup_are_kept_until_the_next_start(tmp_path: Path) -> None:
    """The next start deletes them; someone who restored the wrong backup can go back to the database before."""
    data = tmp_path / "data"
    with started(tmp_path, *ANYWHERE, "--data", str(data)):
        pass
    old, new = data / "files/ab/abold", data / "files/cd/cdnew"
    for file, copy in (old, "first"), (new, "second"):
        file.parent.mkdir(parents=True)
        file.write_text(file.name)
        assert run(tmp_path, "backup", str(tmp_path / copy), "--data", str(data)).returncode == 0
    restored = run(tmp_path, "restore", str(tmp_path / "first"), "--data", str(data))
    assert f"not in the backup were moved to {data}/files.replaced-1\n" in restored.stdout
    with started(tmp_path, *ANYWHERE, "--data", str(data)):
        pass
    assert [path.name for path in (data / "files.replaced-1").rglob("*") if path.is_file()] == ["cdnew"]
    again = run(tmp_path, "restore", str(tmp_path / "second"), "--data", str(data))
    assert "uploaded" not in again.stdout
    assert (old.read_text(), new.read_text()) == ("abold", "cdnew")


def test_the_reader_of_an_export_may_stop(tmp_path: Path) -> None:
    """`greenchat-server export | head` is no error."""
    data = ("--data", str(tmp_path / "data"))
    with started(tmp_path, *ANYWHERE, *data) as server, people(server.target, "alice", channel="#lobby") as (alice,):
        alice.run("PRIVMSG #lobby :said")
    assert run(tmp_path, "export", *data).stdout
    end, pipe = os.pipe()
    os.close(end)
    with open(pipe, "wb") as nobody_reads:
        command = [sys.executable, *SCRIPT, "export", *data]
        ended = subprocess.run(
            command, env=environment(tmp_path), stdout=nobody_reads, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_damaged_database_is_reported(tmp_path: Path) -> None:
    (tmp_path / "greenchat.db").write_bytes(b"rubbish" * 1000)
    checked = run(tmp_path, "check", "--data", str(tmp_path))
    assert checked.returncode == 1
    assert "not a valid database" in checked.stdout
    assert "restore FILE" in checked.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["backup"], "the following arguments are required: FILE"),
        (["restore", "a", "b"], "unrecognized arguments: b"),
        (["check", "x"], "unrecognized arguments: x"),
        (["export"], "there is no database"),
        (["restore", "nothing"], "there is no database"),
        (["hash-password", "x"], "unrecognized arguments: x"),
        (["nonsense"], "there is no command"),
    ],
)
def test_errors_are_one_line(tmp_path: Path, arguments: list[str], reason: str) -> None:
    ended = run(tmp_path, *arguments, "--data", str(tmp_path))
    assert ended.returncode == 2
    assert reason in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_moving_to_another_machine(tmp_path: Path) -> None:
    """The certificate that clients trust is included, the logs on request; what is not included is named."""
    here, there = tmp_path / "here", tmp_path / "there"
    with started(tmp_path, *ANYWHERE, "--data", str(here), "--tls") as server:
        with people(server.target, "alice", channel="#lobby") as (alice,):
            alice.run("PRIVMSG #lobby :grüße", "PRIVMSG NickServ :REGISTER open-door-7")
        saved = run(tmp_path, "backup", str(tmp_path / "copy"), "--data", str(here))
        assert "tls/cert.pem, tls/key.pem" in saved.stdout
        assert "Not included: the audit logs" in saved.stdout
        saved = run(tmp_path, "backup", "--logs", str(tmp_path / "all"), "--data", str(here))
        assert "members.log" in saved.stdout
        assert "audit logs" not in saved.stdout
    assert run(tmp_path, "restore", str(tmp_path / "all"), "--data", str(there)).returncode == 0
    for name in ("tls/cert.pem", "tls/key.pem", "members.log"):
        assert (there / name).read_bytes() == (here / name).read_bytes()


def test_a_backup_includes_uploads(tmp_path: Path) -> None:
    here, there, config = tmp_path / "here", tmp_path / "there", tmp_path / "greenchat.toml"
    config.write_text("[files]\nenabled = true\nguests = 1\n")
    words = ("--config", str(config), "--data")
    with started(tmp_path, *ANYWHERE, *words, str(here)) as server, Http(server.target) as http:
        path = json.loads(http.get("/files", "POST", b"a file").body)["path"]
        saved = run(tmp_path, "backup", str(tmp_path / "copy"), "--data", str(here))
        assert "with 1 uploads\n" in saved.stdout
    assert run(tmp_path, "restore", str(tmp_path / "copy"), "--data", str(there)).returncode == 0
    with started(tmp_path, *ANYWHERE, *words, str(there)) as server, Http(server.target) as http:
        assert http.get(path).body == b"a file"


def test_export_and_import_use_utf_8_in_any_locale(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    with (
        started(tmp_path, *ANYWHERE, "--data", str(here)) as server,
        people(server.target, "alice", channel="#lobby") as (alice,),
    ):
        alice.run("PRIVMSG #lobby :grüße 👋")
    command = [sys.executable, *SCRIPT, "export", "--data", str(here)]
    for hostile in ({"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "latin-1"}):
        exported = subprocess.run(command, capture_output=True, env={**environment(tmp_path), **hostile}, check=True)
        assert "grüße 👋" in exported.stdout.decode()
        (tmp_path / "exported").write_bytes(exported.stdout)
    first = run(tmp_path, "import", str(tmp_path / "exported"), "--data", str(there))
    assert "2 events were imported; 0 already existed" in first.stdout
    assert run(tmp_path, "export", "--data", str(there)).stdout == run(tmp_path, "export", "--data", str(here)).stdout
    (tmp_path / "bad").write_text('{"msgid": 1}\n')
    (tmp_path / "odd").write_text("{}\n")
    refused = run(tmp_path, "import", str(tmp_path / "odd"), "--data", str(there))
    assert f"line 1 of {tmp_path}/odd was not written by `export` ('msgid' is missing)" in refused.stderr
    refused = run(tmp_path, "import", str(tmp_path / "bad"), "--data", str(there))
    assert refused.returncode == 2
    assert "line 1 of" in refused.stderr
