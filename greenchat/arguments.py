"""The command-line parser of our programs: a mistake is reported in one line. Imported late where a start is quick."""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from greenchat.cli import WRONG_USE, close_output


class Parser(argparse.ArgumentParser):
    """A parser that reports a mistake in one line, and says where to read more.

    hints: (a pattern for options of other programs, the equivalent here); the latter may refer to the pattern's groups.
    """

    hints: Sequence[tuple[str, str]] = ()

    def error(self, message: str) -> NoReturn:
        """End the process with status 2."""
        typed = " ".join(sys.argv[1:])
        for pattern, advice in self.hints:
            match = re.search(pattern, typed)
            if match:
                self.exit(WRONG_USE, f"{self.prog}: {message}. Try: {self.prog} {match.expand(advice)}\n")
        self.exit(WRONG_USE, f"{self.prog}: {message}; see --help\n")

    def _print_message(self, message: str, file: object = None) -> None:
        """Write --help and the like. argparse itself would ignore a full disk."""
        if file is None or file is sys.stderr:
            super()._print_message(message, sys.stderr)
            return
        try:
            sys.stdout.write(message)
            sys.stdout.flush()
        except OSError as error:
            close_output()
            if not isinstance(error, BrokenPipeError):  # `--help | head`: the reader has enough
                self.exit(WRONG_USE, f"{self.prog}: can't write to standard output: {error.strerror}\n")

    def error_of_unknown(self, words: Sequence[str]) -> NoReturn:
        """End the process with status 2 because of unknown arguments; name only the options, if there are any.

        The argument after an unknown option is often its value, and not a second mistake.
        """
        options = [word for word in words if word.startswith("-")]
        self.error(f"unrecognized arguments: {' '.join(options or words)}")


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
        parser._print_message(shtab.complete(self.const(), shell=str(values)), sys.stdout)
        parser.exit()


def add_completion(parser: argparse._ActionsContainer, complete: Callable[[], argparse.ArgumentParser]) -> None:
    """Add --print-completion. complete: makes the parser of the whole program, its commands included."""
    parser.add_argument(
        "--print-completion",
        action=PrintCompletion,
        choices=("bash", "zsh", "tcsh"),
        const=complete,
        help="write the completion script for this shell and exit: source <(%(prog)s --print-completion bash)",
    )
