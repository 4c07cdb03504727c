"""The command line, as all our programs handle it: a mistake is reported in one line."""

import os
import sys
from pathlib import Path

WRONG_USE = 2  # the exit status of a program that was called wrongly


class UsageError(Exception):
    """The user has to correct the command line, or something that it names; the text says what, in one line."""


def called(program: str) -> str:
    """Return the command that runs one of our programs: its name, or its path beside the one that runs."""
    from shutil import which  # late: it imports many archive formats

    beside = Path(sys.argv[0]).with_name(program)
    return program if which(program) or not beside.is_file() else str(beside)


def close_output() -> None:
    """Discard all else that is written to standard output: it failed, and Python would try again at the end."""
    _discard(sys.stdout.fileno())


def close_errors() -> None:
    """Discard all else that is written to standard error, likewise."""
    _discard(sys.stderr.fileno())


def _discard(descriptor: int) -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)
