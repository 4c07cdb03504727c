"""What a process uses: memory, sockets, greenlets; and what it wanted and did not get: a processor, or a quick one."""

import gc
import os
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import greenlet

_STOLEN = -1  # no thread's number
_WORK = 10_000  # additions: less than a millisecond
_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")  # ns


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


def kept_waiting(*pids: int | str) -> Counter[int]:
    """For how long the threads of these processes were ready to run and no processor was free: ns by thread.

    Beside them, what a hypervisor took. The difference of two looks (`-` leaves out threads that have ended)
    is what a machine with much to do has cost meanwhile. Where the kernel does not count it, it is nothing.
    https://docs.kernel.org/scheduler/sched-stats.html
    """
    waited = Counter({_STOLEN: _stolen()})
    for pid in pids:
        with suppress(FileNotFoundError):  # it has ended
            for thread in os.listdir(f"/proc/{pid}/task"):
                with (
                    suppress(FileNotFoundError, ProcessLookupError),
                    open(f"/proc/{pid}/task/{thread}/schedstat") as file,
                ):
                    waited[int(thread)] = int(file.read().split()[1])
    return waited


def worked(*pids: int) -> float:
    """For how many seconds the first threads of these processes have had a processor; there a server runs its loop."""
    spent = 0
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{pid}/task/{pid}/schedstat") as file:
            spent += int(file.read().split()[0])
    return spent / 1e9


def _stolen() -> int:
    """Ns of one processor, if they suffer alike. proc(5)"""
    with open("/proc/stat") as file:
        return int(file.readline().split()[8]) * _TICK // (os.cpu_count() or 1)


def time_of_work() -> float:
    """Return the seconds of CPU that a little work takes now.

    A processor whose twin, or whose cache, others use as well takes up to twice as long for it as one that is alone.
    """
    began = time.thread_time()
    total = 0
    for number in range(_WORK):
        total += number
    return time.thread_time() - began
