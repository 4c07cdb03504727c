"""The witness in a process of its own, so that the work of the test does not count as a delay.

python -m tests.hostile.witness_process HOST PORT PID...

It prints a line when it is ready. Each line of input is answered when one more message has arrived. At the end of the
input it ends, with an error if it was disturbed.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.hostile.programs import Program
from tests.hostile.witness import Witness


@contextmanager
def witnessing(address: tuple[str, int], *servers: int) -> Iterator[Callable[[], None]]:
    """Run two clients that talk in a process of their own during the block; yields a function that waits for one more
    of their messages.

    Raises AssertionError at the end if they were disturbed. servers: the processes that serve.
    """
    program = Program("tests.hostile.witness_process", address[0], str(address[1]), *map(str, servers))

    def say_again() -> None:
        program.input.write(b"\n")
        program.input.flush()
        assert program.output.readline() == b"heard\n"

    try:
        program.await_ready()
        yield say_again
        program.end_input()
    finally:
        program.close()


def main(host: str, port: str, *servers: str) -> None:
    """Run the witness until the input ends."""
    witness = Witness((host, int(port)), *map(int, servers))
    _tell("here")
    for _ in sys.stdin:
        witness.say_again()
        _tell("heard")
    witness.end()


def _tell(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
