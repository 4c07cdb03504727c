"""The costs of a process and its cores: CPU time, resident memory, file descriptors."""

import os
import resource
import time


class NotEnoughFilesError(Exception):
    """The limit on open files is too low; the text says by how much and what to do."""


def cpu_seconds(pid: int) -> float:
    """Return user and system time of all threads of a process, in seconds.

    This is utime + stime of /proc/PID/stat, but in nanoseconds instead of hundredths of a second: the kernel numbers
    the CPU clock of any process so (clock_getcpuclockid(3)), which the standard library does not offer.

    Raises ProcessLookupError once the process is gone.
    """
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError as error:
        raise ProcessLookupError(f"process {pid} is gone") from error


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process, in bytes.

    Raises ProcessLookupError once the process is gone.
    """
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()
    except OSError as error:
        raise ProcessLookupError(f"process {pid} is gone") from error


def waiting_seconds(pid: int) -> float:
    """Return how long the process's first thread was ready to run but had no core, in seconds.

    Raises ProcessLookupError once the process is gone.
    """
    try:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as schedstat:
            return int(schedstat.read().split()[1]) / 1e9
    except OSError as error:
        raise ProcessLookupError(f"process {pid} is gone") from error


def cores() -> list[int]:
    """Return the cores that this process may run on."""
    return sorted(os.sched_getaffinity(0))


def raise_file_limit(needed: int) -> None:
    """Allow this process and its children as many open files as the machine gives, at least `needed`.

    Raises NotEnoughFilesError.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < needed:
        try:  # root may exceed the hard limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, needed))
        except (OSError, ValueError):
            raise NotEnoughFilesError(
                f"{needed} open files are needed and {hard} are allowed: raise the hard limit (ulimit -Hn {needed})"
                " or ask for fewer clients"
            ) from None
    else:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
