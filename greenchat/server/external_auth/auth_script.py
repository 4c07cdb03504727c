"""Password checks by a program or an HTTP service, with JSON: compatible with Ergo's auth-script.

https://github.com/ergochat/ergo/blob/master/docs/MANUAL.md (External authentication systems). It gets one line on its
standard input, or as the body of a POST:

    {"accountName": "alice", "passphrase": "sesame open", "ip": "192.0.2.1"}

and answers with one: {"success": true}, with "accountName" for another account name, or with "error". All functions
block, until the timeout: call them in a thread.
"""

import json
import os
import selectors
import shlex
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from time import monotonic
from typing import Any

from greenchat.commands.core.process import ExternalAuthError
from greenchat.config.external_auth import AuthScript
from greenchat.server import programs
from greenchat.server.fetch import fetch

_MOST = 16 * 1024  # bytes of an answer


def ask(rules: AuthScript, name: str, password: str, address: str) -> str | None:
    """Return the name of the account with this password, None if it is wrong.

    address: the client's IP address. Raises ExternalAuthError.
    """
    question = json.dumps({"accountName": name, "passphrase": password, "ip": address}).encode() + b"\n"
    try:
        data = _run(rules, question) if rules.command else _post(rules, question)
    except TimeoutError:
        raise ExternalAuthError(f"the auth-script took longer than {rules.timeout:g} seconds") from None
    except OSError as error:
        raise ExternalAuthError(f"the auth-script failed: {error or type(error).__name__}") from error
    return _answer(data, name)


def _answer(data: bytes, name: str) -> str | None:
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, Mapping):
        raise ExternalAuthError("the answer of the auth-script is not a JSON object")
    if answer.get("error"):
        raise ExternalAuthError(f"the auth-script says: {str(answer['error'])[:200]}")
    if answer.get("success") is not True:
        return None
    account: Any = answer.get("accountName") or name
    if not isinstance(account, str):
        raise ExternalAuthError("the auth-script's accountName is not a string")
    return account


def _run(rules: AuthScript, question: bytes) -> bytes:
    """Run the program. Raises OSError, TimeoutError if it takes too long, and ExternalAuthError if it fails."""
    deadline = monotonic() + rules.timeout
    process = subprocess.Popen(
        shlex.split(rules.command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=programs.environment(),
        start_new_session=True,  # so that the program's children end with it
    )
    with process:
        try:
            assert process.stdin
            assert process.stdout
            with suppress(BrokenPipeError):  # the program may answer without having read
                process.stdin.write(question)
                process.stdin.close()
            data = _read(process.stdout.fileno(), deadline)
            status = process.wait(max(0.0, deadline - monotonic()))
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise TimeoutError from None
            raise
    if status:
        raise ExternalAuthError(f"the auth-script ended with {status}")
    return data


def _read(descriptor: int, deadline: float) -> bytes:
    """Read until the end. Raises TimeoutError, or ExternalAuthError if it is too much."""
    data = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            left = deadline - monotonic()
            if left <= 0 or not selector.select(left):
                raise TimeoutError
            piece = os.read(descriptor, _MOST)
            if not piece:
                return data
            data += piece
            if len(data) > _MOST:
                raise ExternalAuthError(f"the auth-script answered with more than {_MOST} bytes")


def _post(rules: AuthScript, question: bytes) -> bytes:
    """Post the question. Raises OSError and ExternalAuthError."""
    fields = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {rules.token}"} if rules.token else {})
    status, data = fetch(rules.url, question, fields, timeout=rules.timeout, most=_MOST)
    if status != HTTPStatus.OK:
        raise ExternalAuthError(f"the auth-script answered {status}")
    return data
