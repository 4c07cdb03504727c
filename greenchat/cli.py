"""What all our programs do alike with their command line: a mistake in it is one line."""

import sys
from pathlib import Path

WRONG_USE = 2  # how a program ends that was not called as it must be


def called(program: str) -> str:
    """Return the command that runs one of our programs: its name, or its path beside the one that runs."""
    from shutil import which  # late: it brings all kinds of archives along

    beside = Path(sys.argv[0]).with_name(program)
    return program if which(program) or not beside.is_file() else str(beside)
