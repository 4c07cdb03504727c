"""The witness in a process of its own, so that the work of the test does not count as a delay.

python -m tests.hostile.witness_process HOST PORT PID...

It prints a line when it is ready. Each line of input is answered when one more message has arrived. At the end of the
input it ends, with an error if it was disturbed.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.hostile.witness import Witness
from tests.patience import PATIENCE
from tests.server.process import ROOT


@contextmanager
def witnessing(address: tuple[str, int], *servers: int) -> Iterator[Callable[[], None]]:
    """Run two clients that talk in a process of their own during the block; yields a function that waits for one more
    of their messages.

    Raises AssertionError at the end if they were disturbed. servers: the processes that serve.
    """
    command = [sys.executable, "-m", "tests.hostile.witness_process", address[0], str(address[1]), *map(str, servers)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdin
        assert process.stdout

        def say_again() -> None:
            assert process.stdin
            assert process.stdout
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "heard\n"

        try:
            assert process.stdout.readline() == "here\n"
            yield say_again
        except BaseException:
            process.kill()
            raise
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors


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
