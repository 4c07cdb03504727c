"""The side of the shell commands: sends requests to the server that uses a data folder."""

import socket
from pathlib import Path
from typing import Any

from greenchat.server.control.wire import address_of, decode, encode, path_in

PATIENCE = 30.0  # seconds


class NoServerError(Exception):
    """No server answers; the text says why in one line."""


class ControlRefusedError(Exception):
    """The server refuses; the text says why in one line."""


def ask(data: Path, command: str, patience: float | None = PATIENCE, **fields: object) -> Any:
    """Return the answer of the server that uses this data folder. Raises NoServerError, ControlRefusedError.

    patience: seconds to wait for the answer, None for ever.
    """
    path = path_in(data)
    received = b""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(patience)
            with address_of(path) as address:
                connection.connect(address)
            connection.sendall(encode({"command": command, **fields}))
            while not received.endswith(b"\n"):
                data_ = connection.recv(65536)
                if not data_:
                    break
                received += data_
    except (FileNotFoundError, ConnectionRefusedError):
        raise NoServerError(f"no server uses {data}; start one, or name its data folder with --data") from None
    except PermissionError:
        raise NoServerError(f"{path} belongs to another user; run this as the user of the server") from None
    except TimeoutError:
        raise NoServerError(f"the server that uses {data} does not answer") from None
    except OSError as error:
        raise NoServerError(f"can't reach the server through {path}: {error.strerror or error}") from error
    if not received.endswith(b"\n"):
        raise NoServerError(f"the server that uses {data} stopped before it answered")
    try:
        answer = decode(received)
        if "error" in answer:
            raise ControlRefusedError(str(answer["error"]))
        return answer["ok"]
    except (ValueError, KeyError):
        raise NoServerError(f"the server at {path} is not a greenchat-server, or of an incompatible version") from None
