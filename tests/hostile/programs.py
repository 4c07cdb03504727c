"""Attackers and witnesses in processes of their own, so that their work does not count as the server's or the test's.

They are forked from a process that has loaded greenchat: to start Python for each took longer than what it did.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from tests.patience import PATIENCE
from tests.server.forked import Forked
from tests.server.process import ROOT


class Program:
    """A running module. input, output: its standard input and output."""

    def __init__(self, module: str, *arguments: str) -> None:
        input_end, given = os.pipe()
        said, output_end = os.pipe()
        self.input, self.output = os.fdopen(given, "wb"), os.fdopen(said, "rb")
        self._errors = os.fdopen(os.memfd_create("errors"), "w+b")
        spec = find_spec(module)
        assert spec
        assert spec.origin
        try:
            standard = [input_end, output_end, self._errors.fileno()]
            self.process = Forked(arguments, {**os.environ, "PYTHONPATH": str(ROOT)}, standard, script=(spec.origin,))
        finally:
            os.close(input_end)
            os.close(output_end)

    def await_ready(self) -> None:
        """Wait until it says that it is ready."""
        assert self.output.readline() == b"here\n", self._said_errors()

    def end_input(self) -> None:
        """Close its input, and wait until it has ended. Raises AssertionError if it failed."""
        self.input.close()
        assert self.process.wait(PATIENCE) == 0, self._said_errors()

    def _said_errors(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode()

    def close(self) -> None:
        """Kill it if it still runs."""
        self.process.kill()
        self.process.wait()
        for file in (self.input, self.output, self._errors):
            file.close()


@contextmanager
def attacking(module: str, *arguments: str, data: bytes = b"") -> Iterator[Program]:
    """Run attackers during the block, which begins once all are connected. data: what they send."""
    program = Program(module, *arguments)
    try:
        program.input.write(data)
        program.input.close()
        program.await_ready()
        yield program
    finally:
        program.close()
