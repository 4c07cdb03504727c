"""The protocol of the control socket: one JSON object a line each way, one request a connection.

    {"command": "kick", "nick": "bob", "reason": "spam"}        ->  {"ok": {"ended": 1}}
    {"command": "kick", "nick": "nobody"}                       ->  {"error": "there is no user nobody"}

Standard library only: both sides use it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SOCKET = "control.sock"
LONGEST = 64 * 1024  # bytes of a request
LONGEST_PATH = 100  # bytes: the longest address of a Unix socket on every system


def path_in(data: Path) -> Path:
    """Return the path of the control socket of the server that uses this data folder."""
    return data / SOCKET


def encode(message: Mapping[str, Any]) -> bytes:
    """Return a message as a line."""
    return json.dumps(message, ensure_ascii=False).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Return the message of a line. Raises ValueError if it is not one."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("a request is a JSON object")
    return message
