"""A sampling profiler inside the server's process: `prepare` before its main, then a signal starts and stops it.

The kernel sends a signal after each interval of CPU time, at which the running code is noted. That costs next to
nothing and, unlike a profiler that traces every call, does not make small functions look expensive, and works with
greenlets. A system call counts for the line that makes it.
"""

import json
import signal
from collections import Counter
from pathlib import Path
from types import FrameType

from greenchat.bench.figures import table

INTERVAL = 0.001  # seconds of CPU time; the kernel's minimum is a tick (1 to 10 ms)


TOGGLE = signal.SIGUSR1


def prepare(file: str) -> None:
    """Profile between two SIGUSR1, and write the result to `file` at the second."""
    lines: Counter[tuple[str, str, int]] = Counter()
    within: Counter[tuple[str, str]] = Counter()

    def note(number: int, frame: FrameType | None) -> None:
        if frame is None:
            return
        code = frame.f_code
        lines[code.co_filename, code.co_qualname, frame.f_lineno] += 1
        seen = set()
        while frame is not None:
            seen.add((frame.f_code.co_filename, frame.f_code.co_qualname))
            frame = frame.f_back
        within.update(seen)

    def toggle(number: int, frame: FrameType | None) -> None:
        running = signal.getitimer(signal.ITIMER_PROF)[0] > 0
        signal.setitimer(signal.ITIMER_PROF, *((0, 0) if running else (INTERVAL, INTERVAL)))
        if running:
            profile = {
                "lines": [[*key, count] for key, count in lines.items()],
                "within": [[*key, count] for key, count in within.items()],
            }
            Path(file).write_text(json.dumps(profile), encoding="utf-8")

    signal.signal(signal.SIGPROF, note)
    signal.signal(TOGGLE, toggle)


def report(file: Path, top: int = 20) -> str:
    """Return two tables: the functions and the lines in which most of the time was spent."""
    profile = json.loads(file.read_text(encoding="utf-8"))
    total = sum(count for *_, count in profile["lines"]) or 1
    own: Counter[tuple[str, str]] = Counter()
    lines: Counter[str] = Counter()
    for name, function, line, count in profile["lines"]:
        own[name, function] += count
        lines[f"{_short(name)}:{line} {function}"] += count
    within = {(name, function): count for name, function, count in profile["within"]}
    functions = [["function", "itself", "with all it calls"]]
    for key, count in own.most_common(top):
        functions.append([f"{_short(key[0])} {key[1]}", f"{count / total:.1%}", f"{within[key] / total:.1%}"])
    line_rows = [["line", "itself"], *([key, f"{count / total:.1%}"] for key, count in lines.most_common(top))]
    return f"{total} samples of the server's CPU time\n{table(functions)}\n\n{table(line_rows)}"


def _short(name: str) -> str:
    return "/".join(Path(name).parts[-2:])
