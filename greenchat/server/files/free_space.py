"""The free space of a disk, and its lower limit (`storage.low_disk`). It blocks: run it in a thread."""

import os
from pathlib import Path

MIB = 1 << 20
_LARGEST_SHARE = 20  # at most this fraction of a small disk stays free


def free_space(folder: Path) -> tuple[int, int]:
    """Return the bytes that are free for us on the disk of a folder, and all of its bytes. Raises OSError."""
    stats = os.statvfs(folder)
    return stats.f_bavail * stats.f_frsize, stats.f_blocks * stats.f_frsize


def min_free_space(total: int, low_disk: int) -> int:
    """Return the bytes that must stay free on a disk of this size. low_disk: the setting, in MiB."""
    return min(low_disk * MIB, total // _LARGEST_SHARE)
