"""`greenchat-server backup`, `restore`, `export` and `check`, of real processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.irc import people
from tests.server.process import SCRIPT, environment, run, started

ANYWHERE = ("--listen", "127.0.0.1:0")


def test_a_life_with_backups(tmp_path: Path) -> None:
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


def test_who_reads_an_export_may_stop(tmp_path: Path) -> None:
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


def test_a_damaged_database_is_explained(tmp_path: Path) -> None:
    (tmp_path / "greenchat.db").write_bytes(b"rubbish" * 1000)
    checked = run(tmp_path, "check", "--data", str(tmp_path))
    assert checked.returncode == 1
    assert "no sound database" in checked.stdout
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
        (["nonsense"], "invalid choice"),
    ],
)
def test_what_can_not_be_done_is_said_in_one_line(tmp_path: Path, arguments: list[str], reason: str) -> None:
    ended = run(tmp_path, *arguments, "--data", str(tmp_path))
    assert ended.returncode == 2
    assert reason in ended.stderr
    assert ended.stderr.count("\n") == 1
