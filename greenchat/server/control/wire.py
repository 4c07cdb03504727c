"""The control socket's language: one JSON object a line each way, one request a connection.

    {"command": "kick", "nick": "bob", "reason": "spam"}        ->  {"ok": {"ended": 1}}
    {"command": "kick", "nick": "nobody"}                       ->  {"error": "there is nobody called nobody"}

Standard library only: both sides use it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SOCKET = "control.sock"
LONGEST = 64 * 1024  # bytes of a request
LONGEST_PATH = 100  # bytes: what every system takes as the address of a Unix socket


def path_in(data: Path) -> Path:
    """Return where the control socket of the server that uses this data folder is."""
    return data / SOCKET


def encode(message: Mapping[str, Any]) -> bytes:
    """Return a message as a line."""
    return json.dumps(message, ensure_ascii=False).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Return the message of a line. Raises ValueError where it is none."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("a request is a JSON object")
    return message
