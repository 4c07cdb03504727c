"""The contents of uploaded files: each in a file named by its hash, in a folder of the data folder.

A file is synced to the disk before it gets its name, so that a named file is always complete. Several nodes may share
the folder. All functions block: call them in a thread.
"""

import errno
import hashlib
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from greenchat.server.files.free_space import free_space, min_free_space
from greenchat.storage.durable import put

FOLDER = "files"
THUMBNAIL = ".thumbnail"  # the suffix of a thumbnail's name
_PARTS = "parts"


class PartialBlob:
    """A content that is being written. size: bytes so far. head: the first of them. path: its temporary file."""

    def __init__(self, path: Path, head: int, low_disk: Callable[[], int]) -> None:
        """Begin a file. head: how many bytes to keep of the beginning. low_disk: see `Blobs`. Raises OSError."""
        self.path = path
        self._low_disk = low_disk
        self.size = 0
        self.head = b""
        self._wanted = head
        self._hash = hashlib.sha256()
        self._file: IO[bytes] = path.open("xb")

    def write(self, data: bytes) -> None:
        """Append data. Raises OSError, also if the disk would get too full."""
        free, total = free_space(self.path.parent)
        if free - len(data) < min_free_space(total, self._low_disk()):
            raise OSError(errno.ENOSPC, "the disk is nearly full (storage.low_disk)")
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)
        if len(self.head) < self._wanted:
            self.head += data[: self._wanted - len(self.head)]

    def end(self) -> str:
        """Finish writing, and return the hash. Raises OSError."""
        self._file.close()
        return self._hash.hexdigest()

    def discard(self) -> None:
        """Remove an unnamed content; never raises."""
        with suppress(OSError):
            self._file.close()
        for path in (self.path, *self.path.parent.glob(f"{self.path.name}.*")):
            path.unlink(missing_ok=True)


class Blobs:
    """The folder of uploaded contents, by their hashes."""

    def __init__(self, data: Path, low_disk: Callable[[], int] = lambda: 0) -> None:
        """Open the blobs. data: the data folder. low_disk: returns the MiB of the disk that must stay free."""
        self._folder = data / FOLDER
        self._low_disk = low_disk
        self._mark = secrets.token_hex(8)  # of this process, since other nodes write to the same folder
        self._count = 0

    def begin(self, head: int) -> PartialBlob:
        """Begin a new content, see `PartialBlob`. Raises OSError."""
        self._count += 1
        parts = self._folder / _PARTS
        parts.mkdir(parents=True, exist_ok=True)
        return PartialBlob(parts / f"{self._mark}-{self._count}", head, self._low_disk)

    def path(self, hashed: str) -> Path:
        """Return the path of the content with this hash, if it is there."""
        return self._folder / hashed[:2] / hashed

    def keep(self, part: Path, hashed: str) -> None:
        """Give a written content the name of its hash. Raises OSError."""
        path = self.path(hashed)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.utime(part)  # now: see `remove`
        put(part, path)

    def remove(self, hashed: str, *, before: float) -> bool:
        """Remove a content and its thumbnail, and return whether they are gone. Raises OSError.

        before: a time in seconds since the epoch; a later content may belong to a new file of another node.
        """
        paths = (self.path(hashed), self.path(hashed + THUMBNAIL))
        return all(_removed(path, self._folder / _PARTS / f"{self._mark}-gone", before) for path in paths)

    def clean(self, is_used: Callable[[str], bool], *, before: float) -> int:
        """Remove unfinished and unused contents after a crash. Returns how many. Raises OSError.

        Call it before the first upload, whose content is unused at first. before: a time in seconds since the epoch; a
        later content may be an upload of another node.
        """
        if not self._folder.is_dir():
            return 0
        count = 0
        for folder in self._folder.iterdir():
            for entry in os.scandir(folder) if folder.is_dir() else ():
                is_of_none = folder.name == _PARTS or not is_used(entry.name.removesuffix(THUMBNAIL))
                if is_of_none and entry.stat().st_mtime < before:
                    Path(entry.path).unlink(missing_ok=True)
                    count += 1
        return count


def _removed(path: Path, temporary: Path, before: float) -> bool:
    """Remove a file, unless it is new, and return whether it is gone.

    temporary: a name for it in the meantime, so that a new file of the same name is not removed.
    """
    try:
        if path.stat().st_mtime >= before:
            return False
        temporary.parent.mkdir(exist_ok=True)
        path.rename(temporary)
    except FileNotFoundError:
        return True
    is_new = temporary.stat().st_mtime >= before
    if is_new:
        with suppress(FileExistsError):  # the same content was uploaded before
            os.link(temporary, path)
    temporary.unlink()
    return not is_new
