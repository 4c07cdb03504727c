"""The resources of a process: memory, sockets, greenlets; and the time that it waited for a processor, or had a slow
one.
"""

import gc
import os
import time
from collections import Counter
from contextlib import suppress
from functools import cache
from pathlib import Path

import greenlet

_STOLEN = -1  # not the number of any thread
_WORK = 10_000  # additions: less than a millisecond
_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")  # ns


def resident(pid: int) -> int:
    """Return the resident memory of a process in KiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def open_sockets(pid: int | str) -> int:
    """Return the sockets that a process has open; "self" is this one."""
    found = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed in between
            found += descriptor.readlink().name.startswith("socket:")
    return found


def living_greenlets() -> int:
    """Return the greenlets of this process that have not ended."""
    return sum(isinstance(each, greenlet.greenlet) and not each.dead for each in gc.get_objects())


def kept_waiting(*pids: int | str) -> Counter[int]:
    """Return for how long the threads of these processes were ready to run without a free processor: ns by thread, and
    beside them the time taken by a hypervisor.

    The difference of two results (`-` leaves out threads that have ended) is the delay caused by the machine in
    between. Where the kernel does not count it, it is zero. https://docs.kernel.org/scheduler/sched-stats.html
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
    """Return the processor time in seconds of the first threads of these processes, in which a server runs its loop."""
    spent = 0
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{pid}/task/{pid}/schedstat") as file:
            spent += int(file.read().split()[0])
    return spent / 1e9


def _stolen() -> int:
    """Return the ns stolen from one processor, if all suffer alike. proc(5)"""
    with open("/proc/stat") as file:
        return int(file.readline().split()[8]) * _TICK // (os.cpu_count() or 1)


def time_of_work() -> float:
    """Return the seconds of CPU that a fixed piece of work takes now.

    A processor whose hyperthread sibling or cache is used by others takes up to twice as long as one that is idle
    otherwise.
    """
    began = time.thread_time()
    total = 0
    for number in range(_WORK):
        total += number
    return time.thread_time() - began


@cache
def quickest_work() -> float:
    """Return the least that `time_of_work` takes, as far as some tries of this process tell."""
    return min(time_of_work() for _ in range(50))
