"""greenchat-bench client: the server that clients are measured with, and a run with greenchat itself."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from greenchat.bench.pseudo_terminal import CHANNEL, TOPIC, WELCOME, StageServer, TerminalClient
from tests.irc import Client

ROOT = Path(__file__).parents[3]
PATIENCE = 120
ARGUMENTS = ["client", "--only", "greenchat", "--json"]


def test_the_stage_server_greets_echoes_and_accepts_reconnecting_clients() -> None:
    stage = StageServer()
    try:
        for text in ("one", "two"):
            with Client(("127.0.0.1", stage.port), "bench", caps="echo-message labeled-response") as client:
                client.send(f"JOIN {CHANNEL}")
                assert client.expect("332").params[-1] == TOPIC
                client.send(f"@label=a PRIVMSG {CHANNEL} :{text}")
                echo = client.expect("PRIVMSG")
                assert (echo.tags["label"], echo.params[-1]) == ("a", text)
                assert stage.wait_message(text, PATIENCE)
                stage.say(["hello"])
                assert client.expect("PRIVMSG").params[-1] == "hello"
                stage.drop()
    finally:
        stage.close()
    assert WELCOME != TOPIC


@pytest.mark.long
def test_a_run_prints_every_figure() -> None:
    start = f"from greenchat.bench.main import main; raise SystemExit(main({ARGUMENTS}))"
    done = subprocess.run([sys.executable, "-c", start], cwd=ROOT, capture_output=True, timeout=PATIENCE, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["greenchat"]
    assert found["keys_kept"] == found["line_kept"] == 1
    assert 0 < found["echo"] < found["start"]
    assert 10e6 < found["memory"] < 100e6
    assert 0 < found["start_cpu"] < found["start_cpu"] + found["burst_cpu"] < PATIENCE


def test_text_is_found_between_escape_sequences() -> None:
    """A word may come in pieces, with colours between its letters, and a sequence may be split anywhere."""
    draws = r"printf 'ze\033[1;3'; sleep 0.1; printf '1mbra\033]0;title\007wel\033[0mcome'; sleep 60"
    client = TerminalClient(["sh", "-c", draws], {"PATH": "/usr/bin:/bin"})
    try:
        client.wait_for("zebrawelcome", seconds=PATIENCE)
        assert client.cpu() >= 0
    finally:
        client.close()


def test_a_long_burst_is_searched_once() -> None:
    """Searching for a word must not cost more with the amount drawn, as it once did."""
    client = TerminalClient(
        ["sh", "-c", "head -c 4000000 /dev/zero | tr '\\0' x; echo end; sleep 60"], {"PATH": "/usr/bin:/bin"}
    )
    try:
        before = time.process_time()
        client.wait_for("end", seconds=PATIENCE)
        assert time.process_time() - before < 2
    finally:
        client.close()
