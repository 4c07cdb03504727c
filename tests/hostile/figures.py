"""What a process uses: memory, sockets, greenlets."""

import gc
from contextlib import suppress
from pathlib import Path

import greenlet


def resident(pid: int) -> int:
    """KiB of memory that a process has."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def open_sockets(pid: int | str) -> int:
    """Sockets that a process has open; "self" is this one."""
    found = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed while we look
            found += descriptor.readlink().name.startswith("socket:")
    return found


def living_greenlets() -> int:
    """Greenlets of this process that have not ended."""
    return sum(isinstance(each, greenlet.greenlet) and not each.dead for each in gc.get_objects())
