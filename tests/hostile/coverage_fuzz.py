"""Coverage-guided fuzzing, by hand: inputs that grow out of those that reached new code.

    pip install atheris && python -m tests.hostile.coverage_fuzz session -max_total_time=600

The options after the target's name are those of libFuzzer. It ends with the number of inputs, or with the failing one
(saved in a file, whose name as the only option repeats it), the exception, and the inputs just before it.
"""

import faulthandler
import logging
import sys
import tempfile
from collections import deque
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["greenchat"]):
    from tests.hostile.fuzz_targets import TARGETS

_LONGEST = 1 << 16  # bytes


def main() -> None:
    """Run it; does not return: libFuzzer ends the process."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: python -m tests.hostile.coverage_fuzz {{{','.join(TARGETS)}}} [options of libFuzzer]")
    target = TARGETS[sys.argv.pop(1)]
    logging.disable(logging.CRITICAL)
    latest: deque[bytes] = deque(maxlen=5)

    def feed(data: bytes) -> None:
        latest.append(data)
        try:
            target.feed(data)
        except BaseException:
            sys.stderr.writelines(f"  {each!r}\n" for each in latest)
            raise

    folder = Path(tempfile.mkdtemp(prefix="greenchat-corpus-"))
    for number, seed in enumerate(target.seeds()):
        (folder / f"seed-{number}").write_bytes(seed)
    options = [option for option in sys.argv[1:] if option.startswith("-")]
    given = [option for option in sys.argv[1:] if not option.startswith("-")]
    faulthandler.enable()
    atheris.Setup([sys.argv[0], f"-max_len={_LONGEST}", *options, *(given or [str(folder)])], feed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
