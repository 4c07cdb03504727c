"""What all our programs do alike with their command line: a mistake in it is one line."""

import argparse
from typing import NoReturn

WRONG_USE = 2  # how a program ends that was not called as it must be


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and where to read more."""

    def error(self, message: str) -> NoReturn:
        """Ends the process with 2."""
        self.exit(WRONG_USE, f"{self.prog}: {message}; --help tells more\n")
