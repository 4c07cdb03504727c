"""What all our programs do alike with their command line: a mistake in it is one line."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

WRONG_USE = 2  # how a program ends that was not called as it must be


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and where to read more."""

    def error(self, message: str) -> NoReturn:
        """Ends the process with 2."""
        self.exit(WRONG_USE, f"{self.prog}: {message}; --help tells more\n")


class PrintCompletion(argparse.Action):
    """An option that writes the completion of a program for a shell, and ends the program. Needs `shtab`."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, option: object = None
    ) -> NoReturn:
        """Write it."""
        from greenchat.extras import COMPLETION, install  # late, as all of this: it is needed once

        try:
            import shtab
        except ImportError:
            parser.error(f"completion needs one more package: {install(COMPLETION)}")
        sys.stdout.write(shtab.complete(self.const(), shell=str(values)))
        parser.exit()


def add_completion(parser: argparse._ActionsContainer, complete: Callable[[], argparse.ArgumentParser]) -> None:
    """Add --print-completion. complete: makes the parser of the whole program, its commands included."""
    parser.add_argument(
        "--print-completion",
        action=PrintCompletion,
        choices=("bash", "zsh", "tcsh"),
        const=complete,
        help="write the completion for this shell and end: source <(PROGRAM --print-completion bash)",
    )


def called(program: str) -> str:
    """How one of our programs is called from here: by its name, or by its path beside the one that runs."""
    from shutil import which  # late: it brings all kinds of archives along

    beside = Path(sys.argv[0]).with_name(program)
    return program if which(program) or not beside.is_file() else str(beside)
