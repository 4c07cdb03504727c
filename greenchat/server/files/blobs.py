"""The contents of uploaded files: each in a file named by its hash, in a folder of the data folder.

What is written is brought to the disk before it has its name, so that a name always has all of it. All of this blocks:
it belongs into a thread.
"""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from greenchat.storage.durable import put

FOLDER = "files"
THUMBNAIL = ".thumbnail"  # ends the name of a small picture of what has the name without it
_PARTS = "parts"


class Part:
    """A content that is being written. size: bytes so far. head: the first of them. path: where it is."""

    def __init__(self, path: Path, head: int) -> None:
        """Begin a file. head: how many bytes to keep of the beginning. Raises OSError."""
        self.path = path
        self.size = 0
        self.head = b""
        self._wanted = head
        self._hash = hashlib.sha256()
        self._file: IO[bytes] = path.open("wb")

    def write(self, data: bytes) -> None:
        """Append data. Raises OSError."""
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)
        if len(self.head) < self._wanted:
            self.head += data[: self._wanted - len(self.head)]

    def end(self) -> str:
        """Return the hash of all of it. Raises OSError."""
        self._file.close()
        return self._hash.hexdigest()

    def discard(self) -> None:
        """Remove what was written, if it has got no name; never raises."""
        with suppress(OSError):
            self._file.close()
        for path in (self.path, *self.path.parent.glob(f"{self.path.name}.*")):
            path.unlink(missing_ok=True)


class Blobs:
    """The folder."""

    def __init__(self, data: Path) -> None:
        """Open the blobs. data: the data folder."""
        self._folder = data / FOLDER
        self._count = 0

    def begin(self, head: int) -> Part:
        """Begin a new content, see `Part`. Raises OSError."""
        self._count += 1
        parts = self._folder / _PARTS
        parts.mkdir(parents=True, exist_ok=True)
        return Part(parts / str(self._count), head)

    def path(self, hashed: str) -> Path:
        """Return the path of the content with this hash, if it is there."""
        return self._folder / hashed[:2] / hashed

    def keep(self, part: Path, hashed: str) -> None:
        """Give what was written the name of its hash. Raises OSError."""
        path = self.path(hashed)
        path.parent.mkdir(parents=True, exist_ok=True)
        put(part, path)

    def remove(self, hashed: str) -> None:
        """Remove a content and its thumbnail. Raises OSError."""
        for path in (self.path(hashed), self.path(hashed + THUMBNAIL)):
            path.unlink(missing_ok=True)

    def clean(self, is_used: Callable[[str], bool]) -> int:
        """Remove what a crash has left: unfinished contents, and those of no file. Returns how many. Raises OSError.

        Only before the first upload: what is on its way has no use yet.
        """
        if not self._folder.is_dir():
            return 0
        gone = 0
        for folder in self._folder.iterdir():
            for entry in os.scandir(folder) if folder.is_dir() else ():
                if folder.name == _PARTS or not is_used(entry.name.removesuffix(THUMBNAIL)):
                    Path(entry.path).unlink()
                    gone += 1
        return gone
