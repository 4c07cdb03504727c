"""Files that are there whole, or not: written beside their final name, brought to the disk, and then renamed."""

import os
from pathlib import Path


def sync(file: Path) -> None:
    """Write a file, or the names in a folder, to the disk, so that a power cut can't undo it. Raises OSError."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put(part: Path, file: Path) -> None:
    """Give what was written as `part` its name, in the place of what has it. At any moment there is one or the other.

    Raises OSError.
    """
    sync(part)
    part.replace(file)
    sync(file.parent)


def write(file: Path, content: bytes) -> None:
    """Put a file with this content in the place of another. Raises OSError."""
    part = file.with_name(file.name + ".part")
    part.write_bytes(content)
    put(part, file)


def free_name(file: Path) -> Path:
    """Return a name beside a file's for what is replaced: `greenchat.db.replaced-1`."""
    number = 1
    while (aside := file.with_name(f"{file.name}.replaced-{number}")).exists():
        number += 1
    return aside
