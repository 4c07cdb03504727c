"""The auth script, a program or an HTTP service: its input, and the outcome of each answer."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.commands.core.process import ExternalAuthError
from greenchat.config.external_auth import AuthScript
from greenchat.server.external_auth.auth_script import ask
from tests.http_recorder import http_recorder
from tests.patience import PATIENCE

Program = Callable[[str], AuthScript]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Return settings that run a Python program."""

    def make(source: str) -> AuthScript:
        path = tmp_path / "check login.py"
        path.write_text(source)
        return AuthScript(command=f"{sys.executable} -S '{path}' --all", timeout=PATIENCE)

    return make


_CHECK = """
import json, sys
asked = json.loads(sys.stdin.readline())
assert sys.argv[1:] == ["--all"] and sys.stdin.read() == ""
right = asked == {"accountName": "alice", "passphrase": "s\\u00e9same", "ip": "192.0.2.1"}
print(json.dumps({"success": right}))
"""


def test_a_program_gets_one_line_of_json(program: Program) -> None:
    """https://github.com/ergochat/ergo/blob/master/docs/MANUAL.md: accountName, passphrase, ip; success."""
    rules = program(_CHECK)
    assert ask(rules, "alice", "s\u00e9same", "192.0.2.1") == "alice"
    assert ask(rules, "alice", "wrong", "192.0.2.1") is None


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ('{"success": true}', "al"),
        ('{"success": true, "accountName": ""}', "al"),
        ('{"success": true, "accountName": "alice", "error": ""}', "alice"),
        ('{"success": false, "accountName": "alice"}', None),
        ('{"accountName": "alice"}', None),
        ('{"success": 1}', None),
        ('{"success": "true"}', None),
        ("{}", None),
    ],
)
def test_answers(program: Program, answer: str, name: str | None) -> None:
    assert ask(program(f"print({answer!r})"), "al", "x", "192.0.2.1") == name


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "not a JSON object"),
        ("print('yes')", "not a JSON object"),
        ("print('[true]')", "not a JSON object"),
        ("print('[' * 100000)", "more than 16384 bytes"),
        ('print(\'{"success": true, "accountName": 7}\')', "accountName is not a string"),
        ('print(\'{"success": true, "error": "the database is away"}\')', "says: the database is away"),
        ("print('{\"success\": true}'); raise SystemExit(3)", "ended with 3"),
        ("while True: print('x' * 1000)", "more than 16384 bytes"),
    ],
)
def test_a_failing_program_refuses_the_login(program: Program, source: str, words: str) -> None:
    with pytest.raises(ExternalAuthError, match=words) as raised:
        ask(program(source), "alice", "secret", "192.0.2.1")
    assert "\n" not in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_missing_program() -> None:
    with pytest.raises(ExternalAuthError, match=r"the auth-script failed: .*No such file"):
        ask(AuthScript(command="/nonexistent/check"), "alice", "x", "192.0.2.1")


@pytest.mark.parametrize("source", ["import time; time.sleep(60)", "import os, time; os.close(1); time.sleep(60)"])
def test_a_hanging_program_is_ended_with_its_children(program: Program, source: str, tmp_path: Path) -> None:
    """The timeout is of real time: one second."""
    left = tmp_path / "left"
    child = (
        f"import subprocess\npid = subprocess.Popen(['sleep', '60']).pid\nopen({str(left)!r}, 'w').write(str(pid))\n"
    )
    began = time.monotonic()
    with pytest.raises(ExternalAuthError, match=r"longer than 1 seconds"):
        ask(replace(program(child + source), timeout=1), "alice", "x", "192.0.2.1")
    assert time.monotonic() - began < 20
    pid = left.read_text() if left.exists() else ""  # on a busy machine the program may not have come so far
    while pid and is_running(int(pid)):
        assert time.monotonic() - began < 20
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


def test_an_http_service(tmp_path: Path) -> None:
    with http_recorder() as recorder:
        recorder.status, recorder.answer = 200, b'{"success": true, "accountName": "Alice"}'
        rules = AuthScript(url=f"{recorder.url}/check?a=b", token="for us", timeout=PATIENCE)
        assert ask(rules, "alice", "x", "192.0.2.1") == "Alice"
        path, fields, body = recorder.take()
        assert (path, fields["authorization"], fields["content-type"]) == (
            "/check?a=b",
            "Bearer for us",
            "application/json",
        )
        assert json.loads(body) == {"accountName": "alice", "passphrase": "x", "ip": "192.0.2.1"}
        recorder.answer = b"{}"
        assert ask(rules, "alice", "x", "192.0.2.1") is None
        recorder.answer = b"x" * 20_000
        with pytest.raises(ExternalAuthError, match="more than 16384 bytes"):
            ask(rules, "alice", "x", "192.0.2.1")
        recorder.status, recorder.answer = 500, b'{"success": true}'
        with pytest.raises(ExternalAuthError, match="answered 500"):
            ask(rules, "alice", "x", "192.0.2.1")
        recorder.status, recorder.fields = 307, {"Location": f"{recorder.url}/elsewhere"}
        with pytest.raises(ExternalAuthError, match="answered 307"):
            ask(rules, "alice", "x", "192.0.2.1")
        recorder.gate.clear()
        with pytest.raises(ExternalAuthError, match=r"longer than 0\.3 seconds"):
            ask(replace(rules, timeout=0.3), "alice", "x", "192.0.2.1")
    with pytest.raises(ExternalAuthError, match="the auth-script failed"):
        ask(rules, "alice", "x", "192.0.2.1")


def test_an_untrusted_certificate(tmp_path: Path) -> None:
    with http_recorder(tmp_path) as recorder:
        with pytest.raises(ExternalAuthError, match="certificate verify failed"):
            ask(AuthScript(url=recorder.url), "alice", "x", "192.0.2.1")
        assert recorder.is_empty(0.1)
