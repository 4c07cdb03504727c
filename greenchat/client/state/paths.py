"""Paths of the client's files, and the state stored between runs.

https://specifications.freedesktop.org/basedir-spec/latest/
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MOST_DESTINATIONS = 10


def state_folder() -> Path:
    """Return the folder of remembered state: $XDG_STATE_HOME/greenchat."""
    return _base("XDG_STATE_HOME", ".local/state") / "greenchat"


def config_folder() -> Path:
    """Return the folder of settings: $XDG_CONFIG_HOME/greenchat."""
    return _base("XDG_CONFIG_HOME", ".config") / "greenchat"


def data_folder() -> Path:
    """Return the folder of data that the user would miss: $XDG_DATA_HOME/greenchat-client."""
    return _base("XDG_DATA_HOME", ".local/share") / "greenchat-client"


def typed_path(text: str) -> Path:
    """Return the path for the user's text: `~` is the home folder; `~name` of an unknown user is an ordinary name."""
    return Path(os.path.expanduser(text))


def recall(name: str) -> str:
    """Return the text remembered under a name, "" if there is none."""
    try:
        return (state_folder() / name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def remember(name: str, text: str) -> None:
    """Store a text as a suggestion for the next time; errors are ignored."""
    try:
        state_folder().mkdir(parents=True, exist_ok=True)
        (state_folder() / name).write_text(text + "\n", encoding="utf-8")
    except OSError:
        pass


def recent_destinations() -> list[str]:
    """Return the last destinations, the newest first."""
    return [line for line in recall("destinations").split("\n") if line.strip()] or [
        text for text in [recall("destination")] if text
    ]


def remember_destination(text: str) -> None:
    """Propose a destination the next time, before the others."""
    others = [each for each in recent_destinations() if each != text]
    remember("destinations", "\n".join([text, *others[: _MOST_DESTINATIONS - 1]]))
    remember("destination", text)


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Lock a folder against changes by other clients of the user. Makes the folder; raises OSError."""
    import fcntl  # late: few starts change a file

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def write_whole(path: Path, text: str) -> None:
    """Write a private file atomically: readers get the old text or the new one. Raises OSError."""
    new = path.with_suffix(f".{os.getpid()}.new")
    new.unlink(missing_ok=True)  # a forgotten one may be readable by others
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


def _base(variable: str, default: str) -> Path:
    base = os.environ.get(variable, "")
    return Path(base) if base.startswith("/") else Path.home() / default
