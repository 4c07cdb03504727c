"""Files that are written completely or not at all: under a temporary name, synced to the disk, and then renamed."""

import os
from pathlib import Path


def sync(file: Path) -> None:
    """Sync a file, or the names in a folder, to the disk, so that a power cut can't undo it. Raises OSError."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put(part: Path, file: Path) -> None:
    """Rename the file `part`, atomically replacing any other file of that name.

    Raises OSError.
    """
    sync(part)
    part.replace(file)
    sync(file.parent)


def write(file: Path, content: bytes) -> None:
    """Replace a file by one with this content. Raises OSError."""
    part = file.with_name(file.name + ".part")
    part.write_bytes(content)
    put(part, file)


def free_name(file: Path) -> Path:
    """Return an unused name beside a file's, for a replaced file: `greenchat.db.replaced-1`."""
    number = 1
    while (free := file.with_name(f"{file.name}.replaced-{number}")).exists():
        number += 1
    return free
