"""The version of the page: a part of its files' addresses, so that browsers keep these files without asking again.

Another version has other addresses: https://www.rfc-editor.org/rfc/rfc8246#section-1.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

Stamp = tuple[int, int]  # the time of the last change in ns, and the size


@dataclass(frozen=True, slots=True)
class PageVersion:
    """The files of the page at one time.

    name: a hash of the files; stamps: of each file, by its path below the folder; folders: the stamps of the folders,
    which change when a file is added or removed.
    """

    name: str
    stamps: dict[str, Stamp]
    folders: dict[str, Stamp]

    def is_present(self, folder: Path) -> bool:
        """Whether nothing in the folder has changed."""
        known = (self.stamps | self.folders).items()
        return all(stamp_of(os.path.join(folder, path)) == stamp for path, stamp in known)

    def modules(self) -> list[str]:
        """Return the paths of the JavaScript modules, but not of the service worker."""
        return [path for path in self.stamps if path.endswith(".js") and path != "sw.js"]


def read_version(folder: Path) -> PageVersion:
    """Return the present version. Files that can't be read have none."""
    digest, stamps, folders = hashlib.sha256(), {}, {}
    for root, inner, names in os.walk(folder):
        inner.sort()
        here = Path(root)
        folders[here.relative_to(folder).as_posix()] = stamp_of(root)
        for name in sorted(names):
            path = (here / name).relative_to(folder).as_posix()
            stamp = stamp_of(here / name)
            try:
                data = (here / name).read_bytes()
            except OSError:
                continue
            stamps[path] = stamp
            digest.update(f"{path} {len(data)}\n".encode() + data)
    return PageVersion(digest.hexdigest()[:16], stamps, folders)


def stamp_of(path: str | Path) -> Stamp:
    """Return what changes with a file; (0, 0) without it."""
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size
