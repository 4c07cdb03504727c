"""The command-line parser of our programs: a mistake is reported in one line. Imported late where a start is quick."""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from greenchat.cli import WRONG_USE


class Parser(argparse.ArgumentParser):
    """A parser that reports a mistake in one line, and says where to read more.

    hints: (a pattern of what people type who know other programs, what they should type here); the latter may
    refer to the pattern's groups.
    """

    hints: Sequence[tuple[str, str]] = ()

    def error(self, message: str) -> NoReturn:
        """End the process with status 2."""
        typed = " ".join(sys.argv[1:])
        for pattern, advice in self.hints:
            found = re.search(pattern, typed)
            if found:
                self.exit(WRONG_USE, f"{self.prog}: {message}. Like this: {self.prog} {found.expand(advice)}\n")
        self.exit(WRONG_USE, f"{self.prog}: {message}; --help tells more\n")


class PrintCompletion(argparse.Action):
    """An option that writes the completion of a program for a shell, and ends the program. Needs `shtab`."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, option: object = None
    ) -> NoReturn:
        """Write the completion."""
        from greenchat.extras import COMPLETION, install  # late, as all of this: it is rarely needed

        try:
            import shtab
        except ImportError:
            parser.exit(WRONG_USE, f"{parser.prog}: completion needs one more package: {install(COMPLETION)}\n")
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
