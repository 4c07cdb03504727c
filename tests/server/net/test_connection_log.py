"""The log of connections: user, address, kind and reason of the end of each; and nothing of what was said."""

import json
from pathlib import Path

import pytest

from tests.http_client import Http
from tests.irc import Client
from tests.server.forked import started


@pytest.mark.parametrize("kind", ["text", "json"])
def test_one_line_for_each_connection(tmp_path: Path, kind: str) -> None:
    config = tmp_path / "c.toml"
    config.write_text(f'[log]\nformat = "{kind}"\n', encoding="utf-8")
    arguments = ("--config", str(config), "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0")
    with started(tmp_path, *arguments) as server:
        with Client(server.target, "alice") as alice:
            alice.run("NS REGISTER secret-word-1", "PRIVMSG alice :secret words")
            alice.send("QUIT :secret reason")
            alice.until_end()
        server.end()
        lines = [line for line in server.errors.read_text(encoding="utf-8").splitlines() if "alice" in line]
    assert len(lines) == 1
    if kind == "json":
        entry = json.loads(lines[0])
        assert entry["level"] == "info"
        assert (entry["nick"], entry["account"], entry["host"]) == ("alice", "alice", "127.0.0.1")
        assert (entry["dialect"], entry["tls"], entry["why"]) == ("IRC", False, "quit")
    else:
        assert "alice (alice) from 127.0.0.1, IRC, left after " in lines[0]
        assert lines[0].endswith(": quit")
    assert "secret" not in "".join(lines)


@pytest.mark.parametrize(("level", "count"), [("info", 0), ("debug", 1)])
def test_browsers_that_only_load_pages_are_not_logged(tmp_path: Path, level: str, count: int) -> None:
    config = tmp_path / "c.toml"
    config.write_text(f'[log]\nlevel = "{level}"\n', encoding="utf-8")
    arguments = ("--config", str(config), "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0")
    with started(tmp_path, *arguments) as server:
        with Http(server.target) as browser:
            assert browser.get("/healthz").status == 200
        server.end()
        lines = server.errors.read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if "127.0.0.1, HTTP, left after " in line]) == count
