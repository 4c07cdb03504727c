"""Starting other programs for the user: the opener of links, and commands of /exec."""

import contextlib
import os
from collections.abc import Callable

from greenchat.privacy import users_own
from greenchat.records import record

OPENERS = ("xdg-open", "open", "wslview")


class ProgramError(Exception):
    """A program failed; the text is the reason, for the user."""


@record(frozen=True, slots=True)
class Child:
    """A running program. output: descriptor of its output, non-blocking. status: its exit status, None while it
    runs.
    """

    pid: int
    output: int
    status: Callable[[], int | None]

    def signal(self, number: int) -> None:
        """Signal it and its child processes."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def run(command: str, *, shell: bool) -> Child:
    """Start a program in a session of its own, so that it has no terminal. Raises ProgramError."""
    import shlex
    import subprocess  # late, as below

    reader, writer = os.pipe()
    try:
        words = ["/bin/sh", "-c", command] if shell else shlex.split(command)
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer,
            start_new_session=True,
            env=os.environ | {"TERM": "dumb"},  # no colours, nothing that moves
            umask=users_own(),
        )
    except (OSError, ValueError, IndexError) as error:
        os.close(reader)
        raise ProgramError(f"{command} does not start: {getattr(error, 'strerror', None) or error}") from error
    finally:
        os.close(writer)
    os.set_blocking(reader, False)
    return Child(process.pid, reader, process.poll)


def open_link(link: str) -> None:
    """Open a link in the user's browser ($BROWSER, otherwise the system's opener), without waiting for it.

    Raises ProgramError. The link is a single argument, never passed to a shell.
    """
    import subprocess  # late, like shutil: both take a megabyte, and are rarely needed

    command = _opener()
    try:
        subprocess.Popen(
            [*command, link],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            umask=users_own(),
        )
    except OSError as error:
        raise ProgramError(f"{command[0]} does not start: {error.strerror}") from error


def _opener() -> list[str]:
    import shlex
    import shutil

    for wanted in os.environ.get("BROWSER", "").split(":"):
        words = shlex.split(wanted.replace("%s", ""))
        if words:
            return words
    for name in OPENERS:
        if shutil.which(name):
            return [name]
    raise ProgramError("No program to open links was found (set BROWSER). y copies the link instead.")
