"""The protocol of the control socket: one JSON object a line each way, one request a connection.

    {"command": "kick", "nick": "bob", "reason": "spam"}        ->  {"ok": {"ended": 1}}
    {"command": "kick", "nick": "nobody"}                       ->  {"error": "there is no user nobody"}

Standard library only: both sides use it.
"""

import errno
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SOCKET = "control.sock"
LONGEST = 64 * 1024  # bytes of a request
_LONGEST_PATH = 100  # bytes: the longest address of a Unix socket on every system
_OPEN_FILES = Path("/proc/self/fd")  # of Linux: by a descriptor each folder has a short path


def path_in(data: Path) -> Path:
    """Return the path of the control socket of the server that uses this data folder."""
    return data / SOCKET


@contextmanager
def address_of(path: Path) -> Iterator[str]:
    """Yield the address for binding or connecting to a socket at this path, even if the path is too long.

    Raises OSError if the folder does not exist, or the system has no shorter path to it.
    """
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield str(path)
        return
    if not _OPEN_FILES.is_dir():
        raise OSError(errno.ENAMETOOLONG, "the path of the data folder is too long for a socket", str(path))
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield str(_OPEN_FILES / str(folder) / path.name)
    finally:
        os.close(folder)


def encode(message: Mapping[str, Any]) -> bytes:
    """Return a message as a line."""
    return json.dumps(message, ensure_ascii=False).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Return the message of a line. Raises ValueError if it is not one."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("a request is a JSON object")
    return message
