"""Other programs that the client starts for the user: what opens links."""

import os
import shlex

OPENERS = ("xdg-open", "open", "wslview")


class OutsideError(Exception):
    """It can't be done; the text says why, in words for the user."""


def open_link(link: str) -> None:
    """Open a link in the user's browser ($BROWSER, else what the system has), without waiting for it.

    Raises OutsideError. The link stands as one argument, never in a shell.
    """
    import subprocess  # late, as shutil: with all that they bring a megabyte, and few links are opened

    command = _opener()
    try:
        subprocess.Popen(
            [*command, link],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise OutsideError(f"{command[0]} does not start: {error.strerror}") from error


def _opener() -> list[str]:
    import shutil

    for wanted in os.environ.get("BROWSER", "").split(":"):
        words = shlex.split(wanted.replace("%s", ""))
        if words:
            return words
    for name in OPENERS:
        if shutil.which(name):
            return [name]
    raise OutsideError("Nothing here opens links (set BROWSER). y copies it instead.")
