"""Modes of files and folders: what people say is readable only by the user who runs the program."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

_OTHERS = 0o077
_former: list[int] = []  # the umask that this process was started with


def keep_private() -> None:
    """Make all files that this process writes private to its user. Every program of ours calls it first."""
    former = os.umask(_OTHERS)
    if not _former:
        _former.append(former)


def users_own() -> int:
    """Return the umask for programs that the user starts from here.

    -1, as for `subprocess`, if it is still in effect.
    """
    return _former[0] if _former else -1


def narrow(folder: Path, is_ours: Callable[[str], bool]) -> list[str]:
    """Remove others' rights from the files of a folder, and from the folder if nothing else is in it.

    Returns the files that were changed, in words. is_ours: whether a file of this name was written by our programs.
    Symbolic links, and files of another user, stay as they are.
    """
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return []
    ours = [entry.path for entry in entries if is_ours(entry.name)]
    done = [_narrow(path) for path in ours]
    if len(ours) == len(entries):
        done.append(_narrow(str(folder)))
    return [each for each in done if each]


def narrow_output(out: TextIO) -> str:
    """Remove others' rights from the file that standard output is redirected to; return that in words."""
    try:
        status = os.fstat(out.fileno())
        mode = stat.S_IMODE(status.st_mode)
        if not stat.S_ISREG(status.st_mode) or not mode & _OTHERS:
            return ""
        os.fchmod(out.fileno(), mode & ~_OTHERS)
    except (OSError, ValueError):  # not a file, or not ours
        return ""
    return f"the output file was readable by others; its mode is {mode & ~_OTHERS:o} now"


def is_readable_by_all(file: Path) -> bool:
    """Whether everybody on this machine can read a file."""
    try:
        return bool(file.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def _narrow(path: str) -> str:
    try:
        status = os.lstat(path)
        mode = stat.S_IMODE(status.st_mode)
        is_plain = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
        if status.st_uid != os.geteuid() or not is_plain or not mode & _OTHERS or mode & stat.S_ISVTX:
            return ""
        os.chmod(path, mode & ~_OTHERS)
    except OSError:
        return ""
    return f"{path} was accessible to others (mode {mode:o}); its mode is {mode & ~_OTHERS:o} now"
