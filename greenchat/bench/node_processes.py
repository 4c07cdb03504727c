"""The processes of `greenchat-server --nodes N`, and the node to which each client is connected."""

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from time import perf_counter, sleep

from greenchat.bench.swarm import StalledError

_COMING = 60.0  # seconds for all nodes
_LOOK = 0.02  # seconds
_ENGINE = b"nats-server"
_LISTENS, _STANDS = "0A", "01"  # in /proc/net/tcp
_SOCKET = "socket:["


def await_nodes(port: int, count: int) -> None:
    """Wait until so many processes listen on a port. Raises StalledError."""
    until = perf_counter() + _COMING
    wanted = f":{port:04X}"
    while perf_counter() < until:
        if sum(own.endswith(wanted) and state == _LISTENS for own, _, state, _ in _sockets()) >= count:
            return
        sleep(_LOOK)
    raise StalledError(f"fewer than {count} nodes listened after {_COMING:g} s")


def processes(parent: int) -> list[tuple[int, bool]]:
    """Return the children of the process that has started the nodes, and whether each is the engine."""
    children = []
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            words = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(words[1]) == parent:
                children.append((int(folder.name), _ENGINE in (folder / "cmdline").read_bytes()))
    return children


def nodes_of_clients(port: int, nodes: Collection[int]) -> dict[int, int]:
    """Return the process to which each client is connected, by the client's port. port: of the server."""
    of_inode = {}
    for pid in nodes:
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                target = os.readlink(file)
                if target.startswith(_SOCKET):
                    of_inode[target[len(_SOCKET) : -1]] = pid
    wanted = f":{port:04X}"
    return {
        int(other.rpartition(":")[2], 16): of_inode[inode]
        for own, other, state, inode in _sockets()
        if own.endswith(wanted) and state == _STANDS and inode in of_inode
    }


def _sockets() -> list[tuple[str, str, str, str]]:
    """Return the address of each TCP socket of this machine, that of its peer, its state and its inode."""
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return [(words[1], words[2], words[3], words[9]) for words in map(str.split, lines)]
