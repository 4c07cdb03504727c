"""`export-account`, `erase-account` and `usage`, on a real server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.irc import Client, people
from tests.server.forked import run, started
from tests.server.process import Running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with started(tmp_path, "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data")) as running:
        yield running


def shell(tmp_path: Path, *words: str) -> str:
    ended = run(tmp_path, *words, "--data", str(tmp_path / "data"))
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def make_data(server: Running) -> None:
    """Let carol own a channel and talk there and with bob in private; bob talks, too."""
    with people(server.target, "carol", "bob", channel="#tea") as (carol, bob):
        carol.send("PRIVMSG NickServ :REGISTER a-long-password")
        carol.expect("900")
        carol.run("PRIVMSG ChanServ :REGISTER #tea", "PRIVMSG #tea :carols words", "PRIVMSG bob :in private")
        bob.run("PRIVMSG carol :answered", "PRIVMSG #tea :bobs words")


def exported(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in shell(tmp_path, "export-account", "Carol").splitlines()]


def test_export_of_one_account(tmp_path: Path, server: Running) -> None:
    make_data(server)
    facts, *events = exported(tmp_path)
    assert facts["name"] == "carol"
    assert facts["channels"] == {"#tea": "founder"}
    assert not {"verifier", "code", "reset", "new_email"} & facts.keys()
    assert "SCRAM-SHA" not in json.dumps(facts)
    texts = [event["params"][-1] for event in events if event["command"] == "PRIVMSG"]
    assert sorted(texts) == ["answered", "carols words", "in private"]  # not what others said in a channel


def test_an_unknown_account(tmp_path: Path, server: Running) -> None:
    for words in (("export-account", "nobody"), ("erase-account", "nobody", "--yes")):
        ended = run(tmp_path, *words, "--data", str(tmp_path / "data"))
        assert (ended.returncode, ended.stderr) == (2, "greenchat-server: there is no account nobody\n")


def test_erasing_an_account(tmp_path: Path, server: Running) -> None:
    with Client(server.target, "carol", caps="account-notify") as carol:
        carol.send("PRIVMSG NickServ :REGISTER a-long-password")
        carol.expect("900")
        carol.join("#tea")
        carol.run("PRIVMSG ChanServ :REGISTER #tea", "PRIVMSG #tea :carols words")
        with Client(server.target, "bob") as bob:
            bob.join("#tea")
            bob.run("PRIVMSG #tea :bobs words")
            erase(tmp_path, carol)
    left = shell(tmp_path, "export")
    assert "bobs words" in left
    assert "carols words" not in left
    assert run(tmp_path, "export-account", "carol", "--data", str(tmp_path / "data")).returncode == 2
    assert "The account carol and its messages were erased from the shell" in (tmp_path / "data/audit.log").read_text()


def erase(tmp_path: Path, carol: Client) -> None:
    asked = run(tmp_path, "erase-account", "carol", "--data", str(tmp_path / "data"))
    assert asked.returncode == 2
    assert "use --yes to confirm" in asked.stderr
    assert "The account carol and 1 message were deleted" in shell(tmp_path, "erase-account", "carol", "--yes")
    carol.expect("901")


def test_usage(tmp_path: Path, server: Running) -> None:
    make_data(server)
    rows = {row.split()[0]: row.split()[1:] for row in shell(tmp_path, "usage").splitlines() if row}
    assert float(rows["database"][0].replace(",", "")) > 1
    assert rows["CONVERSATION"] == ["EVENTS", "TEXT"]
    assert int(rows["#tea"][0]) >= 4
    assert rows["(private)"][0] == "2"
    assert rows["carol"][0] == "2"
    assert rows["(guests)"][0] == "2"
    assert rows["PRIVMSG"] == ["4"]


def test_without_a_database(tmp_path: Path) -> None:
    ended = run(tmp_path, "usage", "--data", str(tmp_path / "data"))
    assert ended.returncode == 2
    assert "there is no database" in ended.stderr
