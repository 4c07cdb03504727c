"""The state at a position of the log, in a file: a node starts from it, and applies the later entries.

Its first line has the log and the position; the second line is the snapshot. A child process writes it: with twenty
thousand users that takes a second or two, and forking some milliseconds.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenchat.chat.continuity.snapshot import digest_of, snapshot
from greenchat.chat.network import Network
from greenchat.server.data.store_keeper import STATE
from greenchat.storage.backup import backup, restore


class StateFileError(Exception):
    """The file can't be read or written; the text says why."""


@dataclass(frozen=True, slots=True)
class StateHead:
    """The origin of a state. identity: of the log."""

    identity: str
    position: int
    digest: str


def write(path: Path, identity: str, network: Network) -> StateHead:
    """Write the present state. Raises OSError."""
    document = snapshot(network, network.nodes.time)
    head = StateHead(identity, network.nodes.position, digest_of(document))
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8", errors="surrogatepass") as file:
        file.write(json.dumps([head.identity, head.position, head.digest]) + "\n")
        json.dump(document, file, ensure_ascii=False, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return head


def write_apart(path: Path, identity: str, network: Network) -> int:
    """Write the present state in a child; return its process id. Raises OSError."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        write(path, identity, network)
        code = 0
    finally:
        os._exit(code)


def head_of(path: Path) -> StateHead | None:
    """Return the origin of a state, None if there is no file. Raises StateFileError."""
    try:
        with path.open(encoding="utf-8", errors="surrogatepass") as file:
            return parse_head(file.readline())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StateFileError(_unreadable(path, error)) from error


def parse_head(line: str) -> StateHead:
    """Return the origin that the first line names. Raises ValueError."""
    match json.loads(line):
        case [str(identity), int(position), str(digest)]:
            return StateHead(identity, position, digest)
    raise ValueError("it does not name its log")


def read(path: Path) -> Mapping[str, Any]:
    """Return the snapshot. Raises StateFileError."""
    try:
        with path.open(encoding="utf-8", errors="surrogatepass") as file:
            file.readline()
            document = json.load(file)
    except (OSError, ValueError) as error:
        raise StateFileError(_unreadable(path, error)) from error
    if not isinstance(document, dict):
        raise StateFileError(_unreadable(path, ValueError("it is not a snapshot")))
    return document


def _unreadable(path: Path, error: Exception) -> str:
    return f"the state {path} can't be read ({error}): delete the folder of this node, and it is made from another one"


def clone(source: tuple[Path, Path], target: tuple[Path, Path], database: str) -> None:
    """Make a node's data from another's, which may be running: first its state, then its database.

    In this order the database is never older than the state. source, target: the folders of the database and of the
    state. Raises StoreError and StateFileError.
    """
    try:
        for folder in target:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        copied = target[1] / f"{STATE}.part"
        shutil.copyfile(source[1] / STATE, copied)
        carried = target[1] / "greenchat.backup"
        carried.unlink(missing_ok=True)
        backup(source[0] / database, carried)
        restore(carried, target[0] / database)
        carried.unlink()
        copied.replace(target[1] / STATE)  # last: it marks a complete node
    except OSError as error:
        raise StateFileError(f"a node can't be restored from {source[0]}: {error}") from error
